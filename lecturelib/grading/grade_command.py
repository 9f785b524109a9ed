"""`python -m lecturelib grade`, `release` and `export`: the command line of the grading."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from pathlib import Path

from lecturelib.grading.jail import IsolationError, choose_driver
from lecturelib.grading.limits import Limits
from lecturelib.grading.packs import read_secret
from lecturelib.grading.roster import read_roster

UNGRADED, STOPPED = 3, 130


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add `grade`, `release` and `export` to the commands of `python -m lecturelib`."""
    grading = commands.add_parser(
        "grade",
        help="grade a folder of submissions in a jail",
        description="Grade notebooks, folders or zips, one per student; or `grade doctor`: try what the jail keeps in.",
    )
    grading.add_argument("submissions", metavar="SUBMISSIONS", help='the folder, or "doctor"')
    grading.add_argument("--part", help='the part, such as "05"')
    grading.add_argument("--out", metavar="RESULTS", help="the folder for marks, feedback and the report")
    grading.add_argument("--roster", metavar="FILE", help="a CSV with the columns student and name")
    grading.add_argument(
        "--secret", metavar="FILE", help="the course's secret; RESULTS/secret.bin if not given"
    )
    grading.add_argument(
        "--exercises", metavar="FOLDER", help="a folder with exercises of your own (partNN/NAME.py)"
    )
    grading.add_argument(
        "--released", action="store_true", help="every student has an own variant, from `release`"
    )
    grading.add_argument("--workers", type=int, default=0, metavar="N", help="processes (as many as cores)")
    grading.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on a Dask cluster, such as tcp://HOST:8786"
    )
    grading.add_argument("--cpu", type=float, default=Limits.cpu, metavar="SECONDS", help="CPU time per case")
    grading.add_argument("--isolation", default="auto", help="auto, bubblewrap, podman, docker or none")
    grading.add_argument("--image", default="", help="the container image, for podman and docker")
    grading.add_argument(
        "--trust-submissions", action="store_true", help="run them unguarded; for your own only"
    )
    handing = commands.add_parser("release", help="write each student's notebook, in their own variants")
    handing.add_argument("--part", required=True)
    handing.add_argument("--roster", required=True, metavar="FILE")
    handing.add_argument("--secret", required=True, metavar="FILE", help="is made where it is not there")
    handing.add_argument("--out", required=True, metavar="FOLDER")
    handing.add_argument("--exercises", metavar="FOLDER")
    exporting = commands.add_parser("export", help="write marks in the form of another system")
    exporting.add_argument("results", metavar="RESULTS")
    exporting.add_argument("--format", required=True, choices=("csv", "canvas", "gradescope", "nbgrader"))
    exporting.add_argument("--to", metavar="FILE", help="the file or folder to write")
    exporting.add_argument("--roster", metavar="FILE", help="the roster, as exported by Canvas")
    exporting.add_argument("--assignment", default="", help="what the column is called")
    exporting.add_argument(
        "--autograder", action="store_true", help="gradescope: write autograder.zip instead"
    )
    exporting.add_argument("--part", help="gradescope --autograder: the part")
    exporting.add_argument("--exercises", metavar="FOLDER")
    exporting.add_argument("--secret", metavar="FILE")


def run_command(chosen: argparse.Namespace) -> int:
    """Run `grade`, `release` or `export`: 0; 1 for a wrong argument, 3 for something ungraded, 130 if stopped."""
    try:
        if chosen.command == "release":
            from lecturelib.grading.handing_out import release

            return release(chosen.part, chosen.roster, chosen.secret, chosen.out, chosen.exercises)
        if chosen.command == "export":
            from lecturelib.grading.exports import export

            return export(chosen)
        if chosen.submissions == "doctor":
            from lecturelib.grading.canary import examine

            return examine(chosen.isolation, chosen.image)
        return _grade(chosen)
    except (OSError, ValueError, IsolationError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _grade(chosen: argparse.Namespace) -> int:
    from lecturelib.grading.batch import Plan, grade_locally, run_batch

    if not chosen.part or not chosen.out:
        raise ValueError(
            "grade: expected --part and --out, such as: grade SUBMISSIONS --part 05 --out RESULTS"
        )
    if Path(chosen.out).resolve().is_relative_to(Path(chosen.submissions).resolve()):
        raise ValueError("--out: expected a folder outside SUBMISSIONS, since it holds the secret")
    driver = choose_driver(chosen.isolation, chosen.trust_submissions, chosen.image)
    roster = read_roster(chosen.roster) if chosen.roster else []
    plan = Plan(
        chosen.part, read_secret(chosen.secret, chosen.out), driver, str(Path(chosen.out).resolve()),
        str(Path(chosen.exercises).resolve()) if chosen.exercises else None, chosen.released, Limits(cpu=chosen.cpu),
    )  # fmt: skip
    engine = grade_locally
    if chosen.scheduler:
        from lecturelib.grading.cluster import grade_on_cluster

        engine = functools.partial(grade_on_cluster, address=chosen.scheduler)
    if not driver.isolated:
        print(
            "warning: --trust-submissions: code of the submissions runs unguarded on this machine",
            file=sys.stderr,
        )
    try:
        batch = run_batch(chosen.submissions, plan, chosen.workers or os.cpu_count() or 1, roster, engine)
    except KeyboardInterrupt:
        print(
            f"\nstopped; what was graded is kept in {chosen.out}: the same command goes on from there",
            file=sys.stderr,
        )
        return STOPPED
    needing = sum(bool(row.reasons) for row in batch.rows)
    print(
        f"{len(batch.rows)} students: {batch.graded} graded now, {batch.taken_over} taken over, {needing} need a person"
    )
    print(f"read {Path(chosen.out, 'report.html')} first; marks are in {Path(chosen.out, 'marks.csv')}")
    if batch.ungraded:
        listed = ", ".join(batch.ungraded[:5]) + (", ..." if len(batch.ungraded) > 5 else "")
        print(f"ungraded, through no fault of theirs: {listed}; run the same command again", file=sys.stderr)
        return UNGRADED
    return 0
