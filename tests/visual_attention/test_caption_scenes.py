"""Scenes: splits that share nothing, a combination never seen, true relations, pictures and masks that agree."""

import pytest
import torch

from lecturelib.visual_attention.caption_grammar import Thing, parse_caption
from lecturelib.visual_attention.caption_rendering import ground, object_masks, render_scene, render_scenes
from lecturelib.visual_attention.caption_scenes import (
    CLEAR,
    HELD_OUT,
    SPLITS,
    CaptionScene,
    SceneObject,
    caption_scenes,
    described_scene,
    relation,
)

RED = SceneObject("small", "red", "ball", 0.25, 0.5)
BLUE = SceneObject("large", "blue", "cube", 0.7, 0.55)


def kinds(scenes):
    return {(one.color, one.shape) for scene in scenes for one in scene.objects}


def test_the_held_out_combination_is_never_seen():
    for split in ("train", "test"):
        scenes = caption_scenes(3000, split, seed=0)
        assert HELD_OUT not in kinds(scenes)
        assert len(kinds(scenes)) == 29  # all the others are
        words = {word for scene in scenes[:300] for text in scene.captions() for word in text.split()}
        assert set(HELD_OUT) <= words  # each word alone is
    for scene in caption_scenes(200, "held_out"):
        assert sum((one.color, one.shape) == HELD_OUT for one in scene.objects) == 1


def test_splits_share_no_scene():
    found = {split: caption_scenes(500, split, seed=0) for split in SPLITS}
    whole = [scene for scenes in found.values() for scene in scenes]
    assert len(set(whole)) == len(whole)
    assert {scene.unseen for scene in found["train"]} == {False}
    assert {scene.unseen for split in ("test", "held_out") for scene in found[split]} == {True}


def test_training_and_test_grounds_are_cut_from_parts_of_the_photos_that_do_not_meet(monkeypatch):
    from lecturelib.visual_attention import caption_rendering

    rows = torch.arange(300.0).view(1, -1, 1).expand(3, -1, 300) / 300
    monkeypatch.setattr(caption_rendering, "_photo", lambda name: rows)
    edges = [caption_rendering.LEARNED] * 2
    for split, of in (("train", torch.max), ("test", torch.min)):
        values = torch.stack([of(ground(scene, 32)) for scene in caption_scenes(200, split)])
        edges[split == "test"] = values.max().item() if split == "train" else values.min().item()
    assert edges[0] < caption_rendering.LEARNED + 0.03 and edges[1] > caption_rendering.LEARNED - 0.03


def test_seeds():
    assert caption_scenes(5, seed=1) == caption_scenes(8, seed=1)[:5] != caption_scenes(5, seed=2)
    scene = caption_scenes(1, seed=1)[0]
    assert torch.equal(render_scene(scene), render_scene(scene))


def test_every_caption_is_true_by_the_places_of_the_objects():
    for scene in caption_scenes(200, seed=3):
        by_thing = {one.thing: one for one in scene.objects}
        for text in scene.captions():
            parsed = parse_caption(text)
            assert set(parsed.things) == set(by_thing) and parsed.ground == scene.ground
            for a, name, b in parsed.relations:
                dx, dy = by_thing[b].x - by_thing[a].x, by_thing[b].y - by_thing[a].y
                along, across = {
                    "left of": (dx, dy),
                    "right of": (-dx, dy),
                    "above": (dy, dx),
                    "below": (-dy, dx),
                }[name]
                assert along >= CLEAR * abs(across) > -1


def test_place_of_names_the_object_of_each_word():
    scene = CaptionScene((RED, BLUE), "grass")
    parsed = parse_caption("a large blue cube with a small red ball left of it on grass")
    assert scene.place_of(parsed) == (1, 1, 1, 1, None, 0, 0, 0, 0, None, None, None, None, None)
    wrong = parse_caption("a large blue ball on grass")
    assert scene.place_of(wrong) == (None,) * 6


def test_diagonal_is_no_relation():
    a = SceneObject("small", "red", "ball", 0.3, 0.3)
    assert relation(a, SceneObject("small", "blue", "ball", 0.7, 0.7)) is None
    assert relation(a, SceneObject("small", "blue", "ball", 0.3, 0.7))[1] == "above"
    with pytest.raises(ValueError, match="clearly left of"):
        CaptionScene((a, SceneObject("small", "blue", "ball", 0.7, 0.7)), "grass").captions()


def test_masks_cover_what_the_objects_change():
    scene = CaptionScene((RED, BLUE), "gravel")
    masks = object_masks(scene)
    assert masks.shape == (2, 64, 64) and masks.min() >= 0 and masks.max() <= 1
    assert bool(((masks > 0).sum(0) <= 1).all())  # they do not overlap
    picture, bare = render_scene(scene)[0], ground(scene, 64)
    changed = (picture - bare).abs().amax(0)
    for mask, one in zip(masks, scene.objects, strict=True):
        assert changed[mask > 0.9].mean() > 0.1
        rows, columns = (mask > 0.5).nonzero().T.float()
        assert abs(rows.mean() / 64 - one.y) < 0.04 and abs(columns.mean() / 64 - one.x) < 0.04
        across = (columns.max() - columns.min() + 1) / 64
        assert 0.75 < across / one.diameter < 1.05
    far = torch.ones(64, 64, dtype=torch.bool)
    for one in scene.objects:  # beyond the shadows nothing changes
        y, x = torch.meshgrid(torch.arange(64) / 64, torch.arange(64) / 64, indexing="ij")
        far &= (y - one.y) ** 2 + (x - one.x) ** 2 > (0.9 * one.diameter) ** 2
    assert changed[far].max() < 0.005


def test_the_same_scene_at_another_resolution():
    scene = CaptionScene((RED, BLUE), "wood")
    large = torch.nn.functional.avg_pool2d(render_scene(scene, 256), 4)
    assert (large - render_scene(scene)).abs().mean() < 0.02


def test_own_texture_and_light():
    scene = CaptionScene((RED,), "grass", light=1.0)
    picture = render_scene(scene, texture=torch.full((1, 3, 40, 90), 0.5))
    assert torch.allclose(picture[0, :, 0, 0], torch.tensor(0.5))
    dark = CaptionScene((RED,), "grass", light=0.5)
    assert torch.allclose(render_scene(dark), render_scene(scene).mul(0.5), atol=0.02)


def test_words_for_a_picture():
    assert "a large blue cube at 70 % from the left" in described_scene(CaptionScene((RED, BLUE), "wood"))
    with pytest.raises(TypeError, match="CaptionScene"):
        described_scene("grass")


def test_an_empty_scene_is_a_sentence():
    with pytest.raises(ValueError, match="objects: expected at least one, got an empty scene; add an object"):
        CaptionScene((), "grass")


def test_overlapping_objects_are_a_sentence():
    near = SceneObject("large", "blue", "cube", 0.35, 0.5)
    with pytest.raises(
        ValueError, match="do not overlap, got a small red ball over a large blue cube; move one"
    ):
        CaptionScene((RED, near), "grass")


def test_other_bad_input():
    with pytest.raises(ValueError, match="differ in color or shape"):
        CaptionScene((RED, SceneObject("large", "red", "ball", 0.7, 0.5)), "grass")
    with pytest.raises(ValueError, match="at most 3"):
        CaptionScene((RED,) * 4, "grass")
    with pytest.raises(ValueError, match="ground"):
        CaptionScene((RED,), "sand")
    with pytest.raises(ValueError, match="color"):
        SceneObject("small", "pink", "ball", 0.5, 0.5)
    with pytest.raises(ValueError, match="x: expected"):
        SceneObject("small", "red", "ball", 0.01, 0.5)
    with pytest.raises(ValueError, match="split"):
        caption_scenes(1, "valid")
    with pytest.raises(ValueError, match="n: expected"):
        caption_scenes(0)
    with pytest.raises(ValueError, match="side"):
        render_scene(CaptionScene((RED,), "grass"), 8)
    with pytest.raises(ValueError, match="images: expected"):
        render_scene(CaptionScene((RED,), "grass"), texture=torch.full((1, 3, 4, 4), 2.0))


def test_a_batch_is_its_pictures():
    scenes = caption_scenes(3)
    assert torch.equal(render_scenes(scenes)[1:2], render_scene(scenes[1]))
    assert Thing("small", "red", "ball") == RED.thing
