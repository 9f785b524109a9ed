"""The quiz of part 6: the lecture's questions on optimization-based visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
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
                "The optimizer has not converged.",
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
        "What speaks for total variation as a regularizer, and what against?",
        (
            Answer(
                "It allows few but sharp edges, as natural images have.",
                True,
                "The gradients of a photo are sparse. A jump costs no more than a ramp of the same height.",
            ),
            Answer(
                "It also removes fine texture that excites the unit.",
                True,
                "It cannot tell noise from fur. All regularizers against high frequencies have this price.",
            ),
            Answer("It needs a trained generative model.", False, "That is a learned prior."),
        ),
    ),
    Question(
        "You rotate the image at random in every step. What may you lose?",
        (
            Answer(
                "The orientation, even where the unit needs it.",
                True,
                "The image for a detector of one diagonal becomes a compromise between many directions.",
            ),
            Answer(
                "Convergence: the objective is another one in each step.",
                False,
                "The mean over the transforms rises well. It is ordinary stochastic ascent.",
            ),
            Answer("Color.", False, "A rotation moves pixels and leaves their colors."),
        ),
    ),
    Question(
        "An image made in the latent space of a GAN is beautiful. What may you conclude about the unit?",
        (
            Answer(
                "Less than from one without a prior: you cannot say what came from the prior.",
                True,
                "The generator gives digits, dresses or dogs, whatever the unit is.",
            ),
            Answer(
                "That the network knows natural images.",
                False,
                "The generator was trained to produce them. The network was not.",
            ),
            Answer(
                "That the unit was trained on such images.",
                False,
                "The generator was: its images look natural whatever the unit is.",
            ),
        ),
    ),
    Question(
        "Nine starts give nine different images of one unit. What does that say?",
        (
            Answer(
                "The unit responds to several patterns, or to one pattern in several poses.",
                True,
                "One image would have hidden that. A diversity term pushes them further apart.",
            ),
            Answer("The method is broken.", False, "Ascent ends in a local maximum, and there are many."),
            Answer("The unit is random.", False, "A unit is a fixed function; only the starts are random."),
        ),
    ),
    Question(
        "A unit's best photos show baseball games, its optimized image only stripes. Which do you believe?",
        (
            Answer(
                "Both: examples show what excites it in practice, optimization what is sufficient to excite it.",
                True,
                "Balls, lawn and crowd occur together with stripes. The optimized image shows that stripes suffice.",
            ),
            Answer("The photos: they are real.", False, "They are, but everything in them is shown at once."),
            Answer(
                "The optimized image: it shows the cause.",
                False,
                "It may lie far from all photos. Natural examples predict a unit better (Borowski et al. 2021).",
            ),
        ),
    ),
    Question(
        "What does a location (x, y) of a layer mean? One maximizes v · v₀. Why not add up its channels' images?",
        (
            Answer(
                "Hundreds of images must be optimized, and their sum is hard to read.",
                True,
                "One ascent along the direction v₀ takes all channels together.",
            ),
            Answer(
                "Channels cannot be optimized one at a time.",
                False,
                "They can: that is the semantic dictionary of the strongest few.",
            ),
            Answer(
                "v₀ is zero almost everywhere.",
                False,
                "After a ReLU many entries are. The others say which channels respond here.",
            ),
        ),
    ),
)
