"""What Gradients alone shows."""
