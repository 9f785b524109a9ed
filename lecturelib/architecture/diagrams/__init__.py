"""The drawings of part 1."""
