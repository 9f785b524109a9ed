"""The quizzes of part 7, one for each of its two notebooks, with a reason on every choice."""

from lecturelib.quiz import Choice, Question

# 07a: attention, from one context vector to a new one for every word

QUESTIONS_ATTENTION = (
    Question(
        "What is the idea behind attention?",
        (
            Choice(
                "For each output, weigh all inputs by how relevant they are now, and read their weighted mean.",
                True,
                "What matters changes from output to output, and so do the weights.",
            ),
            Choice(
                "Find the most important words of a sentence once, and translate only those.",
                False,
                "The weights are made anew at every step, and every word may get its turn.",
            ),
            Choice(
                "Make the encoder's last state larger, so that more fits into it.",
                False,
                "That widens the bottleneck. Attention goes around it: every state can be read.",
            ),
        ),
    ),
    Question(
        "A gradient and an attention weight both connect output word t with input word i. In what do they differ?",
        (
            Choice(
                "The gradient exists for every differentiable model, the weight only where attention was built in.",
                True,
                "That is why the lecture calls the first implicit: the model looks without having eyes.",
            ),
            Choice(
                "The weight is used to compute the output; the gradient is computed from the output afterwards.",
                True,
                "A weight is part of the model. A gradient is a question asked of it.",
            ),
            Choice(
                "The gradient has to be learned, the weight not.",
                False,
                "Nothing is learned for a gradient. The score that makes the weights is learned.",
            ),
        ),
    ),
    Question(
        "An encoder-decoder hands over only its last state. What is the trouble?",
        (
            Choice(
                "The same few hundred numbers have to hold 3 words or 30.",
                True,
                "So quality falls with length, faster than for the model that can look back.",
            ),
            Choice(
                "Source and target must have the same length.",
                False,
                "Splitting encoder and decoder is just what allows different lengths.",
            ),
            Choice(
                "The last state has seen only the last word.",
                False,
                "It has read everything. The early words had the longest way to it, and share it with all others.",
            ),
        ),
    ),
    Question(
        "What is the dynamic context c_t?",
        (
            Choice(
                "The mean of all encoder states h_i, weighted by α_ti, new for every output t.",
                True,
                "c_t = Σ α_ti h_i, and the α_ti of one t add up to one.",
            ),
            Choice(
                "The encoder state h_i with the largest weight.",
                False,
                "That would be a hard choice. The soft mean is what has a gradient.",
            ),
            Choice(
                "The decoder's own state s_t.",
                False,
                "The state asks (it is the query), the context is the answer.",
            ),
        ),
    ),
    Question(
        "A slide prints the additive score as vᵀ W [s; h], without the tanh. What would such attention do?",
        (
            Choice(
                "Look at the same places at every step.",
                True,
                "vᵀW[s; h] = a·s + b·h. The first part is equal for all h_i, and the softmax drops what all share.",
            ),
            Choice(
                "The same as with tanh, a little faster.",
                False,
                "Only the bend of the tanh lets s decide *which* h fits.",
            ),
            Choice(
                "Its weights would no longer add up to one.",
                False,
                "The softmax sees to that, whatever the scores are.",
            ),
        ),
    ),
    Question(
        "Why is the dot product divided by √d?",
        (
            Choice(
                "A sum of d products of independent numbers of size 1 has a spread of √d.",
                True,
                "Undivided, the scores grow with the width, and the softmax becomes a choice of one.",
            ),
            Choice(
                "So that the softmax keeps a gradient.",
                True,
                "Where one weight is nearly 1, all derivatives α(1 - α) are nearly 0.",
            ),
            Choice(
                "So that the weights add up to one.",
                False,
                "They do so anyway: that is the softmax.",
            ),
        ),
    ),
    Question(
        "Scores are cosines, without a key strength. What do the weights of ten words look like?",
        (
            Choice(
                "Nearly equal: none can be more than e² ≈ 7.4 times another.",
                True,
                "Cosines lie between -1 and 1. A learned strength β > 0 before them lifts the limit.",
            ),
            Choice(
                "One word gets nearly everything.",
                False,
                "Even a perfect match, 1 against -1 for the nine others, gets 45 %.",
            ),
            Choice(
                "Some are negative.",
                False,
                "A cosine may be, its exponential is not.",
            ),
        ),
    ),
    Question(
        "Hard attention draws one position. Why can it not be trained by backpropagation alone?",
        (
            Choice(
                "Drawing has no derivative: a little more score does not move the drawn position a little.",
                True,
                "REINFORCE goes around it, by the derivative of the log-probability times the reward.",
            ),
            Choice(
                "There are too many positions.",
                False,
                "Their number makes it slow, not impossible.",
            ),
            Choice(
                "The softmax is not differentiable.",
                False,
                "It is, and soft attention uses that.",
            ),
        ),
    ),
    Question(
        "What does subtracting a baseline do to the REINFORCE estimate?",
        (
            Choice(
                "Its mean stays, its spread shrinks.",
                True,
                "The derivative of log p has mean zero, so a constant reward adds noise and nothing else.",
            ),
            Choice(
                "It makes the estimate exact.",
                False,
                "Only averaging over more draws comes near that.",
            ),
            Choice(
                "It shifts the estimate towards the baseline.",
                False,
                "A baseline that does not depend on the draw leaves the mean where it is.",
            ),
        ),
    ),
    Question(
        "α says 80 % for the word 'car' while 'voiture' is written. What may you say?",
        (
            Choice(
                "80 % of this context is the encoder's state at 'car'.",
                True,
                "That is what was computed. What the decoder made of it has to be tested.",
            ),
            Choice(
                "The state at 'car' may also carry its neighbours.",
                True,
                "The encoder has read the sentence in both directions: h_i is about word i *in its sentence*.",
            ),
            Choice(
                "Without the word 'car', 'voiture' would be 80 % less likely.",
                False,
                "That is a question about the output. Permute the weights, or take the word away, and look.",
            ),
        ),
    ),
    Question(
        "You permute the weights of one step, and the output hardly changes. What follows?",
        (
            Choice(
                "At this step the weights do not explain the output.",
                True,
                "Other weights would have done as well: after 'I do', a language model knows what follows.",
            ),
            Choice(
                "The weights were nearly flat, or the rest of the model decided: look which.",
                True,
                "A permuted flat row is the same row. Compare the change with the weights beside it.",
            ),
            Choice(
                "Attention is useless in this model.",
                False,
                "At other steps the same permutation turns the word into another one.",
            ),
        ),
    ),
)


# 07b: the Transformer
# (its questions stand below this line)

QUESTIONS_TRANSFORMER = (
    Question(
        "What is the difference between normal attention and self-attention?",
        (
            Choice(
                "Normally one sentence asks and another answers; in self-attention the same words do both.",
                True,
                "Queries come from the decoder and keys and values from the encoder, or all three from one sentence.",
            ),
            Choice(
                "Self-attention needs no softmax.",
                False,
                "The formula is the same: softmax(q kᵀ / √d) v. Only where q, k and v come from differs.",
            ),
            Choice(
                "In self-attention each word looks at itself only.",
                False,
                "Each word looks at all words of its own sentence, itself among them.",
            ),
        ),
    ),
    Question(
        "How does the Transformer avoid recurrence and convolutions?",
        (
            Choice(
                "Every word reaches every other in one step, so nothing has to be carried from word to word.",
                True,
                "That is self-attention: one table of all words by all words, computed at once.",
            ),
            Choice(
                "A position code tells where each word stands.",
                True,
                "Recurrence and convolutions know order by how they are built. Attention has to be told.",
            ),
            Choice(
                "Its feed-forward networks are so wide that they see the whole sentence.",
                False,
                "They see one position at a time, and the same network serves them all.",
            ),
        ),
    ),
    Question(
        "What are query, key and value of a word?",
        (
            Choice(
                "Its vector times three trained matrices: what it looks for, what it is found by, what it tells.",
                True,
                "Nobody writes them. They become what makes the loss smaller.",
            ),
            Choice(
                "Three words of the sentence: the one that looks, the one that is found, and the answer.",
                False,
                "Every word has all three.",
            ),
            Choice(
                "Its numbers in a dictionary that is looked up exactly.",
                False,
                "It is a soft look-up: every key fits every query a little, and the values are mixed.",
            ),
        ),
    ),
    Question(
        "Without a position code, what does 'dog bites man' give that 'man bites dog' does not?",
        (
            Choice(
                "Nothing: each word gets the same vector in both.",
                True,
                "A weighted sum over all words does not know their order.",
            ),
            Choice(
                "Another vector for the verb only.",
                False,
                "The verb looks at the same two words with the same weights.",
            ),
            Choice(
                "Other weights, since the rows of the table are exchanged.",
                False,
                "The rows are exchanged with their words. Each word's own row holds the same weights.",
            ),
        ),
    ),
    Question(
        "A layer has d = 512 and one head. You share d among eight heads. What changes?",
        (
            Choice(
                "There are eight tables of weights instead of one.",
                True,
                "Each head compares 64 numbers of its own: eight ways of looking.",
            ),
            Choice(
                "The number of parameters stays the same.",
                True,
                "The matrices are the same size, only cut into eight strips.",
            ),
            Choice(
                "It has eight times as many parameters.", False, "The heads share d; none gets its own d."
            ),
        ),
    ),
    Question(
        "The causal mask of a decoder was forgotten. What will you notice first?",
        (
            Choice(
                "The training loss becomes wonderfully small.",
                True,
                "The network reads the word that it is to write, one place further on.",
            ),
            Choice(
                "Its own writing is bad.",
                True,
                "While decoding there is no later word to copy.",
            ),
            Choice(
                "An error message, since the shapes do not fit.",
                False,
                "All shapes fit. That is why a test of causality is worth its line.",
            ),
        ),
    ),
    Question(
        "A boolean mask made for scaled_dot_product_attention is handed to nn.MultiheadAttention. What happens?",
        (
            Choice(
                "Everything allowed becomes forbidden, and the other way round.",
                True,
                "True means allowed in the one and forbidden in the other.",
            ),
            Choice("PyTorch notices and turns it round.", False, "Both take any boolean mask that fits."),
            Choice(
                "Nothing, both mean the same.", False, "They do not. Check on three words which way it is."
            ),
        ),
    ),
    Question(
        "The toy Transformer reverses 4 to 9 letters without a mistake. What about 12?",
        (
            Choice(
                "It fails: it learned looks for the positions that it has met.",
                True,
                "The code of position 12 exists, but no weight was ever trained on it.",
            ),
            Choice(
                "It is right as well, since the position code has no end.",
                False,
                "That the code exists does not say that the network can use it.",
            ),
            Choice(
                "It stops with an error.",
                False,
                "It writes on, confidently, and wrong.",
            ),
        ),
    ),
    Question(
        "One head of an encoder looks from 'it' to 'animal'. When may you say that it resolves pronouns?",
        (
            Choice(
                "When it does so on fresh sentences, also on those made to fool it, and better than the other heads.",
                True,
                "Ours holds for what lives, and fails for trucks and trophies.",
            ),
            Choice(
                "When the weight is above 50 % in this sentence.",
                False,
                "Among 72 heads some are always above 50 %, by whatever reason.",
            ),
            Choice(
                "Never: weights say nothing.",
                False,
                "They say where a vector was taken from. What follows from it can be tested.",
            ),
        ),
    ),
    Question(
        "What does self-attention cost for a sentence of n words?",
        (
            Choice(
                "n² looks: each word at each word.",
                True,
                "That is the price for having every two words one step apart.",
            ),
            Choice("n looks, one for each word.", False, "Each word looks at all n."),
            Choice(
                "One waiting step, not n.",
                True,
                "All words of a layer are computed at once; a recurrent network waits for itself n times.",
            ),
        ),
    ),
    Question(
        "A masked-word encoder has read a million sentences without labels. What is it good for?",
        (
            Choice(
                "A task with few labels: it begins with what the language itself has taught it.",
                True,
                "The labels only have to say what is asked.",
            ),
            Choice(
                "It needs no labels for any task.",
                False,
                "It guesses words. Which question you ask has to be told by some labels.",
            ),
            Choice(
                "Writing text from left to right.",
                False,
                "It was trained to see both sides of a gap. A causal model writes.",
            ),
        ),
    ),
)
