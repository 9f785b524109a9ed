"""Vector drawings for every part: plain pieces, written as SVG, PNG and PDF."""
