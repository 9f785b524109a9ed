"""The quiz of part 9: visual attention, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "A retina has three patches of 12 x 12 values. The widest covers 48 x 48 pixels. What does the network get of "
        "it?",
        (
            Answer(
                "144 means of blocks of 4 x 4 pixels.",
                True,
                "Every patch has as many values. The wider it is, the coarser they are.",
            ),
            Answer(
                "All 2,304 pixels.",
                False,
                "The sensor reads them, but only their means go on: the network's input stays small.",
            ),
            Answer(
                "Every fourth pixel, the others are dropped.",
                False,
                "That would miss thin strokes. The sensor averages.",
            ),
        ),
    ),
    Question(
        "The picture becomes twice as wide and twice as high. What happens to the multiply-adds of four glimpses?",
        (
            Answer(
                "Nothing: they depend on the sensor and the number of glimpses.",
                True,
                "A convolutional network with the same layers needs about four times as many.",
            ),
            Answer("They grow fourfold.", False, "That is what convolutions do, which visit every place."),
            Answer(
                "They stay, and so does the error.",
                False,
                "The cost stays. Whether four glimpses still suffice is another question: the same retina now covers a "
                "smaller part of the picture.",
            ),
        ),
    ),
    Question(
        "Show, attend and tell: what is the context vector of soft attention?",
        (
            Answer(
                "The mean of all cell vectors, weighted by the attention weights.",
                True,
                "It has the size of one cell vector a_i; the scores before the softmax are one number for each cell.",
            ),
            Answer(
                "The L attention weights themselves.",
                False,
                "These only say how much of each cell goes into the context.",
            ),
            Answer(
                "The cell vector with the largest weight.",
                False,
                "That would be a hard choice, and it has no gradient in the weights.",
            ),
        ),
    ),
    Question(
        'At the word "cube" 45 % of the attention lies on the cube, which covers 4 % of the picture. What'
        " follows?",
        (
            Answer(
                "The network has located the cube without having been told any place.",
                True,
                "The captions name objects and never say where in the picture they are; equal weights would give "
                "the cube 4 %.",
            ),
            Answer(
                'The cube is the reason why it wrote "cube".',
                False,
                "The map is computed before the word and says what was read. Whether the word would change "
                "without it is another experiment (part 7).",
            ),
            Answer(
                "The caption is right.",
                False,
                "Where attention lies and whether the caption is true are two measures: the relation may still be"
                " wrong.",
            ),
        ),
    ),
    Question(
        "Why are the maps scored while the network reads a true caption, and not its own?",
        (
            Answer(
                "So that every word is about an object that is there, and both networks are scored at the same "
                "words.",
                True,
                "A wrong word has no object on which attention could lie.",
            ),
            Answer(
                "Because the network cannot write captions by itself.",
                False,
                "It can: greedy decoding is what the explorables show.",
            ),
            Answer(
                "Because teacher forcing makes the maps sharper.",
                False,
                "The same equations give the weights; only the words that are fed back differ.",
            ),
        ),
    ),
    Question(
        "Why can hard attention not be trained by backpropagation alone?",
        (
            Answer(
                "Drawing a place is a step without a derivative.",
                True,
                "A small change of the weights mostly leaves the drawn place as it is, and sometimes makes it jump.",
            ),
            Answer(
                "The softmax has no derivative.",
                False,
                "It has. Soft attention uses the same softmax, and is trained by backpropagation.",
            ),
            Answer(
                "There is no loss for a place.",
                False,
                "Soft attention has no loss for its places either: the loss of the words is enough there.",
            ),
        ),
    ),
    Question(
        "Soft attention maps are often fuzzy. Which sentence is right?",
        (
            Answer(
                "The network may use every cell with a weight above 0, also where the map looks empty.",
                True,
                "Many small weights can add up. A hard glimpse has read nothing but its place.",
            ),
            Answer(
                "A fuzzy map means that the network does not know the answer.",
                False,
                "A word can be sure while its map is spread over the whole object and its surroundings.",
            ),
            Answer(
                "A sharp map proves that the decision rests on that place.",
                False,
                "It shows what was read most. Whether the answer depends on it must be tested: cover the place.",
            ),
        ),
    ),
    Question(
        "Hard attention has the sharper map. What follows for its captions?",
        (
            Answer(
                "Nothing: quality has to be measured on its own.",
                True,
                "Here the sharper network wrote the worse captions after the training it got; in Xu et al. 2015 "
                "it was slightly ahead.",
            ),
            Answer(
                "They are better, since it looks more precisely.",
                False,
                "Reading one cell also means losing what the other cells say.",
            ),
            Answer(
                "They are worse, since 63 of 64 cells are ignored.",
                False,
                "One cell can be enough to name an object; in the paper hard attention was slightly ahead.",
            ),
        ),
    ),
    Question(
        "What does REINFORCE estimate?",
        (
            Answer(
                "The gradient of the expected reward, from samples: reward times the gradient of the log-probability.",
                True,
                "Its mean is exact; a single sample can be far off (Williams 1992).",
            ),
            Answer(
                "The derivative of the reward with respect to the place.",
                False,
                "It needs no derivative of the reward: it only asks what the drawn place was worth.",
            ),
            Answer(
                "The best place, by trying all of them.",
                False,
                "That is enumeration, which a tiny task allows and a picture does not.",
            ),
        ),
    ),
    Question(
        "A baseline is subtracted from the reward. What changes?",
        (
            Answer(
                "The variance of the estimate, not its mean.",
                True,
                "A baseline that does not depend on the action adds a term whose mean is 0.",
            ),
            Answer(
                "The mean: the policy now aims at the baseline.",
                False,
                "The mean of the gradient stays what it was.",
            ),
            Answer(
                "Nothing that can be measured.",
                False,
                "In section 4 the variance falls to about a tenth, and training gets further.",
            ),
        ),
    ),
    Question(
        "A glimpse network reaches 10 % error. What do you have to know before you say that learning where to look has "
        "helped?",
        (
            Answer(
                "The error of the same network with random places, trained equally long.",
                True,
                "Random places see much of a small picture, too. Without this control the policy may be decoration.",
            ),
            Answer(
                "The error of a larger network.",
                False,
                "It says how good one can get, not what the choice of places contributes.",
            ),
            Answer(
                "That its path looks sensible.",
                False,
                "People see sense in most paths. The control is a number.",
            ),
        ),
    ),
    Question(
        "Which statements about a window of Gaussian filters are right?",
        (
            Answer(
                "With stride 1, a small sigma and places on whole pixels it is a crop.",
                True,
                "Each filter then picks one pixel.",
            ),
            Answer(
                "It can be trained by backpropagation alone.",
                True,
                "Center, stride and sigma enter the filters smoothly.",
            ),
            Answer(
                "It costs as much for a large picture as for a small one.",
                False,
                "The filters run over all rows and columns. Only a hard glimpse leaves pixels unread.",
            ),
        ),
    ),
    Question(
        "Why does the soft window start wide?",
        (
            Answer(
                "Its gradient can only tell of what its filters touch.",
                True,
                "A narrow window beside the digit reads black: no change of its center changes anything.",
            ),
            Answer(
                "To read the digit in full resolution.",
                False,
                "A wide window is coarse. It gets sharp when it has closed in.",
            ),
            Answer(
                "Because sigma must never fall.",
                False,
                "It falls in training, as the window closes in.",
            ),
        ),
    ),
    Question(
        "What do DRAW, spatial transformers and object queries have in common?",
        (
            Answer(
                "Where they read is computed from the input, by steps that have a gradient.",
                True,
                "A Gaussian window, an affine sampler, and attention over all cells.",
            ),
            Answer(
                "They sample their places and are trained by REINFORCE.",
                False,
                "The recurrent model of visual attention does. These three avoid sampling.",
            ),
            Answer(
                "They need boxes as labels.",
                False,
                "Object queries (DETR) are trained with boxes; DRAW and spatial transformers are not.",
            ),
        ),
    ),
    Question(
        "What is the idea behind attention, in one sentence?",
        (
            Answer(
                "Use the parts of the input that this step needs, chosen by the state of the network.",
                True,
                "Softly, by a weighted mean of all parts, or hard, by reading some of them.",
            ),
            Answer(
                "Make the input smaller, so that training is faster.",
                False,
                "Hard attention can save work. Soft attention reads everything, and costs more.",
            ),
            Answer(
                "Show a person what the network thinks.",
                False,
                "A map can help a person to understand, but it was made for the network's own use.",
            ),
        ),
    ),
    Question(
        "You hand somebody an attention map as an explanation. What should stand beside it?",
        (
            Answer(
                "What happens to the answer when the place is covered, and when another place is.",
                True,
                "The map shows what was read; only an experiment shows what the answer depended on (part 4).",
            ),
            Answer(
                "The accuracy on the test set.",
                False,
                "It is about the network as a whole, not about this map.",
            ),
            Answer(
                "Nothing: attention weights are exact.",
                False,
                "They are exact as numbers. What they mean for the answer is a question of its own (part 7).",
            ),
        ),
    ),
)
