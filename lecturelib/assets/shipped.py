"""What data/ ships: each file is compared with its sha256 the first time that a process reads it."""

from __future__ import annotations

import difflib
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lecturelib.assets.cache import AssetAltered, AssetMissing, sha256_of
from lecturelib.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor

CHECKSUMS = "SHA256SUMS"  # written by scripts/checksums.py; `sha256sum -c SHA256SUMS` reads it too
_MEND = "get it again with `git checkout data`, or reinstall the project"


def data_path(relative: str) -> Path:
    """A file or folder of data/, from a checkout, an editable install and a wheel alike; a file's sha256 is checked.

    Raises `ValueError` for a name that leads out of data/, `AssetMissing` where there is no such file, `AssetAltered`
    where it is not the file that was shipped.

    >>> data_path("mnist.npz").name
    'mnist.npz'
    """
    folder = _data_dir()
    file = (folder / relative).resolve()
    if not file.is_relative_to(folder):
        raise ValueError(f"data_path({relative!r}): expected a name inside data/, such as 'digits/card.md'")
    if not file.exists():
        near = difflib.get_close_matches(
            relative, (f.relative_to(folder).as_posix() for f in folder.rglob("*")), n=1
        )
        hint = f"did you mean {near[0]!r}? Otherwise " if near else ""
        raise AssetMissing(
            f"data/{relative} is not there: {hint}get the whole project again (`git checkout data`, or reinstall it)."
        )
    expected = checksums(folder).get(file.relative_to(folder).as_posix())
    if expected is not None and (got := sha256_of(file)) != expected:
        raise damaged(file, f"expected sha256 {expected[:16]}..., got {got[:16]}...")
    return file


def shipped_tensors(name: str) -> dict[str, Tensor]:
    """The tensors of data/NAME.safetensors, numbers as float32.

    Raises `AssetMissing` where the file is gone, `AssetAltered` where it is damaged.

    >>> {value.dtype for value in shipped_tensors("lenet").values()}
    {torch.float32}
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = data_path(f"{name}.safetensors")
    try:
        found = load_file(file)
    except SafetensorError as error:
        raise damaged(file, error) from error
    return {key: value.float() if value.is_floating_point() else value for key, value in found.items()}


def shipped_member(name: str, member: str) -> bytes:
    """One member of a zip file of data/; raises as `shipped_tensors` does.

    >>> shipped_member("activation_grids.zip", "index.json")[:1]
    b'{'
    """
    file = data_path(name)
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.read(member)  # its CRC is checked
    except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
        raise damaged(file, error) from error


def checksums(folder: Path) -> dict[str, str]:
    """The sha256 of every file of data/ but the texts about them: relative name -> sha256."""
    listed = folder / CHECKSUMS
    return _listed(listed, listed.stat().st_mtime_ns) if listed.exists() else {}


def write_checksums(folder: Path | None = None) -> Path:
    """List the sha256 of every file of data/ but the texts about them (*.md); scripts that make a file do it."""
    folder = folder or _data_dir()
    target = folder / CHECKSUMS
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".md" and file != target and not file.name.startswith(".")
    )
    lines = [f"{sha256_of(file, again=True)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    return write_whole(target, "".join(lines))


@lru_cache(maxsize=4)
def _listed(file: Path, changed: int) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def damaged(file: Path, reason: object) -> AssetAltered:
    """The error for a shipped file that is not as it was."""
    return AssetAltered(
        f"{file} is damaged or cut short ({reason}): {_MEND} (who made it anew runs `python scripts/checksums.py`)"
    )


def _data_dir() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "data"  # in a wheel data/ sits inside the package, in a checkout beside it
    return inside if inside.is_dir() else package.parent / "data"
