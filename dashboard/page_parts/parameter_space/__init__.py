"""The three tabs of Parameter space."""
