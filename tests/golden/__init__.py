"""Three small logs worked by hand, and the figures that they must give."""
