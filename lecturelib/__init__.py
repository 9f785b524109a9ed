"""See what a neural network does: a unit, seen through a window."""

__version__ = "0.1.0"
