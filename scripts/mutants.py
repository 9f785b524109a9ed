"""Do the tests bite? Small faults are planted in core modules, one at a time; each module's own tests must notice.

    python -m scripts.mutants                          a sample of every module below, by a fixed seed
    python -m scripts.mutants relu_rules --each 40     more of one module
    python -m scripts.mutants --seed 1                 another sample

cosmic-ray plants them (an operator, a comparison, a number, a condition), in a copy of the tree. Each mutant's tests
run in a fork of one process that has PyTorch loaded already, so this needs Linux or macOS. The exit code is 1 if a
mutant survives that is not listed in docs/mutants.md.
"""

import argparse
import difflib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTED = ROOT / "docs" / "mutants.md"

# module -> the test files that belong to it; its own docstrings' examples run, too
MODULES = {
    "network/receptive_field_rules": ("network/test_receptive_field.py", "network/test_field_tracker.py"),
    "network/relu_rules": ("network/test_relu_rules.py",),
    "parameters/occlusion": ("parameters/test_occlusion.py",),
    "parameters/occlusion_fast": ("parameters/test_occlusion_fast.py", "parameters/test_occlusion.py"),
    "gradients/spectral_residual": ("gradients/test_spectral_residual.py",),
    "attention/decoding": ("attention/test_decoding.py",),
    "optimization/regularizers": ("optimization/test_regularizers.py",),
    "architecture/layout/repeats": ("architecture/layout/test_fold.py",),
    "training/diagnosis_rules": ("training/test_diagnose.py",),
    "show/heatmaps": ("show/test_heatmaps.py", "show/test_show.py"),
    "checks": ("test_checks.py",),
}
OPERATORS = (
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Mul_Add", "ReplaceBinaryOperator_Div_Mul", "ReplaceBinaryOperator_FloorDiv_Div",
    "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul", "ReplaceBinaryOperator_Pow_Mul",
    "ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_Lt_GtE", "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt", "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt", "ReplaceComparisonOperator_GtE_Lt", "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is", "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not",
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Every mutant of a module: (its changed line, the whole text), each once."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    known = {source}
    for name in OPERATORS:
        occurrence = 0
        while (text := mutate_code(source, get_operator(f"core/{name}")(), occurrence)) is not None:
            occurrence += 1
            if text not in known:
                known.add(text)
                yield changed(source, text), text


def changed(source: str, text: str) -> str:
    """The changed line, before and after; no number, for lines move."""
    lines = difflib.ndiff(source.splitlines(), text.splitlines())
    marked = [line for line in lines if line[:2] in ("- ", "+ ")]
    return " -> ".join(f"`{line[2:].strip()}`" for line in marked)


def sample(module: str, each: int, seed: int) -> list[tuple[str, str]]:
    """So many mutants of a module, drawn by the seed and the module's name."""
    source = (ROOT / "lecturelib" / f"{module}.py").read_text(encoding="utf-8")
    found = sorted(mutants(source))
    return random.Random(f"{module} {seed}").sample(found, min(each, len(found)))


def copied(folder: Path) -> Path:
    """A copy of what tests need: the checkout itself is never written on."""
    hidden = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    for name in (
        "lecturelib",
        "tests",
        "scripts",
        "benchmarks",
        "data",
    ):  # data: the library follows no link there
        shutil.copytree(ROOT / name, folder / name, ignore=hidden)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("notebooks", "docs", "README.md"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def run_tests(folder: Path, module: str, limit: float) -> tuple[int, float]:
    """pytest on a module's tests, in a fork: its exit code (-1: ran past the limit), and the seconds it took."""
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        _test(folder, module)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        spent = time.monotonic() - begin
        if done:
            return os.waitstatus_to_exitcode(status), spent
        if spent > limit:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -1, spent
        time.sleep(0.02)


def _test(folder: Path, module: str) -> None:
    """In the child: never returns."""
    code = 99
    try:
        import pytest

        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(folder)
        sys.dont_write_bytecode = True  # two mutants of one length within a second would share their bytecode
        sys.path[:] = [str(folder), *(place for place in sys.path if place not in ("", str(ROOT)))]
        for name in [name for name in sys.modules if name.partition(".")[0] in ("lecturelib", "scripts")]:
            if name != "__main__":
                del sys.modules[name]
        files = [f"lecturelib/{module}.py", *(f"tests/{file}" for file in MODULES[module])]
        code = int(
            pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", *files])
        )
    finally:
        os._exit(code)


def preload() -> None:
    """What every child would load anew; nothing of the library itself."""
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import torch

    torch.set_num_threads(1)  # a fork has no threads but its own


def known_equivalent() -> set[str]:
    """The mutants that docs/mutants.md lists: `before` -> `after`, one per line that begins with a dash."""
    if not LISTED.is_file():
        return set()
    lines = LISTED.read_text(encoding="utf-8").splitlines()
    return {line[2:].partition(": equivalent")[0].strip() for line in lines if ": equivalent" in line}


def measured(folder: Path, module: str, each: int, seed: int) -> list[str]:
    """Prints what became of a module's mutants; the survivors that are not known as equivalent."""
    code, seconds = run_tests(folder, module, 600)
    if code:
        print(f"{module}: its tests fail without any mutant (exit code {code})", flush=True)
        return [f"{module}: tests fail"]
    file, known, survivors, equivalent, killed = (
        folder / "lecturelib" / f"{module}.py",
        known_equivalent(),
        [],
        0,
        0,
    )
    source = file.read_text(encoding="utf-8")
    for line, text in sample(module, each, seed):
        if f"{module}: {line}" in known:
            equivalent += 1
            continue
        file.write_text(text, encoding="utf-8")
        code, _ = run_tests(folder, module, 20 + 4 * seconds)
        if code:
            killed += 1
        else:
            survivors.append(f"{module}: {line}")
    file.write_text(source, encoding="utf-8")
    print(
        f"{module}: {killed} killed, {len(survivors)} survived, {equivalent} known as equivalent "
        f"(tests alone {seconds:.0f} s)",
        *survivors, sep="\n    ", flush=True,
    )  # fmt: skip
    return survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="parts of the names of modules; without any, all")
    parser.add_argument("--each", type=int, default=12, help="mutants per module")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chosen = [m for m in MODULES if not options.modules or any(part in m for part in options.modules)]
    if not chosen:
        parser.error(f"modules: {', '.join(MODULES)}")
    preload()
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        left = [line for module in chosen for line in measured(copy, module, options.each, options.seed)]
    print(f"{len(left)} survivors to look at" if left else "no survivors")
    sys.exit(bool(left))


if __name__ == "__main__":
    main()
