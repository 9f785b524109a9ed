"""Edges between two layers run in tracks of their own."""

from lecturelib.architecture.layout.edge_routing import assign_tracks


def test_lines_that_overlap_get_tracks_of_their_own():
    given, count = assign_tracks({"a": [(0, 50)], "b": [(40, 90)], "c": [(200, 240)], "straight": [(10, 10)]})
    assert count == 2
    assert given["a"] != given["b"]
    assert "straight" not in given


def test_a_line_that_starts_above_anothers_end_turns_first():
    given, _ = assign_tracks({"ends": [(0, 100)], "starts": [(100, 200)]})
    assert given["starts"] < given["ends"]
