"""The second half of part 8's quiz: switches, a map, two kinds of data in one code, an alarm."""

from lecturelib.lesson.quiz import Answer, Question

LATER_QUESTIONS = (
    Question(
        "A convolutional autoencoder keeps pooling switches. Its error is less than half of that of its "
        "up-sampling twin. Is its code better?",
        (
            Answer(
                "That does not follow: the switches carry information past the code.",
                True,
                "Each switch says which of four pixels was the largest. Put them all at the upper left, and the "
                "picture falls apart.",
            ),
            Answer(
                "Yes: the error says how good a code is.",
                False,
                "Only if all that the decoder sees is counted as code.",
            ),
            Answer(
                "No: switches make the error larger.",
                False,
                "They make it smaller, since they place the values exactly.",
            ),
        ),
    ),
    Question(
        "In a block of 2 × 2, the upper right value, 5, is the largest. What do the two decoders make of it?",
        (
            Answer(
                "Unpooling: one 5 at the upper right and three zeros. Up-sampling: four times 5.",
                True,
                "The switch says where the maximum was. Up-sampling does not know it and repeats the value.",
            ),
            Answer(
                "Unpooling: all four values as they were. Up-sampling: their mean.",
                False,
                "Max pooling keeps only the largest of the four. The other three are lost to both.",
            ),
            Answer(
                "Both the same, since both get the value 5 and no more.",
                False,
                "Unpooling also gets the switch, one of four positions.",
            ),
        ),
    ),
    Question(
        "You draw a random point on the two-dimensional map of a plain autoencoder and decode it. What may go wrong?",
        (
            Answer(
                "The point may lie in a hole: nothing was trained to be decoded there.",
                True,
                "A plain autoencoder leaves gaps between its codes. A VAE's penalty fills them with overlapping codes.",
            ),
            Answer(
                "The decoder refuses codes that no picture has.",
                False,
                "It decodes every code, whatever it looks like.",
            ),
            Answer(
                "The picture is an exact copy of the nearest training picture.",
                False,
                "The decoder is continuous: between codes it mixes. Copies would be overfitting, which the test "
                "error shows.",
            ),
        ),
    ),
    Question(
        "Two pairs of points have the same distance on the map of digits. Do their pictures differ equally?",
        (
            Answer(
                "Not in general: the decoder stretches some places and squeezes others.",
                True,
                "A step inside a cluster may change little, the same step between two of them much.",
            ),
            Answer(
                "Yes: that is what a map is.",
                False,
                "Only the reconstruction error was minimized. Nothing in it asks for true distances.",
            ),
            Answer(
                "Yes, since the decoder is continuous: equal steps in the code are equal steps in the picture.",
                False,
                "That rules out jumps, but not that the picture changes faster in one place than in another.",
            ),
        ),
    ),
    Question(
        "Why can one look for the lower half of a garment by its upper half in the common code, and not in "
        "the pixels?",
        (
            Answer(
                "Pixels of a collar and of a hem have nothing in common; codes are of one kind.",
                True,
                "Both encoders lead to the same code, from which both halves are reconstructed.",
            ),
            Answer(
                "The code has fewer numbers, so that the search is faster.",
                False,
                "Speed is not the point: a slow search also needs a distance that makes sense between unlike "
                "halves.",
            ),
            Answer(
                "The code holds the class, and the search compares classes.",
                False,
                "No labels were used. Among 1,000 halves a class would not single out one either.",
            ),
        ),
    ),
    Question(
        "The own lower half is often not first, although the first one looks the same. What does the share of "
        "hits measure?",
        (
            Answer(
                "The model, and how distinctive the halves are.",
                True,
                "A wrong answer that nobody could tell from the right one counts as wrong.",
            ),
            Answer(
                "The model only: a perfect one would reach 100 %.",
                False,
                "If the upper half fits several lower halves equally well, no model can know which one is its "
                "own.",
            ),
            Answer(
                "Only chance: the own half cannot be known.",
                False,
                "By chance one in a thousand would be first, and the model is right far more often.",
            ),
        ),
    ),
    Question(
        "Which pictures can pass an anomaly detector that uses the reconstruction error?",
        (
            Answer(
                "An empty picture.",
                True,
                "It is easy to reconstruct: its error is far below that of digits, although it is no digit.",
            ),
            Answer(
                "An unusual picture made of usual strokes.",
                True,
                "What can be built from the parts that were learned is reconstructed well.",
            ),
            Answer(
                "Any picture that is not in the training set.",
                False,
                "Most clothes have a much larger error than digits and raise the alarm.",
            ),
        ),
    ),
    Question(
        "You lower the threshold of the alarm. What happens on the ROC curve?",
        (
            Answer(
                "You move along it: more hits, and more false alarms.",
                True,
                "Digits with an error above the new threshold raise the alarm as well.",
            ),
            Answer(
                "The curve gets better, since fewer anomalies are missed.",
                False,
                "The curve holds all thresholds already. Only another score would change it.",
            ),
            Answer(
                "More hits at the same share of false alarms.",
                False,
                "Digits and anomalies share one threshold. Lowering it lets through fewer of both.",
            ),
        ),
    ),
)
