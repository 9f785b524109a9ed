"""The walk's numbers are the model's own: compared with its forward pass, its weights, and hooks on its modules."""

import pytest
import torch

from lecturelib.attention.explore import transformer_walk_explorer
from lecturelib.attention.explore.transformer_walk import BEST, STAGES
from lecturelib.attention.multihead import MultiHeadAttention
from lecturelib.attention.tokenizer import LONGEST, START
from lecturelib.attention.transformer import Transformer
from lecturelib.attention.transformer_walk import transformer_stages
from lecturelib.attention.translators import translator


def hooked(model, source, target):
    """The output of every module in one forward pass, by name, and the pass's own result."""
    outputs, handles = {}, []

    def keep(name):
        def hook(module, inputs, output):
            outputs.setdefault(name, output)

        return hook

    for name, module in model.named_modules():
        if name:
            handles.append(module.register_forward_hook(keep(name)))
    try:
        with torch.no_grad():
            found = model(torch.tensor([source]), torch.tensor([target]))
    finally:
        for handle in handles:
            handle.remove()
    return outputs, found


def split(x, heads):
    return x[0].unflatten(1, (heads, -1)).transpose(0, 1)


def compare(model, source, target):
    found = transformer_stages(model, source, target)
    outputs, (scores, weights) = hooked(model, source, target)

    def same(mine, theirs):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)

    same(found.logits, scores[0, -1])
    same(found.probabilities, scores[0, -1].softmax(0))
    same(found.embedded + found.position, model.embed(torch.tensor([source]))[0])
    same(found.memory, model.encode(torch.tensor([source]))[0][0])
    stacks = (("encoder", found.encoder, weights.encoder), ("decoder", found.decoder, weights.decoder))
    for stack, stages, own in stacks:
        for k, layer in enumerate(stages):
            at = f"{stack}.{k}"
            heads = model.get_submodule(f"{at}.attention").heads
            for part, mine in (
                ("query", layer.attention.q),
                ("key", layer.attention.k),
                ("value", layer.attention.v),
            ):
                same(mine, split(outputs[f"{at}.attention.{part}"], heads))
            same(layer.attention.weights, own[k][0])
            same(layer.attention.out, outputs[f"{at}.attention.out"][0])
            same(layer.after_attention, outputs[f"{at}.norm1"][0])
            same(layer.hidden, outputs[f"{at}.feed_forward.1"][0])
            same(layer.fed, outputs[f"{at}.feed_forward"][0])
            same(layer.out, outputs[at][0][0])
            if stack == "decoder":
                same(layer.cross.weights, weights.cross[k][0])
                same(layer.cross.out, outputs[f"{at}.cross.out"][0])
                same(layer.after_cross, outputs[f"{at}.norm2"][0])
            else:
                assert layer.cross is None and layer.after_cross is None


def test_every_stage_is_that_of_the_shipped_model():
    known = translator("transformer")
    read = known.translate("She has a red car.")
    compare(known.model, read.source_ids, [START, *read.target_ids[:3]])


def test_every_stage_is_that_of_a_tiny_model(tiny):
    compare(tiny(), [5, 6, 7, 2], [1, 8, 9])


def test_the_likeliest_token_at_the_end_is_the_translations():
    known = translator("transformer")
    read = known.translate("I don't know where he lives.")
    for t in range(len(read.target_ids)):
        found = transformer_stages(known.model, read.source_ids, [START, *read.target_ids[:t]])
        assert int(found.probabilities.argmax()) == read.target_ids[t]


def test_scores_context_and_normalization_by_hand(tiny):
    model = tiny()
    layer = transformer_stages(model, [5, 6, 7, 2], [1, 8, 9]).decoder[1]
    own, module = layer.attention, model.decoder[1].attention
    assert isinstance(module, MultiHeadAttention)
    one = (own.q[1, 2] * own.k[1, 0]).sum() / own.q.shape[2] ** 0.5
    torch.testing.assert_close(own.scores[1, 2, 0], one)
    assert own.weights.triu(1).abs().max() == 0  # causal
    torch.testing.assert_close(
        own.context[0, 1], own.weights[0, 1, 0] * own.v[0, 0] + own.weights[0, 1, 1] * own.v[0, 1]
    )
    torch.testing.assert_close(own.joined, torch.cat(list(own.context), 1))
    x = layer.x + own.out
    apart = (x - x.mean(1, keepdim=True)) / (x.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    norm = model.decoder[1].norm1
    torch.testing.assert_close(layer.after_attention, apart * norm.weight + norm.bias)


def test_the_model_is_left_as_it_was(tiny):
    model = tiny().train()
    transformer_stages(model, [5, 2], [1])
    assert model.training and all(module.training for module in model.modules())


def test_what_cannot_be_walked_is_said(tiny):
    with pytest.raises(TypeError, match="model: expected a Transformer"):
        transformer_stages(translator("fixed").model, [5, 2], [1])
    first = Transformer(30, d=16, heads=2, layers=1, hidden=32, norm_first=True)
    with pytest.raises(ValueError, match="LayerNorm after each part"):
        transformer_stages(first, [5, 2], [1])
    for source, target in (([], [1]), ([5], []), ([5] * (LONGEST + 1), [1])):
        with pytest.raises(ValueError, match="1 to"):
            transformer_stages(tiny(), source, target)


def test_each_stage_of_the_explorable_lights_its_box_and_gives_a_shape():
    walk = transformer_walk_explorer()
    told = [walk.picture({"stage": k + 1}) for k in range(len(STAGES))]
    assert len({picture.svg for picture in told}) == len(STAGES)
    for k, picture in enumerate(told):
        assert picture.alt.startswith(f"{k + 1} of {len(STAGES)}")
        assert "(7, 160)" in picture.alt or k in (0, 3, 4, 5, 6, 9) or k >= 12
    assert "(4, 160)" in told[12].alt and "(4, 7)" in told[15].alt  # START and three tokens; they read seven
    assert f"the {BEST} largest of (6,000,)" in told[-1].alt and "“voiture”" in told[-1].caption


@pytest.mark.parametrize("sentence", ["word " * 38, "Hi", "SHE HAS A RED CAR"])
def test_any_sentence_can_be_walked(sentence):
    walk = transformer_walk_explorer()
    for stage in (1, 5, 9, 16, len(STAGES)):
        picture = walk.picture({"sentence": sentence.strip(), "stage": stage})
        long = len(sentence) > 100 and stage < 12
        assert ("tokens; computed: all" in picture.caption) == long or stage > 12


def test_the_bars_at_the_end_are_the_probabilities_of_the_forward_pass():
    known = translator("transformer")
    read = known.translate("She has a red car.")
    with torch.no_grad():
        target = torch.tensor([[START, *read.target_ids[:2]]])
        best = known.model(torch.tensor([read.source_ids]), target)[0][0, -1].softmax(0).max()
    picture = transformer_walk_explorer().picture({"stage": len(STAGES), "written": 2})
    assert f">{100 * best:.1f} %<" in picture.svg
