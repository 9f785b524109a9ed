"""Claims C32 and C33 of the course, measured: an induction head does the copying; a causal model beats counting."""

import torch

from lecturelib.attention import induction
from lecturelib.attention.causal_language_model import training_log
from lecturelib.checks import check_whole
from lecturelib.lesson.claims import margin, result

FOUND = 0.5  # the score from which on a head is called an induction head
LOST = 0.3  # share of letters right: what must be lost without it, and what one layer must stay behind


@torch.no_grad()
def c32_induction(count: int = 200, period: int = 8, seeds: int = induction.SEEDS) -> dict:
    """C32: does a head of the second layer do the copying, found by its score and ablated?

    The shipped models of letters, `seeds` of two and of one layer, on `count` sequences of letters that begin again
    after `period` distinct ones: a task like that of training, where pieces came back at changing distances. A head
    whose induction score is above 0.5 is called an induction head; ablated are all of these at once. Holds if every
    two-layer model has one in its second layer and no one-layer model has one, and if, over the seeds, two layers copy
    more than one, and than themselves without these heads, by more than 0.3 of the letters (mean minus two standard
    errors). Ablating the first layer's heads, on which the second builds, is reported beside it. Olsson et al. 2022.
    """
    check_whole("count", count, 1)
    tokens = induction.repeated(count, period, generator=torch.Generator().manual_seed(7), distinct=True)
    rows: dict[str, list[float]] = {}
    found, none = True, True
    for seed in range(check_whole("seeds", seeds, 1, induction.SEEDS)):
        two, one = induction.load(2, seed), induction.load(1, seed)
        scores, control = (induction.induction_scores(model, tokens) for model in (two, one))
        heads = [(layer, head) for layer, head in (scores > FOUND).nonzero().tolist()]
        found &= bool(heads) and all(layer == 1 for layer, _ in heads)
        none &= bool((control <= FOUND).all())
        best = divmod(int(scores.argmax()), scores.shape[1])
        numbers = {
            "induction_heads": len(heads),
            "best_score": scores.max().item(),
            "best_score_in_layer_1": scores[0].max().item(),
            "best_score_one_layer": control.max().item(),
            "right_two_layers": induction.copying(two, tokens, period),
            "right_one_layer": induction.copying(one, tokens, period),
            "right_without_the_best": induction.copying(induction.without_heads(two, [best]), tokens, period),
            "right_without_induction_heads": induction.copying(
                induction.without_heads(two, heads), tokens, period
            ),
            "right_without_layer_1_heads": induction.copying(
                induction.without_heads(two, [(0, head) for head in range(scores.shape[1])]), tokens, period
            ),
        }
        for name, value in numbers.items():
            rows.setdefault(name, []).append(float(value))
    whole = torch.tensor(rows["right_two_layers"])
    over = margin(whole - torch.tensor(rows["right_one_layer"]))
    lost = margin(whole - torch.tensor(rows["right_without_induction_heads"]))
    means: dict = {"seeds": seeds, "sequences": count, "period": period}
    means |= {name: sum(values) / len(values) for name, values in rows.items()}
    means |= {"margin_over_one_layer": over, "margin_of_ablation": lost}
    says = "an induction head in the second layer does the copying; one layer has none, and copies little"
    note = "means over seeds; share of letters right where they repeat; chance 0.0385"
    return result("C32", says, found and none and over > LOST and lost > LOST, means, note)


def c33_perplexity() -> dict:
    """C33: is the causal language model less perplexed by held-out sentences than a 3-gram model of the same text?

    The shipped model (one seed) beside interpolated Kneser-Ney on the same sentences and tokens, both languages
    together and each alone, as scripts/train_causal_words.py measured them. Holds if the model's perplexity is the
    lower one in both languages, also beside the 3-gram model of that language alone. Its perplexity on sentences of
    the training text stands beside them: how far the model has learned these by heart.
    """
    log = training_log()
    numbers: dict = {"seeds": 1, "epochs": log["epochs"]}
    holds = True
    for side in ("english", "french"):
        own, both, alone = (
            log[f"{side}_perplexity{end}"]
            for end in ("", "_of_a_3-gram_model", f"_of_a_3-gram_model_of_{side}_alone")
        )
        numbers |= {
            f"{side}_sentences": log[f"{side}_test_sentences"],
            f"{side}_model": own,
            f"{side}_model_in_training": log[f"{side}_perplexity_on_every_40th_training_sentence"],
            f"{side}_3-gram": both,
            f"{side}_3-gram_of_{side}_alone": alone,
        }
        holds &= own < min(both, alone)
    says = "the causal language model is less perplexed by held-out sentences than a 3-gram model"
    return result("C33", says, holds, numbers, "perplexity of a token, END included; lower is better")
