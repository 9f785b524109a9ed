"""Which numbers of a claim its card shows as bars, and what each had to pass. Written once for each claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["measured", "baseline"]


MEASURED: Role = "measured"
BASELINE: Role = "baseline"


@dataclass(frozen=True)
class Bar:
    """A number of the claim to draw: its label, the key of `numbers`, whether it is the measurement or a baseline."""

    label: str
    key: str
    role: Role = "measured"
    error: str = ""  # the key of its standard error


@dataclass(frozen=True)
class Bars:
    """What is measured (with its unit), the bars, and in words what they had to pass; `limit` draws a line."""

    measure: str
    bars: tuple[Bar, ...]
    passes: str
    limit: float | None = None


def _of(keys: Mapping[str, str], role: Role = "measured") -> tuple[Bar, ...]:
    return tuple(Bar(label, key, role) for label, key in keys.items())


def _pairs(names: Mapping[str, str], one: tuple[str, str], other: tuple[str, str]) -> tuple[Bar, ...]:
    """For each (label, name in the key) a measured bar and a baseline; `one` and `other`: (label, key with NAME)."""
    found: list[Bar] = []
    for label, name in names.items():
        found.append(Bar(f"{label}, {one[0]}", one[1].replace("NAME", name)))
        found.append(Bar(f"{label}, {other[0]}", other[1].replace("NAME", name), "baseline"))
    return tuple(found)


DEPTHS = {"top layer random" if k == 1 else f"top {k} layers random": str(k) for k in (1, 2, 3, 6)}
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc8")
CLAIM_BARS: dict[str, Bars] = {
    "C6": Bars(
        "mean drop of the probability of the true class",
        (
            Bar("patch on the object", "drop_on_object"),
            Bar("same patch elsewhere", "drop_elsewhere", BASELINE),
            Bar("untrained network, on the object", "untrained_on_object", BASELINE),
        ),
        "the difference exceeds three of its standard errors (one is .0096)",
    ),
    "C7": Bars(
        "share of pictures whose nearest neighbor is of their class",
        _pairs(
            {"clothes": "clothes", "CIFAR-10": "cifar10"},
            ("CNN codes", "NAME_code_euclidean"),
            ("pixels", "NAME_pixels_euclidean"),
        ),
        "codes above pixels on both sets",
    ),
    "C26": Bars(
        "class entropy of the nine strongest pictures, in bits (less is more coherent)",
        (
            *_pairs(
                {each: each for each in ("relu1", "relu2", "relu3")},
                ("units", "NAME_units_bits"),
                ("random directions", "NAME_directions_bits"),
            ),
            Bar("nine random pictures", "random_pictures_bits", BASELINE),
        ),
        "nothing: reported either way; a difference counts from three standard errors on",
    ),
    "C26 on CIFAR-10": Bars(
        "class entropy of the nine strongest pictures, in bits (less is more coherent)",
        (
            *_pairs(
                {each: each for each in ("relu2_2", "relu3_2")},
                ("units", "NAME_units_bits"),
                ("random directions", "NAME_directions_bits"),
            ),
            Bar("nine random pictures", "random_pictures_bits", BASELINE),
        ),
        "nothing: reported either way; a difference counts from three standard errors on",
    ),
    "C31": Bars(
        "orientation (1: one direction) and share of high frequencies, means over 64 kernels",
        (
            *_of({"trained, orientation": "trained_orientation"}),
            *_of({"untrained, orientation": "untrained_orientation"}, BASELINE),
            *_of({"white noise, orientation": "noise_orientation"}, BASELINE),
            *_of({"trained, high frequencies": "trained_high_frequency"}),
            *_of({"untrained, high frequencies": "untrained_high_frequency"}, BASELINE),
            *_of({"white noise, high frequencies": "noise_high_frequency"}, BASELINE),
        ),
        "more oriented and fewer high frequencies than both baselines",
    ),
    "C8": Bars(
        "mean intersection over union with the true box",
        (
            *_of({"saliency map": "saliency_iou"}),
            *_of(
                {
                    "spectral residual": "spectral_residual_iou",
                    "centered box": "centered_box_iou",
                    "random box": "random_box_iou",
                    "saliency, randomized weights": "randomized_saliency_iou",
                },
                BASELINE,
            ),
        ),
        "above each baseline by three standard errors, picture by picture",
    ),
    "C9": Bars(
        "test accuracy, mean of ten seeds",
        tuple(
            Bar(f"{label}, {what}", f"{name}_{key}", role)
            for name, label in (("breast_cancer", "breast cancer"), ("wine", "wine"))
            for what, key, role in (
                ("all columns", "all", BASELINE),
                ("picked by sensitivity", "picked", MEASURED),
                ("as many random ones", "random", BASELINE),
            )
        ),
        "picked: at most .02 below all; random: at least .05 below all",
    ),
    "C10": Bars(
        "rank correlation with the map of the trained network, alexnet",
        (
            *(Bar(f"plain gradient, {label}", f"alexnet_plain_depth_{k}") for label, k in DEPTHS.items()),
            *(Bar(f"guided, {label}", f"alexnet_guided_depth_{k}") for label, k in DEPTHS.items()),
        ),
        "plain: mean of the first three below .5 (here .505); guided: above .5 at six",
        0.5,
    ),
    "C11": Bars(
        "share of class images whose class is among the judge's top five",
        (
            *_of({"robust transforms": "robust_judged_top5"}),
            *_of({"no transforms": "plain_judged_top5", "chance": "chance"}, BASELINE),
        ),
        "robust: more than ten times chance, and above no transforms",
    ),
    "C13": Bars(
        "pixel error as a share of the mean image's (1: no better than one color)",
        (
            *(Bar(layer, f"{layer}_pixel") for layer in LAYERS),
            Bar("the photo itself, its mean color grey", "mean_color_grey_pixel", BASELINE),
        ),
        "below .5 up to conv4, growing after, above .8 at fc8",
        0.5,
    ),
    "C14": Bars(
        "peak signal-to-noise ratio in decibels, each at its best step",
        (
            *_of({"deep image prior, running mean": "deep_prior_mean_best"}),
            *_of({"deep image prior, output": "deep_prior_best"}),
            *_of(
                {
                    "total variation": "total_variation_best",
                    "no prior": "no_prior_best",
                    "noisy photo": "noisy",
                },
                BASELINE,
            ),
        ),
        "the running mean above total variation and above no prior",
    ),
    "C27": Bars(
        "value under jitter that was not optimized for (share of the channel's best), and share of fine detail",
        tuple(
            Bar(f"{name}, {what}", f"{name}_{key}", BASELINE if name == "none" else MEASURED)
            for what, key in (("value", "under_jitter"), ("fine detail", "high_frequency"))
            for name in ("none", "L2", "total variation", "jitter and scale", "blur", "Fourier")
        ),
        "each step raises the value or lowers the share of fine detail, against the step before it",
    ),
    "6.8": Bars(
        "share of the nearest real pictures that are digits; the network knows clothes only",
        (
            Bar("no prior", "no_prior_neighbors_digits", BASELINE),
            *_of(
                {
                    "VAE of clothes": "clothes_vae_neighbors_digits",
                    "GAN of clothes": "clothes_gan_neighbors_digits",
                }
            ),
            *_of(
                {
                    "VAE of digits": "digits_vae_neighbors_digits",
                    "GAN of digits": "digits_gan_neighbors_digits",
                }
            ),
        ),
        "nothing: a demonstration",
    ),
    "C15": Bars(
        "chrF of greedy translations, by English words",
        _pairs(
            {f"{a} to {b} words": f"{a}_to_{b}" for a, b in ((1, 3), (4, 7), (8, 11), (12, 40))},
            ("attention", "chrF_attention_NAME_words"),
            ("one vector", "chrF_fixed_NAME_words"),
        ),
        "the gap is wider for 12 to 40 words than for 4 to 7, by more than two standard errors",
    ),
    "C15 on letters": Bars(
        "share of letters copied rightly, mean of three seeds",
        _pairs(
            {f"{k} letters": str(k) for k in (4, 6, 10, 14, 16)},
            ("attention", "attention_NAME_letters"),
            ("one vector", "fixed_NAME_letters"),
        ),
        "the gap is wider for 14 and 16 letters than for 4 and 6, by more than two standard errors",
    ),
    "C16": Bars(
        "training work until the attending RNN's quality is reached, as a share of the RNN's",
        _of({"Transformer": "work_to_reach_it_as_a_share"}),
        "below 1 (one run of each)",
        1.0,
    ),
    "C16 without positions": Bars(
        "share of 8 letters reversed rightly, mean of three seeds",
        (
            *_of({"with positional encoding": "right", "without": "right_without_positions"}),
            *_of({"best possible without order": "best_without_order"}, BASELINE),
        ),
        "with: at least .95 in every seed; without: at most .05 above what is possible without order",
    ),
    "C17": Bars(
        "recall, mean over three tenses (chance .33)",
        tuple(
            Bar(f"{count} labels, {what}", f"{key}_{count}", role)
            for count in (50, 150, 500)
            for what, key, role in (
                ("pretrained", "pretrained", MEASURED),
                ("from scratch", "from_scratch", BASELINE),
                ("a list of words", "words_alone", BASELINE),
            )
        ),
        "pretrained above from scratch by more than two standard errors, at each number of labels",
    ),
    "C18": Bars(
        "accuracy on 2,000 test pictures of clothes, one network each",
        (
            *_of({"local attention, 3,618 parameters": "attention_accuracy"}),
            *_of({"convolution, 8,754 parameters": "convolution_accuracy"}, BASELINE),
        ),
        "at most two points lost, with fewer parameters",
    ),
    "C19": Bars(
        "mean reach of attention, in places of the 14 x 14 map",
        (
            *_of({"trained": "trained_reach"}),
            *_of({"untrained": "untrained_attention_reach", "uniform": "uniform_reach"}, BASELINE),
        ),
        "the gate moves, trained reaches farther than both, and is more structured",
    ),
    "C20": Bars(
        "largest principal angle to the subspace of the SVD, in rad; worst of three seeds",
        (
            *_of({"trained linear autoencoder": "largest_angle_rad"}),
            *_of({"untrained": "largest_angle_untrained_rad"}, BASELINE),
        ),
        "below .1 rad; encoder within 1 % of the pseudo-inverse (measured .0026)",
        0.1,
    ),
    "C21": Bars(
        "accuracy of the nearest of 10,000 training digits in the plane",
        (
            *_of(
                {
                    "deep autoencoder, mean of three": "accuracy_of_two_code_numbers",
                    "its worst": "worst_network",
                }
            ),
            *_of(
                {
                    "two principal components": "accuracy_of_two_principal_components",
                    "chance": "accuracy_by_chance",
                },
                BASELINE,
            ),
        ),
        "the worst network above two principal components",
    ),
    "C25": Bars(
        "entropy of the softmax over 10 keys, as a share of log 10 (0: all weight on one key)",
        tuple(
            Bar(f"{what}, d = {d}", f"{key}_entropy_d{d}", BASELINE if key == "cosine" else MEASURED)
            for what, key in (
                ("dot product", "dot"),
                ("divided by the root of d", "scaled_dot"),
                ("cosine", "cosine"),
            )
            for d in (4, 64, 512)
        ),
        "dot falls below .2, scaled dot moves by less than .1, cosine stays above .95",
    ),
    "C25 qualities": Bars(
        "share of 16 letters copied rightly, one run each",
        tuple(
            Bar(label, f"{key}_right")
            for label, key in (
                ("additive", "additive"),
                ("general", "general"),
                ("dot", "dot"),
                ("scaled dot", "scaled_dot"),
                ("cosine with key strength", "cosine"),
                ("cosine without", "cosine_without_strength"),
            )  # fmt: skip
        ),
        "nothing: a table",
    ),
    "C28": Bars(
        "cosine between words of one sense minus that between two senses",
        tuple(
            Bar(
                "embedding" if k == 0 else f"layer {k}",
                f"layer_{k}_difference",
                BASELINE if k == 0 else MEASURED,
            )
            for k in range(7)
        ),
        "within .02 at the embedding; larger after the last layer by more than two standard errors",
    ),
    "C30": Bars(
        "correlation of gradient shares with attention weights, mean over 200 sentences",
        (
            *_of({"the model with attention": "correlation"}),
            *_of(
                {
                    "words exchanged": "correlation_words_exchanged",
                    "no attention": "correlation_without_attention",
                },
                BASELINE,
            ),
        ),
        "above both baselines by more than two standard errors",
    ),
}
