"""Measure the claims in full, part 4 (C6, C7, C26, C31) and part 5 (C8, C9, C10), into data/claims/. A few minutes.

    python scripts/claims.py            every part
    python scripts/claims.py part5      one of them

The tests in tests/claims run small versions of the same functions. CIFAR-10 joins in where scripts/fetch_cifar10.py has
put it and cifar_net is trained.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

from lecturelib import datasets
from lecturelib.gradients.claims import c8_localisation, c9_features, c10_sanity
from lecturelib.parameters.claims_units import c7_codes, c26_units_or_directions, c31_kernels

DATA = Path(__file__).resolve().parent.parent / "data"


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
    return {"C8": c8_localisation, "C9": c9_features, "C10": c10_sanity}


PARTS = {"part4": part4, "part5": part5}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        raise SystemExit(f"no part is called {unknown[0]!r}; there are: {', '.join(PARTS)}")
    for part in wanted:
        results = {}
        for name, measure in PARTS[part]().items():
            start = time.perf_counter()
            results[name] = measure()
            print(
                f"{name}: {time.perf_counter() - start:.0f} s", json.dumps(results[name], indent=2), sep="\n"
            )
        target = DATA / "claims" / f"{part}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(results, indent=2) + "\n")
        print(f"wrote {target}")


if __name__ == "__main__":
    main()
