"""Part 6, optimization-based visualization: pictures that maximize a unit or reproduce an activation.

Each iterative method comes twice: `iter_maximize` yields every step, to watch the picture emerge, to stop, and to go
on from any step; `maximize` returns the last step.
"""

from lecturelib.optimization.activation_grid import (
    Cells,
    Grid,
    activation_grid,
    grid_cells,
    iter_activation_grid,
    shipped_grid,
)
from lecturelib.optimization.ascent import AscentStep, iter_maximize, maximize
from lecturelib.optimization.batch_norm_prior import BatchNormStatistics
from lecturelib.optimization.channel_pictures import (
    channel_picture,
    channel_pictures,
    iter_channel_pictures,
    large_channels,
    shipped_channel_pictures,
    shipped_layers,
)
from lecturelib.optimization.claims import (
    c11_class_images,
    c14_deep_prior,
    c27_regularizer_comparison,
    whose_feature,
)
from lecturelib.optimization.claims_inversion import c13_inversion
from lecturelib.optimization.deep_dream import (
    DreamStep,
    deep_dream,
    iter_deep_dream,
    iter_image_cascade,
    octave_sizes,
    zoomed,
)
from lecturelib.optimization.deep_prior import (
    DeepImagePrior,
    Denoised,
    denoise,
    iter_denoise,
    psnr,
    with_noise,
)
from lecturelib.optimization.diversity import diversity
from lecturelib.optimization.inversion import InversionError, inversion_error, invert, iter_invert
from lecturelib.optimization.objectives import Match, activations_of, gram
from lecturelib.optimization.parametrize import Fourier, Parametrization, Pixels, color_matrix
from lecturelib.optimization.priors import GANPrior, LayerStatistics, VAEPrior
from lecturelib.optimization.questions import QUESTIONS
from lecturelib.optimization.redirected_relu import redirected_relu
from lecturelib.optimization.regularizer_comparison import (
    REGULARIZATIONS,
    high_frequency_share,
    iter_maximize_with,
    maximize_with,
    under_jitter,
)
from lecturelib.optimization.regularizers import (
    alpha_norm,
    bilateral,
    clipping,
    gaussian,
    l2,
    total_variation,
    wavelet,
)
from lecturelib.optimization.semantic_location import (
    Likeness,
    Word,
    attribution,
    attributions,
    explain_location,
    iter_explain_location,
    location_vector,
    semantic_dictionary,
    weighted_sum,
)
from lecturelib.optimization.shipped_frames import Frame, frame, frames
from lecturelib.optimization.transforms import ROBUST, jitter, rotate, scale

__all__ = [
    "BatchNormStatistics",
    "QUESTIONS",
    "REGULARIZATIONS",
    "ROBUST",
    "AscentStep",
    "Cells",
    "DeepImagePrior",
    "Denoised",
    "DreamStep",
    "Fourier",
    "Frame",
    "GANPrior",
    "Grid",
    "InversionError",
    "LayerStatistics",
    "Likeness",
    "Match",
    "Parametrization",
    "Pixels",
    "VAEPrior",
    "Word",
    "activation_grid",
    "activations_of",
    "alpha_norm",
    "attribution",
    "attributions",
    "bilateral",
    "c11_class_images",
    "c13_inversion",
    "c14_deep_prior",
    "c27_regularizer_comparison",
    "channel_picture",
    "channel_pictures",
    "clipping",
    "color_matrix",
    "deep_dream",
    "denoise",
    "diversity",
    "explain_location",
    "frame",
    "frames",
    "gaussian",
    "gram",
    "grid_cells",
    "high_frequency_share",
    "inversion_error",
    "invert",
    "iter_activation_grid",
    "iter_channel_pictures",
    "iter_deep_dream",
    "iter_denoise",
    "iter_explain_location",
    "iter_image_cascade",
    "iter_invert",
    "iter_maximize",
    "iter_maximize_with",
    "jitter",
    "l2",
    "large_channels",
    "location_vector",
    "maximize",
    "maximize_with",
    "octave_sizes",
    "psnr",
    "redirected_relu",
    "rotate",
    "scale",
    "semantic_dictionary",
    "shipped_channel_pictures",
    "shipped_grid",
    "shipped_layers",
    "total_variation",
    "under_jitter",
    "wavelet",
    "weighted_sum",
    "whose_feature",
    "with_noise",
    "zoomed",
]
