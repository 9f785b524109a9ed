"""The claims on attacks as pictures: bars and lines from the numbers that were measured in full."""

from collections.abc import Mapping

from lecturelib.checks import check_name
from lecturelib.confounds.claim_charts import beside, grouped_bars
from lecturelib.drawing import Drawing, line_chart
from lecturelib.lesson.claims import numbers
from lecturelib.show import Picture

ATTACK_CHARTS = (
    "C3",
    "C5",
    "C12",
    "C1 cures",
    "C1 cures, parts",
    "fooling images",
    "transfer",
    "defenses",
    "maps of attacks",
)
CURES = {
    "lab": "the lab",
    "balanced": "balanced",
    "colors": "colors",
    "skies": "skies",
    "few": "few",
}
LINES = {
    "plain": "no defense",
    "adversarial": "adversarial training",
    "smoothed": "smoothed input",
    "rounded_8_own_gradient": "8 values, own gradient",
    "rounded_8_stand_in": "8 values, stand-in",
    "rounded_2_stand_in": "2 values, stand-in",
}


def attack_chart(name: str) -> Picture:
    """A claim on attacks or cures (`ATTACK_CHARTS`), as it was measured in full, as bars or lines with its verdict.

    Raises `UnknownName` (a `KeyError`) for another claim.

    >>> attack_chart("C3").caption.startswith("Claim C3 holds")
    True
    """
    check_name("name", name, ATTACK_CHARTS, "claim on attacks with a chart")
    draw = {
        "C3": _adversarial,
        "C5": _patch,
        "C12": _class_image,
        "C1 cures": _cures,
        "C1 cures, parts": _parts,
        "fooling images": _fooling,
        "transfer": _transfer,
        "defenses": _defenses,
        "maps of attacks": _maps,
    }[name]
    return draw(numbers(name.removesuffix(", parts")))


def _adversarial(found: Mapping[str, float]) -> Picture:
    changed = grouped_bars(
        ["class changed"],
        {
            "attack of 10 steps": [found["attack_changes"]],
            "one step (FGSM)": [found["fgsm_changes"]],
            "random noise": [found["noise_changes"]],
        },
        "Share of the photos",
    )
    sure = grouped_bars(
        ["confidence"],
        {
            "attack of 10 steps": [found["confidence_attacked"]],
            "one step (FGSM)": [found["confidence_fgsm"]],
            "photo itself": [found["confidence_before"]],
        },
        "Mean confidence in the answer",
    )
    said = (
        f"Claim C3 holds: {found['photos']:.0f} photos, at most 4/255 in each pixel. The attack changes the class "
        "of every "
        "one, each with a higher confidence than before; random signs of the same size change "
        f"{found['noise_changes']:.0%}."
    )
    return beside([changed, sure], said)


def _patch(found: Mapping[str, float]) -> Picture:
    kinds = {
        "trained patch": "patch",
        "photo of an espresso": "photo_of_the_class",
        "random colors": "random_patch",
    }
    places = {"0.3": "0.3", "0.4": "0.4", "0.5": "0.5", "0.4, other network": "0.4_on_lite2"}
    bars = grouped_bars(
        [f"size {words}" for words in places],
        {words: [found[f"{key}_at_{place}"] for place in places.values()] for words, key in kinds.items()},
        "Share of unused pictures called espresso",
    )
    lead = found["patch_at_0.4"] - found["photo_of_the_class_at_0.4"]
    verdict = (
        "holds"
        if lead >= 0.25 and found["patch_at_0.4"] >= found["random_patch_at_0.4"] + 0.5
        else "does not hold"
    )
    said = (
        f"Claim C5 {verdict}: {found['crops']:.0f} crops of five photos, {found['draws']:.0f} places each; size: "
        "diameter as a "
        "share of the picture. The other network, efficientnet_lite2, took no part in the training. One patch, "
        "one seed."
    )
    return bars.picture(said)


def _class_image(found: Mapping[str, float]) -> Picture:
    shares = [found[f"show_the_labs_weather_{key}"] for key in CURES]
    bars = grouped_bars(
        list(CURES.values()),
        {"class images that show the lab's weather of their class": shares},
        "Judged by a network that names the weather",
        reference=(0.5, "chance"),
    )
    holds = shares[0] >= 0.8 and shares[0] >= shares[1] + 0.2
    said = (
        f"Claim C12 {'holds' if holds else 'does not hold'}: {found['images_of_each_class']:.0f} class images of "
        "each class, for "
        f"the network of the lab and for those with other data. One seed of the networks."
    )
    return bars.picture(said)


def _cures(found: Mapping[str, float]) -> Picture:
    worlds = {"lab": "in_the_lab", "wild": "in_the_wild", "weather swapped": "in_the_swapped"}
    right = grouped_bars(
        list(CURES.values()),
        {words: [found[f"{key}_{place}"] for key in CURES] for words, place in worlds.items()},
        "Accuracy, by what the network was trained on",
        reference=(0.5, "chance"),
    )
    best = {key: found[f"{key}_in_the_wild"] for key in CURES if key != "lab"}
    said = (
        f"{found['scenes']:.0f} scenes. In the wild: the lab's network {found['lab_in_the_wild']:.0%}, "
        f"{', '.join(f'{CURES[key]} {value:.0%}' for key, value in best.items())}. One seed of each network."
    )
    return right.picture(said)


def _parts(found: Mapping[str, float]) -> Picture:
    parts = {
        "the other weather's ground": "the_other_ground",
        "the other weather's sky": "the_other_sky",
        "a plain sky of its mean color": "a_plain_sky",
    }
    bars = grouped_bars(
        list(CURES.values()),
        {words: [found[f"{key}_with_{place}"] for key in CURES] for words, place in parts.items()},
        "Accuracy on scenes of the lab in which one part was exchanged",
        reference=(0.5, "chance"),
    )
    said = (
        f"{found['scenes']:.0f} scenes of the lab. Who reads the vehicle is right in all three; who reads the sky is "
        "wrong under the other one."
    )
    return bars.picture(said)


def _fooling(found: Mapping[str, float]) -> Picture:
    bars = grouped_bars(
        ["named as asked", "confidence in the class"],
        {
            "the attacked network": [found["named_as_asked"], found["confidence"]],
            "efficientnet_lite2": [found["named_as_asked_by_lite2"], found["confidence_of_lite2"]],
        },
        "Fooling images",
    )
    said = (
        f"{found['images']:.0f} images, one for each class, from noise in which each pixel moved by at most 0.1. "
        "The smallest "
        f"confidence is {found['smallest_confidence']:.1%}. efficientnet_lite2 did not take part."
    )
    return bars.picture(said)


def _transfer(found: Mapping[str, float]) -> Picture:
    networks = {"lite0 (attacked)": "lite0", "lite2": "lite2", "alexnet": "alexnet"}
    drawings = []
    for kind, words in (
        ("untargeted", "Another class than before"),
        ("targeted", "Named flamingo"),
        ("noise", "Another class, by noise"),
    ):
        known = {name: key for name, key in networks.items() if f"{kind}_4_on_{key}" in found}
        drawings.append(
            grouped_bars(
                ["4/255", "8/255", "16/255"],
                {name: [found[f"{kind}_{e}_on_{key}"] for e in (4, 8, 16)] for name, key in known.items()},
                words,
            )
        )
    said = (
        f"Shares of {found['photos']:.0f} photos, by the size of the change. alexnet knows 10 classes, no "
        "flamingo among "
        "them. Nothing is claimed."
    )
    return beside(drawings, said)


def _defenses(found: Mapping[str, float]) -> Picture:
    sizes = sorted({float(key.rpartition("_")[2]) for key in found if key.startswith("plain_")})
    lines = {words: [found[f"{key}_{size:g}"] for size in sizes] for key, words in LINES.items()}
    shapes = line_chart(
        (60, 40, 560, 320),
        [f"{size:g}" for size in sizes],
        lines,
        (0, 1),
        "Digits named rightly after the attack",
        "epsilon",
        bold="adversarial training",
    )
    said = (
        f"{found['digits']:.0f} test digits, projected gradient descent of 20 steps on the defended network. The "
        "adversarial "
        "training used 0.2. Each line is an upper bound: a better attack can only lower it."
    )
    alt = ". ".join(
        f"{words}: clean {values[0]:.0%}, at 0.2 {values[sizes.index(0.2)]:.0%}"
        for words, values in lines.items()
    )
    return Drawing(
        780, 366, tuple(shapes), "Accuracy against epsilon", f"Accuracy against epsilon. {alt}."
    ).picture(said)


def _maps(found: Mapping[str, float]) -> Picture:
    kinds = {
        "attacked photo": "attacked",
        "photo with noise": "noise",
        "clean photo, map of the other class": "same_photo_other_class",
    }
    methods = ("saliency", "Grad-CAM")
    bars = grouped_bars(
        list(methods),
        {words: [found[f"{method}_{key}"] for method in methods] for words, key in kinds.items()},
        "Rank correlation with the map of the clean photo",
        percent=False,
    )
    told = ", ".join(f"{method} {found[f'{method}_told_apart_by_concentration']:.2f}" for method in methods)
    said = (
        f"Means of {found['photos']:.0f} photos. Without the clean photo, by how concentrated a map is: area "
        "under the ROC "
        f"curve {told}; by chance about 0.6 in the better direction. Nothing is claimed."
    )
    return bars.picture(said)
