"""What the server is to all its visitors: how it starts, what it keeps, and what it answers beside the pages."""
