"""Side-by-side measurements: `make bench`. Nothing here is imported by the engine or the app."""
