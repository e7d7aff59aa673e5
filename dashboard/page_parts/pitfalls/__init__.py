"""The cards of Pitfalls."""
