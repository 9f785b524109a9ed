"""The quiz of part 8: autoencoders, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "A linear autoencoder with 16 code units and PCA with 16 components have been fitted to the same digits. "
        "What do they share?",
        (
            Answer(
                "The subspace and the reconstruction error.",
                True,
                "Both minimize the same squared error over rank 16; the minimum fixes the subspace (Baldi and "
                "Hornik 1989).",
            ),
            Answer(
                "The basis: code unit 1 is principal component 1.",
                False,
                "Any invertible mixture of the code units gives the same reconstructions, so training stops at "
                "some mixture.",
            ),
            Answer(
                "Nothing: gradient descent finds another local minimum.",
                False,
                "The error of a linear autoencoder has no local minimum besides the global ones; the rest are "
                "saddle points.",
            ),
        ),
    ),
    Question(
        "What is the error of the best linear autoencoder with k code units?",
        (
            Answer(
                "The sum of the squared singular values that were cut off.",
                True,
                "It is 0 only where the data have rank k or less. The slide's '= 0' holds in that case alone.",
            ),
            Answer(
                "Always 0, if it is trained long enough.", False, "Only if the rank of the data is at most k."
            ),
            Answer(
                "It depends on the starting weights.",
                False,
                "The starting weights decide on the basis, not on the error at the optimum.",
            ),
        ),
    ),
    Question(
        "Why is the code of an autoencoder made small, sparse, or its input noisy?",
        (
            Answer(
                "Otherwise it can copy its input and learns nothing about the data.",
                True,
                "With as many linear units as pixels the identity has error 0, for every data set, even for noise.",
            ),
            Answer(
                "To save memory: a small code is the goal.",
                False,
                "Compression is one use. A sparse code can have more units than there are pixels, and is still useful.",
            ),
            Answer(
                "Gradients vanish in wide layers.",
                False,
                "Vanishing gradients come with depth and saturating activations, not with width.",
            ),
        ),
    ),
    Question(
        "A denoising autoencoder is shown a clean point x. Where does r(x) - x point?",
        (
            Answer(
                "To where the training data are denser.",
                True,
                "For Gaussian noise the best r is x + sigma^2 grad log p_sigma(x) (Alain and Bengio 2014).",
            ),
            Answer(
                "To the mean of all training data.",
                False,
                "Only if the noise is so large that nothing of x is left.",
            ),
            Answer(
                "Nowhere: a clean point needs no correction.",
                False,
                "True on the ridge of the density only. Beside it the arrow is not 0, although the point was "
                "never noisy.",
            ),
        ),
    ),
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
        "Which pictures can pass an anomaly detector that uses the reconstruction error? Choose all that apply.",
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
)
