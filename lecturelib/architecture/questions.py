"""The quiz of part 1: how to show what a network is, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Which diagram shows that a convolution shares its weights?",
        (
            Answer(
                "A node-link diagram of a few neurons.",
                True,
                "Only there is every link drawn as a line, so that links with the same weight can have the same color.",
            ),
            Answer(
                "A block diagram.",
                False,
                "It says “3×3, 64”. The reader has to know that a convolution shares its weights.",
            ),
            Answer(
                "Volumes.",
                False,
                "They show the shapes of the maps, but no links between neurons.",
            ),
        ),
    ),
    Question(
        "You want to tell a colleague how a residual network is built. What do you draw?",
        (
            Answer(
                "A block diagram: one residual block open, the others folded to “× N”.",
                True,
                "What is new in the network is the skip connection and its repetition. This diagram shows both.",
            ),
            Answer(
                "A node-link diagram of all neurons.",
                False,
                "With millions of neurons no single link can be followed. Node-link diagrams are for small networks.",
            ),
            Answer(
                "The computational graph as autograd records it.",
                False,
                "It lists PyTorch's functions one by one: good for debugging, poor for a report.",
            ),
        ),
    ),
    Question(
        "How many parameters has nn.Conv2d(3, 64, kernel_size=11), with its biases?",
        (
            Answer(
                "11 · 11 · 3 · 64 + 64 = 23,296",
                True,
                "One kernel for each pair of an input and an output map, one bias for each output map.",
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
                "fc6 alone has 38 of 61 million weights, each used once. A kernel is used again at every position.",
            ),
            Answer(
                "Both in the convolutions.",
                False,
                "The kernels of all five convolutions hold only 2.5 of 61 million parameters.",
            ),
            Answer(
                "Both in the fully connected layers.",
                False,
                "Each of their weights is used once per image: 59 of 714 million multiply-adds.",
            ),
        ),
    ),
    Question(
        "A diagram folds six equal encoder layers into “× 6”. What does it claim?",
        (
            Answer(
                "The six have the same structure and follow one another.",
                True,
                "Compared were the steps, their shapes and their connections.",
            ),
            Answer(
                "The six share their weights.",
                False,
                "Each has weights of its own. Where weights are shared, the diagram says so or draws a loop.",
            ),
            Answer(
                "The input runs through one layer six times.",
                False,
                "That would be recurrence: one layer with a loop.",
            ),
        ),
    ),
    Question(
        "The receptive field of a unit is 163 × 163 px. Which statements follow?",
        (
            Answer(
                "A pixel outside of it cannot change the unit.",
                True,
                "No path of connections leads from that pixel to the unit.",
            ),
            Answer(
                "Near the border a part of it falls on padding.",
                True,
                "All units of a layer have receptive fields of one size; at the border these reach beyond the image.",
            ),
            Answer(
                "All pixels inside matter equally.",
                False,
                "More paths lead to the unit from the field's center than from its border. Part 5 measures it.",
            ),
        ),
    ),
    Question(
        "Why is the radial diagram of ResNet-50 fancy, but not so useful?",
        (
            Answer(
                "No kernel size, no shape and no parameter count can be read from it.",
                True,
                "You could not rebuild the network from it, nor compare it with another.",
            ),
            Answer(
                "The order of the layers is hard to follow, and there is no room for labels.",
                True,
                "Nothing marks the first step on the ring, and in its middle the connections cross.",
            ),
            Answer(
                "It is drawn by a computer.",
                False,
                "So are all other diagrams of this part. What counts is what can be read from them.",
            ),
        ),
    ),
    Question(
        "A gradient does not reach the first layers of your network. Which diagram helps first?",
        (
            Answer(
                "The computational graph that autograd recorded.",
                True,
                "A layer that is missing there gets no gradient, because of a detach, for example.",
            ),
            Answer(
                "The volumes.",
                False,
                "They show the forward pass, which runs without an error.",
            ),
            Answer(
                "The paper's figure.",
                False,
                "It shows the intended network, not the code that you wrote.",
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
            Answer("Show as much as fits.", False, "What is not needed distracts from what you want to say."),
            Answer(
                "Always use the same type.",
                False,
                "Each type leaves something out. Which one fits depends on what you want to show.",
            ),
        ),
    ),
)
