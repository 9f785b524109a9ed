"""The bars of part 9's claims, beside those of all other parts; see `claim_bars`."""

from lecturelib.lesson.claim_bars import BASELINE, CLAIM_BARS, Bar, Bars

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
}
