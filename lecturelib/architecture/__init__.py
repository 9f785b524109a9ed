"""Part 1: what a network is, drawn from one recorded forward pass."""
