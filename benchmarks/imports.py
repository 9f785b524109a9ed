"""What `import lecturelib` costs on top of torch, each in a fresh process."""

import resource
import statistics
import subprocess
import sys

from benchmarks.timing import Row

ROUNDS = 7
IMPORTS = {
    "torch": "torch",
    "torch and lecturelib": "torch, lecturelib",
    "what lesson 4 imports": "lecturelib.models, lecturelib.parameters.explore",
    "captum": "captum.attr",
}


def _cpu_of_import(module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows() -> list[Row]:
    """One row: the CPU time of an import as a multiple of that of torch alone, median of interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(ROUNDS + 1):
        for name, module in IMPORTS.items():
            seconds = _cpu_of_import(module)
            if number:  # the first round fills the disk's cache
                times[name].append(seconds)
    ratios = {
        name: statistics.median(mine / base for mine, base in zip(own, times["torch"], strict=True))
        for name, own in times.items()
    }
    return [Row("import", f"fresh processes, {ROUNDS} rounds", ratios, "<= torch + 0.1 s")]
