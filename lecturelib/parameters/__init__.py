"""Part 4, simple parameter visualization: kernels, activation maps, occlusion, maximally activating images, CNN codes.

`lecturelib.parameters.explore` holds the explorables, `QUESTIONS` the quiz of the lesson.
"""

from lecturelib.parameters.activations import activation_tiles, activations, strongest_channels
from lecturelib.parameters.claims import c6_occlusion
from lecturelib.parameters.claims_units import c7_codes, c26_units_or_directions, c31_kernels
from lecturelib.parameters.cnn_codes import cnn_codes, embed_codes, nearest_neighbors, neighbor_agreement
from lecturelib.parameters.kernels import (
    high_frequency_share,
    kernel_tiles,
    kernels,
    noise_like,
    orientation_selectivity,
)
from lecturelib.parameters.maximal_images import (
    LayerMaxima,
    MaximalImages,
    class_entropy,
    maximal_images,
    maximal_images_by_channel,
)
from lecturelib.parameters.occlusion import (
    OcclusionMap,
    iter_occlusion_map,
    occlude,
    occlusion_map,
    occlusion_map_plain,
)
from lecturelib.parameters.photo_search import (
    PhotoCrops,
    PhotoMatches,
    PhotoSearch,
    photo_crops,
    search_photos,
)
from lecturelib.parameters.questions import QUESTIONS

__all__ = [
    "LayerMaxima",
    "MaximalImages",
    "OcclusionMap",
    "PhotoCrops",
    "PhotoMatches",
    "PhotoSearch",
    "QUESTIONS",
    "activation_tiles",
    "activations",
    "c26_units_or_directions",
    "c31_kernels",
    "c6_occlusion",
    "c7_codes",
    "class_entropy",
    "cnn_codes",
    "embed_codes",
    "high_frequency_share",
    "iter_occlusion_map",
    "kernel_tiles",
    "kernels",
    "maximal_images",
    "maximal_images_by_channel",
    "nearest_neighbors",
    "neighbor_agreement",
    "noise_like",
    "occlude",
    "occlusion_map",
    "occlusion_map_plain",
    "orientation_selectivity",
    "photo_crops",
    "search_photos",
    "strongest_channels",
]
