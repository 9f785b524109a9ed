"""Tense labels for free: the tense of an English sentence, read off the verb forms of its French translation.

The rules read French, the network reads English: it never sees the words that decide. They are simple and careful:
where they find two tenses, none, or a form that several tenses share, the sentence gets no label.
"""

import re

from lecturelib.attention.sentence_pairs import Split, pairs

TENSES = ("past", "present", "future")
_WORDS = re.compile(r"\w+")
_BETWEEN = (  # what may stand between the auxiliary and its verb
    r"(?: (?:t|je|tu|il|elle|on|nous|vous|ils|elles|pas|jamais|rien|plus|déjà|bien|tout|toujours|beaucoup|trop|vraiment"
    r"|encore|souvent|juste|presque|enfin))*"
)
_PARTICIPLE = (
    r"(?:\w+(?:é|ée|és|ées)|eu|été|fait|dit|écrit|pris|appris|compris|surpris|mis|permis|promis|vu|su|lu|bu|pu|dû|cru|plu"
    r"|voulu|perdu|entendu|attendu|répondu|rendu|vendu|tenu|obtenu|reçu|connu|vécu|fallu|battu|disparu|couru|valu"
    r"|fini|dormi|choisi|menti|senti|réussi|grandi|suivi|servi|ri|ouvert|offert|découvert|souffert|peint|éteint)"
)
_WENT = r"(?:all|arriv|entr|rentr|tomb|rest|retourn|mont|n)ée?s?|(?:ven|reven|deven)ue?s?|(?:part|sort)ie?s?|morte?s?"
_RULES = {
    "past": re.compile(
        rf"\b(?:ai|as|a|avons|avez|ont){_BETWEEN} {_PARTICIPLE}\b"
        rf"|\b(?:suis|es|est|sommes|êtes|sont){_BETWEEN} (?:{_WENT})\b"
        r"|\b(?:étais|était|étions|étiez|étaient|avais|avait|avions|aviez|avaient|voulais|voulait|savais|savait)\b"
    ),
    "future": re.compile(
        r"\b(?!vrai\b|bras\b|gras\b|opéra\b|caméra\b|embarras\b|rai\b)\w+r(?:ai|as|a|ons|ez|ont)\b(?<!\bparais)"
        rf"|\b(?:vais|vas|va|allons|allez|vont){_BETWEEN}(?: me| te| se| le| la| les| lui| y| en| leur| l)*"
        r" \w+(?:er|ir|re)\b"
    ),
    "present": re.compile(
        r"\b(?:suis|es|est|sommes|êtes|sont|ai|as|a|avons|avez|ont|peux|peut|pouvons|pouvez|peuvent|veux|veut|voulons"
        r"|voulez|veulent|sais|sait|savez|savent|dois|doit|devons|devez|doivent|fais|font|vois|voit|voyez|aime|aimes"
        r"|aimez|aiment|pense|penses|pensez|faut|crois|croit|croyez|connais|connaît|connaissez|parle|parles"
        r"|parlez|parlent|habite|habitent|travaille|travaillent|joue|jouent|vit|vivent|lit|boit|mange|mangent|dort"
        r"|dorment|attends|attend|apprends|comprends|comprend|regarde|écoute|déteste|adore|ressemble|semble)\b"
    ),
}
# a form of several tenses or moods: conditional, subjunctive, imperfect of the other verbs, after "si"
_DOUBTFUL = re.compile(
    r"\bs ils?\b|\bsi\b"
    r"|\b(?!mais\b|jamais\b|désormais\b|français\b|anglais\b|lait\b|fait\b|parfait\b|sais\b|sait\b|vais\b"
    r"|fais\b|connais\b|plaît\b|étais\b|était\b|étaient\b|avais\b|avait\b|avaient\b|voulais\b|voulait\b|savais\b|savait\b)"
    r"\w+(?:ais|ait|aient|ût|ît|ât|assent|èrent)\b|\b(?:fut|furent|eut|soit|soient|sois|soyez|ait|aies|aille|puisse"
    r"|fasse)\b"
)


def tense(french: str) -> str | None:
    """The tense of a French sentence, one of TENSES, or None where the rules are not sure.

    >>> tense("Tom a acheté une maison.")
    'past'
    """
    words = " ".join(_WORDS.findall(french.lower()))
    if _DOUBTFUL.search(words):
        return None
    found = [name for name in ("past", "future") if _RULES[name].search(words)]
    if len(found) == 1:
        return found[0]
    return "present" if not found and _RULES["present"].search(words) else None


def labeled(split: Split) -> list[tuple[str, int]]:
    """English sentences of a split with the index of their tense in TENSES; unsure and ambiguous ones are left out.

    >>> len(labeled("test")) > 800
    True
    """
    seen: dict[str, set[str | None]] = {}
    for english, french in pairs(split):
        seen.setdefault(english, set()).add(tense(french))
    return [
        (english, TENSES.index(found.pop()))
        for english, found in ((english, kinds - {None}) for english, kinds in seen.items())
        if len(found) == 1
    ]
