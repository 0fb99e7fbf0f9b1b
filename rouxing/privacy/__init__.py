"""Pseudonyms and consent."""
