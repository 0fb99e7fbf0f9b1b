"""The words of the domain as small frozen types. Imports nothing of ours."""
