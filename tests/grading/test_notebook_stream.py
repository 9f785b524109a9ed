"""Reading notebooks as a stream: the same cells as a JSON parser finds, in bounded memory, whatever is damaged."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lecturelib.grading import notebook_stream
from lecturelib.grading.notebook_stream import read_notebook

ROOT = Path(__file__).resolve().parents[2]
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=8,
)
CELLS = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown"]),
        "source": st.text() | st.lists(st.text(), max_size=3),
    },
    optional={"outputs": VALUES, "metadata": VALUES, "id": VALUES},
)


def in_pieces(data, size):
    """A read function that gives a few bytes at a time, so that every token is cut somewhere."""
    stream = io.BytesIO(data)
    return lambda _: stream.read(size)


def expected(cells):
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    texts = ["".join(source) for source in sources]
    return [
        text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\0", "") for text in texts
    ]


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(CELLS, max_size=5),
    more=VALUES,
    size=st.integers(1, 40),
    spaces=st.booleans(),
    ascii=st.booleans(),
)
def test_the_cells_are_those_that_a_parser_finds(cells, more, size, spaces, ascii):
    notebook = {"metadata": more, "cells": cells, "nbformat": 4}
    data = json.dumps(notebook, indent=2 if spaces else None, ensure_ascii=ascii).encode("utf-8", "replace")
    found = read_notebook(in_pieces(data, size))
    assert found.problem == ""
    assert found.sources == expected(json.loads(data)["cells"])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_breaks_off_keeps_its_whole_cells_and_says_so(data):
    cells = [
        {"cell_type": "code", "source": [f"x = {k}\n", "y"], "outputs": [{"text": "a\\b"}]} for k in range(4)
    ]
    whole = json.dumps({"cells": cells}).encode()
    end = data.draw(st.integers(0, len(whole) - 1))
    found = read_notebook(in_pieces(whole[:end], 16))
    assert found.problem
    assert found.sources == expected(cells)[: len(found.sources)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,\\ cels0u', max_size=200).map(str.encode))
def test_no_bytes_make_it_raise(data):
    read_notebook(in_pieces(data, 7))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is empty"),
        (b"  hello", "not JSON"),
        (b'{"cells": [', "breaks off"),
        (b'{"cells": []} {}', "more follows"),
        (b'{"a": 1}', "no cells"),
        (b'{"cells": ' + b'[{"x":' * 100, "deep"),
        (b'{"cells": [{"cell_type": "code", "source": "\\q"}]}', "escape"),
    ],
)
def test_what_is_wrong_is_said(data, says):
    assert says in read_notebook(in_pieces(data, 1 << 20)).problem


def test_too_many_parts_or_too_much_source_end_it(monkeypatch):
    monkeypatch.setattr(notebook_stream, "MOST_PARTS", 1000)
    assert "parts" in read_notebook(io.BytesIO(b'{"cells": [' + b"[]," * 1000).read).problem
    monkeypatch.setattr(notebook_stream, "MOST_SOURCE", 1000)
    long = json.dumps({"cells": [{"cell_type": "code", "source": "x" * 2000}]}).encode()
    assert "MB" in read_notebook(io.BytesIO(long).read).problem


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(encoding):
    data = json.dumps({"cells": [{"cell_type": "code", "source": "x = 'é✓'"}]}, ensure_ascii=False).encode(
        encoding
    )
    assert read_notebook(in_pieces(data, 3)).sources == ["x = 'é✓'"]


MEASURE = """
import json, resource, sys
from lecturelib.grading.submissions import read_submission
read_submission(sys.argv[2])  # everything is imported
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_submission(sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([found.problem, list(found.sources), (after - before) / 1024]))
"""


def test_three_hundred_megabytes_of_outputs_need_little_memory(tmp_path):
    line = json.dumps('loss 0.123 "quoted" \\ back\n' * 3)
    block = ",".join([line] * 10_000)
    big, small = tmp_path / "big.ipynb", tmp_path / "small.ipynb"
    small.write_text('{"cells": []}')
    with big.open("w") as file:
        file.write('{"cells": [{"cell_type": "code", "source": "x = 1", "outputs": [{"text": [')
        for _ in range(300_000_000 // len(block) + 1):
            file.write(block + ",")
        file.write(
            '"end"]}, {"data": "' + "A" * 20_000_000 + '"}]}, {"cell_type": "code", "source": ["y = 2"]}]}'
        )
    assert big.stat().st_size > 300e6
    began = time.process_time()
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, str(big), str(small)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    big.unlink()
    problem, sources, megabytes = json.loads(answer.stdout)
    assert (problem, sources) == ("", ["x = 1", "y = 2"])
    assert megabytes < 100  # of the 200 that are allowed
    assert time.process_time() - began < 60
