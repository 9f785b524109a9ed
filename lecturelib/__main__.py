"""`python -m lecturelib doctor | fetch [NAME ...]`: what is there, what is missing, and getting it."""

import argparse
import sys

from . import assets


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 where something required is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m lecturelib", description="See to the course's own files."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="say what is installed, what is missing, and what mends it")
    fetching = commands.add_parser("fetch", help="fetch weights into the cache")
    fetching.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(assets.REGISTRY)}")
    fetching.add_argument("--all", action="store_true", help="the optional ones too")
    chosen = parser.parse_args(arguments)
    if chosen.command == "doctor":
        from .doctor import examine

        return examine()
    return _fetch(chosen.names or (list(assets.REGISTRY) if chosen.all else None))


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
