"""Explorables of part 8: codes that shrink, arrows that denoise, a map to drag over, switches, retrieval."""

from lecturelib.autoencoders.explore.angles import angles_explorer
from lecturelib.autoencoders.explore.anomalies import anomaly_explorer
from lecturelib.autoencoders.explore.arrows import arrows_explorer
from lecturelib.autoencoders.explore.code_size import code_size_explorer
from lecturelib.autoencoders.explore.denoise import denoising_explorer
from lecturelib.autoencoders.explore.dictionary import dictionary_explorer
from lecturelib.autoencoders.explore.digit_map import digit_map
from lecturelib.autoencoders.explore.draw_and_reconstruct import draw_and_reconstruct
from lecturelib.autoencoders.explore.factorization import factorization_explorer
from lecturelib.autoencoders.explore.interpolation import interpolation_explorer
from lecturelib.autoencoders.explore.retrieval import retrieval_explorer
from lecturelib.autoencoders.explore.switches import switches_explorer

__all__ = [
    "angles_explorer",
    "anomaly_explorer",
    "arrows_explorer",
    "code_size_explorer",
    "denoising_explorer",
    "dictionary_explorer",
    "digit_map",
    "draw_and_reconstruct",
    "factorization_explorer",
    "interpolation_explorer",
    "retrieval_explorer",
    "switches_explorer",
]
