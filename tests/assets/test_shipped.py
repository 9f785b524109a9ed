"""A file of data/ that is gone, damaged or changed is named, with what mends it."""

import hashlib
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from lecturelib import assets
from lecturelib.assets import shipped
from lecturelib.attention import pretraining, sagan
from lecturelib.attention.tokenizer import shipped_tokenizer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder of its own, with its list of sums."""
    monkeypatch.setattr(shipped, "_data_dir", lambda: tmp_path)
    (tmp_path / "claims").mkdir()
    save_file({"a": torch.arange(200.0)}, tmp_path / "x.safetensors")
    (tmp_path / "claims" / "part9.json").write_text("{}")
    (tmp_path / "x.md").write_text("about x")
    shipped.write_checksums()
    return tmp_path


def flip(file, at):
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_weights_come_as_float32(tmp_path, monkeypatch):
    save_file(
        {"a": torch.tensor([1.5], dtype=torch.float16), "n": torch.tensor([3])}, tmp_path / "x.safetensors"
    )
    monkeypatch.setattr(shipped, "data_path", lambda name: tmp_path / name)
    found = assets.shipped_tensors("x")
    assert found["a"].dtype == torch.float32 and found["a"].item() == 1.5 and found["n"].item() == 3


def test_a_missing_file_is_named():
    with pytest.raises(assets.AssetMissing, match="no_such_weights"):
        assets.shipped_tensors("no_such_weights")


@pytest.mark.parametrize("load", [pretraining.load, sagan.load])
def test_a_damaged_file_says_what_mends_it(load, tmp_path, monkeypatch):
    shipped_tokenizer()
    (tmp_path / "bad").write_bytes(b"\x00" * 40)
    monkeypatch.setattr(shipped, "data_path", lambda name: tmp_path / "bad")
    with pytest.raises(assets.AssetAltered, match="git checkout data"):
        load()


def test_the_list_names_every_file_but_the_texts_about_them(folder):
    weights = hashlib.sha256((folder / "x.safetensors").read_bytes()).hexdigest()
    claims = hashlib.sha256(b"{}").hexdigest()
    assert (folder / "SHA256SUMS").read_text() == f"{claims}  claims/part9.json\n{weights}  x.safetensors\n"


def test_one_flipped_bit_is_noticed(folder):
    assert assets.shipped_tensors("x")["a"][3] == 3
    flip(folder / "x.safetensors", -1)  # a weight: the file still parses
    with pytest.raises(assets.AssetAltered, match=r"x\.safetensors is damaged.*sha256.*git checkout data"):
        assets.shipped_tensors("x")
    flip(folder / "claims" / "part9.json", 0)
    with pytest.raises(assets.AssetAltered, match="part9"):
        assets.data_path("claims/part9.json")


def test_a_file_is_read_through_once_a_process(folder, monkeypatch):
    read = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: read.append(1) or digest(*given))
    assets.data_path("x.safetensors")
    assets.shipped_tensors("x")
    assert len(read) <= 1  # writing the list has read it already


def test_a_file_that_is_made_anew_is_taken_once_it_is_listed(folder):
    (folder / "claims" / "part9.json").write_text('{"new": 1}')
    with pytest.raises(assets.AssetAltered, match="scripts/checksums.py"):
        assets.data_path("claims/part9.json")
    shipped.write_checksums()
    assert assets.data_path("claims/part9.json").read_text() == '{"new": 1}'


def test_every_shipped_file_is_listed_and_as_it_is_listed():
    folder = assets.data_path(".")
    files = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".md" and not file.name.startswith(".")
    }
    listed = shipped.checksums(folder)
    assert files - {shipped.CHECKSUMS} == set(listed)
    for name, expected in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name


def test_importing_the_library_reads_no_list_of_sums():
    code = (
        "import sys, builtins\nfrom pathlib import Path\nread = Path.read_text\n"
        "def told(self, *more, **named):\n    print(self.name)\n    return read(self, *more, **named)\n"
        "Path.read_text = told\nimport lecturelib.assets, lecturelib.lesson\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "SHA256SUMS" not in done.stdout
