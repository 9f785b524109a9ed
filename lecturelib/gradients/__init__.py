"""Part 5: which pixels matter to a unit? Backprop and its ReLU rules, averages along paths, maps of a layer, controls.

Every method takes any network, any image in [0, 1] and any unit, and gives tensors; `lecturelib.show` makes pictures.
"""
