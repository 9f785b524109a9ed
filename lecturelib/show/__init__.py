"""Tensors become pictures, each with its alt text; nothing is computed here that a method should compute.

`picture.py` holds the `Picture` and how it is shown and saved, `heatmaps.py` the heat-maps, `image_grids.py` what puts
several pictures into one, `figures.py` bars and matplotlib figures in the house's style, `text_table.py` tables,
`text_metrics.py` the font.
"""

from lecturelib.show.attribution_maps import around_grey
from lecturelib.show.figures import bars, figure
from lecturelib.show.heatmaps import colored, heatmap, overlay
from lecturelib.show.image_grids import side_by_side, stacked, tiled, with_box
from lecturelib.show.palettes import TEN
from lecturelib.show.picture import Picture, picture, pixels_of, save, show
from lecturelib.show.regions import Region
from lecturelib.show.text_table import TextTable, table

__all__ = [
    "Picture",
    "Region",
    "TEN",
    "TextTable",
    "around_grey",
    "bars",
    "colored",
    "figure",
    "heatmap",
    "overlay",
    "picture",
    "pixels_of",
    "save",
    "show",
    "side_by_side",
    "stacked",
    "table",
    "tiled",
    "with_box",
]
