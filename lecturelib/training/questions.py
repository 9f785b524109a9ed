"""The quiz of part 2: watching a training run and diagnosing it, with a reason for every answer."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Ten equally frequent classes. The cross-entropy stays at 2.30 from the first step on. What do you know?",
        (
            Answer(
                "The network does as well as ten equal probabilities.",
                True,
                "The right class has probability 1/10: -ln(1/10) = 2.30. The cause is still open.",
            ),
            Answer(
                "The learning rate is too low: the weights hardly move.",
                False,
                "Possibly, but dead units, random labels or a vanishing gradient give the same curve.",
            ),
            Answer(
                "The network is too small.",
                False,
                "On clothes even a single layer gets far below 2.30. Check updates and gradients first.",
            ),
        ),
    ),
    Question(
        "You want to stop a run today and resume it tomorrow with the same numbers. What must be saved?",
        (
            Answer("The weights.", True, "Right, but they alone are not enough."),
            Answer(
                "The state of the optimizer: Adam's two running averages for each weight.",
                True,
                "Without them the next steps have other lengths, since Adam starts its averages again from 0.",
            ),
            Answer(
                "The position in the order of the examples, and the state of the random number generator.",
                True,
                "Otherwise other batches and other dropout masks follow: a valid run, but another one.",
            ),
            Answer(
                "The gradients of the last step.",
                False,
                "They are not used again: the next step computes its own from the next batch.",
            ),
        ),
    ),
    Question(
        "A ReLU unit is 0 for every example. Why does training usually not bring it back?",
        (
            Answer(
                "The ReLU's derivative is 0, so no gradient gets through.",
                True,
                "For every example. Only momentum, weight decay or a change of the layers before it can help.",
            ),
            Answer(
                "Its weights are 0.",
                False,
                "They may be large. What counts is that the value before the ReLU is negative for all examples.",
            ),
            Answer(
                "Its learning rate has become too low after so many steps at 0.",
                False,
                "No learning rate helps: any rate times a gradient of 0 is 0.",
            ),
        ),
    ),
    Question(
        "The norm of the gradient is 2000 at the very first step. Is the learning rate the cause?",
        (
            Answer(
                "No: no weight has moved yet.",
                True,
                "The rate acts after the first gradient. The initial weights or the inputs may be too large.",
            ),
            Answer(
                "Yes, a large gradient means a high learning rate.",
                False,
                "The first gradient does not depend on it.",
            ),
            Answer(
                "Yes, since Adam divides by the gradient.",
                False,
                "Adam divides after the gradient is known: the gradient itself does not change.",
            ),
        ),
    ),
    Question(
        "A smoothed loss begins at 0.2, although the loss of the first batch was 2.0. Why?",
        (
            Answer(
                "The moving average started from 0 and was not debiased.",
                True,
                "With weight 0.9 its first value is 0.1 x 2.0 = 0.2. Divided by the sum of the weights, 0.1, it "
                "is 2.0.",
            ),
            Answer(
                "The first batch was an easy one.", False, "The loss of the first batch was measured: 2.0."
            ),
            Answer(
                "Smoothing always lowers a curve, most of all at its beginning.",
                False,
                "A debiased average of a constant is that constant.",
            ),
        ),
    ),
    Question(
        "Setting A beats setting B by 0.5 % in validation accuracy, one run each. What do you do?",
        (
            Answer(
                "Train both with several seeds and compare the bands.",
                True,
                "Other initial weights and another order of the examples can change the accuracy by more than 0.5 %.",
            ),
            Answer(
                "Report A: it is better.",
                False,
                "With these two seeds. With other seeds B may be better.",
            ),
            Answer(
                "Smooth both curves strongly until they can be told apart.",
                False,
                "Smoothing removes the noise within a run, not the difference between two seeds.",
            ),
        ),
    ),
    Question(
        "Which observations suggest a learning rate that is too high?",
        (
            Answer(
                "One step moves the weights by a tenth of their size.",
                True,
                "About a thousandth is usual. It can be measured from the first step on.",
            ),
            Answer(
                "The loss rises at the start, jumps, or becomes NaN.",
                True,
                "Each step overshoots the minimum and ends where the loss is higher.",
            ),
            Answer(
                "The training loss falls while the validation loss rises.",
                False,
                "That is overfitting: the network fits the training examples, and does not generalize.",
            ),
            Answer(
                "The loss falls slowly, almost along a straight line.",
                False,
                "That suggests a learning rate that is too low.",
            ),
        ),
    ),
    Question(
        "Along one direction the curvature of a loss is 100, along another it is 1. What follows for gradient "
        "descent?",
        (
            Answer(
                "The learning rate must be below 0.02.",
                True,
                "The limit is 2/100. Along the flat direction a step then takes away less than 2 % of the "
                "distance, so it needs many steps.",
            ),
            Answer(
                "The learning rate must be below 2.",
                False,
                "That is the limit of the flat direction alone. At a rate of 1.9 the steep one is multiplied by "
                "-189.",
            ),
            Answer(
                "Below 0.04: the limit follows from the average of the two, about 50.",
                False,
                "At 0.03 the steep direction is multiplied by 1 - 3 = -2 in each step, so it grows.",
            ),
        ),
    ),
    Question(
        "A network without a hidden layer cannot learn xor from x1 and x2. What makes it possible?",
        (
            Answer(
                "A hidden layer with a nonlinear activation.",
                True,
                "Each hidden unit separates the plane by a line; the next layer combines the lines.",
            ),
            Answer(
                "The product x1 x2 as another input.",
                True,
                "Its sign is the class. A suitable input can replace a layer.",
            ),
            Answer(
                "Three hidden layers of linear units.",
                False,
                "A composition of linear layers is linear: the border stays one straight line.",
            ),
            Answer("More steps.", False, "No straight line separates xor, so more steps do not help."),
        ),
    ),
    Question(
        "In the playground you change the bias of a unit in the first hidden layer. What happens to its picture?",
        (
            Answer(
                "The line across which it changes moves parallel to itself.",
                True,
                "The line is w1 x1 + w2 x2 + b = 0: the weights set its direction, the bias its position.",
            ),
            Answer(
                "The line turns.",
                False,
                "Its direction depends on w1 : w2. You would have to change a weight for that.",
            ),
            Answer(
                "The line becomes curved, since the activation function is not linear.",
                False,
                "The unit depends on one sum of the inputs, so it changes across a straight line. Later layers "
                "combine lines.",
            ),
        ),
    ),
    Question(
        "In TensorBoard a curve runs to step 400, jumps back to step 0 and starts again. What is the likely reason?",
        (
            Answer(
                "Two runs were written into one folder.",
                True,
                "A folder counts as one run, so the values of both are joined into one curve.",
            ),
            Answer(
                "The loss became NaN at step 400, and the optimizer began again.",
                False,
                "Nothing starts again by itself. A NaN stays: every later step computes with it.",
            ),
            Answer(
                "The smoothing is too strong.",
                False,
                "Smoothing changes the values of a curve, not their steps.",
            ),
        ),
    ),
    Question(
        "A screenshot of TensorBoard shows a calm loss over a million steps. What must you know before you "
        "believe it?",
        (
            Answer(
                "How much it was smoothed.",
                True,
                "The slider starts at 0.6 and a screenshot need not show it.",
            ),
            Answer(
                "Whether all steps are drawn.",
                True,
                "Of a long run only a random sample is drawn: a single peak may be missing.",
            ),
            Answer(
                "How far 32-bit floats round the loss.",
                False,
                "By less than a ten-millionth of the value. No plot shows that.",
            ),
        ),
    ),
    Question(
        "Which fault can make the curves look perfectly healthy?",
        (
            Answer(
                "Training examples that are also in the validation set.",
                True,
                "Validation then measures memorization, too. Only a comparison of the two sets shows it.",
            ),
            Answer(
                "A gradient that vanishes in the first layers of the network.",
                False,
                "The loss hardly changes, and the gradient falls by orders of magnitude from layer to layer.",
            ),
            Answer(
                "Random labels.",
                False,
                "The loss stays near that of a guess, or validation is better than training.",
            ),
        ),
    ),
    Question(
        "Plain SGD. The inputs have a standard deviation of 80, and the updates of the first layer are too "
        "large. What do you do first?",
        (
            Answer(
                "Normalize the inputs.",
                True,
                "The gradient of the first layer's weights contains the inputs as a factor. So they can explain "
                "the updates.",
            ),
            Answer(
                "Lower the learning rate: the updates are the cause of the trouble.",
                False,
                "They may be a symptom. A lower rate slows the layers whose updates were fine.",
            ),
            Answer(
                "Make the network smaller, since it has too many weights for such inputs.",
                False,
                "Neither measurement says anything about its size. Their scale can be changed without it.",
            ),
        ),
    ),
    Question(
        "Wrong labels are found by their loss. Why is it computed on examples left out of the training?",
        (
            Answer(
                "A network can learn an example with a wrong label by heart.",
                True,
                "Then its loss is small. For a network that never saw the example it is large.",
            ),
            Answer(
                "It saves time.",
                False,
                "It costs more: one training run for each part that is left out.",
            ),
            Answer(
                "Otherwise rare examples would be suspected as well as wrong ones.",
                False,
                "They are suspected either way, so a person should check before anything is deleted.",
            ),
        ),
    ),
    Question(
        "One annotator called a thousand shirts T-shirts. Does the ranking by neighbors find these labels?",
        (
            Answer(
                "Mostly not: their neighbors have the same wrong label.",
                True,
                "It counts neighbors with another label. Systematic errors agree with one another.",
            ),
            Answer(
                "Yes, since distances between pixels do not depend on labels.",
                False,
                "The neighbors are found without labels, but then their labels are compared, and these agree.",
            ),
            Answer(
                "Yes: a thousand errors are easier to find than sixty.",
                False,
                "That holds for errors that stand out. Many similar images with one wrong label support each other.",
            ),
        ),
    ),
)
