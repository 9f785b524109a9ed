"""A checkpoint that is gone or damaged is named, with what mends it."""

import pytest
import torch
from safetensors.torch import save_file

from lecturelib import assets
from lecturelib.assets import cache
from lecturelib.attention import pretraining, sagan


def test_weights_come_as_float32(tmp_path, monkeypatch):
    save_file(
        {"a": torch.tensor([1.5], dtype=torch.float16), "n": torch.tensor([3])}, tmp_path / "x.safetensors"
    )
    monkeypatch.setattr(cache, "data_path", lambda name: tmp_path / name)
    found = assets.shipped_tensors("x")
    assert found["a"].dtype == torch.float32 and found["a"].item() == 1.5 and found["n"].item() == 3


def test_a_missing_file_is_named():
    with pytest.raises(assets.AssetMissing, match="no_such_weights"):
        assets.shipped_tensors("no_such_weights")


@pytest.mark.parametrize("load", [pretraining.load, sagan.load])
def test_a_damaged_file_says_what_mends_it(load, tmp_path, monkeypatch):
    pretraining.pieces()
    (tmp_path / "bad").write_bytes(b"\x00" * 40)
    monkeypatch.setattr(cache, "data_path", lambda name: tmp_path / "bad")
    with pytest.raises(assets.AssetAltered, match="git checkout data"):
        load()
