"""The quiz of part 1: how to show what a network is, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Which diagram shows that a convolution shares its weights?",
        (
            Answer(
                "A node-link diagram of a few neurons.",
                True,
                "Only there is every link a line of its own, so that equal weights can get equal colours.",
            ),
            Answer(
                "A block diagram.",
                False,
                "It says “3×3, 64”. That weights are shared has to be known.",
            ),
            Answer(
                "Volumes.",
                False,
                "They show the shapes of the maps. The links between two maps are left out.",
            ),
        ),
    ),
    Question(
        "You want to tell a colleague how a residual network is built. What do you draw?",
        (
            Answer(
                "A block diagram: one residual block open, the others folded to “× N”.",
                True,
                "The idea is the skip connection and its repetition. Both are seen, and nothing else.",
            ),
            Answer(
                "A node-link diagram of all neurons.",
                False,
                "Millions of neurons make a grey carpet. It is for small networks and building blocks.",
            ),
            Answer(
                "The computational graph as the library records it.",
                False,
                "It lists what the library does, step by step: good for debugging, poor for a report.",
            ),
        ),
    ),
    Question(
        "How many parameters has nn.Conv2d(3, 64, kernel_size=11), with its biases?",
        (
            Answer(
                "11 · 11 · 3 · 64 + 64 = 23,296",
                True,
                "One kernel for each pair of maps, one bias for each map.",
            ),
            Answer("11 · 11 · 64 + 64 = 7,808", False, "Each of the 64 kernels reads all 3 input maps."),
            Answer(
                "11 · 11 · 3 · 64 · 55 · 55, about 70 million",
                False,
                "That is the number of multiply-adds: the same weights are used at every position.",
            ),
        ),
    ),
    Question(
        "In AlexNet, where are most of the parameters, and where most of the work?",
        (
            Answer(
                "Parameters in the fully connected layers, multiply-adds in the convolutions.",
                True,
                "fc6 alone has 38 of 61 million weights, each used once. A kernel is used at every position.",
            ),
            Answer("Both in the convolutions.", False, "Kernels are small: they share their weights."),
            Answer(
                "Both in the fully connected layers.",
                False,
                "Each of their weights is used only once per picture.",
            ),
        ),
    ),
    Question(
        "A diagram folds six equal encoder layers into “× 6”. What does it claim?",
        (
            Answer(
                "The six have the same structure and stand one behind the other.",
                True,
                "Structure is what was compared: the same steps, the same shapes, wired alike.",
            ),
            Answer(
                "The six share their weights.",
                False,
                "Each has weights of its own. Shared weights would have to be said, or drawn as a loop.",
            ),
            Answer(
                "The input runs through one layer six times.",
                False,
                "That would be recurrence: one layer, a loop.",
            ),
        ),
    ),
    Question(
        "The receptive field of a unit is 163 × 163 px. Which statements follow?",
        (
            Answer(
                "A pixel outside of it cannot change the unit.",
                True,
                "No path of links leads from there to the unit.",
            ),
            Answer(
                "Near the border a part of it falls on padding.",
                True,
                "The field is the same size everywhere, the picture is not.",
            ),
            Answer(
                "All pixels inside matter alike.",
                False,
                "The middle is reached by many more paths than the rim. Part 5 measures it.",
            ),
        ),
    ),
    Question(
        "Why is the radial picture of ResNet-50 fancy, but not so useful?",
        (
            Answer(
                "No kernel size, no shape and no parameter count can be read from it.",
                True,
                "You could not rebuild the network from it, nor compare it with another.",
            ),
            Answer(
                "The order around a ring is hard to follow, and labels find no room.",
                True,
                "Reading goes along lines. A ring has no beginning, and its middle is full of chords.",
            ),
            Answer(
                "It is drawn by a computer.",
                False,
                "So are all the others here. What counts is what can be read.",
            ),
        ),
    ),
    Question(
        "A gradient does not reach the first layers of your network. Which picture helps first?",
        (
            Answer(
                "The computational graph that the library recorded.",
                True,
                "A layer that is missing there gets no gradient: a detach, a conversion to numbers, a wrong tensor.",
            ),
            Answer(
                "The volumes.",
                False,
                "They are made from the forward pass, which runs as if nothing had happened.",
            ),
            Answer(
                "The paper's figure.",
                False,
                "It shows the network that was meant, not the one that you wrote.",
            ),
        ),
    ),
    Question(
        "What recommendation holds for every architecture figure?",
        (
            Answer(
                "Pick the diagram that shows what you want to say, and let text and figure work together.",
                True,
                "Hyperparameters as short notes in the figure, the reason in the text.",
            ),
            Answer("Show as much as fits.", False, "What does not serve the point hides it."),
            Answer(
                "Always use the same type.",
                False,
                "Each type leaves something out: choose what may be left out.",
            ),
        ),
    ),
)
