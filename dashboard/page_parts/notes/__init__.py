"""What Notes alone shows: the board of checks, those of the browser, published tables."""
