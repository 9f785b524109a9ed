"""The second half of part 7c's quiz: the key/value cache, induction heads, three kinds of Transformer."""

from lecturelib.lesson.quiz import Answer, Question

FURTHER_QUESTIONS = (
    Question(
        "Why may the keys and values of earlier tokens be kept?",
        (
            Answer(
                "They do not depend on what comes after them.",
                True,
                "Under the causal mask the vector of an earlier token is the same, whatever comes after it.",
            ),
            Answer(
                "They change too little to be seen.",
                False,
                "They do not change at all; with and without a cache the result is the same.",
            ),
            Answer(
                "Later tokens attend to the last key only.",
                False,
                "They attend to all earlier ones: that is why all of them are kept.",
            ),
        ),
    ),
    Question(
        "Why are the queries of earlier tokens not kept?",
        (
            Answer(
                "Only the newest token still asks, to predict the next one.",
                True,
                "The next token is predicted from the last position; the outputs of earlier ones are not needed again.",
            ),
            Answer(
                "They depend on what comes after, so they are computed anew.",
                False,
                "They do not depend on it, and with a cache they are not computed again: nobody needs them.",
            ),
            Answer(
                "Queries and keys are the same vectors in a causal model.",
                False,
                "They come from two different matrices, here as in every attention layer.",
            ),
        ),
    ),
    Question(
        "... d k p ... d: where does an induction head attend from the last token?",
        (
            Answer(
                "To k, the token that came after the earlier d.",
                True,
                "It attends to what followed the earlier copy, and so predicts it again.",
            ),
            Answer(
                "To the earlier d, the same letter.",
                False,
                "That is a head for duplicate tokens. An induction head goes one further.",
            ),
            Answer(
                "To the token right before the last d, whichever it is.",
                False,
                "That is a previous-token head: layer 1 of the toy has one, and the induction head builds on it.",
            ),
        ),
    ),
    Question(
        "One of two induction heads is ablated, and 80 % is still copied. What follows?",
        (
            Answer(
                "That the other may do the same work: ablate both.",
                True,
                "The other one does the same work. Without both, hardly anything was copied in this part.",
            ),
            Answer(
                "That induction heads have no part in the copying.",
                False,
                "Two heads can stand in for one another; ablating one of them does not show what both do.",
            ),
            Answer(
                "That the score was wrong: a high one must mean a large loss.",
                False,
                "The score measures weights, the ablation the effect: two questions with an answer each.",
            ),
        ),
    ),
    Question(
        "You want to sort a million short reviews into five classes. Which kind is made for this?",
        (
            Answer(
                "Encoder-only: it reads both sides and gives vectors.",
                True,
                "It reads each word with both sides in view, and gives vectors to classify. No text has to be written.",
            ),
            Answer(
                "Encoder-decoder, as it has two halves.",
                False,
                "It could, but its decoder writes sentences, which are not needed here.",
            ),
            Answer(
                "Decoder-only, because nothing else trains without labels.",
                False,
                "Encoders are, too: on hidden words (part 7b). A decoder-only model could classify, at a higher cost.",
            ),
        ),
    ),
    Question(
        "How do the layers of a decoder-only model differ from those of an encoder?",
        (
            Answer(
                "By the mask alone: what comes later is hidden.",
                True,
                "Self-attention and feed-forward network are the same; the causal mask hides what comes later.",
            ),
            Answer(
                "They have cross-attention to another sentence.",
                False,
                "That is the decoder of an encoder-decoder. Here there is nothing to attend to but the text itself.",
            ),
            Answer(
                "They have no positional encoding, the order follows.",
                False,
                "This model has one. (A mask does tell something about the order; most models encode it all the same.)",
            ),
        ),
    ),
)
