"""Quiz of part 5 on tests of maps, maps without a network, and tables, with a reason for every answer."""

from lecturelib.lesson.quiz import Answer, Question

MAP_TEST_QUESTIONS = (
    Question(
        "Two saliency maps of one network look very different. What do you check first?",
        (
            Answer(
                "Whether clipping, normalization and palette are the same.",
                True,
                "With other scales the same numbers can look like noise everywhere or like three "
                "bright dots.",
            ),
            Answer("The learning rate.", False, "Nothing is trained here."),
            Answer(
                "Whether one of them was made on a GPU and the other on a CPU.",
                False,
                "A GPU changes the last digits of a number, which cannot be seen in a map.",
            ),
        ),
    ),
    Question(
        "A map has a small area under its deletion curve. What do you compare it with before you call the map good?",
        (
            Answer(
                "The area for pixels that are removed in random order.",
                True,
                "On the cat, a random order lowered the probability about as fast as the saliency map's order.",
            ),
            Answer(
                "0.5: a smaller area is good.",
                False,
                "There is no fixed limit: the area also depends on the photo and on how much blur the network "
                "tolerates.",
            ),
            Answer(
                "The insertion area of the same map, which should be larger.",
                False,
                "That is no control: with a random order, too, the probability rises once enough pixels are back.",
            ),
        ),
    ),
    Question(
        "Somebody computes the spectral residual without the phase of the Fourier transform. What is lost?",
        (
            Answer(
                "Where in the image something is.",
                True,
                "The phase carries the place. Without it the map locates nothing.",
            ),
            Answer(
                "Which frequencies are unusually strong.",
                False,
                "That is the residual of the log amplitude, which does not need the phase.",
            ),
            Answer(
                "The colors.", False, "They were dropped before: the map is computed from the grey image."
            ),
        ),
    ),
    Question(
        "On your images, boxes around a network's saliency maps are no better than those from spectral "
        "residual. What follows?",
        (
            Answer(
                "Good boxes are no evidence that the maps depend on the network.",
                True,
                "A method without a network finds the objects as well. Unusual parts of an image suffice.",
            ),
            Answer(
                "The saliency maps do not depend on the network.",
                False,
                "Not tested yet. For that, replace the weights by random ones and make the maps again.",
            ),
            Answer(
                "The network has learned nothing: it classifies no better than chance.",
                False,
                "The boxes measure where the maps are large. How often the answers are right is another measurement.",
            ),
        ),
    ),
    Question(
        "Sensitivity over a data set picks three columns of a table. What may you say?",
        (
            Answer(
                "The output changes most with these columns, on these rows.",
                True,
                "That is what was measured. Whether they suffice is seen by training on them alone.",
            ),
            Answer(
                "The other columns carry no information about the outcome.",
                False,
                "Another column may carry the same information, and the two share the sensitivity.",
            ),
            Answer(
                "These three columns cause the outcome.",
                False,
                "Sensitivity is no evidence of a cause: a column may only be correlated with one (a "
                "confound, part 3).",
            ),
        ),
    ),
    Question(
        "The gradient of an output for one column is near +2 in half of the rows and near -2 in the others. "
        "What follows?",
        (
            Answer(
                "The output reacts to it, in a direction that depends on the row.",
                True,
                "The mean size is 2. In which direction the output moves depends on the other columns or on the "
                "value itself.",
            ),
            Answer(
                "The sensitivity is near 0, since positive and negative gradients cancel.",
                False,
                "Their mean is near 0. Sensitivity averages the absolute values, and these do not cancel.",
            ),
            Answer(
                "The column is noise.",
                False,
                "A changing sign does not show noise. In y = x² it changes with x, and y depends on x alone.",
            ),
        ),
    ),
)
