"""The lecture's claims of part 3 as experiments: C1 to C4.

The bars were set before the full measurements; C3's quarter for "few" after a first look, in which one draw of the
noise changed 4 of 12 photos. C2's silhouettes need speakers recorded by both microphones: where each has one, it
helps to tell speakers apart, and the correction does not raise the silhouette by speaker.
"""

import torch

from lecturelib import images, models
from lecturelib.checks import check_whole
from lecturelib.confounds.adversarial import fgsm, pgd, random_noise
from lecturelib.confounds.face_glasses import (
    OTHERS,
    face_crops,
    face_detector,
    glasses_mask,
    shuffled_blocks,
    textured_crops,
)
from lecturelib.confounds.map_mass import METHODS, mass_share, scene_maps
from lecturelib.confounds.microphones import corrected, diagnose_spectra, known_pairs, plane, recordings
from lecturelib.confounds.tank_networks import TANK_NETWORKS, accuracy, load_tanks
from lecturelib.confounds.tank_scenes import tank_scenes
from lecturelib.images import fit
from lecturelib.lesson.claims import result

IN_THE_LAB, CHANCE = 0.95, (0.4, 0.6)  # C1: accuracies
FEW = 0.25  # C3: the share of photos whose class random noise may change
MOST = 0.5  # C4: "most faces"


def c1_tanks(n: int = 500, mapped: int = 40, seed: int = 200) -> dict:
    """C1: a network trained where the weather tells the class reads the weather, and the maps give it away.

    Accuracies on n scenes with vehicles, grounds and clouds that no network has seen. Maps of `mapped` scenes of the
    wild, for the class that the network answers: the share of their mass on the sky and on the vehicle, and both
    divided by the share of the area (1 where a map prefers no place). Holds if the network of the lab has at least 95 %
    in the lab, 40 to 60 % in the wild and less than 50 % with the weather swapped, and if by saliency and by
    occlusion more of its mass lies on the sky than on the vehicle, and less on the vehicle than for the control
    trained on balanced data.

    >>> c1_tanks(n=20, mapped=2)["claim"]
    'C1'
    """
    check_whole("n", n, 1)
    check_whole("mapped", mapped, 1)
    numbers: dict[str, float | int] = {"scenes": n, "mapped": mapped}
    networks = {name: load_tanks(name) for name in TANK_NETWORKS}
    for words, agreement in (("lab", 1.0), ("wild", 0.5), ("swapped", 0.0)):
        scenes = tank_scenes(n, agreement, seed)
        for name, model in networks.items():
            numbers[f"trained_{name}_{words}"] = accuracy(model, scenes)
    scenes = tank_scenes(mapped, 0.5, seed + 1)
    regions = {"sky": scenes.sky, "vehicle": scenes.vehicle}
    areas = {name: region.float().mean().item() for name, region in regions.items()}
    holds = (
        numbers["trained_lab_lab"] >= IN_THE_LAB
        and CHANCE[0] <= numbers["trained_lab_wild"] <= CHANCE[1]
        and numbers["trained_lab_swapped"] < 0.5
    )
    for method in METHODS:
        share = {}
        for name in ("lab", "balanced"):
            maps = scene_maps(networks[name], scenes, method)
            for region, mask in regions.items():
                share[name, region] = mass_share(maps, mask).mean().item()
                numbers[f"{method}_{name}_{region}"] = share[name, region]
                numbers[f"{method}_{name}_{region}_by_area"] = share[name, region] / areas[region]
        holds = (
            holds
            and share["lab", "sky"] > share["lab", "vehicle"]
            and share["lab", "vehicle"] < share["balanced", "vehicle"]
        )
    says = "trained where the weather tells the class, a network reads the weather; maps show it, other data cure it"
    return result("C1", says, bool(holds), numbers, "one seed of the networks; shares of the absolute map")


def c2_microphones(seeds: int = 10) -> dict:
    """C2: recordings group by microphone; corrected with known pairs, they group by speaker.

    Per seed: 12 speakers, each recorded by both microphones, the mean silhouette of 32 bands and of the map of two
    principal components; a linear diagnosis fitted to a study in which the microphone tells the condition, asked about
    new speakers with the microphones exchanged. Holds if in each seed, in the bands and on the map, the silhouette by
    microphone falls and the one by speaker rises.

    >>> c2_microphones(seeds=1)["holds"]
    True
    """
    from sklearn.metrics import silhouette_score

    check_whole("seeds", seeds, 1)
    found: dict[str, list[float]] = {}
    holds = True
    for seed in range(seeds):
        pairs = known_pairs(seed=seed)
        twice = recordings(12, 10, seed=seed, both=True)
        after = corrected(twice.spectra, twice.microphone, *pairs)
        for where, spaces in (
            ("bands", (twice.spectra, after)),
            ("map", (plane(twice.spectra), plane(after))),
        ):
            for what, groups in (("microphone", twice.microphone), ("speaker", twice.speaker)):
                before, then = (float(silhouette_score(space.numpy(), groups.numpy())) for space in spaces)
                found.setdefault(f"{where}_by_{what}_before", []).append(before)
                found.setdefault(f"{where}_by_{what}_after", []).append(then)
                holds = holds and (then < before if what == "microphone" else then > before)
        study, new = recordings(40, 10, 1.0, seed), recordings(40, 10, 0.0, seed, voices=7)
        plain = diagnose_spectra(study.spectra, study.ill, new.spectra)
        fixed = [corrected(r.spectra, r.microphone, *pairs) for r in (study, new)]
        mended = diagnose_spectra(fixed[0], study.ill, fixed[1])
        for name, guesses in (("before", plain), ("after", mended)):
            share = (guesses == new.ill).float().mean().item()
            found.setdefault(f"diagnosis_exchanged_microphones_{name}", []).append(share)
    numbers: dict[str, float | int] = {"seeds": seeds}
    numbers |= {name: sum(values) / len(values) for name, values in found.items()}
    says = "recordings group by microphone; corrected with known pairs they group by speaker"
    return result(
        "C2", says, holds, numbers, "mean silhouettes, and shares of right diagnoses; synthetic spectra"
    )


def c3_adversarial(epsilon: float = 4 / 255, steps: int = 10, photos: int = 12, noises: int = 3) -> dict:
    """C3: 4/255 in each pixel, chosen by the gradient, change what a network says of a photo; by chance they do not.

    efficientnet_lite0 and the shipped photos; `pgd` untargeted. Beside it `fgsm`, random signs of the same size, and
    whether the same pictures change the class of efficientnet_lite2 and of alexnet (transfer), with the noise's effect
    on them. Holds if the attack changes every photo's class with a higher confidence than the photo had, and noise
    changes at most a quarter.

    >>> c3_adversarial(steps=1, photos=1, noises=1)["claim"]
    'C3'
    """
    check_whole("photos", photos, 1)
    check_whole("noises", noises, 1)
    model = models.load("efficientnet_lite0")
    x = torch.cat([images.photo(name, model.input_size) for name in images.photo_names()[:photos]])
    attacked = pgd(model, x, epsilon, steps)
    single = fgsm(model, x, epsilon)
    noisy = [random_noise(x, epsilon, seed=seed) for seed in range(noises)]
    confidence, answer = _answers(model, x)
    after, changed = _answers(model, attacked)
    numbers: dict[str, float | int] = {
        "photos": photos,
        "steps": steps,
        "largest_change": (attacked - x).abs().max().item(),
        "attack_changes": _changed(model, x, attacked),
        "more_confident": (after > confidence).float().mean().item(),
        "confidence_before": confidence.mean().item(),
        "confidence_attacked": after.mean().item(),
        "fgsm_changes": _changed(model, x, single),
        "confidence_fgsm": _answers(model, single)[0].mean().item(),
        "noise_changes": sum(_changed(model, x, other) for other in noisy) / noises,
    }
    for name in ("efficientnet_lite2", "alexnet"):
        other = models.load(name)
        small = fit(x, other.input_size)
        numbers[f"attack_changes_{name}"] = _changed(other, small, fit(attacked, other.input_size))
        numbers[f"noise_changes_{name}"] = _changed(other, small, fit(noisy[0], other.input_size))
    few = (
        round(numbers["noise_changes"] * photos * noises) <= FEW * photos * noises
    )  # counted: a share is rounded
    holds = bool((changed != answer).all() and (after > confidence).all()) and few
    says = "a change of 4/255 along the gradient changes every photo's class, with more confidence; noise changes few"
    note = "shares of the photos; alexnet knows 10 classes, none of which some of the photos show"
    return result("C3", says, holds, numbers, note)


def c4_glasses(
    steps: int = 60,
    step_size: float = 0.03,
    faces: int = 30,
    seeds: int = 3,
    others: tuple[str, ...] = tuple(OTHERS),
) -> dict:
    """C4: an attack confined to a pair of glasses hides a face from a detector.

    Unused face crops, detectors of several seeds trained at once; any grey is allowed on the frame. Beside it the same
    frame black and of random greys, and filled lenses, as of sunglasses. `others`: what the detectors learned as "no
    face". The bar: the attack on the frame hides more than half of the faces that were found, on average over the
    seeds. It was set with "flat" in mind, which does not reach it; the other two came after it was seen that "flat"
    calls a shuffled face a face. So the claim is left open, with both ways reported.

    >>> c4_glasses(steps=1, faces=2, seeds=1, others=("flat",))["claim"]
    'C4'
    """
    check_whole("faces", faces, 1, 30)
    check_whole("seeds", seeds, 1)
    crops, labels = face_crops("test")
    x = crops[labels == 1][:faces]
    no_faces = {"shuffled_faces": shuffled_blocks(x, seed=5), "textured_crops": textured_crops("test", 100)}
    found: dict[str, list[float]] = {}
    for kind_of_others in others:
        for seed in range(seeds):
            model = face_detector(seed, kind_of_others)
            seen = _answers(model, x)[1] == 1
            once = {"found_before": seen, "accuracy": _answers(model, crops)[1] == labels}
            once |= {
                f"called_face_{name}": _answers(model, other)[1] == 1 for name, other in no_faces.items()
            }
            for shape, mask in (("frame", glasses_mask()), ("filled", glasses_mask(filled=True))):
                noise = random_noise(torch.full_like(x, 0.5), 0.5, seed=seed, uniform=True)
                worn = {
                    "attack": pgd(model, x, 1.0, steps, step_size, label=1, mask=mask),
                    "black": torch.where(mask, torch.zeros(()), x),
                    "random": torch.where(mask, noise, x),
                }
                once |= {
                    f"hidden_by_{kind}_{shape}": (_answers(model, pictures)[1] == 0)[seen]
                    for kind, pictures in worn.items()
                }
            for name, right in once.items():
                found.setdefault(f"{kind_of_others}_{name}", []).append(right.float().mean().item())
    numbers: dict[str, float | int] = {"faces": faces, "seeds": seeds}
    numbers |= {
        f"{name}_area": glasses_mask(name == "filled").float().mean().item() for name in ("frame", "filled")
    }
    numbers |= {name: sum(values) / len(values) for name, values in found.items()}
    says = "confined to a pair of glasses, an attack hides most faces from a detector, if the detector knows faces"
    note = "a face is not found; dodging and impersonation need identities, which these crops lack"
    return result("C4", says, None, numbers, note)


@torch.inference_mode()
def _answers(model, x) -> tuple[torch.Tensor, torch.Tensor]:
    """The confidence (B,) and the class (B,) of a model's answer."""
    return model(x).softmax(1).max(1)


def _changed(model, x, other) -> float:
    return (_answers(model, x)[1] != _answers(model, other)[1]).float().mean().item()
