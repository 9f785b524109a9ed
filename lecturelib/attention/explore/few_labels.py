"""Few labels: the encoder that has read text without labels, beside the same one from scratch and plain word counts."""

from collections.abc import Iterator
from functools import lru_cache

from lecturelib.attention.claims_few_labels import draw_labeled, recall_from_labels
from lecturelib.attention.tense_labels import TENSES
from lecturelib.attention.tokenizer import shipped_tokenizer
from lecturelib.show import Picture, bars
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Slider

COUNTS, STEPS = (9, 15, 30, 60, 150, 300), (25, 50, 100)
LABELS = {
    "words_alone": "words that occur, logistic regression",
    "from_scratch": "encoder from scratch",
    "pretrained": "pretrained encoder",
}
WIDTH, SENTENCES = 700, 2  # px; labeled sentences of each tense that are shown
COLUMNS = (0, 96, 330, 540)  # px, of the table

_known: dict[tuple[str, int, int, int], float] = {}


def few_labels_explorer() -> Explorable:
    """Learn a task from few labels, with and without pretraining, and without any network.

    >>> few_labels_explorer().state["count"]
    30
    """
    controls = [
        Choice("count", COUNTS, 30, label="labels in all", slider=True),
        Slider("seed", 0, 4, label="which sentences, which new weights"),
        Choice("steps", STEPS, 50, label="steps of fine-tuning", slider=True),
    ]
    presets: dict[str, dict] = {
        "three of each tense": {"count": 9},
        "ten of each tense": {"count": 30},
        "a hundred of each tense": {"count": 300},
        "as claim C17: 150, 100 steps": {"count": 150, "steps": 100},
    }
    return Explorable(_render, controls, "Few labels", presets)


def _render(state: dict) -> Iterator[Picture | Progress]:
    given = state["count"], state["seed"], state["steps"]
    missing = [method for method in LABELS if (method, *given) not in _known]
    for k, method in enumerate(missing):
        if k == 0:
            yield _draw(state)
        yield Progress(k / len(missing), LABELS[method])
        _known[(method, *given)] = recall_from_labels(method, *given)
        if k + 1 < len(missing):
            yield _draw(state)
    yield _draw(state)


@lru_cache(maxsize=32)
def _examples(count: int, seed: int) -> list[str]:
    """The first labeled sentences of each tense."""
    sentences, labels = draw_labeled(count, seed)
    lines = []
    for k, tense in enumerate(TENSES):
        chosen = [ids for ids, label in zip(sentences, labels, strict=True) if label == k][:SENTENCES]
        lines.append(f"{tense}: {'   '.join(shipped_tokenizer().decode(ids) for ids in chosen)}")
    return lines


def _draw(state: dict) -> Picture:
    count, seed, steps = state["count"], state["seed"], state["steps"]
    found = {method: _known.get((method, count, seed, steps)) for method in LABELS}
    sheet = Sheet(WIDTH)
    below = sheet.words(f"{count} labeled sentences, such as", 0, 0)
    for line in _examples(count, seed):
        below = sheet.words(line, below + 2, 12, 14, room=WIDTH - 12)
    below = sheet.words("test sentences: tense recognized (a mark: guessing, 33 %)", below + 12, 0)
    labels = [label if found[method] is not None else f"{label} …" for method, label in LABELS.items()]
    values = [found[method] or 0.0 for method in LABELS]
    chart = bars(
        labels, values, 2, width=WIDTH, reference=[1 / len(TENSES)] * len(values), form=".0%", alt="bars"
    )
    below = sheet.put(chart, below + 2, 0) + 12
    heads = ("labels", "words that occur", "from scratch", "pretrained")
    for text, left in zip(heads, COLUMNS, strict=True):
        sheet.words(text, below, left, 14)
    for n in COUNTS:
        below += 20
        cells = [_known.get((method, n, seed, steps)) for method in LABELS]
        row = [str(n), *("\N{EN DASH}" if value is None else f"{value:.0%}" for value in cells)]
        for text, left in zip(row, COLUMNS, strict=True):
            sheet.words(text, below, left, 14)
    said = ", ".join(f"{LABELS[method]} {value:.0%}" for method, value in found.items() if value is not None)
    caption = (
        f"{count} labels, {steps} steps of fine-tuning, seed {seed}: {said or 'nothing is measured yet'}. Recall on "
        f"the held-out sentences, mean over {', '.join(TENSES)}. One draw of sentences and weights; the table holds "
        f"what was tried with this seed and these steps."
    )
    return sheet.picture(f"Labeled sentences, bars and a table of what was tried. {caption}", caption)
