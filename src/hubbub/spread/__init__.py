"""The fold by cascade: trees, their shape and their growth."""
