"""What Adapt alone shows."""
