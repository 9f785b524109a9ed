"""What every lesson needs: its first line, its claims as measured, its quiz."""

from lecturelib.assets.doctor import examine
from lecturelib.lesson.begin import NEEDS, begin
from lecturelib.lesson.claim_card import ClaimCard
from lecturelib.lesson.claims import claim, margin, numbers, report, result
from lecturelib.lesson.quiz import Answer, Question, quiz

__all__ = [
    "NEEDS",
    "Answer",
    "ClaimCard",
    "Question",
    "begin",
    "claim",
    "examine",
    "margin",
    "numbers",
    "quiz",
    "report",
    "result",
]
