"""The quiz of part 5: the lecture's questions on gradient-based visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "What is a saliency map?",
        (
            Answer(
                "For each pixel, the size of the gradient of the class score, the largest over the colours.",
                True,
                "It says where a small change would change the score most. The sign is given up.",
            ),
            Answer(
                "A map of where people look first in a picture.",
                False,
                "That is the older meaning, and spectral residual comes near it. It asks no network.",
            ),
            Answer(
                "The activations of the last layer, enlarged to the picture's size.",
                False,
                "Those say where a feature is found, not what a change of a pixel would do.",
            ),
        ),
    ),
    Question(
        "Backpropagation, deconvnet and guided backpropagation: in what do they differ?",
        (
            Answer(
                "Only in what they do at a ReLU on the way back.",
                True,
                "Convolutions and pools are run backwards alike. (Overlapping pools are a detail of their own.)",
            ),
            Answer(
                "Backprop sets to zero where the forward input was negative, deconvnet where the signal is.",
                True,
                "And guided backprop does both, so that least of the signal is left.",
            ),
            Answer(
                "A deconvnet has weights of its own, which are trained.",
                False,
                "Nothing is trained: its kernels are the network's own, and the pools' places are recorded.",
            ),
        ),
    ),
    Question(
        "What is a 'pseudo-loss'?",
        (
            Answer(
                "The value of the unit you ask about, used where training has its loss.",
                True,
                "Backpropagation needs one number to start from. Any neuron, channel or class score will do.",
            ),
            Answer("The training loss on one picture.", False, "No label is needed, and nothing is trained."),
            Answer(
                "A loss that is minimised by changing the weights.",
                False,
                "The weights stay as they are: the gradient is taken in the pixels.",
            ),
        ),
    ),
    Question(
        "Why the gradient of the class score, not of the class probability?",
        (
            Answer(
                "Where the network is sure, the probability is flat and its gradient nearly zero.",
                True,
                "Softmax saturates. The score does not.",
            ),
            Answer(
                "The probability also rises when the scores of other classes fall.",
                True,
                "So its gradient mixes evidence for this class with evidence against the others.",
            ),
            Answer("The probability has no gradient.", False, "It has one: softmax is smooth everywhere."),
        ),
    ),
    Question(
        "y = 1 if 5 x1 + 2 x2 + 6 > 0, else 0. What does the gradient say about x1?",
        (
            Answer(
                "Nothing: it is 0 on both sides of the step.",
                True,
                "The gradient is a local answer. Gradient x input is 0 too, although x1 decides.",
            ),
            Answer("That x1 matters 5 / 2 times as much as x2.", False, "True of the linear function only."),
            Answer("That x1 does not matter.", False, "It does: move it far enough, and y jumps."),
        ),
    ),
    Question(
        "Integrated gradients promise completeness. What does that mean?",
        (
            Answer(
                "The attributions add up to the score of the picture minus the score of the baseline.",
                True,
                "With enough steps. The difference that is left is the error you can read off.",
            ),
            Answer(
                "The map shows everything the network uses.",
                False,
                "It shares out one difference of scores. Another baseline gives another map.",
            ),
            Answer(
                "The result does not depend on the baseline.",
                False,
                "It does: a pixel that equals the baseline gets nothing.",
            ),
        ),
    ),
    Question(
        "You randomize the last layers, and guided backprop still draws the cat. What follows?",
        (
            Answer(
                "The picture cannot be evidence for what those layers have learned.",
                True,
                "A map that ignores the weights explains the picture, not the network.",
            ),
            Answer(
                "The network finds the cat with its first layers alone.",
                False,
                "It finds no cat any more. It is the method that draws edges.",
            ),
            Answer("Guided backprop is wrongly implemented.", False, "It does this when it is right, too."),
        ),
    ),
    Question(
        "What is the price of Grad-CAM?",
        (
            Answer(
                "Its map has only as many cells as the layer: 13 x 13 in AlexNet's conv5.",
                True,
                "It is enlarged for the eye. Fine contours in the picture come from the photo below.",
            ),
            Answer("Thousands of forward passes.", False, "One forward pass, and half a backward pass."),
            Answer("The network must be trained again.", False, "That was CAM. Grad-CAM takes any network."),
        ),
    ),
    Question(
        "Two saliency maps of one network look very different. What do you check first?",
        (
            Answer(
                "Clipping, normalisation and palette.",
                True,
                "One map can look like fog or like three dots. Both pictures then show the same numbers.",
            ),
            Answer("The learning rate.", False, "Nothing is trained here."),
            Answer(
                "Whether the GPU is in use.",
                False,
                "Numbers may differ in the last digit, not in the picture.",
            ),
        ),
    ),
    Question(
        "Sensitivity over a data set picks three columns of a table. What may you say?",
        (
            Answer(
                "This network's output answers most to these three, on these rows.",
                True,
                "That is what was measured: keep them, and test the accuracy.",
            ),
            Answer(
                "The other columns carry no information.", False, "Another column may carry the same one."
            ),
            Answer("These three cause the outcome.", False, "They may be confounds: see part 3."),
        ),
    ),
)
