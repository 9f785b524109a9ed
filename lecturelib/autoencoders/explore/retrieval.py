"""One half of a garment finds the other: a joint code for two views."""

from functools import lru_cache

import torch
from torch.nn import functional as F

from lecturelib import datasets
from lecturelib.autoencoders.explore.samples import TILE, grey, test_set
from lecturelib.autoencoders.joint_autoencoder import View, recall_at, retrieval_ranks, two_views
from lecturelib.autoencoders.shipped_autoencoders import shared_autoencoder
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Slider

COUNT, BEST = 1000, 5


def retrieval_explorer() -> Explorable:
    """Search the lower halves of 1,000 garments by an upper half, or the other way round."""
    controls = [
        Slider("garment", 0, COUNT - 1, value=12, label="which of 1,000 garments"),
        Choice("query", ("upper", "lower"), label="the half that is given"),
    ]
    return Explorable(_render, controls, "Find the other half", {"by the lower half": {"query": "lower"}})


@lru_cache(maxsize=2)
def _known(query: View) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ranks (N,), and the normalized codes of the query's view and of the other one."""
    images, model = test_set("clothes")[0][:COUNT], shared_autoencoder("clothes_joint")
    upper, lower = two_views(images)
    with torch.no_grad():
        codes = {"upper": model.encode(upper=upper), "lower": model.encode(lower=lower)}
    unit = {view: F.normalize(code - code.mean(0), dim=1) for view, code in codes.items()}
    return retrieval_ranks(model, images, query), unit[query], unit["lower" if query == "upper" else "upper"]


@torch.no_grad()
def _render(state: dict) -> Picture:
    number, query = state["garment"], state["query"]
    ranks, own, other = _known(query)
    images, labels = test_set("clothes")
    upper, lower = two_views(images[:COUNT])
    given, searched = (upper, lower) if query == "upper" else (lower, upper)
    best = (other @ own[number]).topk(BEST).indices.tolist()
    made = shared_autoencoder("clothes_joint").decode(
        shared_autoencoder("clothes_joint").encode(**{query: given[number : number + 1]})
    )
    sheet, half = Sheet(), TILE // 2
    sheet.put(grey(given[number]), 0, 0, f"given: {query} half", TILE)
    sheet.put(grey(torch.cat(made, 2)), half + 44, 0, "decoded from it alone", TILE)
    left = TILE + 28
    sheet.words("the five most alike other halves, best first", 0, left)
    for k, found in enumerate(best):
        x = left + k * (half + 24)
        sheet.put(grey(searched[found]), 28, x, side=half + 8)
        right = "its own" if found == number else datasets.CLOTHES[int(labels[found])]
        sheet.words(f"{k + 1}. {right}", 28 + half // 2 + 14, x)
    sheet.put(
        grey(images[number]), half + 44, left, f"the whole: {datasets.CLOTHES[int(labels[number])]}", TILE
    )
    rank = int(ranks[number]) + 1
    said = (
        f"its own other half is number {rank} of {COUNT}; over all garments recall at 1 is "
        f"{recall_at(ranks, 1):.0%}, at 5 "
        f"{recall_at(ranks, 5):.0%} (by chance {1 / COUNT:.1%} and {5 / COUNT:.1%})"
    )
    return sheet.picture(
        f"The {query} half of a garment and the five other halves most like it by code; {said}.", said
    )
