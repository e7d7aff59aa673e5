"""What only a browser can do: dragging, drawing. Each component has its script and style beside its Python face."""
