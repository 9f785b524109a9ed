"""The second half of part 7b's quiz: a Transformer learns, translates, is compared, pretrained, and sees images."""

from lecturelib.lesson.quiz import Answer, Question

WHOLE_QUESTIONS = (
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
        "In training, the answers are nearly right while only half of the attention is on the right letter. "
        "How can that be?",
        (
            Answer(
                "That half is enough: no other letter can get a larger share.",
                True,
                "The value of the right letter dominates what is read. The map goes on improving afterwards.",
            ),
            Answer(
                "The network has memorized the sequences.",
                False,
                "The letters are random and new at every step, so memory does not help.",
            ),
            Answer(
                "The decoder does not use attention in this task.",
                False,
                "Attention to the encoder is its only way to the letters that were read.",
            ),
        ),
    ),
    Question(
        "Training handles all words of a sentence at once. Why can decoding not?",
        (
            Answer(
                "Each token is an input of the next step, and must be written first.",
                True,
                "In training the right translation is given, so all inputs are known (teacher forcing).",
            ),
            Answer(
                "The causal mask forbids it.",
                False,
                "The mask is there in training, too, and all positions are computed at once.",
            ),
            Answer(
                "The key/value cache has to be filled in order.",
                False,
                "The cache only saves work. Without it decoding would go token by token all the same.",
            ),
        ),
    ),
    Question(
        "Removing any one of 24 heads hardly raises the loss. What follows?",
        (
            Answer(
                "The others can replace it; that does not mean that it has no function.",
                True,
                "Tested was each head alone. Without all cross-attention of the last layer the loss rises "
                "most.",
            ),
            Answer(
                "All 24 could be removed.",
                False,
                "Without cross-attention the decoder would not see the source sentence.",
            ),
            Answer(
                "The removed heads had equal weights, so that they read the mean of all words.",
                False,
                "That was not tested. A head with sharp weights can be replaceable as well.",
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
        "In the Transformer, the influence of a word hardly falls with its distance. Why?",
        (
            Answer(
                "One layer connects any two positions directly.",
                True,
                "In a recurrent network the word's trace must pass every state on the way, and loses at each.",
            ),
            Answer(
                "It has many more parameters than the recurrent network.",
                False,
                "Both have about equal numbers of parameters.",
            ),
            Answer(
                "It attends to distant words more than to near ones.",
                False,
                "It can attend to either. Words at 20 tokens have about as much influence as at 5, not more.",
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
    Question(
        "With 50 labels the pretrained encoder beats the same encoder from scratch, and logistic regression "
        "on words is about as good as it. What follows?",
        (
            Answer(
                "Pretraining helped this encoder, but the task is easy enough for a simple method.",
                True,
                "Words such as 'will' or 'yesterday' often tell the tense. A baseline belongs to the "
                "comparison.",
            ),
            Answer(
                "Pretraining taught the encoder nothing.",
                False,
                "From random weights the same encoder does worse with the same labels.",
            ),
            Answer(
                "Logistic regression was pretrained as well, or it could not keep up with so few labels.",
                False,
                "It counts which words occur and is fitted to the labeled sentences alone.",
            ),
        ),
    ),
    Question(
        "In a SAGAN, y = x + γ attention(x), and γ begins at 0. What does that mean for training?",
        (
            Answer(
                "At first the layer passes x on; training decides how much attention to add.",
                True,
                "γ has a gradient at 0, since y changes with it as soon as attention(x) is not 0.",
            ),
            Answer(
                "The layer cannot learn, since everything is multiplied by 0.",
                False,
                "The matrices have no gradient at first, but γ has. As soon as it has moved, they learn, too.",
            ),
            Answer(
                "At first all attention weights are 0.",
                False,
                "Each row of weights sums to one. Their result is multiplied by 0.",
            ),
        ),
    ),
    Question(
        "Why does local attention need learned vectors for the offsets in its window?",
        (
            Answer(
                "Without them, a window is a set: its pixels may change places unnoticed.",
                True,
                "A weighted mean does not depend on the order of what it averages, in images as in sentences.",
            ),
            Answer(
                "To know where in the image the window lies.",
                False,
                "Offsets are counted from the window's center. They are the same everywhere, as in a "
                "convolution.",
            ),
            Answer(
                "To have fewer weights than a convolution, which has a matrix for each offset.",
                False,
                "They add weights. A convolution has a matrix for each offset, attention three for all of "
                "them.",
            ),
        ),
    ),
    Question(
        "In a Vision Transformer, attention rollout is strong on a patch. What follows for the class score?",
        (
            Answer(
                "Covering that patch lowers the score more than covering others.",
                False,
                "That can be measured. Here the rank correlation of the two was about 0.",
            ),
            Answer(
                "Nothing by itself: what the values hold is left out.",
                True,
                "Rollout multiplies weights. Values and feed-forward networks decide what arrives.",
            ),
            Answer(
                "The patch shows a part of the garment and not the black background.",
                False,
                "Weights may lie on the background, too. The picture has to be looked at.",
            ),
        ),
    ),
    Question(
        "A stack of eight encoder layers has LayerNorm, but no residual connections. What happened in our runs?",
        (
            Answer(
                "The gradient vanished, so that layer 1 could not learn.",
                False,
                "Layer 1 got about an eighth of the gradient of layer 8: LayerNorm kept it alive.",
            ),
            Answer(
                "It learned the task, later than with residual connections.",
                False,
                "After 600 steps it was at 4 to 13 % of the letters, near chance.",
            ),
            Answer(
                "Gradients arrived at layer 1, and yet it hardly learned.",
                True,
                "A gradient of good size does not say that its direction helps.",
            ),
        ),
    ),
)
