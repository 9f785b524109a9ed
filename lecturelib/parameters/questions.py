"""The quiz of part 4: the lecture's questions on simple parameter visualization, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "The first-layer kernels of your network look like noise after training. What now?",
        (
            Answer(
                "Nothing: the kernels of a network are hard to interpret anyway.",
                False,
                "True of higher layers. A first layer that was trained well on photos shows edges and colors.",
            ),
            Answer(
                "Check the training: learning rate, steps, input data.",
                True,
                "Noisy first-layer kernels are a symptom that something is wrong with the training.",
            ),
            Answer(
                "Make the first layer wider.",
                False,
                "More noisy kernels would not help: find the cause first.",
            ),
        ),
    ),
    Question(
        "Why can a 3 x 3 kernel of the third layer not be read like a kernel of the first layer?",
        (
            Answer(
                "It weighs channels and not colors.",
                True,
                "One has to know what these channels respond to. First-layer kernels can be drawn as images in "
                "color.",
            ),
            Answer(
                "It is too small.",
                False,
                "A first-layer kernel of 3 x 3 can be drawn as an image in color: coarse, but readable.",
            ),
            Answer(
                "It has not been trained as long as the first layer.",
                False,
                "All layers are trained in the same steps, and more training does not turn channels into colors.",
            ),
        ),
    ),
    Question(
        "Why are the activation maps of a late layer coarser than those of the first?",
        (
            Answer(
                "Pooling and strides: one cell stands for many pixels.",
                True,
                "Each of them lowers the resolution, so it falls with depth.",
            ),
            Answer(
                "Late layers have fewer channels.", False, "They mostly have more; that is not resolution."
            ),
            Answer(
                "The kernels of late layers are larger, so each cell covers more.",
                False,
                "They are mostly smaller, 3 x 3. Their receptive field is larger, because of the layers before them.",
            ),
        ),
    ),
    Question(
        "Each channel of relu5 is drawn on its own scale. A map is bright at the eye of the cat. What do you know?",
        (
            Answer(
                "The channel responds more there than where its map is dark.",
                True,
                "Within one map the values can be compared. More than that the map does not show.",
            ),
            Answer(
                "The channel is an eye detector.",
                False,
                "It may respond to the fur or to an edge. Look at other images that excite it.",
            ),
            Answer(
                "The class 'cat' depends on this channel.",
                False,
                "The map does not show what later layers do with it. Compare with the occlusion map of the class.",
            ),
            Answer(
                "The channel responds more strongly than one with a darker map.",
                False,
                "Each map has its own scale, so the brightness of two maps cannot be compared.",
            ),
        ),
    ),
    Question(
        "How does occlusion find out what matters for a decision?",
        (
            Answer(
                "It covers a patch of the input and compares the outputs.",
                True,
                "Where the output falls most, the covered part mattered most. Only outputs are needed.",
            ),
            Answer(
                "It sets kernels to zero and looks at the training loss.",
                False,
                "No weight is touched, and nothing is trained: only the input changes.",
            ),
            Answer(
                "It computes the gradient of the loss with respect to the pixels.",
                False,
                "That is part 5. Occlusion needs forward passes only.",
            ),
        ),
    ),
    Question(
        "On a photo of a car wheel, the strongest channel of layer 5 responds to the text on the car, but the score of "
        "'car wheel' falls most when the wheel is covered (Zeiler & Fergus 2014). What follows?",
        (
            Answer(
                "The strongest channel need not be the one that the decision rests on.",
                True,
                "A class is computed from many channels. So make the map for the class itself.",
            ),
            Answer(
                "The network recognizes wheels by the text.",
                False,
                "Then covering the text would lower the score most. Covering the wheel does.",
            ),
            Answer(
                "One of the two maps is wrong.",
                False,
                "They are maps of two units, the channel and the class, and may differ.",
            ),
        ),
    ),
    Question(
        "Suppose covering the advertisement beside a wheel lowers the score of 'car wheel' most. What has happened?",
        (
            Answer(
                "The learning algorithm has a fault.",
                False,
                "It did its task: in the training data, advertisements and wheels occurred together.",
            ),
            Answer(
                "The network uses a correlated feature, a confound.",
                True,
                "The fault is in the data, not in the algorithm. Occlusion is a good way to find it.",
            ),
            Answer(
                "The patch was too small to cover the wheel as a whole.",
                False,
                "The advertisement would still matter under a larger one.",
            ),
        ),
    ),
    Question(
        "The nine maximally activating images of a channel all show red flowers. What follows?",
        (
            Answer("On this data set, red flowers excite the channel.", True, "That is what was measured."),
            Answer(
                "The channel is a flower detector.",
                False,
                "It may respond to red, or to round red things. Images of tomato sauce could show that.",
            ),
            Answer(
                "A red car could excite it, too.",
                True,
                "Possible, as long as the data set had no red car. Look for the image that does not fit.",
            ),
        ),
    ),
    Question(
        "When is an optimized image better than the images found in a data set?",
        (
            Answer(
                "When a cause is to be separated from what comes with it.",
                True,
                "Stripes, or the baseball that carries them? An optimized image is made to raise the activation only.",
            ),
            Answer(
                "When you want to know what the channel responds to in practice.",
                False,
                "That is what the data set shows. People also predict a channel better from it (Borowski et al. 2021).",
            ),
            Answer("Always: it is more exact.", False, "It may show patterns that no real image contains."),
        ),
    ),
    Question(
        "Why should you not read every channel of a layer as one feature with a meaning?",
        (
            Answer(
                "A channel is one axis of a space; a direction that mixes channels may mean more.",
                True,
                "Single units are basis vectors of the activation space. They need not mean anything alone.",
            ),
            Answer("A layer has too few channels.", False, "Their number is not the reason."),
            Answer(
                "After a ReLU all activations are zero.",
                False,
                "A ReLU sets only the negative ones to zero.",
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
                "Little: neighbors inside a group can be trusted more than distances between groups.",
                True,
                "t-SNE keeps neighborhoods. Measure distances between the codes themselves.",
            ),
            Answer(
                "The network confuses the two classes.", False, "A map of codes does not show the answers."
            ),
        ),
    ),
    Question(
        "Do the codes of a network group clothes by class better than the pixels do? How do you find out?",
        (
            Answer(
                "Count how often the nearest neighbor has the same class, by code and by pixels.",
                True,
                "Both shares are measured on the codes and the pixels themselves, without a map.",
            ),
            Answer(
                "Draw a t-SNE map of each, and see in which of them the groups lie farther apart.",
                False,
                "Distances between groups mean little in t-SNE, and they change with perplexity and seed.",
            ),
            Answer(
                "Compare the average distance between two codes with that between two images.",
                False,
                "They have different scales, and neither of them says which classes lie close together.",
            ),
        ),
    ),
    Question(
        "Which of these can visualization not do?",
        (
            Answer("Show what a decision rests on, for one image.", False, "It can: that is attribution."),
            Answer(
                "Prove that a network answers correctly on images it has not seen.",
                True,
                "It can explain a decision and raise a suspicion. Only a test on unseen images measures accuracy.",
            ),
            Answer("Reveal a confound.", False, "It can: occlusion or a map of codes often does."),
        ),
    ),
)
