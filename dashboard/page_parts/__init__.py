"""What one page alone is made of: `page_parts/X` belongs to `pages/X.py`."""
