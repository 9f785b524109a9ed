"""docs/matrix.md, from the results that `make matrix` keeps."""

from collections.abc import Mapping, Sequence

HEAD = """# Every method on everybody's network

Written by `make matrix` (an extra of its own, `matrix`, brings timm; it takes minutes to hours, hence it is no part of
`make test`). Networks have random weights, in which nothing is constant, and compute in float64. The answers that a
method is compared with come from `scripts/matrix_answers.py`, which does not use the library: autograd, hooks and loops
of PyTorch alone, and central differences. A value counts as right if it differs from the plain one by less than a
millionth of the largest; a receptive field, if pixels outside of it move nothing ("wide": those along one of its edges
move nothing either). Pictures are not square where a network takes such. Results are kept in the user's cache, so that
a stopped run goes on: `make matrix ARGS="--minutes 20"`; some networks anew:
`make matrix ARGS="resnet18 timm/levit_128s"`.

| sign | meaning |
|---|---|
| + | right |
| w | right; a field is wider than needed |
| number | refused, for the reason of that number below |
| **WRONG**, **CRASH** | a fault, described below |
"""


def document(results: Mapping, listed: Mapping[str, float], methods: Sequence[str]) -> str:
    """The document: what was measured, a table, reasons and faults, and what was not measured."""
    done = {name: results["networks"][name] for name in sorted(listed) if name in results["networks"]}
    ran = {name: result for name, result in done.items() if result["cells"]}
    reasons: dict[str, int] = {}
    faults: list[str] = []
    rows = []
    for name, result in ran.items():
        cells = result["cells"]
        signs = [_sign(name, m, cells[m], reasons, faults) if m in cells else "" for m in methods]
        height, width = result["size"]
        rows.append(f"| {name} | {height} x {width} | {' | '.join(signs)} |")
    said = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    counts = _counts(ran)
    missing = [f"{name} ({size:.0f})" for name, size in listed.items() if name not in ran]
    parts = [
        HEAD,
        f"Versions: {said}. {len(ran)} of {len(listed)} networks, {len(methods)} methods: {counts}.\n",
        f"| network | pixels | {' | '.join(methods)} |\n|---|---|{'---|' * len(methods)}\n"
        + "\n".join(rows)
        + "\n",
        "## Refused, and why\n\n"
        + "\n".join(f"{number}. {reason}" for reason, number in reasons.items())
        + "\n",
        "## Faults\n\n" + ("\n".join(faults) or "None.") + "\n",
        "## Not run\n\n"
        + (", ".join(missing) + " (millions of parameters)." if missing else "All were run.")
        + "\n",
    ]
    failed = [f"- {name}: {result['failure']}" for name, result in done.items() if "failure" in result]
    if failed:
        parts.append("Could not be built or run without the library either:\n\n" + "\n".join(failed) + "\n")
    return "\n".join(parts)


def _counts(ran: Mapping) -> str:
    cells = [cell["verdict"] for result in ran.values() for cell in result["cells"].values()]
    return ", ".join(
        f"{cells.count(verdict)} {verdict}" for verdict in ("right", "refused", "wrong", "crash")
    )


def _sign(name: str, method: str, cell: Mapping, reasons: dict[str, int], faults: list[str]) -> str:
    if cell["verdict"] == "right":
        return "w" if cell["note"].startswith("wider") else "+"
    if cell["verdict"] == "refused":
        return str(reasons.setdefault(cell["note"].replace("|", "/"), len(reasons) + 1))
    faults.append(f"- {name}, {method}: {cell['verdict']}: {cell['note']}")
    return f"**{cell['verdict'].upper()}**"
