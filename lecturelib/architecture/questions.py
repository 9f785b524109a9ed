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
        "In the digit network, the thickest link to the score of 8 comes from hidden neuron h. What does it "
        "add for one picture?",
        (
            Answer(
                "Its weight × the activation of h, which may be 0.",
                True,
                "After the ReLU many hidden neurons are 0 for a picture. Then the thickest link adds nothing.",
            ),
            Answer(
                "Its weight, since the width of the link is the size of the weight.",
                False,
                "The width does show the weight, but the score adds weight × activation.",
            ),
            Answer(
                "More than any other link, since its weight is the largest.",
                False,
                "A smaller weight with a large activation can add more.",
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
        "A convolution is applied to images twice as high and twice as wide. How does its number of parameters "
        "change?",
        (
            Answer(
                "It does not change. Only the output maps grow.",
                True,
                "The same kernels are used at more positions. No formula for their number contains the image's size.",
            ),
            Answer(
                "It becomes four times as large, one weight for each pixel.",
                False,
                "That is how a fully connected layer would grow: it has a weight for each pair of an input and "
                "an output.",
            ),
            Answer(
                "It becomes four times as large, because the kernels grow with the image.",
                False,
                "The size of a kernel is a hyperparameter: it is chosen, and stays as it is.",
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
                "A node-link diagram of all neurons, with each skip connection as a link.",
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
        "A diagram folds six equal encoder layers into “× 6”. What does it claim?",
        (
            Answer(
                "The six have the same structure, one after the other.",
                True,
                "Compared were the steps, their shapes and their connections.",
            ),
            Answer(
                "The six share their weights.",
                False,
                "Each has weights of its own. Where weights are shared, the diagram says so or draws a loop.",
            ),
            Answer(
                "The input runs through one and the same layer six times.",
                False,
                "That would be recurrence: one layer with a loop.",
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
        "In a figure with volumes, the last maps of AlexNet look a third as high as the input. What can you "
        "conclude?",
        (
            Answer(
                "That they are smaller. By how much, the numbers say.",
                True,
                "The volumes are not to scale: 6 of 224 pixels is a 37th, and such a box could hardly be drawn.",
            ),
            Answer(
                "That their side is a third of the input's side.",
                False,
                "It is 6 pixels of 224. True to scale, the box would be a few pixels high.",
            ),
            Answer(
                "That a layer there needs a third of the work of the first one.",
                False,
                "The work depends on kernels and channels, too. No box shows it: a table does.",
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
        "A 2 × 2 pool with stride 2 is followed by a 3 × 3 convolution. How many pixels does a unit of the "
        "convolution see?",
        (
            Answer(
                "3 × 3",
                False,
                "It reads 3 × 3 values of the pool, and each of these depends on 2 × 2 pixels.",
            ),
            Answer(
                "4 × 4",
                False,
                "That would be 1 + 1 + 2, without the jump: after the pool, neighboring values are 2 pixels apart.",
            ),
            Answer("6 × 6", True, "After the pool r = 2 and j = 2, then r = 2 + (3 - 1) · 2 = 6."),
        ),
    ),
    Question(
        "Why are the blocks in the drawing of the LSTM cell operations on vectors, and not whole layers?",
        (
            Answer(
                "So that one sees the path of the cell state.",
                True,
                "A product with a gate, then a sum: this distinguishes the LSTM. One block for the cell would "
                "hide it.",
            ),
            Answer(
                "Because the gates have no parameters, so they are not layers.",
                False,
                "Each gate is computed by a fully connected layer from the input and the hidden state.",
            ),
            Answer(
                "Because an LSTM has too many neurons for any other diagram.",
                False,
                "A block can stand for any number of neurons. What counts is which idea should be one block.",
            ),
        ),
    ),
    Question(
        "An attention block has three inputs, but in the encoder of the diagram a single arrow enters it. Why?",
        (
            Answer(
                "Query, key and value are the same tensor there.",
                True,
                "One tensor is drawn as one arrow, although the block uses it three times.",
            ),
            Answer(
                "Key and value come from the decoder, which is drawn elsewhere.",
                False,
                "The other way round: the decoder reads the encoder's output. The encoder reads nothing of the "
                "decoder.",
            ),
            Answer(
                "Key and value are parameters of the block and not inputs.",
                False,
                "They are data. The block's parameters are the weights by which it transforms them.",
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
                "The figure of the paper that describes the network.",
                False,
                "It shows the intended network, not the code that you wrote.",
            ),
        ),
    ),
    Question(
        "A reader should see how the maps shrink while their number grows. Which diagram do you choose?",
        (
            Answer("Volumes.", True, "The two sizes are drawn side by side for one layer after the other."),
            Answer(
                "A block diagram.",
                False,
                "It shows the order of the layers. Sizes can stand there as notes, but one has to read them one "
                "by one.",
            ),
            Answer(
                "A table, because it has every number.",
                False,
                "It is right for whoever builds the network. The development has to be found in its columns.",
            ),
        ),
    ),
    Question(
        "Your network has kernels of 5 × 5, because the objects are small. How do you tell the reader?",
        (
            Answer(
                "The size as a note in the figure, the reason in the text.",
                True,
                "The figure says what was built, the text says why. Each can then be short.",
            ),
            Answer(
                "Both in the figure, so that it can be read without the text.",
                False,
                "Sentences in blocks hide what a figure shows best: the order and the connections.",
            ),
            Answer(
                "Both in the text, so that the figure stays simple.",
                False,
                "Then nobody can rebuild the network from the figure. A hyperparameter needs only a short note "
                "there.",
            ),
        ),
    ),
    Question(
        "What recommendation holds for every architecture figure?",
        (
            Answer(
                "Show what you want to say, and let text and figure work together.",
                True,
                "Hyperparameters as short notes in the figure, the reason in the text.",
            ),
            Answer(
                "Show everything that fits, so that the reader can choose what matters.",
                False,
                "What is not needed distracts from what you want to say.",
            ),
            Answer(
                "Always use the same type.",
                False,
                "Each type leaves something out. Which one fits depends on what you want to show.",
            ),
        ),
    ),
)
