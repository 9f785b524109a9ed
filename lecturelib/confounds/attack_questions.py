"""The quiz on attacks: adversarial examples, patches, defenses and maps, with a reason on every choice."""

from lecturelib.lesson.quiz import Answer, Question

ATTACK_QUESTIONS = (
    Question(
        "An attack changes each pixel by 4/255 and the answer with it. Random signs of 4/255 mostly do not. Why?",
        (
            Answer(
                "The attack adds up: every pixel moves the score in the same direction.",
                True,
                "For a linear score the change is epsilon times the sum of the absolute weights. With random signs "
                "most of it cancels (Goodfellow et al. 2015).",
            ),
            Answer(
                "The attack changes the pixels by more.",
                False,
                "Both change each pixel by 4/255. Only the signs differ.",
            ),
            Answer(
                "Networks are trained with random noise, so they know it.",
                False,
                "This one was not trained for it. In a space of 150,528 dimensions a random direction is nearly at "
                "right angles to the gradient.",
            ),
        ),
    ),
    Question(
        "Which of these attacks are white-box attacks?",
        (
            Answer(
                "Projected gradient descent on the network that is asked afterwards.",
                True,
                "It needs the gradient, so the weights must be known.",
            ),
            Answer(
                "The patch of this lesson, made with efficientnet_lite0 and shown to it.",
                True,
                "It was trained through the gradients of that network.",
            ),
            Answer(
                "The same patch, shown to efficientnet_lite2.",
                False,
                "That is a transfer attack: nothing of efficientnet_lite2 was used to make it.",
            ),
        ),
    ),
    Question(
        "A network says 'flamingo, 100 %' of a picture that looks like noise. What does the 100 % mean?",
        (
            Answer(
                "That flamingo's score is far above the other scores; not how likely a flamingo is there.",
                True,
                "The softmax compares classes with each other. 'None of them' is no class (Nguyen et al. 2015).",
            ),
            Answer(
                "That the noise hides a flamingo, which people cannot see.",
                False,
                "efficientnet_lite2, which did not take part, gives flamingo less than 1 % on average.",
            ),
            Answer(
                "That the network was overfitted.",
                False,
                "It happens with well-trained networks, and is no matter of the training error.",
            ),
        ),
    ),
    Question(
        "How does a universal patch differ from a perturbation of 4/255?",
        (
            Answer(
                "It is meant to be seen, is confined to a region, and works on photos that it was not made for.",
                True,
                "Its strength is not bounded, its place is. It was trained over many photos, places, sizes and angles.",
            ),
            Answer(
                "It hides the object behind it, so that the network cannot see it.",
                False,
                "A disc of random colors covers as much, and was called espresso in none of the test pictures.",
            ),
            Answer(
                "It shows the object of its class, only smaller.",
                False,
                "A photo of an espresso of the same size wins far less often (claim C5).",
            ),
        ),
    ),
    Question(
        "Why is the patch trained at random places, sizes and angles?",
        (
            Answer(
                "Because whoever lays it does not control how it will be seen.",
                True,
                "The loss is an average over what may happen to it, the expectation over transformations.",
            ),
            Answer(
                "Because the network was trained so.",
                False,
                "That may help, but a patch trained at one place alone would work at that place.",
            ),
            Answer(
                "Because otherwise people would notice it.",
                False,
                "A patch is noticed in any case.",
            ),
        ),
    ),
    Question(
        "Pixels are rounded to 8 values before the network sees them. Projected gradient descent now fails. "
        "Is the network safe?",
        (
            Answer(
                "No: the rounding has gradient 0, so the attack stood still, not the defense.",
                True,
                "Through a stand-in, whose backward pass takes the rounding for the identity, the attack succeeds "
                "(Athalye et al. 2018).",
            ),
            Answer(
                "Yes: the attack is the strongest one known, and it failed.",
                False,
                "An attack that gets no gradient is no attack. A defense is measured by attacks made against it.",
            ),
            Answer(
                "Yes, since the small changes are rounded away.",
                False,
                "Only those below half a step. With 8 values a step is 1/7, and epsilon was 0.2.",
            ),
        ),
    ),
    Question(
        "A network was trained on attacks with epsilon 0.2. What is known of attacks with epsilon 0.3?",
        (
            Answer(
                "Nothing is promised: it must be measured, and here the accuracy falls steeply.",
                True,
                "Adversarial training defends against the attacks that it was trained with, in that norm and size.",
            ),
            Answer(
                "It resists them nearly as well.",
                False,
                "Move epsilon in the explorable: between 0.2 and 0.3 most of what was gained is lost.",
            ),
            Answer(
                "It resists them better, as it was trained for the worst case.",
                False,
                "The worst case within 0.2; the ball of 0.3 holds more.",
            ),
        ),
    ),
    Question(
        "The saliency map of an attacked photo has a rank correlation of 0.25 with that of the clean photo. "
        "Does the map give the attack away?",
        (
            Answer(
                "Not by that: random noise of the same size changes the map nearly as much.",
                True,
                "0.31 for noise, 0.25 for the attack, on average over 12 photos. Without the noise as a control the "
                "number would have convinced you.",
            ),
            Answer(
                "Yes: 0.25 is far from 1.",
                False,
                "What counts is the distance from harmless changes, not from 1.",
            ),
            Answer(
                "Yes, if the threshold is chosen well.",
                False,
                "A threshold needs the clean photo beside the attacked one, which a defender does not have.",
            ),
        ),
    ),
    Question(
        "Grad-CAM of attacked photos correlates with the clean map by 0.64, with noise by 0.95. What changed the map?",
        (
            Answer(
                "Mainly the class that is asked for: the clean photo's map for that other class correlates by 0.70.",
                True,
                "Grad-CAM shows where the answered class is supported. Another answer, another map, attacked or not.",
            ),
            Answer(
                "The perturbation, which Grad-CAM shows.",
                False,
                "The map has 7 x 7 places, and the perturbation lies on all pixels.",
            ),
            Answer(
                "A fault of the method.",
                False,
                "It does what it is made for: it explains the answer that is given, also if that answer is wrong.",
            ),
        ),
    ),
)
