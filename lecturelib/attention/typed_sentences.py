"""Truecasing and placeholders: a typed sentence made into one of the kind that the translators were trained on.

The training sentences have capitals where English has them, end with a sign, and repeat the same few names. A network
of this size does not generalize beyond that: capitals only, a missing full stop or a name that it never met change a
translation beyond recognition. Some remedies need no training: restore the case of each word (truecasing, Lita et al.
2003), add the final sign, spell small numbers out, and write a frequent name in the place of an unknown one, which is
put back into the translation (a placeholder, as Luong et al. 2015 do for rare words).
"""

from __future__ import annotations

import lzma
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from lecturelib import assets
from lecturelib.attention.sentence_pairs import normalized, words
from lecturelib.checks import complaint, described

STAND_INS = ("Tom", "Mary", "John")  # the three most frequent names of the training sentences
NUMBERS = ("20", "50", "40")  # numbers that are copied as they stand where others are not
FOREIGN = 0.5  # a sentence of which so large a share was never met is taken for another language
RARE = 10  # words met less often than this are seldom translated well
WRITTEN_OUT = "two three four five six seven eight nine ten"  # 2 to 10, as the training sentences write them
ASKING = (
    "who whose whom what where when why how which do does did is are am was were can could will would shall should has "
    "have had may might must don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't"
)  # the first words of questions
FRENCH_NUMBERS = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt"
)  # 0 to 20, which a translation may spell out
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_YEAR_OR_TIME = re.compile(r"(?:1\d|20)\d\d|.*[:/-].*")


@dataclass(frozen=True)
class TypedSentence:
    """A sentence as typed and as the translator reads it.

    `stand_ins`: the frequent name or number in the sentence -> the one that was typed. `unknown`: words that are read
    as typed although no training sentence has them. `notes`: what was changed and what to beware of, a sentence each.
    """

    typed: str
    sentence: str
    stand_ins: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def restore(self, text: str) -> str:
        """Put the typed names back into a translation, or into one of its tokens.

        >>> prepare("Quentin helps me.").restore("Tom m'aide.")
        "Quentin m'aide."
        """
        found = re.compile(rf"(?<!\w)(?:{'|'.join(self.stand_ins) or '(?!)'})(?!\w)")
        return found.sub(lambda match: self.stand_ins[match[0]], text)

    def after(self, translation: str) -> tuple[str, ...]:
        """The notes, with those that only the translation (names put back) can tell: names and numbers lost."""
        kept = [*self.stand_ins.values(), *_NUMBER.findall(self.typed)]
        lost = [each for each in dict.fromkeys(kept) if not _stands_in(each, translation)]
        return self.notes + tuple(f"“{each}” is lost in the translation." for each in lost)


def _stands_in(kept: str, translation: str) -> bool:
    """Is a name or number in the translation, as typed, spelled out (3: trois) or, a time, the French way (7 h 30)?"""
    forms = [re.escape(kept)]
    spelled = FRENCH_NUMBERS.split()
    if re.fullmatch(r"\d{1,2}", kept) and int(kept) < len(spelled):
        forms += [spelled[int(kept)], *(["une"] if kept == "1" else [])]
    if re.fullmatch(r"\d{1,2}:\d\d", kept):
        forms.append(kept.replace(":", r"\s?h\s?"))
    return bool(re.search(rf"(?<![\w-])(?:{'|'.join(forms)})(?![\w-])", translation, re.IGNORECASE))


@lru_cache(maxsize=1)
def known_words() -> dict[str, tuple[str, int]]:
    """The words of the translators' training: word in lower case -> (usual form, number of occurrences).

    >>> known_words()["paris"][0], "zeppelin" in known_words()
    ('Paris', False)
    """
    with lzma.open(assets.data_path("english_words.txt.xz"), "rt", encoding="utf-8") as lines:
        rows = [line.split() for line in lines]
    return {word.casefold(): (word, int(count)) for word, count in rows}


def prepare(sentence: str) -> TypedSentence:
    """Truecasing, final sign and placeholders (for unknown names, and for numbers) of a typed English sentence.

    sentence: a string of any length; a sentence like those of the training stays as it is. Raises TypeError for
    something that is no text. Lita et al. 2003, "tRuEcasIng"; Luong et al. 2015, "Addressing the rare word problem in
    neural machine translation".

    >>> found = prepare("WHERE DOES QUENTIN LIVE")
    >>> found.sentence, found.unknown
    ('Where does quentin live?', ('quentin',))
    >>> found = prepare("Where does Quentin live?")
    >>> found.sentence, found.stand_ins, found.restore("Où habite Tom ?")
    ('Where does Tom live?', {'Tom': 'Quentin'}, 'Où habite Quentin ?')
    """
    if not isinstance(sentence, str):
        raise TypeError(complaint("sentence", "a string", described(sentence)))
    found = TypedSentence(sentence, normalized(sentence))
    for step in (_truecased, _ended, _written_out, _with_stand_ins, _with_warnings):
        found = step(found)
    return found


def _noted(found: TypedSentence, sentence: str, note: str) -> TypedSentence:
    return (
        found if sentence == found.sentence else replace(found, sentence=sentence, notes=(*found.notes, note))
    )


def _truecased(found: TypedSentence) -> TypedSentence:
    """Each word in its usual form where the sentence has no small letters, or no capitals, or is written Like This."""
    text, each = found.sentence, words(found.sentence)
    long = [word for word in each if len(word) > 1]
    capitals = bool(long) and all(word.isupper() for word in long)
    small = bool(each) and text == text.lower()
    title = not capitals and len(each) > 3 and all(word[0].isupper() for word in each)
    if not (capitals or small or title):
        return found
    known = known_words()
    for word in dict.fromkeys(each):
        usual = known.get(word.casefold(), ("" if title else word.lower(), 0))[0]
        text = re.sub(rf"(?<![\w'-]){re.escape(word)}(?![\w'-])", usual or word, text)
    text = text[:1].upper() + text[1:]
    kind = "capitals" if capitals else "small letters" if small else "a title's capitals"
    return _noted(found, text, f"Written in {kind}: read as “{text}”")


def _ended(found: TypedSentence) -> TypedSentence:
    text, each = found.sentence, words(found.sentence)
    if not each or not text[-1].isalnum():
        return found
    sign = "?" if each[0].lower() in ASKING.split() else "."
    return _noted(found, text + sign, f"No sign at its end: read with “{sign}”")


def _written_out(found: TypedSentence) -> TypedSentence:
    """The numbers from 2 to 10 as words: in digits, most are translated into another number."""
    small = {str(value): word for value, word in enumerate(WRITTEN_OUT.split(), 2)}
    text = re.sub(
        r"(?<![\w.,:/$€£-])(?:[2-9]|10)(?![\w:/%-]|[.,]\d)", lambda match: small[match[0]], found.sentence
    )
    if found.sentence[:1].isdigit():
        text = text[:1].upper() + text[1:]
    return _noted(found, text, "Numbers up to ten are read as words, as in training.")


def _with_stand_ins(found: TypedSentence) -> TypedSentence:
    """Frequent names in the places of names that no training sentence has, and numbers that are copied for others."""
    text, known = found.sentence, known_words()
    typed = [n for n in dict.fromkeys(_NUMBER.findall(text)) if len(n) > 1 and not _YEAR_OR_TIME.fullmatch(n)]
    free = [number for number in NUMBERS if number not in _NUMBER.findall(text)]
    numbers = dict(zip(free, (n for n in typed if n not in NUMBERS), strict=False))
    for number, own in numbers.items():
        text = re.sub(rf"(?<![\w.,:]){re.escape(own)}(?![\w:]|[.,]\d)", number, text)
    each = [word.removesuffix("'s") for word in words(text)]  # Quentin's: Tom's
    names = [w for w in dict.fromkeys(each) if w[0].isupper() and w.casefold() not in known and len(w) > 1]
    names = [] if _is_foreign(each) else names
    parts = [f"{a} {b}" for a, b in pairwise(each) if a in names and b in names and f"{a} {b}" in text]
    names = [
        w for w in names if not any(w in both.split() for both in parts)
    ] + parts  # first and last name as one
    free = [name for name in STAND_INS if name not in each]
    swapped = dict(zip(free, names, strict=False))
    for name, own in swapped.items():
        text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", name, text)
    swapped |= numbers
    told = ", ".join(f"“{own}” as “{name}”" for name, own in swapped.items())
    note = f"Placeholders, put back into the translation: {told}."
    return _noted(replace(found, stand_ins=swapped), text, note)


def _is_foreign(each: list[str]) -> bool:
    return len(each) > 2 and sum(word.casefold() not in known_words() for word in each) > FOREIGN * len(each)


def _with_warnings(found: TypedSentence) -> TypedSentence:
    known, each = known_words(), words(found.sentence)
    unknown = tuple(dict.fromkeys(word for word in each if word.casefold() not in known))
    met = {word: known[word.casefold()][1] for word in each if word.casefold() in known}
    rare = [f"{word} ({count})" for word, count in met.items() if count < RARE]
    notes = []
    if _is_foreign(each):
        notes.append("Most of its words stand in no training sentence: is it English?")
    elif unknown:
        notes.append(f"In no training sentence: {', '.join(unknown)}.")
    if rare:
        notes.append(f"Rare in training (number of times): {', '.join(rare)}.")
    return replace(found, unknown=unknown, notes=(*found.notes, *notes))
