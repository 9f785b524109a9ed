"""The hunt for wrong labels by mouse and by keys, and the charts of confounds in a dark notebook."""

CELLS = [
    "from lecturelib import confounds\nfrom lecturelib.confounds import explore\nexplore.hunt_explorer()",
    "confounds.claim_chart('C1')",
    "confounds.impossible_waterfall().picture()",
]


def test_a_wrong_label_is_marked_by_a_click_and_taken_back_by_enter(lab):
    page = lab.open(lab.write("hunt_dark.ipynb", CELLS), size=(1280, 720), dark=True)
    page.run_all()
    assert page.cell_errors() == []
    (hunt,) = page.explorables()
    hunt.rests()
    assert "0 of 18 labels are marked" in hunt.alt and "planted" not in hunt.alt
    picture = hunt.root.locator(".ll-region[data-key='1-2']")
    picture.click()
    page.page.wait_for_function("image => image.alt.includes('1 of 18')", arg=hunt.image.element_handle())
    page.screenshot("03_confounds-hunt-marked")
    hunt.presses(picture, "Enter")
    hunt.rests()
    assert "0 of 18 labels are marked" in hunt.alt and hunt.error == ""
    page.page.locator(".jp-Cell").nth(1).scroll_into_view_if_needed()
    page.screenshot("03_confounds-chart-dark")
    assert page.complaints() == []
