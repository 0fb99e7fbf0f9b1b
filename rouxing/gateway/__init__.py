"""The only room that opens an outbound connection."""
