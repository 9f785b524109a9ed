"""Part 6, optimization methods: what a unit wants to see, and what an activation was made from.

Every method is an iterator of steps: watch the picture emerge, stop at any time, go on from where it stopped.
"""
