"""The quiz of part 2: questions on watching a training and on what is wrong with it, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Ten classes, equally often. The loss stays at 2.30 from the first step on. What do you know?",
        (
            Answer(
                "The network answers no better than a guess: ln 10 = 2.30.",
                True,
                "That is the cross-entropy of who gives every class one tenth. Why it stays there is still open.",
            ),
            Answer(
                "The learning rate is too low.",
                False,
                "It may be. Dead units, labels drawn by lot or a vanishing gradient give the same line.",
            ),
            Answer(
                "The network is too small.",
                False,
                "Even a single layer gets well below a guess on clothes. Look at updates and gradients first.",
            ),
        ),
    ),
    Question(
        "You want to stop a run today and go on tomorrow with the same numbers. What must be saved?",
        (
            Answer("The weights.", True, "Of course, but they are not enough."),
            Answer(
                "What the optimizer remembers: Adam's two averages for each weight.",
                True,
                "Without them the next steps have other lengths, as at the start of a run.",
            ),
            Answer(
                "The place in the order of the examples, and the state of chance.",
                True,
                "Otherwise other batches and another dropout follow: a good run, but another one.",
            ),
            Answer(
                "The gradients of the last step.",
                False,
                "They were used up: the next step computes its own, from the next batch.",
            ),
        ),
    ),
    Question(
        "A ReLU unit gives 0 for every example. Why does training not bring it back?",
        (
            Answer(
                "The ReLU's slope is 0 there, so its weights and bias get no gradient.",
                True,
                "For every example, at every step. Only a change of the layers before it can wake it.",
            ),
            Answer(
                "Its weights are 0.",
                False,
                "They may be large. What counts is that the sum before the ReLU is negative for all examples.",
            ),
            Answer(
                "Its learning rate has become too low.",
                False,
                "No rate helps: any rate times a gradient of 0 is 0.",
            ),
        ),
    ),
    Question(
        "A smoothed loss begins at 0.2 while the first batch had 2.0. What happened?",
        (
            Answer(
                "A moving average with weight 0.9 started from 0 and was not debiased.",
                True,
                "Its first value is 0.1 x 2.0. Divided by the sum of the weights it is 2.0.",
            ),
            Answer("The first batch was an easy one.", False, "The raw value is 2.0: it was measured."),
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
                "Other first weights and another order of the examples can change the accuracy by more than that.",
            ),
            Answer(
                "Report A: it is better.",
                False,
                "Better this time. The next seed may turn it round.",
            ),
            Answer(
                "Smooth both curves until they can be told apart.",
                False,
                "Smoothing removes the noise within a run, not the difference between two seeds.",
            ),
        ),
    ),
    Question(
        "Which signs speak for a learning rate that is too high?",
        (
            Answer(
                "One step moves the weights by a tenth of their size.",
                True,
                "About a thousandth is usual. This is measured before anything else breaks.",
            ),
            Answer(
                "The loss goes up at the start, jumps, or is no number any more.",
                True,
                "Each step overshoots the valley and lands higher on the other side.",
            ),
            Answer(
                "The training loss falls while the validation loss rises.",
                False,
                "That is overfitting: it fits the examples well, and only those.",
            ),
            Answer(
                "The loss falls in a straight line and slowly.",
                False,
                "That is the picture of a rate that is too low.",
            ),
        ),
    ),
    Question(
        "The gradient's norm is 2000 at the very first step. Is the learning rate to blame?",
        (
            Answer(
                "No: nothing has moved yet. The initial weights or the inputs are too large.",
                True,
                "A rate shows its effect after a step. Look at the inputs' deviation and at the gradient by layer.",
            ),
            Answer("Yes, it is always the rate.", False, "The first gradient does not depend on the rate."),
            Answer(
                "Yes, since Adam divides by the gradient.",
                False,
                "It does so afterwards, when the gradient is known.",
            ),
        ),
    ),
    Question(
        "Which fault can make the curves look perfectly healthy?",
        (
            Answer(
                "Training examples that stand in the validation set, too.",
                True,
                "Validation then asks what was learned by heart. Only comparing the two sets shows it.",
            ),
            Answer(
                "A vanishing gradient.",
                False,
                "The loss stands still, and the gradient by layer falls by orders of magnitude.",
            ),
            Answer(
                "Labels drawn by lot.",
                False,
                "The loss stays near that of a guess, or validation is better than training.",
            ),
        ),
    ),
    Question(
        "xor cannot be learned without a hidden layer. What makes it possible?",
        (
            Answer(
                "A hidden layer with a nonlinear activation.",
                True,
                "Each unit is one cut; the next layer joins the cuts.",
            ),
            Answer(
                "The product x1 x2 as another input.",
                True,
                "Its sign is the answer. A good input can replace a layer.",
            ),
            Answer(
                "Three hidden layers of linear units.",
                False,
                "Linear after linear is one linear layer: still one straight cut.",
            ),
            Answer("More steps.", False, "No straight line separates xor, whatever the patience."),
        ),
    ),
    Question(
        "To find wrong labels by loss, why on examples that were left out of the training?",
        (
            Answer(
                "A network that has learned an example by heart believes its wrong label.",
                True,
                "Its loss there is as small as anywhere. A network that never saw it is surprised.",
            ),
            Answer(
                "It saves time.",
                False,
                "It costs more: one training for each part that is left out.",
            ),
            Answer(
                "Otherwise rare examples would be suspected as well.",
                False,
                "They are suspected either way. That is why a human looks before anything is deleted.",
            ),
        ),
    ),
)
