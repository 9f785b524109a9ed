"""Tables: aligned text, HTML with a header, bad input."""

import pytest

from lecturelib.show import table


def test_numbers_stand_at_the_right_and_words_at_the_left():
    made = table(
        [("a", "1,200", "5 %"), ("bcd", "−3", "12 %")], ["name", "count", "share"], caption="Two rows."
    )
    assert str(made).splitlines() == [
        "Two rows.", "name  count  share", "a     1,200    5 %", "bcd      −3   12 %",
    ]  # fmt: skip
    page = made.html()
    assert page.count("<td class=ll-number>") == 4 and page.count("<th scope=col>name") == 1


def test_words_are_escaped_and_of_one_line():
    page = table([("<b>\nx",)], ["a & b"]).html()
    assert "&lt;b&gt; x" in page and "a &amp; b" in page


def test_a_notebook_gets_both_forms():
    made = table([(1,)], ["n"])
    assert set(made._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize(("rows", "words"), [([], "at least one row"), ([(1, 2)], "row 0: expected 1 cells")])
def test_bad_input(rows, words):
    with pytest.raises(ValueError, match=words):
        table(rows, ["n"])
