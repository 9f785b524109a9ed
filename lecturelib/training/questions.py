"""The quiz of part 2: watching a training run and diagnosing it, with a reason for every answer."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Ten equally frequent classes. The cross-entropy stays at 2.30 from the first step on. What do you know?",
        (
            Answer(
                "The network is no better than one that gives each class the same probability: ln 10 = 2.30.",
                True,
                "The right class has probability 1/10: -ln(1/10) = 2.30. The cause is still open.",
            ),
            Answer(
                "The learning rate is too low.",
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
                "The derivative of the ReLU is 0 there, so the gradient of its weights and bias is 0.",
                True,
                "For every example. Only momentum, weight decay or a change of the layers before it can help.",
            ),
            Answer(
                "Its weights are 0.",
                False,
                "They may be large. What counts is that the value before the ReLU is negative for all examples.",
            ),
            Answer(
                "Its learning rate has become too low.",
                False,
                "No learning rate helps: any rate times a gradient of 0 is 0.",
            ),
        ),
    ),
    Question(
        "A smoothed loss begins at 0.2, although the loss of the first batch was 2.0. Why?",
        (
            Answer(
                "An exponential moving average with weight 0.9 started from 0 and was not debiased.",
                True,
                "Its first value is 0.1 x 2.0 = 0.2. Divided by the sum of the weights, 0.1, it is 2.0.",
            ),
            Answer(
                "The first batch was an easy one.", False, "The loss of the first batch was measured: 2.0."
            ),
            Answer(
                "Smoothing always lowers a curve.",
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
                "Smooth both curves until they can be told apart.",
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
        "The norm of the gradient is 2000 at the very first step. Is the learning rate the cause?",
        (
            Answer(
                "No: no weight has moved yet. The initial weights or the inputs may be too large.",
                True,
                "It acts after the first gradient. Check the scale of the inputs and the gradient by layer.",
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
        "Which fault can make the curves look perfectly healthy?",
        (
            Answer(
                "Training examples that are also in the validation set.",
                True,
                "Validation then measures memorization, too. Only a comparison of the two sets shows it.",
            ),
            Answer(
                "A vanishing gradient.",
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
                "Otherwise rare examples would be suspected, too.",
                False,
                "They are suspected either way, so a person should check before anything is deleted.",
            ),
        ),
    ),
)
