"""Diagrams are enlarged and moved in JupyterLab by keys, buttons, wheel and mouse; what lies in them stays live."""

CELLS = [
    """
from lecturelib.architecture import block_diagram, explore, graph_of
block_diagram(graph_of("resnet50"), open=["layer1", "layer1.0"])
""",
    'explore.fold_explorer("resnet18")',
]
PLACE = "view => view.firstElementChild.style.transform"


def scale(view) -> float:
    said = view.evaluate(PLACE)
    return float(said.rpartition("scale(")[2].rstrip(")")) if said else 1.0


def test_a_diagram_is_enlarged_and_moved(lab):
    opened = lab.open(lab.write("zoom.ipynb", CELLS))
    opened.run_all()
    assert opened.cell_errors() == []
    page = opened.page
    still = page.locator(".ll-zoom:visible")
    assert "plus and minus zoom" in still.get_attribute("aria-label")
    cells = page.locator(".jp-Cell").count()
    still.focus()
    for key in ("+", "+", "ArrowRight", "ArrowDown"):
        still.press(key)
    assert scale(still) == 2.25 and page.locator(".jp-Cell").count() == cells
    before = still.evaluate(PLACE)
    box = still.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, -100)
    page.wait_for_function(
        "before => document.querySelector('.ll-zoom > div').style.transform !== before", arg=before
    )
    assert scale(still) > 2.25
    still.press("0")
    assert scale(still) == 1
    still.get_by_role("button", name="Zoom in").click()
    assert scale(still) == 1.5
    opened.screenshot("zoom-still")

    [fold] = opened.explorables()
    view = fold.root.locator(".ll-view")
    view.focus()
    view.press("+")
    view.press("+")
    assert scale(view) == 2.25
    # a block is still opened where it lies now, and what the keys go to is brought into sight
    first = fold.root.locator(".ll-region").first
    first.focus()
    for _ in range(4):
        fold.root.locator(".ll-region:focus").press("ArrowRight")
        page.wait_for_timeout(400)
    inside = """view => { const a = view.getBoundingClientRect(), b = document.activeElement.getBoundingClientRect();
      return b.left >= a.left - 1 && b.top >= a.top - 1 && b.left < a.right && b.top < a.bottom; }"""
    assert view.evaluate(inside)
    opened.screenshot("zoom-fold")
    box = view.bounding_box()
    at = view.evaluate(PLACE)
    page.mouse.move(box["x"] + 300, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 200, steps=5)
    page.mouse.up()
    assert view.evaluate(PLACE) != at and scale(view) == 2.25
    view.focus()
    view.press("0")
    fold.presses(fold.root.locator('.ll-region[data-key="layer2"]').first, "Enter")
    assert scale(view) == 1 and fold.root.locator('.ll-region[aria-expanded="true"]').count() > 0
    assert opened.complaints() == []
