"""Exercises that check themselves: `check`, `hint`, `variant`, `progress`, and the form in which they are written."""

from lecturelib.exercises.check import check
from lecturelib.exercises.exercise import Case, Exercise, Mistake
from lecturelib.exercises.exercise_files import load_exercise
from lecturelib.exercises.progress import CourseProgress, progress
from lecturelib.exercises.variant import hint, variant
from lecturelib.exercises.verdict import Verdict

__all__ = [
    "Case",
    "Exercise",
    "Mistake",
    "CourseProgress",
    "Verdict",
    "check",
    "hint",
    "load_exercise",
    "progress",
    "variant",
]
