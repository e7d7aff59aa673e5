"""Bring a table, have it judged, use what was learned."""
