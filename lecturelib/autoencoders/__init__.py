"""Part 8: autoencoders, from the singular value decomposition to a map of digits."""

from lecturelib.autoencoders.anomaly import anomaly_scores, area_under_curve, roc_curve
from lecturelib.autoencoders.autoencoder_networks import (
    Autoencoder,
    ConvAutoencoder,
    MaskingNoise,
    Pooled,
    TiedAutoencoder,
)
from lecturelib.autoencoders.autoencoder_training import (
    AutoencoderRun,
    iter_autoencoder,
    reconstruction_error,
)
from lecturelib.autoencoders.code_map import (
    CodeMap,
    code_map,
    decoded_grid,
    density,
    interpolate,
    nearest_neighbor_accuracy,
)
from lecturelib.autoencoders.denoising import exact_arrows, iter_denoiser, toy_points
from lecturelib.autoencoders.incomplete_factorization import (
    Factorization,
    held_out_error,
    iter_alternating_least_squares,
    iter_gradient_factorization,
)
from lecturelib.autoencoders.joint_autoencoder import (
    JointAutoencoder,
    iter_joint_autoencoder,
    recall_at,
    retrieval_ranks,
    two_views,
)
from lecturelib.autoencoders.linear_autoencoder import (
    SVD,
    LinearStep,
    basis_agreement,
    compressed,
    encoder_gap,
    iter_linear_autoencoder,
    linear_autoencoder,
    principal_angles,
    truncated_svd,
)
from lecturelib.autoencoders.questions import QUESTIONS
from lecturelib.autoencoders.shipped_autoencoders import error_table, load_autoencoder

__all__ = [
    "QUESTIONS",
    "SVD",
    "Autoencoder",
    "AutoencoderRun",
    "CodeMap",
    "ConvAutoencoder",
    "Factorization",
    "JointAutoencoder",
    "LinearStep",
    "MaskingNoise",
    "Pooled",
    "TiedAutoencoder",
    "anomaly_scores",
    "area_under_curve",
    "basis_agreement",
    "code_map",
    "compressed",
    "decoded_grid",
    "density",
    "encoder_gap",
    "error_table",
    "exact_arrows",
    "held_out_error",
    "interpolate",
    "iter_alternating_least_squares",
    "iter_autoencoder",
    "iter_denoiser",
    "iter_gradient_factorization",
    "iter_joint_autoencoder",
    "iter_linear_autoencoder",
    "linear_autoencoder",
    "load_autoencoder",
    "nearest_neighbor_accuracy",
    "principal_angles",
    "recall_at",
    "reconstruction_error",
    "retrieval_ranks",
    "roc_curve",
    "toy_points",
    "truncated_svd",
    "two_views",
]
