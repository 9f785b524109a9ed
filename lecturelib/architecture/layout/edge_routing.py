"""Channel routing: edges that run across between two layers get tracks, none on top of another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Net = TypeVar("Net", bound=Hashable)
ROOM = 6.0  # px that two lines in one track keep apart


def assign_tracks(spans: Mapping[Net, Sequence[tuple[float, float]]]) -> tuple[dict[Net, int], int]:
    """The track of each net, counted downwards from 0, and their number.

    `spans`: for each net its (start above, end below), all from the same start. Nets whose spans overlap get different
    tracks. Where a net starts above the place where another ends, it turns away above it, as far as there is no circle
    of such pairs (the vertical constraints of channel routing).
    """
    bent = {net: ends for net, ends in spans.items() if any(abs(start - end) > 0.01 for start, end in ends)}
    reach = {net: _reach(ends) for net, ends in bent.items()}
    over: dict[Net, set[Net]] = {net: set() for net in bent}  # nets that must turn above this one
    for net, ends in bent.items():
        for other, others in bent.items():
            if net != other and any(
                abs(end - other_start) < ROOM for _, end in ends for other_start, _ in others
            ):
                over[net].add(other)
    given: dict[Net, int] = {}
    left = sorted(bent, key=lambda net: reach[net])
    while left:
        ready = [net for net in left if not (over[net] & set(left) - {net})] or left[:1]
        net = ready[0]
        left.remove(net)
        taken = {given[other] for other in given if _overlap(reach[net], reach[other])}
        lowest = max((given[other] + 1 for other in over[net] if other in given), default=0)
        track = lowest
        while track in taken:
            track += 1
        given[net] = track
    return given, max(given.values(), default=-1) + 1


def _reach(ends: Sequence[tuple[float, float]]) -> tuple[float, float]:
    places = [place for pair in ends for place in pair]
    return min(places), max(places)


def _overlap(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first[0] < second[1] + ROOM and second[0] < first[1] + ROOM
