"""Part 5, gradient methods: which pixels matter to a unit? ReLU rules, averages, Grad-CAM, and how to test a map.

Every method takes any network, any image in [0, 1] and any unit, and returns tensors; `lecturelib.show` makes pictures.
"""

from lecturelib.gradients.attribution_benchmark import BenchmarkScore, planted_scores
from lecturelib.gradients.backprop import backprop, deconvolution, guided_backprop
from lecturelib.gradients.deconvnet import deconvnet, top_patches
from lecturelib.gradients.faithfulness import Curves, insertion_deletion
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam, upsampled
from lecturelib.gradients.integrated_gradients import (
    IntegratedGradients,
    baseline_image,
    integrated_gradients,
    iter_integrated_gradients,
)
from lecturelib.gradients.localization import iou, localize, mass_inside, pointing_game
from lecturelib.gradients.map_layer import last_map
from lecturelib.gradients.map_test_questions import MAP_TEST_QUESTIONS
from lecturelib.gradients.questions import QUESTIONS
from lecturelib.gradients.randomization import (
    RandomizationStep,
    cascading_randomization,
    layers_from_top,
    randomized,
    rank_correlation,
)
from lecturelib.gradients.saliency import gradient_times_input, saliency_map
from lecturelib.gradients.sensitivity import Sensitivity, select_features, sensitivity, train_table_net
from lecturelib.gradients.smooth_grad import iter_smooth_grad, smooth_grad
from lecturelib.gradients.spectral_residual import spectral_residual, threshold_objects

__all__ = [
    "MAP_TEST_QUESTIONS",
    "QUESTIONS",
    "BenchmarkScore",
    "Curves",
    "IntegratedGradients",
    "RandomizationStep",
    "Sensitivity",
    "backprop",
    "baseline_image",
    "cascading_randomization",
    "deconvnet",
    "deconvolution",
    "grad_cam",
    "gradient_times_input",
    "guided_backprop",
    "guided_grad_cam",
    "insertion_deletion",
    "integrated_gradients",
    "iou",
    "iter_integrated_gradients",
    "iter_smooth_grad",
    "last_map",
    "layers_from_top",
    "localize",
    "mass_inside",
    "planted_scores",
    "pointing_game",
    "randomized",
    "rank_correlation",
    "saliency_map",
    "select_features",
    "sensitivity",
    "smooth_grad",
    "spectral_residual",
    "threshold_objects",
    "top_patches",
    "train_table_net",
    "upsampled",
]
