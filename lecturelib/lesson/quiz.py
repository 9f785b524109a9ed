"""Questions with an explanation on every answer: offline, by keyboard, readable as plain text.

A quiz is one piece of HTML. With its small script (in JupyterLab, and in an exported page) it has radio
buttons or checkboxes and a Check button; where scripts are not run, the same lines stay readable and each
explanation opens by itself. So it needs no kernel and no widget. In JupyterLab each check is also told to the course's
extension, which keeps it for `lecturelib.exercises.progress()`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lecturelib.checks import complaint, described
from lecturelib.show.text_metrics import escaped, prepared_text

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Answer:
    """One answer of a question: its text, whether it is right, and why; the why is required.

    >>> Answer("4", True, "Two pairs.").right
    True
    """

    text: str
    right: bool
    why: str

    def __post_init__(self):
        object.__setattr__(self, "text", _checked_text("text of an answer", self.text))
        if not isinstance(self.right, bool):
            raise TypeError(
                complaint(f"right of answer {self.text!r}", "True or False", described(self.right))
            )
        object.__setattr__(self, "why", _checked_text(f"why of answer {self.text!r}", self.why))


@dataclass(frozen=True)
class Question:
    """A question with its answers in the order given; several right ones make it "choose all that apply".

    Raises ValueError or TypeError for fewer than two answers or more than 26, equal ones, or none that is right.

    >>> Question("Even?", [Answer("2", True, "2 = 2 x 1."), Answer("3", False, "Odd.")]).several
    False
    """

    text: str
    answers: tuple[Answer, ...]

    def __post_init__(self):
        object.__setattr__(self, "text", _checked_text("text of a question", self.text))
        object.__setattr__(self, "answers", tuple(self.answers))
        name = f"answers of question {self.text!r}"
        for answer in self.answers:
            if not isinstance(answer, Answer):
                raise TypeError(complaint(name, "Answers", described(answer)))
        texts = [answer.text for answer in self.answers]
        if not 2 <= len(texts) <= len(LETTERS):
            raise ValueError(complaint(name, f"2 to {len(LETTERS)}, one per letter", len(texts)))
        if len(set(texts)) < len(texts):
            raise ValueError(complaint(name, "different texts", texts))
        if not any(answer.right for answer in self.answers):
            raise ValueError(complaint(name, "at least one that is right", "none"))

    @property
    def several(self) -> bool:
        """Whether more than one answer is right."""
        return sum(answer.right for answer in self.answers) > 1


@dataclass(frozen=True)
class Quiz:
    """Questions under a title; the cell's last line shows it.

    >>> question = Question("Even?", [Answer("2", True, "2 = 2 x 1."), Answer("3", False, "Odd.")])
    >>> Quiz((question,)).text(solutions=False).splitlines()[2:]
    ['1. Even?', '   a) 2', '   b) 3']
    """

    questions: tuple[Question, ...]
    title: str = "Check yourself"

    def __post_init__(self):
        object.__setattr__(self, "title", _checked_text("title", self.title))
        object.__setattr__(self, "questions", tuple(self.questions))
        for question in self.questions:
            if not isinstance(question, Question):
                raise TypeError(complaint("questions", "Questions", described(question)))
        if not self.questions:
            raise ValueError(complaint("questions", "at least one", "none"))

    def text(self, solutions: bool = True) -> str:
        """The quiz as plain text; `solutions=False` leaves out what is right and why."""
        lines = [self.title, ""]
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.text}{_hint(question)}")
            for letter, answer in zip(_letters(question), question.answers, strict=True):
                lines.append(f"   {letter}) {answer.text}")
            if solutions:
                lines.append("")
                for letter, answer in zip(_letters(question), question.answers, strict=True):
                    lines.append(f"   {letter}: {_verdict(answer)}. {answer.why}")
            lines.append("")
        return "\n".join(lines).rstrip() + "\n"

    def html(self) -> str:
        """The quiz as one piece of HTML with its style and script."""
        # The name follows from the text, so that a notebook run twice gives the same output.
        name = "ll-quiz-" + hashlib.sha256(self.text().encode()).hexdigest()[:10]
        body = "".join(_question(name, number, q) for number, q in enumerate(self.questions, 1))
        return (
            f'<style>{_CSS}</style><section class="ll-quiz" data-ll-quiz="{name}">'
            f'<div class="ll-quiz-title" role="heading" aria-level="4">'
            f"{escaped(self.title)}</div>{body}</section><script>{_SCRIPT.replace('QUIZ', name)}</script>"
        )

    def show(self) -> None:
        """Shows the quiz in the notebook."""
        from IPython.display import display

        display(self._bundle(), raw=True)

    def _bundle(self) -> dict:
        return {"text/html": self.html(), "text/plain": self.text()}

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return self._bundle()

    def __repr__(self) -> str:
        return f"<Quiz {self.title!r}: {len(self.questions)} questions>"


def quiz(questions: Iterable[Question], title: str = "Check yourself", mixed: bool = True) -> Quiz:
    """A quiz of the questions, in their order; `.show()`, or the cell's last line, shows it.

    The answers of a question are mixed, unless `mixed=False`: whoever writes one begins with the right answer. The
    order follows from their texts, so that everybody has the same letters.

    Raises ValueError or TypeError where there is no question or something else among them.

    >>> four = Answer("4", True, "Two pairs.")
    >>> quiz([Question("2 + 2?", [four, Answer("5", False, "One too many.")])], title="Sums")
    <Quiz 'Sums': 1 questions>
    """
    made = Quiz(tuple(questions), title)
    return replace(made, questions=tuple(map(_mixed, made.questions))) if mixed else made


def _mixed(question: Question) -> Question:
    def place(answer: Answer) -> bytes:
        return hashlib.sha256(f"{question.text}\n{answer.text}".encode()).digest()

    return replace(question, answers=tuple(sorted(question.answers, key=place)))


def _checked_text(what: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(complaint(what, "a text", described(text)))
    if not text.strip():
        raise ValueError(complaint(what, "a text", "an empty one"))
    return prepared_text(text)


def _letters(question: Question) -> str:
    return LETTERS[: len(question.answers)]


def _hint(question: Question) -> str:
    return " (choose all that apply)" if question.several else ""


def _verdict(answer: Answer) -> str:
    return "Right" if answer.right else "Wrong"


def _question(name: str, number: int, question: Question) -> str:
    kind = "checkbox" if question.several else "radio"
    rows = "".join(
        f'<div class="ll-choice" data-right="{int(answer.right)}">'
        f'<label><input type="{kind}" name="{name}-{number}"> <span>{letter}) {escaped(answer.text)}</span></label>'
        f'<details class="ll-why"><summary>Why?</summary><p><b>{_verdict(answer)}.</b> {escaped(answer.why)}</p>'
        "</details></div>"
        for letter, answer in zip(_letters(question), question.answers, strict=True)
    )
    return (
        f'<fieldset class="ll-question" data-number="{number}"><legend>{number}. {escaped(question.text)}'
        f"{_hint(question)}</legend>{rows}</fieldset>"
    )


_CSS = """
.ll-quiz{font-size:16px;line-height:1.5;max-width:72ch;color:var(--jp-ui-font-color1,#222)}
.ll-quiz-title{font-size:18px;font-weight:600}
.ll-quiz fieldset{border:1px solid var(--jp-border-color1,#bbb);border-radius:6px;margin:12px 0;padding:8px 16px 12px}
.ll-quiz legend{font-weight:600;padding:0 6px}
.ll-quiz .ll-choice{margin:6px 0;padding:4px 10px;border-left:5px solid transparent}
.ll-quiz label{display:flex;gap:10px;align-items:baseline;cursor:pointer}
.ll-quiz input{width:17px;height:17px;flex:none;position:relative;top:3px;margin:0;accent-color:#0072b2}
.ll-quiz .ll-why{margin:2px 0 2px 27px}.ll-quiz .ll-why p{margin:2px 0}
.ll-quiz[data-live] .ll-choice:not(.ll-checked) .ll-why{display:none}
.ll-quiz[data-live] .ll-why summary{display:none}
.ll-quiz .ll-checked[data-right="1"]{border-left-color:#009e73;background:rgba(0,158,115,.12)}
.ll-quiz .ll-checked[data-right="0"]{border-left-color:#d55e00;border-left-style:dashed}
.ll-quiz .ll-missed{background:rgba(213,94,0,.12)}
.ll-quiz button{font-size:15px;padding:4px 18px;cursor:pointer;border-radius:4px;border:1px solid #0072b2;background:#0072b2;color:#fff}
.ll-quiz .ll-reveal{margin-left:10px;background:transparent;color:inherit}
.ll-quiz .ll-result{margin-left:14px;font-weight:600}
.ll-quiz :focus-visible{outline:3px solid var(--jp-brand-color1,#0072b2);outline-offset:2px}
""".strip()  # noqa: E501

# Checking opens the explanations of what was chosen, and all of them once the answer is right or asked for; a changed
# answer closes them, so that one can try again.
_SCRIPT = """
(() => {
  for (const root of document.querySelectorAll('[data-ll-quiz="QUIZ"]:not([data-live])')) {
    root.dataset.live = "1";
    const copy = Math.random().toString(36).slice(2); // the same quiz twice on a page must not share its answers
    root.addEventListener("keydown", (event) => {
      // JupyterLab would take plain keys: an arrow would go to the next cell instead of the next answer.
      const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
      if (!command && event.key !== "Escape") event.stopPropagation();
    });
    for (const question of root.querySelectorAll(".ll-question")) {
      const choices = [...question.querySelectorAll(".ll-choice")];
      const inputs = choices.map((choice) => choice.querySelector("input"));
      for (const input of inputs) input.name += "-" + copy;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Check";
      button.setAttribute("aria-label", "Check question " + question.dataset.number);
      const result = document.createElement("span");
      result.className = "ll-result";
      result.setAttribute("role", "status");
      const reveal = document.createElement("button");
      reveal.type = "button";
      reveal.className = "ll-reveal";
      reveal.textContent = "Show the answer";
      reveal.hidden = true;
      question.append(button, reveal, result);
      const open = (choice) => {
        choice.classList.add("ll-checked");
        choice.querySelector("details").open = true;
      };
      const clear = () => {
        result.textContent = "";
        reveal.hidden = true;
        for (const choice of choices) choice.classList.remove("ll-checked", "ll-missed");
      };
      const check = () => {
        clear();
        if (!inputs.some((input) => input.checked)) {
          result.textContent = "Choose an answer first.";
          return;
        }
        let good = true;
        choices.forEach((choice, k) => {
          const right = choice.dataset.right === "1";
          if (right !== inputs[k].checked) good = false;
          if (inputs[k].checked) open(choice);
          if (!right && inputs[k].checked) choice.classList.add("ll-missed");
        });
        if (good) choices.forEach(open);
        const missed = choices.some((choice) => choice.classList.contains("ll-missed"));
        result.textContent = good ? "\\u2713 Right." : missed ? "\\u2717 Not yet: read why, and try again."
          : "\\u2717 Not yet: what you chose is right, but something is missing.";
        reveal.hidden = good;
        const detail = {
          title: root.querySelector(".ll-quiz-title").textContent, number: +question.dataset.number, right: good,
          total: root.querySelectorAll(".ll-question").length,
        };
        root.dispatchEvent(new CustomEvent("lecturelib-quiz", { bubbles: true, detail }));
      };
      reveal.addEventListener("click", () => {
        choices.forEach(open);
        result.textContent = "This is the answer.";
        button.focus();
        reveal.hidden = true;
      });
      button.addEventListener("click", check);
      for (const input of inputs) {
        input.addEventListener("change", clear);
        input.addEventListener("keydown", (event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          check();
        });
      }
    }
  }
})();
"""
