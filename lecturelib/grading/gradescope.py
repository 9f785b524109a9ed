"""autograder.zip for Gradescope, and what runs inside its container. Both need no network once the container is built.

Inside Gradescope every submission has a container of its own, and that is the outer wall. Within it the code of the
student runs under a spare user id, who can read neither the exercises nor the secret nor write the results; where
bubblewrap works in the container it is taken as well.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import lecturelib
from lecturelib.files import write_whole
from lecturelib.grading.grader import grade_one
from lecturelib.grading.gradescope_form import gradescope_results
from lecturelib.grading.jail import Driver, IsolationError, choose_driver
from lecturelib.grading.marks_table import StudentRow
from lecturelib.grading.packs import exercises_of, make_secret, student_pack
from lecturelib.grading.result_store import has_ungraded
from lecturelib.grading.submissions import read_submission

SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope builds the image (Ubuntu 24.04 or newer: Python 3.11 or newer is needed).
set -euo pipefail
apt-get update -qq && apt-get install -y -qq python3 python3-venv bubblewrap
python3 -m venv /autograder/python
[ -z "${TORCH_INDEX:-}" ] || export PIP_EXTRA_INDEX_URL="$TORCH_INDEX"
/autograder/python/bin/pip install -r /autograder/source/requirements.txt
chmod -R go-rwx /autograder/source/private
"""
RUN = """#!/usr/bin/env bash
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="${AUTOGRADER:-/autograder}"
source="$root/source"; [ -d "$source/lecturelib" ] || source="$here"
chmod -R go-rwx "$source/private"
cd "$source"
exec "${PYTHON:-/autograder/python/bin/python}" -m lecturelib.grading.gradescope "$root" "$source"
"""
NEEDED = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pillow",
    "safetensors",
    "filelock",
    "platformdirs",
    "matplotlib",
    "tokenizers",
)


def write_autograder(
    target: str | Path, part: str, secret: str | Path, exercises: str | Path | None = None
) -> Path:
    """Write autograder.zip: the library, its data, the exercises of a part and the secret; always the same bytes."""
    library = Path(lecturelib.__file__).parent
    found = exercises_of(part, exercises)
    from lecturelib.assets.shipped import _data_dir
    from lecturelib.exercises.exercise_files import folder_of_checkout

    base = Path(exercises) if exercises else folder_of_checkout()
    files: dict[str, bytes] = {"setup.sh": SETUP.encode(), "run_autograder": RUN.encode()}
    files["private/settings.json"] = json.dumps({"part": part}).encode()
    files["private/secret.bin"] = make_secret(secret)
    files["requirements.txt"] = _requirements().encode()
    for each in found:
        files[f"private/exercises/part{part}/{each.name}.py"] = (
            base / f"part{part}" / f"{each.name}.py"
        ).read_bytes()
    for folder, name in ((library, "lecturelib"), (_data_dir(), "data")):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if (
                path.is_file()
                and "__pycache__" not in inside.parts
                and inside.parts[0] not in ("claims", "data")
            ):
                files[f"{name}/{inside.as_posix()}"] = path.read_bytes()
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in sorted(files.items()):
            member = zipfile.ZipInfo(name)
            member.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return target


def _requirements() -> str:
    from importlib.metadata import PackageNotFoundError, version

    lines = []
    for name in NEEDED:
        try:
            lines.append(f"{name}=={version(name).partition('+')[0]}")
        except PackageNotFoundError:
            continue
    return "\n".join(lines) + "\n"


def grade_in_container(root: Path, source: Path) -> dict[str, Any]:
    """Grade the one submission of a Gradescope container into results/results.json; a fault leaves out the score."""
    settings = json.loads((source / "private" / "settings.json").read_text(encoding="utf-8"))
    exercises = exercises_of(settings["part"], source / "private" / "exercises")
    secret = make_secret(source / "private" / "secret.bin")
    student = _student(root / "submission_metadata.json")
    pack = student_pack(exercises, secret, student)
    read = read_submission(root / "submission", student)
    try:
        driver = choose_driver("bubblewrap")
    except IsolationError:
        driver = Driver("none")
    result = json.loads(grade_one(read.to_bytes(), pack, driver=driver))
    about = {
        "exercises": [each.name for each in exercises],
        "out_of": sum(each.points for each in exercises),
        "points": {each.name: each.points for each in exercises},
    }
    whole = gradescope_results(about, StudentRow(student, None, result))
    if has_ungraded(result):
        whole["output"] = (
            "Some exercises could not be graded, through no fault of yours. Submit again, or tell a person."
        )
    write_whole(root / "results" / "results.json", json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    return whole


def _student(metadata: Path) -> str:
    try:
        users = json.loads(metadata.read_text(encoding="utf-8"))["users"]
        return "+".join(sorted(str(user.get("sid") or user["email"]) for user in users)) or "unknown"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "unknown"


if __name__ == "__main__":
    os.umask(0o077)
    grade_in_container(Path(sys.argv[1]), Path(sys.argv[2]))
