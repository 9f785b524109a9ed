"""Measures of captions and attention: by hand on small scenes; BLEU; noise of the gradient."""

import pytest
import torch

from lecturelib.visual_attention.caption_metrics import (
    attention_on_objects,
    bleu,
    cell_shares,
    facts_right,
    ground_share,
    holds,
    matched,
)
from lecturelib.visual_attention.caption_plots import DIM, framed, lit, word_chips, word_maps
from lecturelib.visual_attention.caption_rendering import object_masks, render_scene
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject, caption_scenes
from lecturelib.visual_attention.gradient_noise import ESTIMATES, gradient_noise
from lecturelib.visual_attention.show_attend_tell import ShowAttendTell, write

BALL = SceneObject("small", "red", "ball", 0.25, 0.5)
CUBE = SceneObject("large", "blue", "cube", 0.7, 0.55)
SCENE = CaptionScene((BALL, CUBE), "grass")
TRUE = "a small red ball with a large blue cube right of it on grass"


def test_every_true_caption_is_right_in_everything():
    scenes = caption_scenes(60, "test", seed=2)
    texts = [(text, scene) for scene in scenes for text in scene.captions()]
    found = facts_right([text for text, _ in texts], [scene for _, scene in texts])
    assert set(found.__dict__.values()) == {1.0}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a small red ball with a large green cube right of it on grass", {"color": 0.5, "binding": 0.5}),
        ("a large red ball with a large blue cube right of it on grass", {"size": 0.5}),
        ("a small red cone with a large blue cube right of it on grass", {"shape": 0.5, "binding": 0.5}),
        ("a small red ball with a large blue cube left of it on grass", {"relation": 0.0}),
        ("a small red ball with a large blue cube below it on grass", {"relation": 0.0}),
        ("a small red ball with a large blue cube right of it on wood", {"ground": 0.0}),
        ("a small blue ball with a large red cube right of it on grass", {"color": 0.0, "binding": 0.0}),
        (
            "a small red ball on grass",
            {"count": 0.0, "size": 0.5, "color": 0.5, "shape": 0.5, "binding": 0.5},
        ),
    ],
)
def test_each_kind_of_mistake_by_hand(text, wrong):
    found = facts_right([text], [SCENE]).__dict__
    expected = dict.fromkeys(found, 1.0) | wrong | {"all": 0.0}
    assert found == expected


def test_a_caption_that_is_no_sentence_is_all_wrong():
    found = facts_right(["a small red red ball on grass"], [SCENE])
    assert found.grammatical == found.all == found.color == found.relation == 0.0


def test_matching_does_not_depend_on_the_order_of_mention():
    things = [CUBE.thing, BALL.thing]
    assert matched(things, [BALL, CUBE]) == {0: CUBE, 1: BALL}
    assert matched([BALL.thing] * 3, [BALL]) in ({0: BALL}, {1: BALL}, {2: BALL})
    assert matched(things, []) == {}


def test_relations_by_hand():
    above = SceneObject("small", "white", "ring", 0.3, 0.1)
    assert holds("left of", BALL, CUBE) and holds("right of", CUBE, BALL)
    assert holds("above", above, BALL) and holds("below", BALL, above)
    assert not holds("above", BALL, CUBE) and not holds("left of", CUBE, BALL)


def test_bleu_knows_all_phrasings_and_falls_with_mistakes():
    references = [SCENE.captions()] * 3
    assert bleu(SCENE.captions()[:3], references) == pytest.approx(100)
    worse = [text.replace("blue", "green") for text in SCENE.captions()[:3]]
    assert 40 < bleu(worse, references) < 95


def test_cell_shares_keep_the_area():
    masks = object_masks(SCENE)
    shares = cell_shares(masks)
    assert shares.shape == (2, 64)
    assert torch.allclose(shares.mean(1), masks.mean((1, 2)), atol=1e-6)


def test_mass_and_pointing_game_by_hand():
    shares = cell_shares(object_masks(SCENE))
    inside = int(shares[0].argmax())
    weights = torch.full((14, 64), 1 / 64)
    weights[3] = 0
    weights[3, inside] = 1  # all attention of "ball" on one cell of the ball
    weights[8] = 0
    weights[8, 0] = 1  # that of "cube" in a corner
    found = {one.word: one for one in attention_on_objects(TRUE, weights, SCENE)}
    assert list(found) == ["small", "red", "ball", "large", "blue", "cube"]
    assert found["ball"].mass == pytest.approx(shares[0, inside].item()) and found["ball"].hit
    assert found["ball"].times == pytest.approx(shares[0, inside].item() / shares[0].mean().item(), rel=1e-4)
    assert found["ball"].entropy == 0 and found["red"].entropy == pytest.approx(4.1589, abs=1e-4)
    assert found["cube"].mass == 0 and not found["cube"].hit
    assert found["red"].times == pytest.approx(1, abs=1e-4)
    mass, area = ground_share(TRUE, weights, SCENE)
    assert mass == pytest.approx(area, abs=1e-5) and area == pytest.approx(1 - shares.mean(1).sum().item())


def test_words_about_no_object_of_the_scene_are_left_out():
    text = "a small green ring with a large blue cube right of it on grass"
    found = attention_on_objects(text, torch.full((14, 64), 1 / 64), SCENE)
    assert [one.word for one in found] == ["large", "blue", "cube"]


def test_bad_input():
    with pytest.raises(ValueError, match="at least 14 rows of 64"):
        attention_on_objects(TRUE, torch.full((5, 64), 1 / 64), SCENE)
    with pytest.raises(ValueError, match="texts: expected a caption for each of 1 scenes"):
        facts_right([], [SCENE])
    with pytest.raises(ValueError, match="64 weights"):
        lit(torch.zeros(1, 3, 64, 64), torch.ones(9))


def test_lit_by_hand():
    weights = torch.zeros(64)
    weights[9], weights[10] = 0.5, 0.25
    found = lit(torch.ones(1, 3, 64, 64), weights)
    assert found[12, 12, 0] == 255 and found[0, 0, 0] == round(255 * DIM)
    assert abs(int(found[12, 20, 0]) - 255 * (DIM + (1 - DIM) / 2)) <= 1.5
    assert framed(found, (0, 0, 1, 1)).shape == found.shape
    assert word_chips(["ball"] * 9, 8, 200).shape[0] > word_chips(["ball"], None, 200).shape[0]


def test_word_maps_have_a_picture_for_each_word():
    torch.manual_seed(0)
    found = write(ShowAttendTell("soft"), torch.rand(1, 64, 72), longest=6)[0]
    picture = word_maps(render_scene(SCENE, 96), found, columns=3, side=96)
    assert len(picture.panels) == len(found.words) + 1
    assert "row" in picture.alt and found.text in picture.caption


def test_noise_of_the_gradient():
    torch.manual_seed(0)
    model = ShowAttendTell("soft", cell_size=5, hidden=8, embedding=4, attention=4)
    flags = [p.requires_grad for p in model.requires_grad_(False).parameters()]
    cells = torch.rand(6, 7, 5) * 3
    texts = [scene.captions()[0] for scene in caption_scenes(6)]
    found = {name: gradient_noise(model, cells, texts, name, batches=80, batch_size=4) for name in ESTIMATES}
    again = gradient_noise(model, cells, texts, "hard", batches=80, batch_size=4)
    assert again == found["hard"]
    assert found["soft"].variance < found["hard"].variance < found["hard without baseline"].variance
    assert [p.requires_grad for p in model.parameters()] == flags and model.kind == "soft"
    alike = gradient_noise(model, cells[:1], texts[:1], "soft", batches=5, batch_size=1)
    assert alike.variance < 1e-10  # the same picture and caption every time: backprop has no noise
    with pytest.raises(ValueError, match="estimate"):
        gradient_noise(model, cells, texts, "reinforce")
    with pytest.raises(ValueError, match="batches"):
        gradient_noise(model, cells, texts, "soft", batches=1)
    with pytest.raises(ValueError, match="batch_size"):
        gradient_noise(model, cells, texts, "soft", batch_size=7)
