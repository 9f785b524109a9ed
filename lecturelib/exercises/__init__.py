"""Exercises that check themselves: the form of an exercise, its answer key, and the verdict."""

from lecturelib.exercises.exercise import Case, Exercise, Mistake

__all__ = ["Case", "Exercise", "Mistake"]
