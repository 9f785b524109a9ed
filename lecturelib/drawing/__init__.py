"""Vector drawings for every part: plain pieces, written as SVG, PNG and PDF."""

from lecturelib.drawing.compose import column, moved, row
from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.line_chart import line_chart
from lecturelib.drawing.picture_row import picture_row
from lecturelib.drawing.shapes import Bitmap, Box, Circle, Curve, Label, Line, Polygon, Shape
from lecturelib.show.text_metrics import shortened, text_width

__all__ = [
    "Bitmap",
    "Box",
    "Circle",
    "Curve",
    "Drawing",
    "Label",
    "Line",
    "Panel",
    "Polygon",
    "Series",
    "Shape",
    "column",
    "line_chart",
    "moved",
    "picture_row",
    "row",
    "sheet",
    "shortened",
    "text_width",
]
