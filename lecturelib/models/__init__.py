"""The networks of the course, by name. Every one takes pixels in [0, 1] and normalises them itself."""

from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel
from lecturelib.units import class_index
