"""What a visitor takes along: files behind buttons, and a run as Python."""
