"""Batch grading: marks, feedback and a report for a folder of submissions, whose code runs in a jail only."""

from lecturelib.grading.grader import grade_one
from lecturelib.grading.jail import Driver, IsolationError, choose_driver
from lecturelib.grading.limits import STATUSES, Limits
from lecturelib.grading.packs import exercises_of, grader_version, read_secret, student_pack
from lecturelib.grading.submissions import Submission, find_submissions, read_submission

__all__ = [
    "STATUSES",
    "Driver",
    "IsolationError",
    "Limits",
    "Submission",
    "choose_driver",
    "exercises_of",
    "find_submissions",
    "grade_one",
    "grader_version",
    "read_secret",
    "read_submission",
    "student_pack",
]
