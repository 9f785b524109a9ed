"""The bars of part 9's claims and of the causal models', beside those of all other parts; see `claim_bars`."""

from lecturelib.lesson.claim_bars import BASELINE, CLAIM_BARS, MEASURED, Bar, Bars

ALL_BARS: dict[str, Bars] = CLAIM_BARS | {
    "C22": Bars(
        "share of the attention on the object at its shape word, as a multiple of the object's share of the picture",
        (
            Bar("soft attention", "soft_times_its_share"),
            Bar("hard attention", "hard_times_its_share"),
            Bar("soft attention, object of another scene", "soft_times_in_another_scene", BASELINE),
            Bar("untrained", "untrained_times_its_share", BASELINE),
        ),
        "more than 3 times its share, by more than two standard errors, for both",
        3.0,
    ),
    "C23": Bars(
        "share of captions right in every fact",
        (
            Bar("soft attention", "soft_all_right"),
            Bar("hard attention", "hard_all_right"),
        ),
        "a difference of less than .05, a sharper map and a noisier gradient of the hard one (these two hold)",
    ),
    "C24": Bars(
        "test error on cluttered translated digits",
        (
            Bar("four glimpses, learned policy", "error_of_the_glimpses"),
            Bar("four glimpses, random places", "error_with_random_places", BASELINE),
            Bar("convolutional network of equal cost", "error_of_the_convolutional_network", BASELINE),
            Bar("fully connected network of equal cost", "error_of_the_fully_connected_network", BASELINE),
        ),
        "fewer errors than the fully connected and the convolutional network",
    ),
    "C29": Bars(
        "mean distance between the centers of window and digit, in pixels",
        (
            Bar("soft window, mean of three seeds", "mean_distance_in_pixels"),
            Bar("its worst seed", "worst_mean_distance"),
            Bar("the picture's center", "distance_of_the_picture_center", BASELINE),
        ),
        "below 5 pixels for each seed, and fewer errors than a window that stays over the whole picture",
        5.0,
    ),
    "C32": Bars(
        "share of letters right where they repeat, mean of three seeds",
        (
            Bar("two layers", "right_two_layers"),
            Bar("without its best head", "right_without_the_best"),
            Bar("without all induction heads", "right_without_induction_heads"),
            Bar("without the heads of layer 1", "right_without_layer_1_heads"),
            Bar("one layer", "right_one_layer", BASELINE),
        ),
        "induction heads (score above .5) in every second layer and in no one-layer model; two layers above one, and "
        "above themselves without these heads, by more than .3 of the letters, two standard errors deducted",
    ),
    "C33": Bars(
        "perplexity of a token of held-out sentences, one model (lower is better)",
        tuple(
            Bar(f"{language}, {what}", f"{side}_{key}", role)
            for language, side in (("English", "english"), ("French", "french"))
            for what, key, role in (
                ("causal model", "model", MEASURED),
                ("3-gram of the same text", "3-gram", BASELINE),
                ("3-gram of this language alone", f"3-gram_of_{side}_alone", BASELINE),
            )
        ),
        "the causal model below both 3-gram models, in both languages",
    ),
}
