"""The quiz of part 7a: attention, from one context vector to a new one for every word."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "What is the idea behind attention?",
        (
            Answer(
                "For each output, weigh all inputs by how relevant they are now, and read their weighted mean.",
                True,
                "What matters changes from output to output, and so do the weights.",
            ),
            Answer(
                "Find the most important words of a sentence once, and translate only those.",
                False,
                "The weights are made anew at every step, and every word may get its turn.",
            ),
            Answer(
                "Make the encoder's last state larger, so that more fits into it.",
                False,
                "That widens the bottleneck. Attention goes around it: every state can be read.",
            ),
        ),
    ),
    Question(
        "A gradient and an attention weight both connect output word t with input word i. In what do they differ?",
        (
            Answer(
                "The gradient exists for every differentiable model, the weight only where attention was built in.",
                True,
                "That is why the lecture calls the first implicit: the model looks without having eyes.",
            ),
            Answer(
                "The weight is used to compute the output; the gradient is computed from the output afterwards.",
                True,
                "A weight is part of the model. A gradient is a question asked of it.",
            ),
            Answer(
                "The gradient has to be learned, the weight not.",
                False,
                "Nothing is learned for a gradient. The score that makes the weights is learned.",
            ),
        ),
    ),
    Question(
        "An encoder-decoder hands over only its last state. What is the trouble?",
        (
            Answer(
                "The same few hundred numbers have to hold 3 words or 30.",
                True,
                "So quality falls with length, faster than for the model that can look back.",
            ),
            Answer(
                "Source and target must have the same length.",
                False,
                "Splitting encoder and decoder is just what allows different lengths.",
            ),
            Answer(
                "The last state has seen only the last word.",
                False,
                "It has read everything. The early words had the longest way to it, and share it with all others.",
            ),
        ),
    ),
    Question(
        "What is the dynamic context c_t?",
        (
            Answer(
                "The mean of all encoder states h_i, weighted by α_ti, new for every output t.",
                True,
                "c_t = Σ α_ti h_i, and the α_ti of one t add up to one.",
            ),
            Answer(
                "The encoder state h_i with the largest weight.",
                False,
                "That would be a hard choice. The soft mean is what has a gradient.",
            ),
            Answer(
                "The decoder's own state s_t.",
                False,
                "The state asks (it is the query), the context is the answer.",
            ),
        ),
    ),
    Question(
        "A slide prints the additive score as vᵀ W [s; h], without the tanh. What would such attention do?",
        (
            Answer(
                "Look at the same places at every step.",
                True,
                "vᵀW[s; h] = a·s + b·h. The first part is equal for all h_i, and the softmax drops what all share.",
            ),
            Answer(
                "The same as with tanh, a little faster.",
                False,
                "Only the bend of the tanh lets s decide *which* h fits.",
            ),
            Answer(
                "Its weights would no longer add up to one.",
                False,
                "The softmax sees to that, whatever the scores are.",
            ),
        ),
    ),
    Question(
        "Why is the dot product divided by √d?",
        (
            Answer(
                "A sum of d products of independent numbers of size 1 has a spread of √d.",
                True,
                "Undivided, the scores grow with the width, and the softmax becomes a choice of one.",
            ),
            Answer(
                "So that the softmax keeps a gradient.",
                True,
                "Where one weight is nearly 1, all derivatives α(1 - α) are nearly 0.",
            ),
            Answer(
                "So that the weights add up to one.",
                False,
                "They do so anyway: that is the softmax.",
            ),
        ),
    ),
    Question(
        "Scores are cosines, without a key strength. What do the weights of ten words look like?",
        (
            Answer(
                "Nearly equal: none can be more than e² ≈ 7.4 times another.",
                True,
                "Cosines lie between -1 and 1. A learned strength β > 0 before them lifts the limit.",
            ),
            Answer(
                "One word gets nearly everything.",
                False,
                "Even a perfect match, 1 against -1 for the nine others, gets 45 %.",
            ),
            Answer(
                "Some are negative.",
                False,
                "A cosine may be, its exponential is not.",
            ),
        ),
    ),
    Question(
        "Hard attention draws one position. Why can it not be trained by backpropagation alone?",
        (
            Answer(
                "Drawing has no derivative: a little more score does not move the drawn position a little.",
                True,
                "REINFORCE goes around it, by the derivative of the log-probability times the reward.",
            ),
            Answer(
                "There are too many positions.",
                False,
                "Their number makes it slow, not impossible.",
            ),
            Answer(
                "The softmax is not differentiable.",
                False,
                "It is, and soft attention uses that.",
            ),
        ),
    ),
    Question(
        "What does subtracting a baseline do to the REINFORCE estimate?",
        (
            Answer(
                "Its mean stays, its spread shrinks.",
                True,
                "The derivative of log p has mean zero, so a constant reward adds noise and nothing else.",
            ),
            Answer(
                "It makes the estimate exact.",
                False,
                "Only averaging over more draws comes near that.",
            ),
            Answer(
                "It shifts the estimate towards the baseline.",
                False,
                "A baseline that does not depend on the draw leaves the mean where it is.",
            ),
        ),
    ),
    Question(
        "α says 80 % for the word 'car' while 'voiture' is written. What may you say?",
        (
            Answer(
                "80 % of this context is the encoder's state at 'car'.",
                True,
                "That is what was computed. What the decoder made of it has to be tested.",
            ),
            Answer(
                "The state at 'car' may also carry its neighbours.",
                True,
                "The encoder has read the sentence in both directions: h_i is about word i *in its sentence*.",
            ),
            Answer(
                "Without the word 'car', 'voiture' would be 80 % less likely.",
                False,
                "That is a question about the output. Permute the weights, or take the word away, and look.",
            ),
        ),
    ),
    Question(
        "You permute the weights of one step, and the output hardly changes. What follows?",
        (
            Answer(
                "At this step the weights do not explain the output.",
                True,
                "Other weights would have done as well: after 'I do', a language model knows what follows.",
            ),
            Answer(
                "The weights were nearly flat, or the rest of the model decided: look which.",
                True,
                "A permuted flat row is the same row. Compare the change with the weights beside it.",
            ),
            Answer(
                "Attention is useless in this model.",
                False,
                "At other steps the same permutation turns the word into another one.",
            ),
        ),
    ),
)
