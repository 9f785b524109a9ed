"""Where boxes and arrows go: folding, repeats, layers, edge routing."""
