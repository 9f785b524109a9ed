"""`make mutants`: what it plants, draws and lists."""

import re

import pytest

from scripts import mutants

planting = pytest.mark.may_skip(reason="cosmic-ray comes with the extra `mutants`")


def test_each_module_has_tests_of_its_own():
    for module, files in mutants.MODULES.items():
        assert (mutants.ROOT / "lecturelib" / f"{module}.py").is_file(), module
        assert files and all((mutants.ROOT / "tests" / file).is_file() for file in files), module


@planting
def test_every_operator_comparison_number_and_condition_is_changed_once():
    pytest.importorskip("cosmic_ray")
    found = dict(mutants.mutants("def f(a, b):\n    return a + 1 if a < b and not b else True\n"))
    line = "`return a + 1 if a < b and not b else True` -> "
    for text in (
        "return a - 1 if a < b and not b else True",
        "return a + 2 if a < b and not b else True",
        "return a + 1 if a <= b and not b else True",
        "return a + 1 if a < b or not b else True",
        "return a + 1 if a < b and  b else True",
        "return a + 1 if a < b and not b else False",
    ):
        assert f"{line}`{text}`" in found, text
    assert len(set(found.values())) == len(found)
    for text in found.values():
        compile(text, "mutant", "exec")


@planting
def test_a_seed_draws_the_same_sample_and_another_seed_another():
    pytest.importorskip("cosmic_ray")
    first = mutants.sample("network/relu_rules", 5, 0)
    assert first == mutants.sample("network/relu_rules", 5, 0) != mutants.sample("network/relu_rules", 5, 1)
    assert len(first) == 5


def test_listed_mutants_are_of_the_source_as_it_is():
    known = mutants.known_equivalent()
    assert known
    for line in known:
        module, _, before = re.fullmatch(r"([\w/]+): (`(.+)` -> `.+`)", line).groups()
        source = (mutants.ROOT / "lecturelib" / f"{module}.py").read_text(encoding="utf-8")
        assert before in [text.strip() for text in source.splitlines()], line
