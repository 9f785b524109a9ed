"""results.json, the form in which Gradescope reads the result of an autograder."""

from __future__ import annotations

from typing import Any

from lecturelib.grading.marks_table import StudentRow


def gradescope_results(about: dict[str, Any], row: StudentRow) -> dict[str, Any]:
    """results.json as Gradescope reads it: a test per exercise with its points and messages.

    >>> gradescope_results({"exercises": [], "out_of": 3}, StudentRow("ana"))["score"]
    0
    """
    tests = []
    for name in about["exercises"]:
        one = row.exercise(name) or {
            "title": name,
            "status": "missing",
            "message": "no submission",
            "cases": [],
        }
        manual = row.manual.get(name)
        lines = [manual.comment or "marked by hand"] if manual else [one["message"], *one.get("notes", [])]
        if not manual:
            lines += [
                f"{case['name']}: {case['status']}. {case['message']}"
                for case in one["cases"]
                if case["message"]
            ]
        test: dict[str, Any] = {"name": one["title"], "number": name, "max_score": about["points"][name]}
        if one["status"] != "ungraded" or manual:
            points = row.points(name)
            test |= {"score": points, "status": "passed" if points >= about["points"][name] else "failed"}
        tests.append({**test, "output": "\n".join(line for line in lines if line), "visibility": "visible"})
    whole: dict[str, Any] = {"tests": tests, "output": (row.result or {}).get("problem", "")}
    if all("score" in test for test in tests):
        whole["score"] = row.total(about["exercises"])
    return whole
