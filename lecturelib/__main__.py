"""`python -m lecturelib doctor | fetch [NAME ...] | present PART | slides PART | grade FOLDER | release | export`."""

import argparse
import sys

from lecturelib import assets
from lecturelib.grading.grade_command import add_commands, run_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 where something required is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m lecturelib", description="See to the course's own files, and show a part of it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="say what is installed, what is missing, and what mends it")
    fetching = commands.add_parser("fetch", help="fetch weights into the cache")
    fetching.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(assets.REGISTRY)}")
    fetching.add_argument("--all", action="store_true", help="the optional ones too")
    showing = commands.add_parser("present", help="open a part as live slides in JupyterLab")
    showing.add_argument("part", metavar="PART", help='"04", or the path of a notebook')
    showing.add_argument("--no-run", action="store_true", help="do not run its cells at the start")
    showing.add_argument(
        "--prepared", metavar="FILE", help="settings of explorables, prepared in a JSON file"
    )
    writing = commands.add_parser(
        "slides", help="write a part as slides into one HTML file that needs nothing"
    )
    writing.add_argument("part", metavar="PART", help='"04", or the path of a notebook')
    writing.add_argument("--to", metavar="FILE", help="the file (slides/NAME.html if not given)")
    writing.add_argument("--check", action="store_true", help="write nothing: say which pages do not fit")
    add_commands(commands)
    chosen, more = parser.parse_known_args(arguments)
    if more and chosen.command != "present":
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if chosen.command in ("grade", "release", "export"):
        return run_command(chosen)
    if chosen.command == "doctor":
        from lecturelib.assets.doctor import examine

        return examine()
    if chosen.command in ("present", "slides"):
        return _show(chosen, more)
    return _fetch(chosen.names or (list(assets.REGISTRY) if chosen.all else None))


def _show(chosen: argparse.Namespace, more: list[str]) -> int:
    try:
        if chosen.command == "present":  # what is not known here goes to JupyterLab
            from lecturelib.present.live_slides import present

            return present(chosen.part, not chosen.no_run, chosen.prepared, tuple(more))
        if chosen.check:
            from lecturelib.present.fit_check import check

            return min(1, check(chosen.part))
        from lecturelib.present.html_deck import write
        from lecturelib.present.live_slides import find

        print(f"{write(find(chosen.part), chosen.to)}: open it in any browser; it needs nothing else")
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fetch(names: list[str] | None) -> int:
    wanted = names or [asset.name for asset in assets.REGISTRY.values() if asset.required]
    try:
        todo = [name for name in wanted if assets.status(name).state != "ready"]
        for name in todo:  # one line each, as the bar is shown on terminals only
            print(
                f"fetching {name}: {assets.REGISTRY[name].what} ({assets.REGISTRY[name].archive})", flush=True
            )
        assets.fetch(wanted)
    except KeyError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    except assets.FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing half-done was left", file=sys.stderr)
        return 1
    print(f"{len(wanted)} of {len(wanted)} weights are in {assets.cache_dir()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
