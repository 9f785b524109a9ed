"""Exercises in JupyterLab: one solved wrong, then right, by keyboard alone; the quiz reports; progress is drawn."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = "notebooks/exercises/07_attention.ipynb"
WRONG = """#| exercise: same_sentence_mask
def same_sentence(tokens, separator):
    print("tokens:", len(tokens))
    number = torch.tensor([token == separator for token in tokens]).long().cumsum(0)
    return number[:, None] == number[None, :]"""
RIGHT = WRONG.replace(
    "    return", "    number = number - torch.tensor([t == separator for t in tokens]).long()\n    return"
)


def to_cell(page, text):
    """By arrow keys to the code cell that holds a text."""
    keys = page.page.keyboard
    keys.press("Escape")
    active = page.page.locator(".jp-Cell.jp-mod-active .cm-content")
    for key in ("ArrowUp", "ArrowDown"):
        for _ in range(page.page.locator(".jp-Cell").count()):
            if active.count() and text in active.first.inner_text():
                return
            keys.press(key)
    raise AssertionError(f"no cell with {text}")


def answer(page, source, status):
    """Write an answer into its cell, run it and the check below, and wait for the verdict."""
    keys = page.page.keyboard
    to_cell(page, "#| exercise: same_sentence_mask")
    keys.press("Enter")
    keys.press("Control+a")
    keys.insert_text(source)
    keys.press("Shift+Enter")
    keys.press("Shift+Enter")
    verdict = page.page.locator(f'.ll-verdict[data-status="{status}"]', has_text="Within your own sentence")
    verdict.wait_for(timeout=30_000)
    return verdict


@pytest.mark.parametrize("dark", [False, True])
def test_an_exercise_is_solved_wrong_then_right_by_keyboard(lab, dark):
    page = lab.open(NOTEBOOK, dark=dark)
    page.run_all()
    assert page.cell_errors() == []
    statuses = page.page.locator(".ll-verdict").evaluate_all("all => all.map(one => one.dataset.status)")
    assert len(statuses) >= 4 and set(statuses) == {"not attempted"}

    wrong = answer(page, WRONG, "partial")
    assert "The separator has gone to the wrong sentence" in wrong.inner_text()
    details = wrong.locator("summary")
    details.focus()
    page.page.keyboard.press("Enter")
    assert "tokens: 6" in wrong.locator("pre").inner_text()
    shown, ground = wrong.evaluate(
        "e => [getComputedStyle(e).color, getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor]"
    )
    assert shown != ground
    wrong.scroll_into_view_if_needed()
    page.screenshot(f"exercise-wrong-{'dark' if dark else 'light'}")

    right = answer(page, RIGHT, "ok")
    assert "2 of 2 points" in right.inner_text() and page.page.locator('[data-status="partial"]').count() == 0
    page.screenshot(f"exercise-right-{'dark' if dark else 'light'}")

    to_cell(page, "progress()")
    page.page.keyboard.press("Control+Enter")
    page.page.locator('img[alt*="Within your own sentence: right"]').wait_for(timeout=20_000)
    page.page.locator('img[alt*="Within your own sentence: right"]').scroll_into_view_if_needed()
    page.screenshot(f"exercise-progress-{'dark' if dark else 'light'}")
    assert page.complaints() == []


QUIZ = """from lecturelib.lesson import Answer, Question, quiz

four, five = Answer("4", True, "Two pairs."), Answer("5", False, "One too many.")
even = [Answer("2", True, "2 = 2 x 1."), Answer("4", True, "Twice 2."), Answer("3", False, "Odd.")]
quiz([Question("2 + 2?", [four, five]), Question("Even?", even)], title="Part 5", mixed=False)"""


def test_a_quiz_reports_and_shows_the_answer_on_request_only(lab):
    page = lab.open(lab.write("quiz.ipynb", [QUIZ, "from lecturelib.exercises import progress\nprogress()"]))
    page.run_all()
    first, second = (page.page.locator(".ll-question").nth(k) for k in range(2))
    first.locator("input").nth(1).focus()
    page.page.keyboard.press("Space")
    page.page.keyboard.press("Enter")
    assert first.locator(".ll-why:visible").count() == 1  # of what was chosen
    assert "Two pairs" not in first.inner_text()
    first.get_by_role("button", name="Show the answer").press("Enter")
    assert first.locator(".ll-why:visible").count() == 2 and "Two pairs" in first.inner_text()
    second.locator("input").nth(0).focus()
    page.page.keyboard.press("Space")
    page.page.keyboard.press("Enter")
    assert "something is missing" in second.inner_text() and "Twice 2" not in second.inner_text()
    second.locator("input").nth(1).focus()
    page.page.keyboard.press("Space")
    page.page.keyboard.press("Enter")
    assert "Right." in second.locator(".ll-result").inner_text()
    page.screenshot("quiz-answered")
    page.page.locator(".cm-content", has_text="progress()").click()
    page.page.keyboard.press("Control+Enter")
    page.page.locator('img[alt*="quiz 1 of 2 right"]').wait_for(timeout=20_000)
    page.screenshot("quiz-reported")
    assert page.complaints() == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks" / "exercises").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_exercises_are_pages_for_a_class(lab, present, path):
    page = lab.open(f"notebooks/exercises/{path.name}")
    page.run_all()
    assert page.cell_errors() == []
    page.screenshot(f"exercises-{path.stem}")
    assert present(page).unfit(((1280, 720),), tall=1440) == []
    assert page.complaints() == []
