"""`python -m benchmarks [occlusion] [search] [gradients] ...`: measure, print, write the document.

All groups together rewrite docs/benchmarks.md, but for `busy`, which is measured when it is named and keeps its
section. Named groups are printed only, or with `--write` replace their own sections there. What grading costs is a
command of its own: `python -m benchmarks.grading`.
"""

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import torch

from benchmarks import (
    architecture,
    attention,
    busy,
    gradients,
    growth,
    imports,
    memory,
    occlusion,
    optimization,
    parts,
    playground,
    search,
    training,
    widgets,
)
from benchmarks.timing import Row

TARGET = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
GROUPS = {
    "occlusion": ("Occlusion maps: CPU time as a multiple of the floor", occlusion.rows),
    "search": ("Search for maximal images: CPU time as a multiple of the floor", search.rows),
    "gradients": ("Gradient methods: CPU time as a multiple of the floor", gradients.rows),
    "optimization": (
        "One step of feature visualization: CPU time as a multiple of the floor",
        optimization.rows,
    ),
    "architecture": (
        "Block diagrams: CPU time as a multiple of a forward pass without values",
        architecture.rows,
    ),
    "widgets": (
        "One answer of the kernel, state to PNG: CPU time against a new matplotlib figure",
        widgets.rows,
    ),
    "playground": (
        "Playground: CPU time of 100 training steps as a multiple of the steps without any drawing",
        playground.rows,
    ),
    "training": ("Watching a run: CPU time as a multiple of the run without it", training.rows),
    "attention": (
        "Attention that returns its weights: CPU time as a multiple of the first column",
        attention.rows,
    ),
    "parts": ("Parts 3, 8 and 9: CPU time as a multiple of the passes that cannot be avoided", parts.rows),
    "imports": ("Import in a fresh process: CPU time as a multiple of `import torch`", imports.rows),
    "growth": ("Growth: CPU time against size", growth.rows),
    "memory": ("Memory and CPU time of whole notebooks", memory.rows),
    "busy": ("A notebook beside k busy processes", busy.rows),
}
NAMED_ONLY = ("busy",)  # minutes on a machine that must do nothing else: measured when it is named
INTRO = """# Benchmarks

Written by `make bench`, group by group, each with the load of the machine where it was noted. Ratios, not seconds: the
methods of a row run interleaved in one process, each number is the median over rounds of its CPU time divided by the
base's in the same round. The floor is the forward passes that
cannot be avoided (one per patch position, one per image), at the best batch size, channels last, in inference mode,
and nothing else; for gradients, the forward and the backward passes to the pixels. One thread, so that CPU time is
work and not threads waiting for one another. Weights are random:
only shapes matter. The results are compared with the plain method's before they are timed.

What misses its target, and why (profiles of 2026-11):

* **Saliency and guided backprop** beside captum: 3.5 ms of 50 on alexnet go into looking at the network before anything
  runs (its structure, dtype and hooks), which notices a layer that was replaced and gives an error its sentence.
* **Attention with its weights** from 256 tokens on: torch's fused kernel never writes them. At 512 tokens they are 64
  MB of fresh memory, which take as long to map (33 ms) as the kernel's whole answer. nn.MultiheadAttention pays, too.
* **A training step of the Transformer**: 60 % are matrix products, which nn.Transformer has as well, 10 % are dropout's
  random numbers.
* **The first occlusion map of alexnet**: 16 positions of half a pass each, and four passes that plan and check the
  quick way. **Occlusion on resnet18** reuses the clean maps up to the first skip connection only.
* **Another layer of the maximal browser** on alexnet, 2.4 s of CPU time: its convolutions over all photos at three
  scales are 145 GFLOP. To search all layers in one go was tried: 7.3 s before the first picture.

Not part of `make bench`, each some minutes on a machine that does nothing else: `python -m benchmarks busy --write` (a
notebook beside busy processes), `python -m benchmarks.grading` (what grading costs a notebook, hostile ones too) and
`python -m benchmarks.classroom` (students at once).
"""


def table(rows: Iterable[Row]) -> str:
    """The rows as one Markdown table, a column per method."""
    rows = list(rows)
    methods = list(dict.fromkeys(method for row in rows for method in row.ratios))
    lines = [
        "| " + " | ".join(["what", "amount", *methods, "target"]) + " |",
        "|" + "---|" * (len(methods) + 3),
    ]
    for row in rows:
        cells = [f"{row.ratios[method]:.2f}" if method in row.ratios else "" for method in methods]
        lines.append("| " + " | ".join([row.work, row.amount, *cells, row.target]) + " |")
    return "\n".join(lines)


def machine() -> str:
    """What the numbers depend on, without names or places."""
    return (
        f"{os.cpu_count()} CPU cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, {time.strftime('%Y-%m')}."
    )


def section(name: str) -> str:
    """One group, measured now: its title, the machine's load before and after, its table."""
    title, measure = GROUPS[name]
    before = os.getloadavg()[0]
    found = measure()
    load = f"Load of the machine (waiting processes) before and after: {before:.0f} and {os.getloadavg()[0]:.0f}."
    return f"## {title}\n\n{found if isinstance(found, str) else table(found)}\n\n{load}\n"


def sections_of(document: str) -> tuple[str, dict[str, str]]:
    """What stands before the first section, and the sections of the groups by name."""
    head, *parts = re.split(r"^(?=## )", document, flags=re.MULTILINE)
    known = {f"## {GROUPS[group][0]}": group for group in GROUPS}
    return head, {known[title]: part for part in parts if (title := part.split("\n", 1)[0]) in known}


def joined(head: str, found: dict[str, str]) -> str:
    """A document of these sections, in the order in which they are measured."""
    return "\n\n".join([head.strip(), *(found[group].strip() for group in GROUPS if group in found)]) + "\n"


def replaced(document: str, name: str, text: str) -> str:
    """The document with the section of one group replaced, or put behind those that are measured before it."""
    head, found = sections_of(document)
    return joined(head, {**found, name: text})


def begun(written: str) -> str:
    """A new document: the introduction, and of the one written before what is measured only when it is named."""
    old = sections_of(written)[1]
    return joined(f"{INTRO}\nMachine: {machine()}", {name: old[name] for name in NAMED_ONLY if name in old})


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    parser.add_argument("--write", action="store_true", help="replace the groups' sections in the document")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.groups) - set(GROUPS))
    if unknown:
        parser.error(f"no group is called {', '.join(unknown)}; there are: {', '.join(GROUPS)}")
    torch.set_num_threads(1)
    written = TARGET.read_text(encoding="utf-8") if TARGET.is_file() else ""
    document = written if chosen.groups and written else begun(written)
    for name in chosen.groups or [name for name in GROUPS if name not in NAMED_ONLY]:
        start = time.perf_counter()
        text = section(name)
        print(text, f"({time.perf_counter() - start:.0f} s)\n", sep="\n", flush=True)
        document = replaced(document, name, text)
        if chosen.write or not chosen.groups:
            TARGET.write_text(document, encoding="utf-8")
            print(f"wrote docs/{TARGET.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
