"""Prepared states of the playground, each with a sentence that says what to look for."""

from lecturelib.training.playground.toy_data import FEATURES

ALL = list(FEATURES)

# name -> (state, what to look for)
PRESETS: dict[str, tuple[dict, str]] = {
    "circle: a first run": (
        {"dataset": "circle", "hidden": [4, 2]},
        "Press Play. Each unit of the first layer changes across one straight line; the second combines the lines.",
    ),
    "xor without a hidden layer": (
        {"dataset": "xor", "hidden": []},
        "Press Play. How far does the loss fall below ln 2 = 0.69? Then tick the input x1 x2.",
    ),
    "xor with four hidden units": (
        {"dataset": "xor", "hidden": [4]},
        "Four units are enough. Remove them one by one: with how many does it fail?",
    ),
    "three layers of linear units": (
        {"dataset": "circle", "hidden": [8, 8, 8], "activation": "linear", "learning_rate": 0.03},
        "Press Play. Then switch the activation to tanh: what changes, and why?",
    ),
    "spiral: too narrow": (
        {"dataset": "spiral", "hidden": [3]},
        "Three lines cannot follow the arms. What helps more: more units, more layers, or more inputs?",
    ),
    "spiral: wide enough": (
        {"dataset": "spiral", "hidden": [8, 8], "learning_rate": 0.3, "seed": 2, "speed": 20},
        "The loss hardly changes at first, then the arms appear. Compare the maps of the first and the second layer.",
    ),
    "spiral: narrow, with better inputs": (
        {"dataset": "spiral", "hidden": [3], "features": ALL, "seed": 2, "speed": 20},
        "The same three units as in 'too narrow', with sines and squares as further inputs. Do they help?",
    ),
    "pinwheel: three classes": (
        {"dataset": "pinwheel", "hidden": [6]},
        "Three outputs, one for each class; each point goes to the largest.",
    ),
    "learning rate too high": (
        {"dataset": "circle", "hidden": [4, 2], "learning_rate": 10.0},
        "The loss jumps and never settles: each step overshoots. Lower the rate while it runs: does it recover?",
    ),
    "learning rate too low": (
        {"dataset": "circle", "hidden": [4, 2], "learning_rate": 0.0003},
        "Healthy, and 300 times slower than it could be. How would you tell it from a network that cannot learn?",
    ),
    "dead ReLUs": (
        {"dataset": "circle", "hidden": [4, 4], "activation": "ReLU", "learning_rate": 3.0},
        "A large step can leave a unit at 0 for every point. Which units no longer change? Edit a bias by hand.",
    ),
    "sigmoids, four layers": (
        {"dataset": "circle", "hidden": [8, 8, 8, 8], "activation": "sigmoid"},
        "Press Play. Which weights change, and which hardly do? Then switch the activation to tanh.",
    ),
    "overfitting: few points, much noise": (
        {"dataset": "gauss", "noise": 1.0, "points": 48, "hidden": [8, 8], "learning_rate": 0.3},
        "The training loss goes to 0 while the test loss rises. Then reset, and try L2 with rate 0.03.",
    ),
    "L1 prunes inputs": (
        {
            "dataset": "circle", "hidden": [], "features": ALL, "regularization": "L1", "rate": 0.03,
            "learning_rate": 0.03, "batch_size": 50,
        },
        "Seven inputs to choose from; L1 sets the weights of those that the circle does not need to 0, exactly.",
    ),
}  # fmt: skip
