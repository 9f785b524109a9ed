"""The quiz of part 8: autoencoders, with a reason on every choice."""

from lecturelib.autoencoders.questions_shared_codes import LATER_QUESTIONS
from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
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
                "In a wide layer the gradients vanish, so that training would stop too early.",
                False,
                "Vanishing gradients come with depth and saturating activations, not with width.",
            ),
        ),
    ),
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
        "Half of the pixels are hidden. How do you choose the rank of the factorization?",
        (
            Answer(
                "By the error on entries that were known but held out.",
                True,
                "It rises again when the factorization fits chance. Where it is smallest, the rank is best.",
            ),
            Answer(
                "By the error on the observed entries: the smaller, the better.",
                False,
                "That error falls with every rank, also where the completion gets worse.",
            ),
            Answer(
                "It is the number of classes.",
                False,
                "The rank counts directions in which the rows vary. One class can need many of them.",
            ),
        ),
    ),
    Question(
        "Why not set the missing entries to 0 and use the SVD?",
        (
            Answer(
                "The SVD would fit the zeros as if they had been observed.",
                True,
                "The factorization sums the error over observed entries only, so that a gap has no say.",
            ),
            Answer(
                "The SVD cannot be computed for a matrix with many zeros.",
                False,
                "It exists for every matrix. It just answers another question here.",
            ),
            Answer(
                "It gives the same result, since a 0 adds nothing to the error.",
                False,
                "It adds the square of what the factorization says there, and pulls it towards 0.",
            ),
        ),
    ),
    Question(
        "With 2 numbers the deep autoencoder is far ahead of principal components, with 64 it is behind. Why "
        "behind?",
        (
            Answer(
                "The components are exact; the deep network stops where its training stops.",
                True,
                "All kinds were trained for a fixed number of steps. The SVD gives the best linear code at "
                "once.",
            ),
            Answer(
                "Its code has fewer numbers.",
                False,
                "Both have 64 there: the curves are compared at equal size of the code.",
            ),
            Answer(
                "Layers that are not linear cannot use a large code.",
                False,
                "They have the smaller error where the code is small. Nothing forbids a large one.",
            ),
        ),
    ),
    Question(
        "Why does a squared error prefer a blurred stroke to a sharp one in the wrong place?",
        (
            Answer(
                "The wrong place is punished twice: ink where none is, and none where ink is.",
                True,
                "One pixel of ink, one pixel off: error 2. Half of the ink on each of the two: error 0.5.",
            ),
            Answer(
                "A blurred stroke has no error.",
                False,
                "It has some. It is the smaller of both when the place is not known.",
            ),
            Answer(
                "The ReLUs of the decoder average neighboring pixels, so that it cannot draw anything sharp.",
                False,
                "A ReLU does not average neighbors. The preference lies in the loss.",
            ),
        ),
    ),
    Question(
        "You raise λ, the weight of the L1 penalty. What do you see? Think of parts and of reconstructions.",
        (
            Answer(
                "The parts become nearly whole digits, and many units are never used.",
                True,
                "With few units on, each of them has to stand for much of a picture.",
            ),
            Answer(
                "The reconstructions become paler.",
                True,
                "L1 charges for the size of each value, so that it also shrinks the units that stay on.",
            ),
            Answer(
                "The parts become single pixels, since a pixel is the smallest part of a picture.",
                False,
                "A digit would then need a unit for each of its pixels, which the penalty makes expensive.",
            ),
        ),
    ),
    Question(
        "Code units of a linear autoencoder mean nothing one by one, those of a sparse one can. What makes "
        "the difference?",
        (
            Answer(
                "A mixture of sparse units turns on more of them, and the penalty rises.",
                True,
                "The linear error is the same for every invertible mixture, so that nothing prefers single "
                "units.",
            ),
            Answer(
                "A sparse code has more units, so that there is one for each part of a picture.",
                False,
                "Without the penalty the same 81 units are blobs all over the picture.",
            ),
            Answer(
                "The ReLU alone makes the code sparse.",
                False,
                "With λ = 0 the ReLU is there as well, and a digit needs most of the units.",
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
        "A denoising autoencoder has more code units than pixels. Will it learn to copy?",
        (
            Answer(
                "No: a copy returns the noise, and the target is the clean picture.",
                True,
                "The identity has a large error here. What removes noise is knowledge of the data.",
            ),
            Answer(
                "Yes: with a large code the identity is always the best solution.",
                False,
                "That holds if input and target are the same picture. Here they are not.",
            ),
            Answer(
                "No: so many units cannot represent the identity.",
                False,
                "They can. The loss does not reward it.",
            ),
        ),
    ),
    *LATER_QUESTIONS,
)
