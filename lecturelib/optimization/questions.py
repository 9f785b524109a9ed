"""The quiz of part 6: the lecture's questions on optimization-based visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question
from lecturelib.optimization.questions_regularizers import REGULARIZER_QUESTIONS

QUESTIONS = (
    Question(
        "You maximize one neuron of conv3, starting from noise. What happens outside its receptive field?",
        (
            Answer(
                "Little: the neuron has no gradient in these pixels.",
                True,
                "What does change there comes from the parametrization and the random transforms, not from "
                "the neuron.",
            ),
            Answer(
                "It fills with the pattern, since all neurons of a channel share their weights.",
                False,
                "They share them, but the objective holds one of them only. The channel's mean gives that "
                "image.",
            ),
            Answer(
                "It turns black, since these pixels do not help.",
                False,
                "A pixel without a gradient stays near where it began. Nothing pulls it to black.",
            ),
        ),
    ),
    Question(
        "Why does one usually maximize the logit of a class and not its probability?",
        (
            Answer(
                "Where the probability is nearly 1, the softmax has almost no gradient.",
                True,
                "Its derivative in the logit is p(1 - p), which goes to 0 as p goes to 1.",
            ),
            Answer(
                "The probability also rises when the scores of other classes fall.",
                True,
                "Then the image holds evidence against the others and not for the class.",
            ),
            Answer(
                "The probability cannot be differentiated.",
                False,
                "The softmax is smooth. Its gradient is just very small where it is nearly 1.",
            ),
            Answer(
                "The logit is always between 0 and 1, so that images can be compared.",
                False,
                "That is the probability. A logit may be any number.",
            ),
        ),
    ),
    Question(
        "Which steps does one round of gradient ascent on an image have?",
        (
            Answer(
                "Forward to the unit, backward to the pixels, a step along the gradient; the weights stay.",
                True,
                "Training changes the weights to lower a loss. Here the input changes to raise the value of a unit.",
            ),
            Answer(
                "Forward, backward, and a step in the weights of the unit's layer.",
                False,
                "Then the unit itself would change, and the image would not explain the trained one.",
            ),
            Answer(
                "Search the training set for the image with the largest activation.",
                False,
                "That is another method, dataset examples: it searches and optimizes nothing.",
            ),
        ),
    ),
    Question(
        "Why is the penalty λ‖x‖² taken around grey?",
        (
            Answer(
                "The lecture's images have mean zero. In pixels, the mean image is about grey.",
                True,
                "Around black the penalty would darken the image instead of lowering its contrast.",
            ),
            Answer(
                "Because a grey image excites the unit most.",
                False,
                "It hardly excites it at all. Grey is where the penalty is zero, not where the unit is large.",
            ),
            Answer(
                "It makes no difference: the gradient of the unit decides.",
                False,
                "Where that gradient is small, the penalty alone decides, and it pulls towards its minimum.",
            ),
        ),
    ),
    Question(
        "Without any regularizer the unit gets very large, and the image is noise. Why?",
        (
            Answer(
                "Many images excite the unit, and those near noise are reached first.",
                True,
                "The gradient raises high frequencies as readily as low ones. Few of all images are natural.",
            ),
            Answer(
                "The optimizer has not converged: with more steps the noise would turn into a pattern.",
                False,
                "It has: more steps raise the unit further and give more noise.",
            ),
            Answer(
                "The unit was trained on noise.",
                False,
                "It was trained on photos. Nothing in training penalized a large value for noise.",
            ),
        ),
    ),
    Question(
        "How is DeepDream related to visualization?",
        (
            Answer(
                "It changes an image until a layer is as active as it gets, so it shows what the layer responds to.",
                True,
                "That was its first purpose. Its use as art came later.",
            ),
            Answer(
                "It is gradient ascent on the image, with the layer's mean square as the objective.",
                True,
                "So it is `maximize` for a whole layer, started from a photo, at several sizes of the photo.",
            ),
            Answer(
                "It trains the network further, on its own images.",
                False,
                "No weight changes. Training moves the weights, this moves the pixels.",
            ),
            Answer(
                "It shows which pixels of the photo the network used.",
                False,
                "That is a saliency map. A dream adds what was not there.",
            ),
        ),
    ),
    Question(
        "What do octaves change in a dream?",
        (
            Answer(
                "Large structures appear first, and details in them later.",
                True,
                "On a small image the receptive field covers more of the scene. Then the image is enlarged.",
            ),
            Answer(
                "Only the time: a dream at full size alone would look the same.",
                False,
                "At full size alone, patterns are at most as large as the receptive field allows.",
            ),
            Answer(
                "Each octave maximizes a deeper layer.",
                False,
                "The layer stays. Only the size of the image changes.",
            ),
        ),
    ),
    Question(
        "The objective is ½‖a‖² of a layer. Which signal starts the way back at this layer?",
        (
            Answer(
                "The activations a themselves.",
                True,
                "The gradient of ½‖a‖² with respect to a is a: active units are pushed more than weak ones.",
            ),
            Answer(
                "A 1 at every unit.",
                False,
                "That belongs to the sum of the activations, where weak and strong units are pushed alike.",
            ),
            Answer(
                "The difference between a and the photo's activations.",
                False,
                "That is inversion, which looks for an image with given activations.",
            ),
        ),
    ),
    Question(
        "Why is it not safe to cut off the network after layer three and keep only the activations?",
        (
            Answer(
                "Whoever knows the network can optimize an image that has these activations: like the original.",
                True,
                "That is inversion. From AlexNet's convolutions it gives back a recognizable face.",
            ),
            Answer(
                "Because layer three stores the pixels themselves.",
                False,
                "It does not. But it keeps enough of them to solve the inverse problem.",
            ),
            Answer(
                "It is safe: pooling and ReLU throw information away, so nobody can go back.",
                False,
                "They discard some. The rest determines most of the image, and a regularizer fills in the remainder.",
            ),
            Answer(
                "It is safe as long as the weights were trained by somebody else.",
                False,
                "What matters is that the attacker knows the weights. Those of published networks are public.",
            ),
        ),
    ),
    Question(
        "Why does inversion need a regularizer r?",
        (
            Answer(
                "Many images have nearly the same activation; r picks one that looks like a photo.",
                True,
                "What the layer does not determine, the regularizer decides.",
            ),
            Answer(
                "Without r the error in the features stays large.",
                False,
                "Without it this error alone is minimized. A penalty can only raise its minimum.",
            ),
            Answer(
                "Without r there is no gradient in the pixels of a deep layer.",
                False,
                "The feature error has a gradient at every layer. What is missing is a reason to prefer one "
                "image.",
            ),
        ),
    ),
    Question(
        "At conv4 a reconstruction has a feature error of 1.5 % at most, and a pixel error like that of one "
        "uniform color. How can that be?",
        (
            Answer(
                "The layer leaves some things open, such as brightness and color, and they have drifted.",
                True,
                "A stronger regularizer holds them: in the strip, conv4 is at 0.16, a uniform color at 0.28.",
            ),
            Answer(
                "The optimization was stopped too early: with more steps both errors would go to zero "
                "together.",
                False,
                "For the layer the image is nearly the photo. What differs is what the layer leaves open.",
            ),
            Answer(
                "Nothing of the photo is left in conv4.",
                False,
                "Pixel error is harsh: a face that is two pixels off has a large one and can be recognized.",
            ),
        ),
    ),
    *REGULARIZER_QUESTIONS,
)
