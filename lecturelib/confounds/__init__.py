"""Part 3: confounds and adversarial examples, or why one must look inside."""

from lecturelib.confounds.adversarial import AttackStep, fgsm, iter_pgd, loss_and_gradient, pgd, random_noise
from lecturelib.confounds.adversarial_training import (
    AdversarialEpoch,
    iter_adversarial_training,
    load_robust,
    robust_accuracy,
)
from lecturelib.confounds.attack_charts import attack_chart
from lecturelib.confounds.attack_questions import ATTACK_QUESTIONS
from lecturelib.confounds.attacked_maps import answer_maps, concentration, map_agreement, separation
from lecturelib.confounds.claim_charts import claim_chart, grouped_bars
from lecturelib.confounds.class_image_confound import shows_its_weather, tank_class_images
from lecturelib.confounds.face_glasses import (
    face_crops,
    face_detector,
    glasses_mask,
    shuffled_blocks,
    textured_crops,
)
from lecturelib.confounds.fooling_images import fooling_image, iter_fooling_image
from lecturelib.confounds.input_defenses import Smoothed, Stepped
from lecturelib.confounds.lesson_drawings import black_box, face_in_rocks, impossible_waterfall
from lecturelib.confounds.map_mass import mass_share, scene_maps
from lecturelib.confounds.microphones import (
    Recordings,
    corrected,
    diagnose_spectra,
    known_pairs,
    plane,
    recordings,
)
from lecturelib.confounds.photo_crops import photo_crops
from lecturelib.confounds.questions import QUESTIONS
from lecturelib.confounds.tank_cures import jitter_colors, swap_skies
from lecturelib.confounds.tank_networks import accuracy, load_tanks, tank_network
from lecturelib.confounds.tank_scenes import Scenes, tank_scenes
from lecturelib.confounds.universal_patch import (
    PatchStep,
    iter_universal_patch,
    load_patch,
    patch_success,
    place_patch,
    random_places,
)

__all__ = [
    "ATTACK_QUESTIONS",
    "QUESTIONS",
    "AdversarialEpoch",
    "AttackStep",
    "PatchStep",
    "Recordings",
    "Scenes",
    "Smoothed",
    "Stepped",
    "accuracy",
    "answer_maps",
    "attack_chart",
    "black_box",
    "claim_chart",
    "concentration",
    "corrected",
    "diagnose_spectra",
    "face_crops",
    "face_detector",
    "face_in_rocks",
    "fgsm",
    "fooling_image",
    "glasses_mask",
    "grouped_bars",
    "impossible_waterfall",
    "iter_adversarial_training",
    "iter_fooling_image",
    "iter_pgd",
    "iter_universal_patch",
    "jitter_colors",
    "known_pairs",
    "load_patch",
    "load_robust",
    "load_tanks",
    "loss_and_gradient",
    "map_agreement",
    "mass_share",
    "patch_success",
    "pgd",
    "photo_crops",
    "place_patch",
    "plane",
    "random_noise",
    "random_places",
    "recordings",
    "robust_accuracy",
    "scene_maps",
    "separation",
    "shows_its_weather",
    "shuffled_blocks",
    "swap_skies",
    "tank_class_images",
    "tank_network",
    "tank_scenes",
    "textured_crops",
]
