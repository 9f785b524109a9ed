"""Part 3: confounds and adversarial examples, or why one must look inside."""

from lecturelib.confounds.adversarial import AttackStep, fgsm, iter_pgd, loss_and_gradient, pgd, random_noise
from lecturelib.confounds.face_glasses import face_crops, face_detector, glasses_mask
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
from lecturelib.confounds.tank_networks import accuracy, load_tanks, tank_network
from lecturelib.confounds.tank_scenes import Scenes, tank_scenes
from lecturelib.confounds.universal_patch import (
    PatchStep,
    iter_universal_patch,
    patch_success,
    place_patch,
    random_places,
)

__all__ = [
    "AttackStep",
    "PatchStep",
    "Recordings",
    "Scenes",
    "accuracy",
    "corrected",
    "diagnose_spectra",
    "face_crops",
    "face_detector",
    "fgsm",
    "glasses_mask",
    "iter_pgd",
    "iter_universal_patch",
    "known_pairs",
    "load_tanks",
    "loss_and_gradient",
    "mass_share",
    "patch_success",
    "pgd",
    "photo_crops",
    "place_patch",
    "plane",
    "random_noise",
    "random_places",
    "recordings",
    "scene_maps",
    "tank_network",
    "tank_scenes",
]
