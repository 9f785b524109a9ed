"""Refuse files that are too large for the repository: `python scripts/check_sizes.py FILE ...` (a pre-commit hook)."""

import sys
from pathlib import Path

MOST = 12_000_000  # bytes of one file; data/ in all stays below 62 MB


def too_large(names: list[str]) -> list[str]:
    """A sentence for each file over the limit."""
    sizes = {name: Path(name).stat().st_size for name in names if Path(name).is_file()}
    return [
        f"{name}: expected at most {MOST / 1e6:.0f} MB, got {size / 1e6:.1f} MB; ship less, or fetch it as an asset"
        for name, size in sizes.items()
        if size > MOST
    ]


if __name__ == "__main__":
    found = too_large(sys.argv[1:])
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
