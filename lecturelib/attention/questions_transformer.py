"""The quiz of part 7b: the Transformer, with a reason on every choice."""

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
            Answer("PyTorch notices and inverts it.", False, "Both take any boolean mask that fits."),
            Answer(
                "Nothing, both mean the same.", False, "They do not. A test on three words tells them apart."
            ),
        ),
    ),
    Question(
        "The toy Transformer reverses 4 to 9 letters almost without a mistake. What about 12?",
        (
            Answer(
                "It fails: it learned which positions to attend to for the lengths of training only.",
                True,
                "The encoding of position 12 exists, but the network was not trained on it.",
            ),
            Answer(
                "It is right as well, since the encoding is defined for all positions.",
                False,
                "That the encoding is defined does not mean that the network can use it.",
            ),
            Answer(
                "It stops with an error.",
                False,
                "It writes letters as usual, many of them wrong.",
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
        "What does self-attention cost for a sentence of n words?",
        (
            Answer(
                "n² weights: each word attends to each word.",
                True,
                "In return, any two words are one step apart.",
            ),
            Answer("n weights, one for each word.", False, "Each word attends to all n."),
            Answer(
                "One sequential step, not n.",
                True,
                "All words of a layer are computed at once; a recurrent network needs n steps, one after the other.",
            ),
        ),
    ),
    Question(
        "A masked-word encoder was trained on a million sentences without labels. What is it good for?",
        (
            Answer(
                "A task with few labels: fine-tuning starts from features that were learned without labels.",
                True,
                "So fewer labels give the same accuracy.",
            ),
            Answer(
                "It needs no labels for any task.",
                False,
                "It predicts hidden words. Another task needs some labels of its own.",
            ),
            Answer(
                "Writing text from left to right.",
                False,
                "It was trained to see both sides of a gap. Writing needs a causal model.",
            ),
        ),
    ),
)
