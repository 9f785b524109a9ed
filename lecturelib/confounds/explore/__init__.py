"""Explorables of part 3: from the lab to the wild, de-biasing, microphones, glasses, a hunt, attacks and patches."""

from lecturelib.confounds.explore.attack_defenses import attack_defense_explorer
from lecturelib.confounds.explore.attack_maps import attack_maps_explorer
from lecturelib.confounds.explore.attack_patch import attack_patch_explorer
from lecturelib.confounds.explore.attack_strength import attack_strength_explorer
from lecturelib.confounds.explore.attack_target import attack_target_explorer
from lecturelib.confounds.explore.debiasing import debiasing_explorer
from lecturelib.confounds.explore.glasses import glasses_explorer
from lecturelib.confounds.explore.hunt import hunt_explorer
from lecturelib.confounds.explore.microphone_map import microphone_explorer
from lecturelib.confounds.explore.weather import weather_explorer

__all__ = [
    "attack_defense_explorer",
    "attack_maps_explorer",
    "attack_patch_explorer",
    "attack_strength_explorer",
    "attack_target_explorer",
    "debiasing_explorer",
    "glasses_explorer",
    "hunt_explorer",
    "microphone_explorer",
    "weather_explorer",
]
