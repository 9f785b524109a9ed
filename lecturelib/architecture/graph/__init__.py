"""A network as a graph: one recorded forward pass, what flowed where, and what it costs."""
