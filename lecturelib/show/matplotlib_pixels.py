"""The pixels of a matplotlib figure, drawn at twice the screen's resolution."""

from __future__ import annotations

from typing import Any

import numpy as np

DPI = 200  # twice the 100 points of a figure's size, so that lines stay sharp on fine screens


def figure_pixels(made: Any) -> tuple[np.ndarray, int]:
    """A matplotlib figure as (H, W, 3) uint8 pixels, and its width in CSS pixels; closed in pyplot.

    >>> from lecturelib.show import figure
    >>> pixels, width = figure_pixels(figure(200, 150)[0])
    >>> pixels.shape, width
    ((300, 400, 3), 200)
    """
    import sys

    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width = round(made.get_figwidth() * 100)
    before = made.dpi
    made.set_dpi(DPI)
    canvas = FigureCanvasAgg(made)
    canvas.draw()
    rgba = np.asarray(canvas.buffer_rgba())
    made.set_dpi(before)
    if "matplotlib.pyplot" in sys.modules:  # else the notebook would show the figure a second time
        sys.modules["matplotlib.pyplot"].close(made)
    alpha = rgba[:, :, 3:].astype(np.uint16)
    mixed = (rgba[:, :, :3] * alpha + 255 * (255 - alpha)) // 255
    return mixed.astype(np.uint8), width
