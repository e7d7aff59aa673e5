"""What the cells of a column mean: one way of writing numbers or dates for all of them, or words."""
