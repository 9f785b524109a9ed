"""Measure the claims in full: part 3 (C1 to C5, C12), part 4 (C6, C7, C26, C31), part 5 (C8, C9, C10), part 6 (C11,
C13, C14, C27), part 7 (C15 to C19, C25, C28, C30, C32, C33), part 8 (C20, C21) and part 9 (C22 to C24, C29).

    python scripts/claims.py               every part, into data/claims/: half an hour
    python scripts/claims.py part5         one of them
    python scripts/claims.py part6 C14     some of its claims, the others stay as they were measured

The tests in tests/claims run small versions of the same functions. CIFAR-10 joins in where scripts/fetch_cifar10.py has
put it and cifar_net is trained.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

from lecturelib import datasets
from lecturelib.assets.shipped import write_checksums
from lecturelib.attention import claims as attention
from lecturelib.attention import claims_causal, claims_few_labels, claims_senses, claims_vision
from lecturelib.autoencoders.claims import c20_linear, c21_two_numbers
from lecturelib.confounds import claims_attacks
from lecturelib.confounds.claims import c1_tanks, c2_microphones, c3_adversarial, c4_glasses
from lecturelib.gradients.claims import c8_localization, c9_features, c10_sanity
from lecturelib.optimization import claims as optimization
from lecturelib.optimization.claims_inversion import c13_inversion
from lecturelib.parameters.claims_units import c7_codes, c26_units_or_directions, c31_kernels
from lecturelib.visual_attention.caption_claims import c22_maps, c23_soft_and_hard
from lecturelib.visual_attention.claims import c24_glimpses, c29_window

DATA = Path(__file__).resolve().parent.parent / "data"


def part3() -> dict:
    """The functions that measure each claim of part 3, by name."""
    return {
        "C1": c1_tanks,
        "C1 cures": claims_attacks.cures,
        "C2": c2_microphones,
        "C3": c3_adversarial,
        "C4": c4_glasses,
        "C5": claims_attacks.c5_patch,
        "C12": claims_attacks.c12_class_image,
        "fooling images": claims_attacks.fooling,
        "transfer": claims_attacks.transfer,
        "defenses": claims_attacks.defenses,
        "maps of attacks": claims_attacks.maps_of_attacks,
    }


def part4() -> dict:
    """The functions that measure each claim of part 4, by name."""
    cifar = datasets.cifar10_path().is_file() and (DATA / "cifar_net.safetensors").is_file()
    found = {
        "C7": lambda: c7_codes(cifar=cifar),
        "C26": lambda: c26_units_or_directions(layers=("relu1", "relu2", "relu3"), directions=512),
        "C31": c31_kernels,
    }
    if cifar:
        found["C26 on CIFAR-10"] = lambda: c26_units_or_directions(
            layers=("relu2_2", "relu3_2"), count=2000, data="cifar10"
        )
    if importlib.util.find_spec("lecturelib.parameters.claims"):
        from lecturelib.parameters.claims import c6_occlusion

        found = {"C6": c6_occlusion} | found
    return found


def part5() -> dict:
    """The functions that measure each claim of part 5, by name."""
    return {"C8": c8_localization, "C9": c9_features, "C10": c10_sanity}


def part6() -> dict:
    """The functions that measure each claim of part 6, and its row 6.8, by name."""
    return {
        "C11": optimization.c11_class_images,
        "C13": c13_inversion,
        "C14": optimization.c14_deep_prior,
        "C27": optimization.c27_regularizer_comparison,
        "6.8": optimization.whose_feature,
    }


def part7() -> dict:
    """The functions that measure each claim of part 7, by name."""
    return {
        "C15": attention.c15_sentences,
        "C15 on letters": attention.c15_letters,
        "C16": attention.c16_work,
        "C16 without positions": attention.c16_order,
        "C17": claims_few_labels.c17_pretraining,
        "C18": claims_vision.c18_local_attention,
        "C19": claims_vision.c19_sagan,
        "C25": attention.c25_scores,
        "C25 qualities": attention.c25_qualities,
        "C28": claims_senses.c28_senses,
        "C30": attention.c30_implicit,
        "C32": claims_causal.c32_induction,
        "C33": claims_causal.c33_perplexity,
    }


def part8() -> dict:
    """The functions that measure each claim of part 8, by name."""
    return {"C20": c20_linear, "C21": c21_two_numbers}


def part9() -> dict:
    """The functions that measure each claim of part 9, by name."""
    return {"C22": c22_maps, "C23": c23_soft_and_hard, "C24": c24_glimpses, "C29": c29_window}


PARTS = {
    "part3": part3,
    "part4": part4,
    "part5": part5,
    "part6": part6,
    "part7": part7,
    "part8": part8,
    "part9": part9,
}


def main() -> None:
    parts = [name for name in sys.argv[1:] if name.startswith("part")] or list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(f"no part is called {unknown[0]!r}; there are: {', '.join(PARTS)}")
    chosen = [name for name in sys.argv[1:] if not name.startswith("part")]
    for part in parts:
        measures = PARTS[part]()
        unknown = [name for name in chosen if name not in measures]
        if unknown:
            raise SystemExit(f"{part} has no claim {unknown[0]!r}; there are: {', '.join(measures)}")
        for name in chosen or measures:
            start = time.perf_counter()
            result = measures[name]()
            print(
                f"{name}: {time.perf_counter() - start:.0f} s",
                json.dumps(result, indent=2),
                sep="\n",
                flush=True,
            )
            write(DATA / "claims" / f"{part}.json", {name: result}, list(measures))


def write(target: Path, results: dict, order: list[str]) -> None:
    """Puts results into the file, beside those that are there, in the order of the part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(target.read_text()) if target.is_file() else {}
    found |= results
    kept = {name: found[name] for name in order if name in found}
    target.write_text(json.dumps(kept, indent=2) + "\n")
    write_checksums()
    print(f"wrote {', '.join(results)} into {target}")


if __name__ == "__main__":
    main()
