"""Quiz of part 3: the lecture's questions on confounds and adversarial examples, with a reason for every answer."""

from lecturelib.lesson.quiz import Answer, Question

QUESTIONS = (
    Question(
        "Why is visualization important?",
        (
            Answer(
                "A test accuracy says how often a network is right on data like its own, not what it relies on.",
                True,
                "The network of the lab was right in every scene of the lab and knew nothing about tanks.",
            ),
            Answer(
                "It helps to find errors in the data and in the training.",
                True,
                "Two of the four reasons: problems during training, and faulty data. The others are communicating "
                "an architecture, and understanding what a network has learned and why it decides as it does.",
            ),
            Answer(
                "A network whose maps look sensible can be trusted.",
                False,
                "Maps can look sensible and depend on little that the network has learned (part 5); and a sensible"
                " map of ten pictures says nothing about the eleventh.",
            ),
        ),
    ),
    Question(
        "What can visualization help with, and what can it not do?",
        (
            Answer(
                "It can raise a suspicion, such as 'the map lies on the sky', that an experiment then tests.",
                True,
                "The suspicion came from the maps; the proof came from changing the weather and counting.",
            ),
            Answer(
                "It cannot prove that a network uses no confound.",
                True,
                "You see what you look for, on the pictures that you look at. Data in which the suspected cause "
                "varies freely are stronger evidence.",
            ),
            Answer(
                "It tells reliably whether an input was attacked.",
                False,
                "The maps of attacked photos are measured in this part; an attack may even be aimed at the map as "
                "well.",
            ),
        ),
    ),
    Question(
        "Why are confounds a problem?",
        (
            Answer(
                "The test data usually contain the same confound, so that the test accuracy does not show it.",
                True,
                "Both were collected in the same way: 100 % in the lab, about chance in the wild.",
            ),
            Answer(
                "They make the training loss larger.",
                False,
                "They make it smaller: a confound is often easier to learn than the thing itself.",
            ),
            Answer(
                "They occur only in small data sets.",
                False,
                "More data of the same kind contain more of the same confound.",
            ),
        ),
    ),
    Question(
        "What is an adversarial example, and why can it be a security problem?",
        (
            Answer(
                "An input that was changed on purpose, often unnoticeably, so that the network answers wrongly; "
                "whoever can change the input can choose the answer.",
                True,
                "A face that is not found, a sign that is misread, a spam that passes: nobody who looks at the "
                "input notices.",
            ),
            Answer(
                "An input with so much noise that nobody recognizes it.",
                False,
                "Random noise of the same size changes the answer for few photos (claim C3). It is the direction "
                "that matters.",
            ),
            Answer(
                "A rare input that is missing in the training data.",
                False,
                "That is an unusual input. An adversarial one is computed, and exists near nearly every photo.",
            ),
        ),
    ),
    Question(
        "The network of the lab has about 50 % accuracy in the wild. What does it say of a tank in the sun?",
        (
            Answer(
                "Nearly always 'truck'.",
                True,
                "With the weather swapped its accuracy is about 0 %, not 50 %: it does not guess, it names the "
                "weather.",
            ),
            Answer(
                "'Tank' and 'truck' equally often.",
                False,
                "Then the accuracy with swapped weather would be 50 %, too. That is how one tells a guess from a "
                "confound.",
            ),
        ),
    ),
    Question(
        "Which data would have shown the confound of the tanks before the network was used?",
        (
            Answer(
                "Scenes in which weather and vehicle are independent of each other.",
                True,
                "Whatever relies on the weather is right there in only half of the scenes.",
            ),
            Answer(
                "A tenth of the lab's scenes, kept apart for testing.",
                False,
                "They have the lab's weather, too. Held-out data show overfitting, not a confound.",
            ),
            Answer(
                "Ten times as many scenes from the lab.",
                False,
                "In each of them the weather tells the class.",
            ),
        ),
    ),
    Question(
        "A 2-D map of recordings falls into two groups, the healthy and the ill. What follows?",
        (
            Answer(
                "Something differs between the groups; it may be the microphone.",
                True,
                "Color the map by everything that is known about the recordings before you believe in one cause.",
            ),
            Answer(
                "The disease can be heard.",
                False,
                "In the study of this part the groups are those of the microphone: with exchanged rooms nearly "
                "every diagnosis is wrong.",
            ),
        ),
    ),
    Question(
        "What do the known pairs provide that more patients would not?",
        (
            Answer(
                "The same sound by both microphones: what differs between the two is the microphone alone.",
                True,
                "Their mean difference is subtracted. In a study in which each patient has one microphone, voice "
                "and microphone cannot be separated.",
            ),
            Answer(
                "More training data for the diagnosis.",
                False,
                "The pairs carry no diagnosis, and their speakers are not those of the study.",
            ),
            Answer(
                "A better microphone.",
                False,
                "Neither microphone is right or wrong. They must only be made equal.",
            ),
        ),
    ),
    Question(
        "The two methods and you mark suspicious labels. Which statement is right?",
        (
            Answer(
                "A method ranks, and a person decides at the top of the list.",
                True,
                "The top of the list holds many planted errors, and also examples that are merely rare.",
            ),
            Answer(
                "Whatever both methods name can be deleted.",
                False,
                "Both find the unusual. Deleting it removes rare cases, which may be the ones that matter.",
            ),
        ),
    ),
    Question(
        "One annotator calls a thousand shirts 'T-shirt'. Which method finds these labels?",
        (
            Answer(
                "Neither, or few of them: they agree with one another.",
                True,
                "The neighbors have the same wrong label, and a network learns it like any other. Planted random "
                "errors are the easy case.",
            ),
            Answer(
                "The one by loss.",
                False,
                "A network that is trained on hundreds of them predicts 'T-shirt', so that the loss is small.",
            ),
            Answer(
                "The one by neighbors.",
                False,
                "The neighbors are other shirts with the same wrong label.",
            ),
        ),
    ),
    Question(
        "Why is the attack computed in pixels from 0 to 1, before the normalization?",
        (
            Answer(
                "So that epsilon is a change that a viewer would see, and the result is a valid picture.",
                True,
                "After a normalization the same number would mean another change in each color channel.",
            ),
            Answer(
                "Since gradients do not pass through a normalization.",
                False,
                "They do: it is a subtraction and a division.",
            ),
        ),
    ),
    Question(
        "Our first face detector finds 97 % right. It calls a face in shuffled blocks a face. What has it learned?",
        (
            Answer(
                "To tell pictures with texture from flat ones.",
                True,
                "Nearly all of the set's other pictures are flat. It is a confound of our own making, and it hid "
                "in plain sight.",
            ),
            Answer(
                "Eyes, nose and mouth, wherever they are.",
                False,
                "It calls crops of gravel and brick a face as well, about half of the time.",
            ),
        ),
    ),
    Question(
        "The glasses hide faces from our best detector. Did we show that somebody can pass as somebody else?",
        (
            Answer(
                "No: a face is not found. To pass as somebody else needs a network that tells people apart.",
                True,
                "The crops carry no identities, so impersonation cannot be tested with them. Sharif et al. (2016) "
                "showed both.",
            ),
            Answer(
                "Yes: who is not found can be anybody.",
                False,
                "Not being found and being taken for a certain person are different aims, and the second is "
                "harder.",
            ),
        ),
    ),
    Question(
        "What must a patch beat before one says that it is more than a picture of its class?",
        (
            Answer(
                "A picture of the class of the same size, and a random patch.",
                True,
                "A photo of a cup on a photo of a cat is also an honest reason to say 'cup'.",
            ),
            Answer(
                "The photo without any patch.",
                False,
                "Anything that covers a third of a photo may change its class.",
            ),
        ),
    ),
    Question(
        "What does adversarial training cost?",
        (
            Answer(
                "Several passes for each step of the training, and often some accuracy on clean inputs.",
                True,
                "Each batch is attacked first. The chart of section 8 shows the accuracies side by side.",
            ),
            Answer(
                "Nothing: it is more data.",
                False,
                "The attacked pictures have to be computed anew against the network as it is now.",
            ),
            Answer(
                "It makes a network safe against every attack.",
                False,
                "It helps against attacks like those in the training; a larger epsilon or another norm may still "
                "succeed.",
            ),
        ),
    ),
    Question(
        "People see water flow uphill, and faces in rocks. What is the comparison good for?",
        (
            Answer(
                "Human vision, too, has inputs that mislead it in a regular way.",
                True,
                "An illusion is not a random error, and knowing it does not make it go away. The same holds for "
                "adversarial examples.",
            ),
            Answer(
                "It shows that networks see as people do.",
                False,
                "Mostly they are misled by other inputs: nobody sees an adversarial change of 4/255, and no "
                "network of this course is irritated by an impossible figure.",
            ),
        ),
    ),
)
