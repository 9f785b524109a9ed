"""A finding: a value, no function."""

from lecturelib.exercises import Case, Exercise, Mistake

exercise = Exercise(
    name="which_channel",
    part="05",
    title="Which channel?",
    prompt="Set `channel` to the number of the channel that answers.",
    starter="channel = ...",
    solution="channel = 17",
    answer="channel",
    kind="value",
    cases=lambda rng, variant: [Case("the channel", suggests="Look at the largest activation.")],
    mistakes=(Mistake("counted from one", "channel = 18", "Channels are counted from 0."),),
    hints=("Look.", "Compare.", "The largest one."),
)
