"""The quiz of part 4: the lecture's questions on simple parameter visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "How does occlusion find out what matters for a decision?",
        (
            Answer(
                "It covers a patch of the input, asks the network again, and compares.",
                True,
                "Where the answer falls most, the covered part mattered most. Nothing inside is needed.",
            ),
            Answer(
                "It sets kernels to zero and looks at the training loss.",
                False,
                "No weight is touched, and nothing is trained: only the input changes.",
            ),
            Answer(
                "It computes the gradient of the loss in the pixels.",
                False,
                "That is part 5. Occlusion needs forward passes only.",
            ),
        ),
    ),
    Question(
        "The first-layer kernels of your network look like noise after training. What now?",
        (
            Answer(
                "Nothing: kernels are hard to interpret anyway.",
                False,
                "True of higher layers. A first layer well trained on photos shows edges and colours.",
            ),
            Answer(
                "Check the set-up: learning rate, regularization, length of training, input data.",
                True,
                "Noisy first-layer kernels are a symptom that something is wrong with the training.",
            ),
            Answer("Make the first layer wider.", False, "More noise would not help: find the cause first."),
        ),
    ),
    Question(
        "Why are the activation maps of a late layer coarser than those of the first?",
        (
            Answer(
                "Pooling and strides: one cell stands for many pixels.",
                True,
                "Resolution falls with depth. The network gives up where to say what.",
            ),
            Answer(
                "Late layers have fewer channels.", False, "They mostly have more; that is not resolution."
            ),
            Answer(
                "The kernels of late layers are larger.",
                False,
                "They are mostly smaller, 3 x 3. Their receptive field is larger, by everything before them.",
            ),
        ),
    ),
    Question(
        "Covering the advertisement beside it lowers 'car wheel' most. What has happened?",
        (
            Answer(
                "The learning algorithm has a fault.",
                False,
                "It did its task: in the data, advertisement and wheel came together.",
            ),
            Answer(
                "The network uses a correlated feature, a confound.",
                True,
                "The fault is in the data, not in the algorithm. Occlusion is a good way of finding it.",
            ),
            Answer("The patch was too small.", False, "A larger patch makes no wheel of an advertisement."),
        ),
    ),
    Question(
        "The nine top pictures of a channel all show red flowers. What follows?",
        (
            Answer("On this data set, red flowers excite the channel.", True, "That is what was measured."),
            Answer(
                "The channel is a flower detector.",
                False,
                "It may look for red, or for round red things: tomato sauce would be a false friend.",
            ),
            Answer(
                "A red car could excite it too.",
                True,
                "Possible as long as nobody has shown it one. Look for the picture that does not fit.",
            ),
        ),
    ),
    Question(
        "When is an optimised picture better than the pictures found in a data set?",
        (
            Answer(
                "When you want to separate what causes the response from what merely comes with it.",
                True,
                "Stripes, or the baseball that carries them? A search cannot tell, optimization can.",
            ),
            Answer(
                "When you want to know what the channel responds to in practice.",
                False,
                "That is what the data set shows: real pictures, with all that comes along.",
            ),
            Answer("Always: it is more exact.", False, "It may show things that no real picture contains."),
        ),
    ),
    Question(
        "Why is it not safe to cut the network after layer three and call its channels 'the features'?",
        (
            Answer(
                "A channel is one axis of a space; information may lie in directions that mix channels.",
                True,
                "Single units are basis vectors of a representation. They need not mean anything alone.",
            ),
            Answer("Layer three has too few channels.", False, "It is not their number that matters."),
            Answer(
                "After layer three all activations are zero.",
                False,
                "They are not: a ReLU sets only the negative ones to zero.",
            ),
        ),
    ),
    Question(
        "In a t-SNE map two groups lie far apart. What does that tell you?",
        (
            Answer(
                "Their codes differ much more than those of two groups that lie close together.",
                False,
                "Distances between groups are not preserved: another seed may put them side by side.",
            ),
            Answer(
                "Little: neighbours inside a group can be trusted more than distances between groups.",
                True,
                "t-SNE keeps neighbourhoods. Measure distances in the space of the codes.",
            ),
            Answer("The network confuses the two classes.", False, "A map is no confusion matrix."),
        ),
    ),
    Question(
        "Which of these can visualization not do?",
        (
            Answer("Show what a decision rests on, for one picture.", False, "It can: that is attribution."),
            Answer(
                "Prove that a network will behave on pictures it has not seen.",
                True,
                "It gives understanding and raises suspicion. It is no proof.",
            ),
            Answer("Reveal a confound.", False, "It can: covering, or a map of codes, often does."),
        ),
    ),
)
