"""Pictures that strangers hand over: opened by content, within limits, and laid out in classes. Pillow is used here alone."""
