"""Make data/occlusion_maps.json: the maps that the occlusion explorer shows at once.

    python scripts/make_occlusion_maps.py       two minutes of one core

They are those of its prepared settings, and of its start with every photo. Everything else is computed when it is asked
for.
"""

import hashlib
import json
import time
from pathlib import Path

from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole
from lecturelib.parameters import explore, occlusion_map
from lecturelib.parameters.explore.occlusion import FILLS, MEASURES
from lecturelib.parameters.shipped_occlusion import FILE, as_record, key_of
from lecturelib.widgets import common_controls

DATA = Path(__file__).resolve().parents[1] / "data"


def settings() -> list[dict]:
    """The states whose maps are shipped."""
    explorable = explore.occlusion_explorer()
    states = [dict(state) for state in explorable.presets.values()]
    for picture in explorable.controls["picture"].options:
        explorable.state = {"picture": picture}
        states.append(explorable.state)
    return [{**state, "own": None} for state in states]


def main() -> None:
    """Computes every map and writes the file, its card and the checksums."""
    records = {}
    for state in settings():
        began = time.perf_counter()
        found = occlusion_map(
            common_controls.network(state["network"]),
            common_controls.chosen_image(state),
            MEASURES[state["measure"]](state["class_index"]),
            state["patch_size"],
            state["stride"],
            FILLS[state["fill"]],
        )
        records[key_of(state)] = as_record(found)
        print(key_of(state), f"{time.perf_counter() - began:.1f} s", flush=True)
    file = write_whole(DATA / FILE, json.dumps(records, separators=(",", ":")) + "\n")
    digest, kilobytes = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size / 1e3
    write_whole(
        DATA / "occlusion_maps.md",
        f"""# occlusion_maps

{len(records)} occlusion maps: of the prepared settings of the occlusion explorer, and of its start with every photo.

* How made: `python scripts/make_occlusion_maps.py`: `occlusion_map` of `lecturelib.parameters`, no chance in it. Values
  are kept at seven digits, by their settings: network, picture, class, side of the patch, stride, fill, measure.
* License: that of this project; made with torchvision's AlexNet and Google's EfficientNet-Lite weights and with
  networks of this course.
* file: `{FILE}`, {kilobytes:.0f} kB, sha256 {digest}
""",
    )
    print(f"wrote {write_checksums()}")


if __name__ == "__main__":
    main()
