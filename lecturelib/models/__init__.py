"""The networks of the course by name: classifiers, generative models, encoders, translators; and your own, adapted."""

from lecturelib.models.adapting import adapt
from lecturelib.models.generative import VAE, Generator
from lecturelib.models.pixel_model import IMAGENET_MEAN, IMAGENET_STD, PixelModel
from lecturelib.models.registry import MODELS, EntryPointSpec, GenerativeSpec, ModelSpec, load

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "MODELS",
    "VAE",
    "EntryPointSpec",
    "GenerativeSpec",
    "Generator",
    "ModelSpec",
    "PixelModel",
    "adapt",
    "load",
]
