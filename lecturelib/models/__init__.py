"""The networks of the course, by name. Every one takes pixels in [0, 1] and normalises them itself."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from lecturelib.hooks import UnknownName
from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel

__all__ = ["HOUSE", "IMAGENET_MEAN", "IMAGENET_STD", "PixelModel", "adapt", "class_index", "load"]
