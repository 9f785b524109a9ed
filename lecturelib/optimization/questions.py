"""The quiz of part 6: the lecture's questions on optimization-based visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "How is DeepDream related to visualization?",
        (
            Answer(
                "It changes a picture until a layer is as active as it gets, so it shows what the layer looks for.",
                True,
                "That was its first purpose: to see what a layer responds to. The art came with it.",
            ),
            Answer(
                "It is gradient ascent on the picture, with the layer's mean square as the objective.",
                True,
                "So it is `maximize` for a whole layer, from a photo, over several sizes of it.",
            ),
            Answer(
                "It trains the network further, on its own pictures.",
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
                "Whoever knows the network can optimize a picture that has these activations: like the original.",
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
                "They discard some. The rest determines most of the picture, and a regularizer fills in the remainder.",
            ),
            Answer(
                "It is safe as long as the weights were trained by somebody else.",
                False,
                "What matters is that the attacker knows the weights. Those of published networks are public.",
            ),
        ),
    ),
    Question(
        "Which steps does one round of gradient ascent on a picture have?",
        (
            Answer(
                "Forward to the unit, backward to the pixels, a step along the gradient; the weights stay.",
                True,
                "Training goes down a loss in the weights. Here one goes up a unit in the input.",
            ),
            Answer(
                "Forward, backward, and a step in the weights of the unit's layer.",
                False,
                "Then the unit itself would change, and the picture would not explain the trained one.",
            ),
            Answer(
                "Search the training set for the picture with the largest activation.",
                False,
                "That is the other way: dataset examples. Nothing is optimized there.",
            ),
        ),
    ),
    Question(
        "Why is the penalty λ‖x‖² taken around grey?",
        (
            Answer(
                "The lecture's pictures have mean zero. In pixels, the mean picture is about grey.",
                True,
                "Around black the penalty would darken the picture instead of lowering its contrast.",
            ),
            Answer(
                "Because a grey picture excites the unit most.",
                False,
                "It hardly excites it at all. Grey is where the penalty is zero, not where the unit is large.",
            ),
            Answer(
                "It makes no difference: the gradient of the unit decides.",
                False,
                "Where that gradient is small, the penalty alone decides, and it pulls towards its centre.",
            ),
        ),
    ),
    Question(
        "Without any regularizer the unit gets very large, and the picture is noise. Why?",
        (
            Answer(
                "Many pictures excite the unit, and those near noise are reached first.",
                True,
                "The gradient raises high frequencies as readily as low ones. Few of all pictures are natural.",
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
                "It allows few but sharp edges, as natural pictures have.",
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
        "You rotate the picture at random in every step. What may you lose?",
        (
            Answer(
                "The orientation, even where the unit needs it.",
                True,
                "The picture for a detector of one diagonal becomes a compromise between many directions.",
            ),
            Answer(
                "Convergence: the objective is another one in each step.",
                False,
                "The mean over the transforms rises well. It is ordinary stochastic ascent.",
            ),
            Answer("Colour.", False, "A rotation moves pixels and leaves their colours."),
        ),
    ),
    Question(
        "A picture made in the latent space of a GAN is beautiful. What may you conclude about the unit?",
        (
            Answer(
                "Less than from one without a prior: you cannot say what came from the prior.",
                True,
                "The generator gives digits, dresses or dogs, whatever the unit is.",
            ),
            Answer(
                "That the network knows natural pictures.",
                False,
                "The generator was trained to produce them. The network was not.",
            ),
            Answer(
                "That the unit was trained on such pictures.",
                False,
                "The generator was. With a network of random weights the pictures look as natural.",
            ),
        ),
    ),
    Question(
        "Nine starts give nine different pictures of one unit. What does that say?",
        (
            Answer(
                "The unit answers to several things, or to one in several poses.",
                True,
                "One picture would have hidden that. A diversity term pushes them further apart.",
            ),
            Answer("The method is broken.", False, "Ascent ends in a local maximum, and there are many."),
            Answer("The unit is random.", False, "A random unit gives nine textures that look alike."),
        ),
    ),
    Question(
        "A unit's best photos show baseball games, its optimized picture only stripes. Which do you believe?",
        (
            Answer(
                "Both: examples show what excites it in practice, optimization what is sufficient to excite it.",
                True,
                "Balls, lawn and crowd occur with the stitches. The optimized picture shows that stripes suffice.",
            ),
            Answer("The photos: they are real.", False, "They are, but everything in them is shown at once."),
            Answer(
                "The optimized picture: it shows the cause.",
                False,
                "It may lie far from all photos. Natural examples predict a unit better (Borowski et al. 2021).",
            ),
        ),
    ),
    Question(
        "What does a location (x, y) of a layer mean? One maximizes v · v₀. Why not add up its channels' pictures?",
        (
            Answer(
                "Hundreds of pictures must be optimized, and their sum is hard to read.",
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
