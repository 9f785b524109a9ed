"""Claims C22 and C23: a word's attention lies on its object; soft and hard attention on the same model and data.

What "holds" means was fixed before measuring. The shipped captioners are measured again on test scenes; what needs all
seeds that were trained comes from the record of the training.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lecturelib.checks import check_whole
from lecturelib.lesson.claims import margin, result
from lecturelib.visual_attention.caption_grammar import encode_captions
from lecturelib.visual_attention.caption_metrics import (
    WordAttention,
    attention_on_objects,
    bleu,
    facts_right,
)
from lecturelib.visual_attention.caption_rendering import render_scenes
from lecturelib.visual_attention.caption_scenes import CaptionScene, caption_scenes
from lecturelib.visual_attention.cell_encoder import GRID
from lecturelib.visual_attention.gradient_noise import gradient_noise
from lecturelib.visual_attention.shipped_captioners import caption_log, load_captioner
from lecturelib.visual_attention.show_attend_tell import KINDS, Kind, ShowAttendTell

SEVERAL = 3.0  # C22: an object's share of the attention, as a multiple of its share of the picture
COMPARABLE = 0.05  # C23: captions right in every fact may differ by this share


_RENDERED: dict[tuple[CaptionScene, ...], Tensor] = {}


def _pictures(scenes: list[CaptionScene]) -> Tensor:
    """The scenes as pictures; the last ones are remembered, since every measure looks at them again."""
    key = tuple(scenes)
    if key not in _RENDERED:
        _RENDERED.clear()
        _RENDERED[key] = render_scenes(scenes)
    return _RENDERED[key]


@dataclass(frozen=True)
class _Read:
    """Test scenes, one true caption of each, and the attention while it is read."""

    scenes: list[CaptionScene]
    texts: list[str]
    weights: Tensor  # (B, T, L)

    def words(self, part: str = "shape") -> list[list[WordAttention]]:
        """For each scene the words of one part (shapes are the nouns)."""
        return [
            [one for one in attention_on_objects(text, own, scene) if one.part == part]
            for text, own, scene in zip(self.texts, self.weights, self.scenes, strict=True)
        ]


def read_captions(kind: Kind, scenes: list[CaptionScene]) -> _Read:
    """The attention of a shipped captioner at each word of one true caption a scene (teacher forcing)."""
    texts = [scene.captions()[0] for scene in scenes]
    _, attended = load_captioner(kind).attend(_pictures(scenes), texts)
    return _Read(scenes, texts, attended.weights)


def c22_maps(scenes: int = 1000) -> dict:
    """C22: does the map of an object word have several times the object's share of the picture on that object?

    Shape words of true captions of test scenes. Holds if for both captioners the attention on the object, as a multiple
    of its share of the picture, exceeds `SEVERAL` on average over the scenes by more than twice its standard error.
    Baselines: equal weights (1 by definition), the map of the same word's position in another scene, and the map of the
    untrained network. Pointing game: the strongest cell lies in the object's box; by chance with the cell's share.
    """
    check_whole("scenes", scenes, 2)
    chosen = caption_scenes(scenes, "test", seed=0)
    numbers: dict[str, float | int] = {"scenes": scenes}
    margins = []
    for kind in KINDS:
        read = read_captions(kind, chosen)
        own = read.words()
        times = torch.tensor([_mean([one.times for one in words]) for words in own])
        margins.append(margin(times - SEVERAL))
        every = [one for words in own for one in words]
        numbers[f"{kind}_times_its_share"] = times.mean().item()
        numbers[f"{kind}_margin_over_{SEVERAL:g}"] = margins[-1]
        numbers[f"{kind}_mass_on_the_object"] = _mean([one.mass for one in every])
        numbers[f"{kind}_pointing_game"] = _mean([float(one.hit) for one in every])
        for part in ("size", "color"):
            found = [one for words in read.words(part) for one in words]
            numbers[f"{kind}_times_at_{part}_words"] = _mean([one.times for one in found])
        numbers[f"{kind}_times_in_another_scene"] = _elsewhere(read)
    numbers["share_of_the_picture"] = _mean([one.area for one in every])
    numbers["pointing_game_by_chance"] = _chance(chosen)
    untrained = _untrained(chosen, read.texts)
    numbers["untrained_times_its_share"] = _mean([one.times for words in untrained.words() for one in words])
    says = f"at a shape word both captioners give the object more than {SEVERAL:g} times its share of the picture"
    return result("C22", says, min(margins) > 0, numbers, "true captions of test scenes, shape words")


def _mean(values: list[float]) -> float:
    return sum(values) / max(len(values), 1)


def _elsewhere(read: _Read) -> float:
    """The multiple on an object of this scene, with the weights at the same word of the scene before it."""
    moved = _Read(read.scenes, read.texts, read.weights.roll(1, 0))
    return _mean([one.times for words in moved.words() for one in words])


def _chance(scenes: list[CaptionScene]) -> float:
    """The share of cells whose center lies in an object's box, averaged over objects."""
    steps = (torch.arange(GRID) + 0.5) / GRID
    shares = []
    for one in (one for scene in scenes for one in scene.objects):
        top, left, bottom, right = one.box
        rows, columns = ((steps >= low) & (steps <= high) for low, high in ((top, bottom), (left, right)))
        shares.append(rows.float().mean().item() * columns.float().mean().item())
    return _mean(shares)


def _untrained(scenes: list[CaptionScene], texts: list[str]) -> _Read:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = ShowAttendTell("soft")
        cells = load_captioner("soft").cells(_pictures(scenes))
        return _Read(scenes, texts, model(cells, encode_captions(texts))[1].weights)


def c23_soft_and_hard(scenes: int = 1000, batches: int = 60) -> dict:
    """C23: soft and hard attention of the same parameters and data: quality, sharpness, noise of the gradient.

    Holds if (1) over the seeds the share of test captions right in every fact differs by at most `COMPARABLE`, (2) the
    expected map of hard attention has less entropy at shape words, beyond twice the standard error over scenes, and (3)
    the gradient of f_att has more variance by REINFORCE with its baseline than by backprop, with untrained weights and
    with those of each trained network. Hard attention was trained from the weights of the soft one: its steps and CPU
    seconds, which are reported without a claim, come on top of those.
    """
    check_whole("scenes", scenes, 2)
    chosen, log = caption_scenes(scenes, "test", seed=0), caption_log()["runs"]
    numbers: dict[str, float | int] = {"scenes": scenes}
    sharp: dict[str, Tensor] = {}
    quality = {}
    for kind in KINDS:
        runs = [run for name, run in sorted(log.items()) if name.startswith(kind)]
        quality[kind] = _mean([run["test"]["all"] for run in runs])
        numbers[f"{kind}_seeds"] = len(runs)
        numbers[f"{kind}_captions_right_over_seeds"] = quality[kind]
        numbers[f"{kind}_steps"] = runs[0]["steps"]
        numbers[f"{kind}_cpu_seconds"] = _mean([run["cpu_seconds"] for run in runs])
        texts = [one.text for one in load_captioner(kind).write(_pictures(chosen))]
        right = facts_right(texts, chosen)
        for name in ("all", "size", "color", "shape", "relation", "ground"):
            numbers[f"{kind}_{name}_right"] = getattr(right, name)
        numbers[f"{kind}_bleu"] = bleu(texts, [scene.captions() for scene in chosen])
        words = read_captions(kind, chosen).words()
        sharp[kind] = torch.tensor([_mean([one.entropy for one in own]) for own in words])
        numbers[f"{kind}_entropy_nats"] = sharp[kind].mean().item()
        numbers[f"{kind}_mass_on_the_object"] = _mean([one.mass for own in words for one in own])
    numbers["entropy_margin"] = margin(sharp["soft"] - sharp["hard"])
    noisier = _noises(chosen, batches, numbers)
    numbers["quality_gap"] = abs(quality["soft"] - quality["hard"])
    holds = numbers["quality_gap"] <= COMPARABLE and numbers["entropy_margin"] > 0 and noisier
    says = "soft and hard attention caption equally well; the hard one's expected map is sharper, its gradient noisier"
    return result(
        "C23",
        says,
        bool(holds),
        numbers,
        "one encoder, the same data; hard attention starts from the soft weights",
    )


def _noises(scenes: list[CaptionScene], batches: int, numbers: dict[str, float | int]) -> bool:
    """Measures the gradients of f_att with three sets of weights; whether REINFORCE has the larger variance in all."""
    cells = load_captioner("soft").cells(_pictures(scenes)[:300])
    texts = [scene.captions()[0] for scene in scenes[:300]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        models = {"untrained": ShowAttendTell("soft")} | {kind: load_captioner(kind).model for kind in KINDS}
    larger = []
    for name, model in models.items():
        own = {
            estimate: gradient_noise(model, cells, texts, estimate, batches, min(32, len(texts)))
            for estimate in ("soft", "hard", "hard without baseline")
        }
        larger.append(own["hard"].variance > own["soft"].variance)
        numbers[f"variance_at_{name}_hard_over_soft"] = own["hard"].variance / own["soft"].variance
        plain = own["hard without baseline"].variance
        numbers[f"variance_at_{name}_no_baseline_over_soft"] = plain / own["soft"].variance
    return all(larger)
