"""Names that an answer may not use, looked for in its source.

A help for honest students, no fence: who hides a name behind `getattr` is not found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable


def forbidden_names(source: str, names: Iterable[str], given: str = "") -> list[str]:
    """The forbidden names that a source uses; aliases of imports, also of those in `given`, are followed.

    A name without a dot is found as a variable, as an attribute and in imports; one with dots as this very path. A
    source that does not parse uses none.

    >>> forbidden_names("import torch.nn.functional as F\\nF.conv2d(x, w)", ["torch.nn.functional.conv2d", "captum"])
    ['torch.nn.functional.conv2d']
    """
    try:
        tree = ast.parse(source)
        aliases = _aliases(ast.parse(given)) | _aliases(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute | ast.Name):
            used.add(_path(node, aliases))
    return [name for name in names if any(_means(path, name) for path in used)]


def _means(path: str, name: str) -> bool:
    if "." in name:
        return path == name or path.startswith(f"{name}.")
    return name in path.split(".")


def _aliases(tree: ast.AST) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _path(node: ast.AST, aliases: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(aliases.get(node.id, node.id))
    return ".".join(reversed(parts))
