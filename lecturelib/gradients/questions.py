"""Quiz of part 5: the lecture's questions on gradient-based visualization, with a reason for every answer."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "What is a 'pseudo-loss'?",
        (
            Answer(
                "The value of a unit, differentiated in place of a loss.",
                True,
                "Backpropagation starts from one number: a neuron, the mean of a channel, a class score.",
            ),
            Answer("The training loss on one image.", False, "No label is needed, and nothing is trained."),
            Answer(
                "A second loss that is minimized by changing the weights.",
                False,
                "The weights stay as they are: the gradient is taken with respect to the pixels.",
            ),
        ),
    ),
    Question(
        "In 64 bits a finite difference with h = 0.1 differs from backpropagation, one with h = 1e-8 agrees. Why?",
        (
            Answer(
                "On the longer step some ReLUs switch over.",
                True,
                "So it leaves the linear piece on which the image lies and for which the gradient holds.",
            ),
            Answer(
                "The rounding error of a difference grows with h.",
                False,
                "It is the other way round: the error is divided by 2h, so it is largest for a very small h.",
            ),
            Answer(
                "Backpropagation is exact only for a small h.",
                False,
                "It uses no h. It differentiates each operation at the image itself.",
            ),
        ),
    ),
    Question(
        "What is a saliency map?",
        (
            Answer(
                "For each pixel, the size of the gradient of the class score, the largest of its "
                "color channels.",
                True,
                "It says where a small change of a pixel would change the score most. The sign is dropped.",
            ),
            Answer(
                "A map of where people look first in an image.",
                False,
                "That is an older meaning of the term; spectral residual predicts such a map, "
                "without a network.",
            ),
            Answer(
                "The activations of the last layer, enlarged to the image's size.",
                False,
                "Those say where a feature is found, not what a change of a pixel would do.",
            ),
        ),
    ),
    Question(
        "Why the gradient of the class score, not of the class probability?",
        (
            Answer(
                "Where the network is sure, the probability is flat and its gradient nearly zero.",
                True,
                "The softmax is saturated there; the score before it is not.",
            ),
            Answer(
                "The probability also rises when the scores of other classes fall.",
                True,
                "So its gradient mixes what raises this class with what lowers the others.",
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
                "The gradient is local: it does not see the step. Gradient x input is 0 too, "
                "although a change of x1 can change y.",
            ),
            Answer(
                "That x1 matters 5 / 2 times as much as x2.",
                False,
                "That holds for the linear function 5 x1 + 2 x2 + 6, not for the step.",
            ),
            Answer(
                "That x1 does not matter.",
                False,
                "It does matter: if x1 changes enough, y changes from 0 to 1.",
            ),
        ),
    ),
    Question(
        "A pupil is black: its pixels are 0. Gradient × input gives them the attribution 0. Do they not matter "
        "to the cat's score?",
        (
            Answer(
                "One cannot say: a product with 0 is always 0.",
                True,
                "Whatever the gradient is. The method compares with black, and these pixels are black already.",
            ),
            Answer(
                "They do not matter, since their attribution is 0.",
                False,
                "A change of these pixels may change the score a lot. The product does not show it.",
            ),
            Answer(
                "They do not matter, since the gradient is 0 at a black pixel.",
                False,
                "The gradient at a pixel is not tied to its value. It can be large at a black one.",
            ),
        ),
    ),
    Question(
        "Backpropagation, deconvnet and guided backpropagation: in what do they differ?",
        (
            Answer(
                "Only in what they do at a ReLU on the way back.",
                True,
                "Convolutions and poolings are run backwards in the same way. (Textbook unpooling "
                "treats overlapping poolings differently.)",
            ),
            Answer(
                "Backpropagation sets the signal to zero where the ReLU's input was negative, "
                "deconvnet where the signal is.",
                True,
                "Guided backpropagation does both, so it passes the fewest values.",
            ),
            Answer(
                "A deconvnet has weights of its own, which are trained.",
                False,
                "Nothing is trained: its kernels are the network's own, and the switches of the "
                "poolings are recorded.",
            ),
        ),
    ),
    Question(
        "The deconvnet's pattern for a neuron looks like an eye. Why is that no proof that the neuron responds "
        "to eyes?",
        (
            Answer(
                "The shape may come from the switches of this photo.",
                True,
                "Unpooling puts the values where this photo's maxima lay. Try other images of the top nine.",
            ),
            Answer(
                "The deconvnet was trained on other images than the network.",
                False,
                "It was not trained at all: it uses the network's own weights.",
            ),
            Answer(
                "It shows all neurons of the layer at once.",
                False,
                "It starts from one activation; all others of the layer are set to zero.",
            ),
        ),
    ),
    Question(
        "You replace the weights of the last layers by random ones, and guided backpropagation still "
        "shows the outline of the cat. What follows?",
        (
            Answer(
                "The map is no evidence for what those layers have learned.",
                True,
                "A map that does not depend on weights cannot explain what these weights do.",
            ),
            Answer(
                "The network recognizes the cat with its first layers alone.",
                False,
                "With random weights on top it recognizes nothing. The edges come from the first "
                "layers and the photo.",
            ),
            Answer(
                "Guided backpropagation is wrongly implemented.",
                False,
                "A correct implementation shows the same.",
            ),
        ),
    ),
    Question(
        "Two maps of one photo have the rank correlation 0.98. What do you know?",
        (
            Answer(
                "Their pixels have nearly the same order by value.",
                True,
                "Only the ranks enter. The values may differ by a factor of ten.",
            ),
            Answer(
                "98 % of their pixels have the same value in both maps.",
                False,
                "It correlates ranks and counts no equal pixels. All the values may be different.",
            ),
            Answer(
                "Both maps show correctly what the network uses.",
                False,
                "They agree with each other. Two maps that only follow the edges of the photo do so as well.",
            ),
        ),
    ),
    Question(
        "Integrated gradients satisfy completeness. What does that mean?",
        (
            Answer(
                "The attributions add up to the score minus the baseline's score.",
                True,
                "Up to an error that depends on the number of steps, and that can be measured.",
            ),
            Answer(
                "The map shows completely what the network has used for its answer.",
                False,
                "It distributes one difference of scores over the pixels. Another baseline gives "
                "another map.",
            ),
            Answer(
                "The result does not depend on the baseline.",
                False,
                "It does: a pixel that equals the baseline gets the attribution 0.",
            ),
        ),
    ),
    Question(
        "What is the main limitation of Grad-CAM?",
        (
            Answer(
                "Its map has only as many cells as the layer.",
                True,
                "In AlexNet's conv5 13 x 13. The map is enlarged and laid over the photo, and the fine contours "
                "are the photo's.",
            ),
            Answer(
                "It needs thousands of forward passes for a single map.",
                False,
                "It needs one forward pass, and a backward pass from the score to the layer.",
            ),
            Answer(
                "The network must be trained again.",
                False,
                "CAM needs a special last layer and therefore training; Grad-CAM takes the network as it is.",
            ),
        ),
    ),
)
