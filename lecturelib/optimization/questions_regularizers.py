"""The second half of part 6's quiz: regularizers, several starts, examples, locations, all methods at once."""

from lecturelib.lesson.quiz import Answer, Question

REGULARIZER_QUESTIONS = (
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
                "That the network knows natural images, since its unit could not have led to one otherwise.",
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
            Answer(
                "The method is broken: a correct one would end in the same image from every start.",
                False,
                "Ascent ends in a local maximum, and there are many.",
            ),
            Answer("The unit is random.", False, "A unit is a fixed function; only the starts are random."),
        ),
    ),
    Question(
        "With a strong diversity term the nine images look very different, and the unit's mean value falls to "
        "half. What follows?",
        (
            Answer(
                "The term may force differences that do not matter to the unit.",
                True,
                "The fallen value is the price. A pattern of the unit's own would keep the value high.",
            ),
            Answer(
                "The unit has at least nine different patterns, one for each image.",
                False,
                "A pattern counts if it excites the unit. At half of the value, these images do so much less "
                "than the best one.",
            ),
            Answer(
                "The term should be left out.",
                False,
                "Without it all nine may end in the same local maximum, and other patterns stay hidden.",
            ),
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
        "A deconvnet and an optimized image of the same unit: which question does each of them answer?",
        (
            Answer(
                "Which pixels of this photo the unit responded to, and what it responds to in general.",
                True,
                "So the first helps to explain one decision, the second to describe a unit.",
            ),
            Answer(
                "Both say which pixels of the photo mattered.",
                False,
                "An optimized image knows no photo: it starts from noise.",
            ),
            Answer(
                "Both need no photo, since both go backward through the network.",
                False,
                "A deconvnet sends back the activations of one photo. Without it there is nothing to send.",
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
    Question(
        "Every cell of an activation grid shows a clear pattern. What does that say about the layer?",
        (
            Answer(
                "What its vector stands for at each place, but not how strong it is there.",
                True,
                "The cells are optimized images, which are clear also where the activations are weak.",
            ),
            Answer(
                "It is strongly active at every place, or the ascent could not find a clear pattern.",
                False,
                "The images are optimized for the vectors' directions. Look at the strength of each cell.",
            ),
            Answer(
                "Every place raises the score of the class.",
                False,
                "What a place adds to a class is its attribution, a second question.",
            ),
        ),
    ),
    Question(
        "Which of these stay the same when you choose another photo?",
        (
            Answer(
                "The kernel of the channel.",
                True,
                "It consists of weights, which no photo changes.",
            ),
            Answer(
                "The optimized image of the channel.",
                True,
                "It starts from noise. It depends on the unit and the regularizer.",
            ),
            Answer(
                "The activation map of the channel.",
                False,
                "That is its response to this photo.",
            ),
            Answer(
                "The gradient of the channel in the pixels.",
                False,
                "It is taken at this photo: which ReLUs pass it on depends on the photo.",
            ),
        ),
    ),
    Question(
        "A channel's best patches and its optimized image suggest two different features. What would decide "
        "which one it needs?",
        (
            Answer(
                "Images that differ in one of the features only, and the channel's values for them.",
                True,
                "That is an intervention: it changes the supposed cause and leaves the rest.",
            ),
            Answer(
                "A vote of all methods: what most of them show is what the channel needs to be active.",
                False,
                "They answer different questions, so that they may differ and all be right.",
            ),
            Answer(
                "More optimized images from other starts.",
                False,
                "They show what suffices to excite the channel. A feature that is never tested alone stays "
                "possible.",
            ),
        ),
    ),
)
