"""The quiz of part 7b: the Transformer, with a reason on every choice."""

from lecturelib.attention.questions_whole_transformer import WHOLE_QUESTIONS
from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "What is the difference between normal attention and self-attention?",
        (
            Answer(
                "Normally queries come from one sentence, keys and values from another; here all come from one.",
                True,
                "In a translator: queries from the decoder, keys and values from the encoder.",
            ),
            Answer(
                "Self-attention needs no softmax.",
                False,
                "The formula is the same: softmax(q kᵀ / √d) v. Only where q, k and v come from differs.",
            ),
            Answer(
                "In self-attention each word attends to itself only.",
                False,
                "Each word attends to all words of its own sentence, itself among them.",
            ),
        ),
    ),
    Question(
        "How does the Transformer avoid recurrence and convolutions?",
        (
            Answer(
                "Every word reaches every other in one step, so nothing has to be carried from word to word.",
                True,
                "That is self-attention: one table of weights of all words by all words, computed at once.",
            ),
            Answer(
                "A positional encoding says where each word stands.",
                True,
                "Recurrence and convolutions depend on the order by construction, attention does not.",
            ),
            Answer(
                "Its feed-forward networks are so wide that they see the whole sentence.",
                False,
                "They see one position at a time, with the same weights for all.",
            ),
        ),
    ),
    Question(
        "What are query, key and value of a word?",
        (
            Answer(
                "Its vector times three trained matrices: query and keys give the scores, the values are what is read.",
                True,
                "The matrices are trained to make the loss smaller.",
            ),
            Answer(
                "Three words of the sentence: the one that attends, the one attended to, and the result.",
                False,
                "Every word has all three.",
            ),
            Answer(
                "Its entries in a dictionary from which one is read exactly.",
                False,
                "Every key gets a weight for every query, and the values are averaged with these weights.",
            ),
        ),
    ),
    Question(
        "You double the length of a query without turning it. What happens to its weights?",
        (
            Answer(
                "They become sharper.",
                True,
                "All its scores double, and so do their differences. The key that fits best gains.",
            ),
            Answer(
                "Nothing: only the direction of a query counts.",
                False,
                "That holds for a cosine. A dot product grows with the length.",
            ),
            Answer(
                "All its weights double.",
                False,
                "They sum to one before and after. The scores double.",
            ),
        ),
    ),
    Question(
        "One head of an encoder attends from 'it' to 'animal'. When may you say that it resolves pronouns?",
        (
            Answer(
                "When it does so on fresh sentences, also on counterexamples, and better than the other heads.",
                True,
                "Ours does for living things, and fails for trucks and trophies.",
            ),
            Answer(
                "When the weight is above 50 % in this sentence.",
                False,
                "Among 72 heads some are nearly always above 50 %, for other reasons.",
            ),
            Answer(
                "Never: weights say nothing.",
                False,
                "They say how much of a vector was read. Whether it matters can be tested.",
            ),
        ),
    ),
    Question(
        "Where in MiniLM do 'bank' of money and 'bank' of a river differ least, apart from their positions?",
        (
            Answer(
                "At the embedding, where both are the same row of the table.",
                True,
                "Each layer then adds values of other words of the sentence, and the senses move apart.",
            ),
            Answer(
                "After the last layer, where the network has recognized the word.",
                False,
                "There the two senses are further apart than at the embedding.",
            ),
            Answer(
                "Nowhere: the table has one row for each sense.",
                False,
                "It has one row for each token. Only the sentence tells the sense.",
            ),
        ),
    ),
    Question(
        "A layer has d = 512 and one head. You share d among eight heads. What changes?",
        (
            Answer(
                "There are eight tables of weights instead of one.",
                True,
                "Each head compares queries and keys of 64 numbers of its own.",
            ),
            Answer(
                "The number of parameters stays the same.",
                True,
                "The matrices have the same size; each head uses an eighth of them.",
            ),
            Answer(
                "It has eight times as many parameters.", False, "The heads share d; none gets its own d."
            ),
        ),
    ),
    Question(
        "What can the feed-forward network of a layer not do?",
        (
            Answer(
                "Move information from one word to another.",
                True,
                "It sees one position at a time. Only attention mixes positions.",
            ),
            Answer(
                "Compute anything that is not linear, since it consists of two matrices.",
                False,
                "A ReLU stands between the two.",
            ),
            Answer(
                "Change a word's vector, since the residual connection keeps it.",
                False,
                "The residual connection adds the output to its input, so that the sum changes.",
            ),
        ),
    ),
    Question(
        "Without positional encoding, what does 'dog bites man' give that 'man bites dog' does not?",
        (
            Answer(
                "Nothing: each word gets the same vector in both.",
                True,
                "A weighted sum over all words does not depend on their order (permutation equivariance).",
            ),
            Answer(
                "Another vector for the verb only.",
                False,
                "The verb attends to the same words with the same weights.",
            ),
            Answer(
                "Other weights, since the rows of the table are exchanged.",
                False,
                "The rows are exchanged with their words. Each word's own row holds the same weights.",
            ),
        ),
    ),
    Question(
        "On what does the dot product of two sinusoidal encodings, of positions s and t, depend?",
        (
            Answer(
                "On the distance of s and t only.",
                True,
                "sin sin + cos cos gives cos(ω(s - t)) for each wavelength, and the product is the sum of "
                "these.",
            ),
            Answer(
                "On the larger of both positions, since later encodings are longer vectors.",
                False,
                "Each pair of sine and cosine has length 1, so that all encodings have the same length.",
            ),
            Answer(
                "On which of them comes first.",
                False,
                "The cosine of a distance has no sign. A head needs its matrices to tell before from after.",
            ),
        ),
    ),
    Question(
        "The causal mask of a decoder was forgotten. What will you notice first?",
        (
            Answer(
                "The training loss becomes very small.",
                True,
                "The network can read the word that it is to predict: it is the next word of its input.",
            ),
            Answer(
                "What it writes by itself is bad.",
                True,
                "While decoding there is no later word to copy.",
            ),
            Answer(
                "An error message, since the shapes do not fit.",
                False,
                "All shapes fit, so only a test of causality shows it.",
            ),
        ),
    ),
    Question(
        "A boolean mask made for scaled_dot_product_attention is handed to nn.MultiheadAttention. What happens?",
        (
            Answer(
                "Everything allowed becomes forbidden, and the other way round.",
                True,
                "True means allowed in the one and forbidden in the other.",
            ),
            Answer(
                "PyTorch notices the other convention and inverts the mask for you.",
                False,
                "Both take any boolean mask that fits.",
            ),
            Answer(
                "Nothing, both mean the same.", False, "They do not. A test on three words tells them apart."
            ),
        ),
    ),
    *WHOLE_QUESTIONS,
)
