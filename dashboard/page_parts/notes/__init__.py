"""The checks of Notes."""
