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
                "The weights are computed anew at every step, and all words are read.",
            ),
            Answer(
                "Make the encoder's last state larger, so that more fits into it.",
                False,
                "That widens the bottleneck. With attention the decoder reads every state directly.",
            ),
        ),
    ),
    Question(
        "The scores are 2 and 1. You add 5 to both before the softmax. What happens to the weights?",
        (
            Answer(
                "Nothing: the factor e⁵ is in the numerator and in the sum below it.",
                True,
                "A softmax depends on the differences of the scores only.",
            ),
            Answer(
                "They become sharper, since all scores are larger.",
                False,
                "A factor above 1 would do that: it makes the differences larger. A summand does not.",
            ),
            Answer(
                "They become more equal, since 7 and 6 are closer in proportion than 2 and 1.",
                False,
                "The ratio of two weights is e to the difference of their scores, which stays 1.",
            ),
        ),
    ),
    Question(
        "No key fits the query. What does attention return?",
        (
            Answer(
                "A weighted mean of the values all the same.",
                True,
                "The weights sum to one whether a key fits or not. They are relative.",
            ),
            Answer(
                "Zero, since all scores are small.",
                False,
                "Small scores that are equal give equal weights, and these sum to one.",
            ),
            Answer(
                "The value whose key fits least badly, and only that.",
                False,
                "It gets the largest weight, but all other weights are above 0.",
            ),
        ),
    ),
    Question(
        "A gradient and an attention weight both connect output word t with input word i. In what do they differ?",
        (
            Answer(
                "The gradient exists for every differentiable model, the weight only where attention was built in.",
                True,
                "That is why the lecture calls the first implicit: no attention layer is needed for it.",
            ),
            Answer(
                "The weight is used to compute the output; the gradient is computed from the output afterwards.",
                True,
                "A weight is part of the forward pass; a gradient describes how the output would change.",
            ),
            Answer(
                "The gradient has to be learned, the weight not.",
                False,
                "Nothing is learned for a gradient. The score that makes the weights is learned.",
            ),
        ),
    ),
    Question(
        "In the translator with one vector, the gradients of all written words look much alike. Why?",
        (
            Answer(
                "All that was read passes through the same vector.",
                True,
                "So every output depends on the source through these numbers only, which do not change from "
                "step to step.",
            ),
            Answer(
                "Without attention, an output cannot depend on single words.",
                False,
                "It does: the gradient in each word exists and is not 0. It only changes little from row to "
                "row.",
            ),
            Answer(
                "The gradient shows the words' frequency in training.",
                False,
                "It is taken at this sentence and says how its output would change.",
            ),
        ),
    ),
    Question(
        "What does the gradient in the source words not show? Think of 'Ma mère me manque'.",
        (
            Answer(
                "How 'manque' depends on the French words written before it.",
                True,
                "It is taken in the English words only. 'me' may make 'manque' likely whatever was read.",
            ),
            Answer(
                "What happens if 'mother' is replaced by 'father'.",
                True,
                "A gradient describes small changes of an embedding. Another word is a large change.",
            ),
            Answer(
                "How strongly 'mère' depends on 'mother' in a model without attention layer.",
                False,
                "That is what it shows: it needs no attention layer.",
            ),
        ),
    ),
    Question(
        "An encoder-decoder hands over only its last state. What is the problem?",
        (
            Answer(
                "The same few hundred numbers have to hold 3 words or 30.",
                True,
                "So quality falls with length, faster than for the model with attention.",
            ),
            Answer(
                "Source and target must have the same length.",
                False,
                "Encoder and decoder are separate precisely so that the lengths may differ.",
            ),
            Answer(
                "The last state has seen only the last word.",
                False,
                "It has read the whole sentence; but what it keeps of the early words has passed the most steps.",
            ),
        ),
    ),
    Question(
        "Which comparison measures the cost of the bottleneck?",
        (
            Answer(
                "The gap between the translators with and without attention, by length.",
                True,
                "Both have the same difficult sentences. What is left is due to the one vector.",
            ),
            Answer(
                "How far the translator with one vector falls from short to long sentences.",
                False,
                "Long sentences are harder for every translator, also for one without a bottleneck.",
            ),
            Answer(
                "How fluent the French of long sentences is.",
                False,
                "A decoder that has lost the content still writes grammatical French, with another meaning.",
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
                "That would be a hard selection. The weighted mean has a gradient in all the weights.",
            ),
            Answer(
                "The decoder's own state s_t.",
                False,
                "The state is the query; the context is the weighted mean of the values.",
            ),
        ),
    ),
    Question(
        "The weights for 'She has a red car' cross at 'voiture rouge'. Where does this alignment come from?",
        (
            Answer(
                "It was learned from pairs of sentences, since it makes the loss smaller.",
                True,
                "W and v are trained with all the rest. Which words belong together was never given.",
            ),
            Answer(
                "From a dictionary of word pairs.",
                False,
                "There is none. The decoder's state is compared with the encoder's states.",
            ),
            Answer(
                "From the encoder that reads the sentence from the right.",
                False,
                "It lets each state depend on the words after it. Which state is read at a step is decided by "
                "the score.",
            ),
        ),
    ),
    Question(
        "A slide prints the additive score as vᵀ W [s; h], without the tanh. What would such attention do?",
        (
            Answer(
                "Attend to the same positions at every step.",
                True,
                "vᵀW[s; h] = a·s + b·h. The first part is the same for all h_i, so it cancels in the softmax.",
            ),
            Answer(
                "The same as with tanh, a little faster.",
                False,
                "Only through the nonlinearity can s decide 'which' h fits.",
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
                "A sum of d products of independent numbers of variance 1 has the standard deviation √d.",
                True,
                "Undivided, the scores grow with d, and the softmax gives nearly all weight to one key.",
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
                "Cosines lie between -1 and 1. A learned key strength β > 0 as a factor lifts this limit.",
            ),
            Answer(
                "One word gets nearly everything, if it fits much better than the others.",
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
        "Hard attention samples one position. Why can it not be trained by backpropagation alone?",
        (
            Answer(
                "Sampling has no derivative: a small change of a score does not move the sampled position a little.",
                True,
                "REINFORCE estimates the gradient by that of the log-probability, times the reward.",
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
                "Its mean stays, and with a good baseline its variance falls.",
                True,
                "The derivative of log p has mean zero, so a constant added to all rewards only adds variance.",
            ),
            Answer(
                "It makes the estimate exact.",
                False,
                "Only averaging over more samples comes near that.",
            ),
            Answer(
                "It shifts the estimate towards the baseline.",
                False,
                "A baseline that does not depend on the sample leaves the mean unchanged.",
            ),
        ),
    ),
    Question(
        "α says 80 % for the word 'car' while 'voiture' is written. What follows?",
        (
            Answer(
                "80 % of this context is the encoder's state at 'car'.",
                True,
                "That is what was computed. How much the output depends on it has to be tested.",
            ),
            Answer(
                "The state at 'car' may also hold information about its neighbors.",
                True,
                "The encoder has read the sentence in both directions: h_i depends on all of it, not on word i alone.",
            ),
            Answer(
                "Without the word 'car', 'voiture' would be 80 % less likely.",
                False,
                "That is a statement about the output. Permute the weights, or remove the word, and compare.",
            ),
        ),
    ),
    Question(
        "You permute the weights of one step, and the output hardly changes. What follows?",
        (
            Answer(
                "At this step the weights do not explain the output.",
                True,
                "Other weights give nearly the same output.",
            ),
            Answer(
                "The weights were nearly equal, or the decoder's state decided: compare the weights with the change.",
                True,
                "A row of equal weights stays the same when it is permuted.",
            ),
            Answer(
                "Attention is useless in this model.",
                False,
                "At other steps the same permutation makes another word likeliest.",
            ),
        ),
    ),
)
