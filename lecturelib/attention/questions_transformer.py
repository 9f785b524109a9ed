"""The quiz of part 7b: the Transformer, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "What is the difference between normal attention and self-attention?",
        (
            Answer(
                "Normally one sentence asks and another answers; in self-attention the same words do both.",
                True,
                "Queries come from the decoder and keys and values from the encoder, or all three from one sentence.",
            ),
            Answer(
                "Self-attention needs no softmax.",
                False,
                "The formula is the same: softmax(q kᵀ / √d) v. Only where q, k and v come from differs.",
            ),
            Answer(
                "In self-attention each word looks at itself only.",
                False,
                "Each word looks at all words of its own sentence, itself among them.",
            ),
        ),
    ),
    Question(
        "How does the Transformer avoid recurrence and convolutions?",
        (
            Answer(
                "Every word reaches every other in one step, so nothing has to be carried from word to word.",
                True,
                "That is self-attention: one table of all words by all words, computed at once.",
            ),
            Answer(
                "A position code tells where each word stands.",
                True,
                "Recurrence and convolutions know order by how they are built. Attention has to be told.",
            ),
            Answer(
                "Its feed-forward networks are so wide that they see the whole sentence.",
                False,
                "They see one position at a time, and the same network serves them all.",
            ),
        ),
    ),
    Question(
        "What are query, key and value of a word?",
        (
            Answer(
                "Its vector times three trained matrices: what it looks for, what it is found by, what it tells.",
                True,
                "Nobody writes them. They become what makes the loss smaller.",
            ),
            Answer(
                "Three words of the sentence: the one that looks, the one that is found, and the answer.",
                False,
                "Every word has all three.",
            ),
            Answer(
                "Its numbers in a dictionary that is looked up exactly.",
                False,
                "It is a soft look-up: every key fits every query a little, and the values are mixed.",
            ),
        ),
    ),
    Question(
        "Without a position code, what does 'dog bites man' give that 'man bites dog' does not?",
        (
            Answer(
                "Nothing: each word gets the same vector in both.",
                True,
                "A weighted sum over all words does not know their order.",
            ),
            Answer(
                "Another vector for the verb only.",
                False,
                "The verb looks at the same two words with the same weights.",
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
                "Each head compares 64 numbers of its own: eight ways of looking.",
            ),
            Answer(
                "The number of parameters stays the same.",
                True,
                "The matrices are the same size, only cut into eight strips.",
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
                "The training loss becomes wonderfully small.",
                True,
                "The network reads the word that it is to write, one place further on.",
            ),
            Answer(
                "Its own writing is bad.",
                True,
                "While decoding there is no later word to copy.",
            ),
            Answer(
                "An error message, since the shapes do not fit.",
                False,
                "All shapes fit. That is why a test of causality is worth its line.",
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
            Answer("PyTorch notices and turns it round.", False, "Both take any boolean mask that fits."),
            Answer(
                "Nothing, both mean the same.", False, "They do not. Check on three words which way it is."
            ),
        ),
    ),
    Question(
        "The toy Transformer reverses 4 to 9 letters without a mistake. What about 12?",
        (
            Answer(
                "It fails: it learned looks for the positions that it has met.",
                True,
                "The code of position 12 exists, but no weight was ever trained on it.",
            ),
            Answer(
                "It is right as well, since the position code has no end.",
                False,
                "That the code exists does not say that the network can use it.",
            ),
            Answer(
                "It stops with an error.",
                False,
                "It writes on, confidently, and wrong.",
            ),
        ),
    ),
    Question(
        "One head of an encoder looks from 'it' to 'animal'. When may you say that it resolves pronouns?",
        (
            Answer(
                "When it does so on fresh sentences, also on those made to fool it, and better than the other heads.",
                True,
                "Ours holds for what lives, and fails for trucks and trophies.",
            ),
            Answer(
                "When the weight is above 50 % in this sentence.",
                False,
                "Among 72 heads some are always above 50 %, by whatever reason.",
            ),
            Answer(
                "Never: weights say nothing.",
                False,
                "They say where a vector was taken from. What follows from it can be tested.",
            ),
        ),
    ),
    Question(
        "What does self-attention cost for a sentence of n words?",
        (
            Answer(
                "n² looks: each word at each word.",
                True,
                "That is the price for having every two words one step apart.",
            ),
            Answer("n looks, one for each word.", False, "Each word looks at all n."),
            Answer(
                "One waiting step, not n.",
                True,
                "All words of a layer are computed at once; a recurrent network waits for itself n times.",
            ),
        ),
    ),
    Question(
        "A masked-word encoder has read a million sentences without labels. What is it good for?",
        (
            Answer(
                "A task with few labels: it begins with what the language itself has taught it.",
                True,
                "The labels only have to say what is asked.",
            ),
            Answer(
                "It needs no labels for any task.",
                False,
                "It guesses words. Which question you ask has to be told by some labels.",
            ),
            Answer(
                "Writing text from left to right.",
                False,
                "It was trained to see both sides of a gap. A causal model writes.",
            ),
        ),
    ),
)
