"""The explorables of part 7: what their captions say is what the methods give; bad sentences are told as such."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from torch.nn import functional as F

from lecturelib.attention import explore, minilm
from lecturelib.attention.explore.masks import edited_mask, example_scores
from lecturelib.attention.explore.query_key_value import KEYS, QUERIES, VALUES, attended
from lecturelib.attention.explore.scores import SIZES, _curve, drawn_scores
from lecturelib.attention.explore.soft_hard_local import change_of
from lecturelib.attention.multihead import positional_encoding
from lecturelib.attention.translators import translate
from lecturelib.attention.views.beam_tree import in_tree_order


def texts(shown):
    return re.findall(r">([^<>]+)</text>", shown.svg)


# by hand


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_the_numbers_by_hand_are_torchs(scale, causal):
    found = attended(2, (1.5, -0.5), scale, causal)
    queries = QUERIES.clone()
    queries[2] = torch.tensor([1.5, -0.5])
    expected = F.scaled_dot_product_attention(
        queries[None], KEYS[None], VALUES[None], is_causal=causal, scale=None if scale else 1.0
    )[0]
    assert torch.allclose(found.outputs, expected, atol=1e-6)
    assert torch.equal(found.scores, queries @ KEYS.T)


def test_every_number_of_the_picked_word_is_written_out():
    shown = explore.query_key_value_explorer().picture({"word": "drinks", "q1": 2.0, "q2": -1.0})
    written = texts(shown)
    assert "(2.0)(1.5) + (−1.0)(−1.0) = 4.00" in written  # q . k of milk
    assert f"{4 / math.sqrt(2):.2f}" in written and "59.7 %" in written
    assert "“drinks” attends most to “milk” (60 %)" in shown.caption
    flat = explore.query_key_value_explorer().picture({"word": "drinks", "q1": 0.0, "q2": 0.0})
    assert texts(flat).count("25.0 %") == 4


# scores


def test_unscaled_dot_saturates_and_scaled_does_not():
    dot, scaled, cosine = (_curve(name, 1.0) for name in ("dot", "scaled dot", "cosine"))
    assert dot[-1] > 0.9 > 0.4 > scaled[-1] and max(scaled) - min(scaled) < 0.05
    assert cosine[-1] < 0.15 and len(dot) == len(SIZES)
    assert drawn_scores("dot", 256, 0, 400).std().item() == pytest.approx(16, rel=0.1)  # sqrt(256)
    shown = explore.scores_explorer().picture({"score": "dot", "d": 256})
    assert f"{100 * dot[SIZES.index(256)]:.0f} % on average" in shown.caption


# masks


def test_clicked_cells_are_turned_over_and_an_empty_row_gives_zeros():
    assert edited_mask("causal", ()).tolist() == torch.ones(6, 6).tril().bool().tolist()
    assert edited_mask("padding", ())[0].tolist() == [True] * 4 + [False] * 2
    turned = edited_mask("causal", ("cell 0 0", "cell 0 5"))
    assert turned[0].tolist() == [False] * 5 + [True]
    row = tuple(f"cell 1 {k}" for k in range(6))
    shown = explore.mask_explorer().picture({"mask": "none", "changed": row})
    assert (
        "“cat” may attend to nothing: its weights are zeros" in shown.caption
        and "NaN in 1 row" in shown.caption
    )
    other = explore.mask_explorer().picture(
        {"mask": "causal", "convention": "True: forbidden (nn.MultiheadAttention)"}
    )
    assert texts(other).count("T") == 15 and texts(other).count("F") == 21
    part = next(p for p in shown.regions if p.key == "cell 1 2")
    assert part.opened is True and part.words == "cat may not attend to sat"
    assert example_scores().shape == (6, 6)


# positions


def test_the_curve_of_likeness_is_a_cosine():
    shown = explore.positional_encoding_explorer().picture({"length": 32, "d": 16, "position": 4})
    code = positional_encoding(32, 16)
    assert f"{F.cosine_similarity(code[4], code[5], dim=0):.2f}" in shown.caption
    shorter = explore.positional_encoding_explorer().controls_at({"length": 8, "position": 3})["position"]
    assert shorter.high == 7


# the encoder


def test_what_it_looks_at_is_told_as_the_encoder_says():
    explorable = explore.heads_explorer()
    shown = explorable.picture({"picked": "row 9", "layer": 4, "head": "2"})
    looked = minilm.load().outputs(explore.heads.TIRED)
    weight = looked.weights[3, 1, 10, 2]  # it -> animal, [CLS] counted
    assert f"“it” attends to “animal” {100 * weight:.0f} %" in shown.caption
    causal = explorable.picture({"causal": True, "view": "matrix", "sentence": explore.heads.CHASE})
    assert "as the encoder was not trained to" in causal.caption
    for view in ("model", "matrix", "text"):
        assert explorable.picture({"view": view, "picked": "column 3"}).regions


def test_two_views_in_one_notebook_do_not_disturb_one_another():
    first, second = explore.heads_explorer(), explore.heads_explorer(explore.heads.WIDE)
    before = first.picture().svg
    second.state = {"layer": 2, "picked": "row 1"}
    assert second.picture().svg != before == first.picture().svg


def test_the_picked_word_is_kept_when_the_sentence_changes():
    explorable = explore.heads_explorer()
    explorable.state = {"picked": "row 9", "layer": 4, "head": "2"}  # it
    explorable.state = {"sentence": "Yesterday, the big animal slept: it was tired."}
    assert explorable.state["picked"] == "row 7" and "“it” attends to" in explorable.picture().caption
    explorable.state = {"special": True}
    assert explorable.state["picked"] == "row 8" and "“it” attends to" in explorable.picture().caption
    explorable.state = {"sentence": "Nobody sleeps."}
    assert explorable.state["picked"] == ""


def test_a_sentence_of_128_tokens_is_shown_in_every_view():
    explorable, sentence = explore.heads_explorer(), "word " * 126
    for view in ("lines", "model", "matrix", "text"):
        assert explorable.picture({"sentence": sentence, "view": view, "picked": "row 100"}).regions
    with pytest.raises(ValueError, match="expected at most 160 tokens"):
        explorable.picture({"sentence": "word " * 170})


# translators


def test_the_alignment_is_the_translators_own():
    found = translate("She has a red car.", "attention")
    source, target, weights = found.by_word()
    shown = explore.alignment_explorer().picture({"sentence": "She has a red car.", "picked": "row 0"})
    assert found.text in shown.caption
    best = int(weights[0].argmax())
    assert f"“{target[0]}” attends to “{source[best]}” {100 * weights[0, best]:.0f} %" in shown.caption
    lines = explore.alignment_explorer().picture({"view": "lines", "tokens": True})
    assert len(lines.regions) >= len(source)


@pytest.mark.parametrize(
    "make",
    [
        explore.alignment_explorer,
        explore.implicit_explorer,
        explore.soft_hard_local_explorer,
        explore.permutation_explorer,
        explore.beam_search_explorer,
        explore.lstm_gates_explorer,
        explore.heads_explorer,
    ],
)
def test_an_empty_sentence_is_told_and_a_pick_that_is_gone_is_dropped(make):
    explorable = make()
    with pytest.raises(ValueError, match="expected at least one word, got an empty sentence"):
        explorable.picture({"sentence": "  "})
    if "picked" in explorable.state:
        last = [part.key for part in explorable.picture().regions][-1]
        assert explorable.picture({"sentence": "I sleep.", "picked": last}).alt


def test_the_transformers_last_layer_comes_first_and_the_beam_begins_with_what_is_translated_well():
    explorable = explore.alignment_explorer()
    explorable.state = {"translator": "transformer"}
    assert explorable.state["layer"] == 2
    beam = explore.beam_search_explorer()
    assert "Elle a une voiture rouge" in beam.picture().caption
    early = beam.presets["a sentence that ends too early"]
    assert "dort" not in beam.picture({**early, "width": 1}).caption


def test_kinds_of_attention_change_weights_as_they_say():
    weights = torch.tensor([[0.1, 0.2, 0.6, 0.1]])
    assert torch.allclose(change_of("soft", 1.0, 0, 1, "strongest")(weights, 0), weights, atol=1e-6)
    hard = change_of("hard", 1.0, 0, 1, "strongest")(weights, 0)
    assert hard.sum() == 1 and hard.max() == 1
    local = change_of("local", 1.0, 0, 1, "strongest")(weights, 0)  # center 2
    assert local[0, 0] == 0 and local.argmax() == 2 and (local > 0).sum() == 3
    diagonal = change_of("local", 1.0, 0, 1, "diagonal")(weights, 3)
    assert diagonal[0, 0] == diagonal[0, 1] == 0
    soft = explore.soft_hard_local_explorer().picture({"kind": "soft"})
    assert translate("She has a red car.", "attention").text in soft.caption


def test_a_beam_of_one_is_greedy_and_branches_do_not_cross():
    shown = explore.beam_search_explorer().picture({"width": 1})
    sentence = explore.beam_search_explorer().state["sentence"]
    assert translate(sentence, explore.beam_search_explorer().state["translator"]).text in shown.caption
    assert in_tree_order([["a", "b"], ["c"], ["a", "d"]]) == [0, 2, 1]


def test_agreement_is_told_with_what_chance_would_give():
    shown = explore.implicit_explorer().picture({"sentence": "I sleep."})
    assert "implicit" in shown.alt and "explicit" in shown.alt
    assert re.search(r"same word in \d+ % of the rows; with the rows of one permuted in \d+ %", shown.caption)


STRANGE = [
    "I\x85don't\u2029know.",
    "I\r\nsleep\tnow.",
    "\ufeffI sleep.",
    "I \x1b[31m sleep.",
    "I \x00 sleep.",
    "a\u202eb",
    "😀 I sleep.",
    "<b>&amp; I</b>",
]


@pytest.mark.parametrize("sentence", STRANGE)
@pytest.mark.parametrize(
    "make",
    [
        explore.alignment_explorer,
        explore.implicit_explorer,
        explore.permutation_explorer,
        explore.beam_search_explorer,
        explore.lstm_gates_explorer,
        explore.heads_explorer,
    ],
)
def test_control_characters_in_a_typed_sentence_give_a_picture_or_a_reason(make, sentence):
    explorable = make()
    try:
        shown = explorable.picture({"sentence": sentence})
    except ValueError as error:
        assert re.match(r"sentence: expected .*, got ", str(error), re.DOTALL)
        return
    ElementTree.fromstring(shown.svg)  # well formed
    assert shown.alt


def test_a_window_shows_the_weights_of_its_layer_and_head():
    from lecturelib import datasets
    from lecturelib.attention.explore.local_window import LAYERS, local_attention_explorer
    from lecturelib.attention.local_layer import load

    images, labels = datasets.clothes("test")
    with torch.inference_mode():
        _, weights = load("attention")(images[labels == datasets.CLOTHES.index("bag")][1:2])
    explorable = local_attention_explorer("bag")
    for layer, side in ((0, 14), (1, 7)):
        given = {"example": 2, "layer": LAYERS[layer], "head": 2, "x": 0.99, "y": 0.4}
        shown = explorable.picture(given)
        window = weights[layer][0, 1, int(0.4 * side), side - 1]
        assert (
            f"row {int(0.4 * side) + 1}, column {side}: it takes {window[2, 2]:.0%} from itself"
            in shown.caption
        )
        assert shown.svg.count(">outside<") == 10  # two of five columns lie beyond the right edge
        inside = window[:, :3].flatten().tolist()
        assert abs(sum(inside) - 1) < 1e-4 and all(f">{100 * w:.0f}</text>" in shown.svg for w in inside)


def test_one_model_trains_with_any_score_and_a_window_stays_a_window():
    from lecturelib.attention.explore.live_scores import LOCAL, SCORES, WINDOW, live_scores_explorer, run_of

    explorable = live_scores_explorer()
    for score in SCORES:
        shown = explorable.picture({"score": score, "steps": 50})
        assert "step 50 of 50" in shown.caption
        assert ("of the attention" in shown.caption) == (not score.startswith("none"))
    run = run_of(LOCAL, "copy", 60, 0)
    center = run.model.score.center.v.weight.clone()
    *_, last = run
    assert not torch.equal(center, run.model.score.center.v.weight)  # it learns, too
    assert ((last.weights > 0).sum(1) <= 2 * WINDOW + 1).all()
    torch.testing.assert_close(last.weights.sum(1), torch.ones(9))
    # the same letters and first weights for every score
    first = {score: next(run_of(score, "copy", 60, 3)) for score in ("dot", "general")}
    assert first["dot"].loss == pytest.approx(first["general"].loss, rel=0.05)


def test_the_windowed_score_by_hand():
    from lecturelib.attention.explore.live_scores import LocalScore
    from lecturelib.attention.scores import make_score

    torch.manual_seed(0)
    score = LocalScore(make_score("additive", 6, 8), d=6)
    queries, keys = torch.randn(2, 3, 6), torch.randn(2, 9, 8)
    found, plain = score(queries, keys), score.score(queries, keys)
    for b in range(2):
        for t in range(3):
            p = 8 * torch.sigmoid(score.center.v(score.center.w(queries[b, t]).tanh())[0])
            for i in range(9):
                near = abs(i - round(p.item())) <= 2
                by_hand = plain[b, t, i] - (i - p) ** 2 / 2 if near else torch.tensor(float("-inf"))
                torch.testing.assert_close(found[b, t, i], by_hand)
