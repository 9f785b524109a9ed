"""Submissions that misbehave, one class of the contract's list after the other: what each is, what must become of it.

Each replaces one answer of an otherwise right notebook, or is a damaged file. `@PLACE@` stands for a folder outside
the jail that everybody may write to, `@MARK@` for a number by which a process that was left behind is found.
"""

# ruff: noqa: E501  a case on one line is easier to read

import io
import json
import os
import stat
import zipfile
from dataclasses import dataclass, field
from textwrap import dedent

RIGHT = {
    "doubled": "def doubled(x):\n    return 2 * x",
    "which_channel": "channel = 17",
    "table": "def table(values):\n    return {'sum': sum(values), 'largest': max(values), 'count': len(values)}",
}
ALL_OK = {"doubled": "ok", "which_channel": "ok", "table": "ok"}
UNREADABLE = dict.fromkeys(RIGHT, "malformed")
MARKED = {name: f"#| exercise: {name}\n{source}" for name, source in RIGHT.items()}


@dataclass(frozen=True)
class Hostile:
    """A submission: its name, the statuses that it must get, and its cells or its bytes."""

    name: str
    statuses: dict
    cells: tuple = ()
    data: bytes | None = None
    suffix: str = ".ipynb"
    points: float | None = None
    says: str = ""
    file: object = None
    types: tuple = field(default=())


def code_notebook(cells, types=(), **more):
    made = [
        {"cell_type": types[k] if types else "code", "source": source, "metadata": {}, "outputs": []}
        for k, source in enumerate(cells)
    ]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


def answer(name, status, source, says="", points=None):
    """A notebook whose answer to `doubled` is this source; the two others are right."""
    text = f"#| exercise: doubled\n{dedent(source).strip()}"
    statuses = {**ALL_OK, "doubled": status}
    return Hostile(name, statuses, (text, MARKED["which_channel"], MARKED["table"]), says=says, points=points)


def in_answer(body, before=""):
    """A right answer that does something else first."""
    lines = "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
    return f"{dedent(before).strip()}\ndef doubled(x):\n{lines}\n    return 2 * x"


def cells(name, *sources, statuses=None, says="", types=()):
    return Hostile(name, statuses or ALL_OK, sources, says=says, types=types)


def raw(name, data, statuses=None, suffix=".ipynb", **more):
    return Hostile(name, statuses or UNREADABLE, data=data, suffix=suffix, **more)


def zipped(members, attributes=0):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = attributes << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return out.getvalue()


GOOD = code_notebook(list(MARKED.values()))
TEXT = json.dumps(GOOD)

PIPE = """
        import sys
        frame, pipe = sys._getframe(), None
        while frame is not None:
            pipe = frame.f_locals.get("channel", pipe)
            frame = frame.f_back
        framed = sys.modules["__main__"].framed
"""

FORGED = [
    answer("equals everything", "malformed", """
        class Yes:
            def __eq__(self, other): return True
            def __bool__(self): return True
            def __getattr__(self, name): return Yes()
        def doubled(x):
            return Yes()
    """, says="Yes"),
    answer("tensor that equals everything", "malformed", """
        class Yes(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                return True
        def doubled(x):
            return torch.zeros(4).as_subclass(Yes)
    """),
    answer("list that equals everything", "malformed", """
        class Yes(list):
            def __eq__(self, other): return True
        def doubled(x):
            return Yes([0])
    """),
    answer("patches torch", "wrong", """
        torch.equal = torch.allclose = torch.isclose = lambda *a, **k: True
        torch.Tensor.__eq__ = lambda self, other: True
        def doubled(x):
            torch.equal = torch.allclose = lambda *a, **k: True
            return torch.zeros(4)
    """),
    answer("patches numpy", "wrong", """
        def doubled(x):
            import sys
            numbers = sys.modules["nu" + "mpy"]
            numbers.array_equal = numbers.allclose = numbers.abs = lambda *a, **k: True
            return torch.zeros(4)
    """),
    answer("patches the library's judge", "wrong", """
        def doubled(x):
            from lecturelib.exercises import compare, marking
            compare.difference = marking.difference = lambda *a, **k: ""
            marking.mark = lambda key, outcomes: marking.Mark("doubled", "ok", 3.0, 3.0)
            return torch.zeros(4)
    """),
    answer("patches how replies are made", "tampered", """
        def doubled(x):
            import sys
            main = sys.modules["__main__"]
            framed = main.framed
            main._reply = lambda outcome, number: framed({"id": number, "status": "ok", "points": 3, "verdict": "right"})
            return x
    """),
    answer("patches the builtins", "crashed", """
        def doubled(x):
            import builtins
            builtins.isinstance = lambda *a: True
            builtins.len = lambda *a: 4
            return object()
    """),
    answer("forged frame to every descriptor", "tampered", """
        def doubled(x):
            import os, struct
            for number in range(3, 256):
                try:
                    os.write(number, struct.pack("<4sI", b"LLG1", 3) + b"yes")
                except OSError:
                    pass
            return 2 * x
    """),
    answer("forged reply before it is asked", "tampered", PIPE + """
        forged = {"status": "ok", "value": None, "says": "", "line": 0, "changed": False}
        sent = [pipe.sendall(framed({**forged, "id": number})) for number in range(1, 9)]
        def doubled(x):
            return 2 * x if sent else x
    """),
    answer("announces four gigabytes", "tampered", PIPE + """
        def doubled(x):
            pipe.sendall(b"LLG1" + b"\\xff" * 4)
            return 2 * x
    """),
    answer("forged result files", "wrong", """
        def doubled(x):
            import json, os
            for place in (".", "/tmp", os.path.expanduser("~"), "@PLACE@", "/dev/shm"):
                for name in ("result.json", "marks.csv", "results.json"):
                    try:
                        with open(os.path.join(place, name), "w") as file:
                            json.dump({"doubled": {"status": "ok", "points": 3}}, file)
                    except OSError:
                        pass
            return x
    """),
    answer("hooks of IPython", "wrong", """
        shell = get_ipython()
        shell.ast_transformers.append(lambda tree: None)
        shell.events.register("post_run_cell", lambda: None)
        shell.input_transformers_cleanup.append(lambda lines: [])
        def doubled(x):
            return x
    """),
    answer("traces and exits", "wrong", """
        import atexit, sys
        atexit.register(print, "all points")
        sys.settrace(lambda *a: None)
        def doubled(x):
            return x
    """),
    answer("writes into other processes", "wrong", """
        def doubled(x):
            import os
            for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
                for file in ("mem", "fd/0", "fd/3", "fd/4"):
                    try:
                        with open(f"/proc/{pid}/{file}", "r+b", buffering=0) as target:
                            target.write(b"all points")
                    except OSError:
                        pass
            return x
    """),
    answer("searches memory for what is expected", "wrong", """
        def doubled(x):
            import gc
            found = [each for each in gc.get_objects() if type(each) is torch.Tensor and each.shape == x.shape]
            return found[0] if found else x
    """),
    answer("remembers the public case only", "partial", """
        def doubled(x):
            known = doubled.__dict__.setdefault("first", x.clone())
            return 2 * known
    """, points=5),
    answer("only NaN", "wrong", "def doubled(x):\n    return x * float('nan')", says="NaN"),
    answer("closes its descriptors", "crashed", """
        def doubled(x):
            import os
            os.closerange(0, 256)
            return 2 * x
    """),
    answer("answers a question twice", "tampered", PIPE + """
        def doubled(x):
            pipe.sendall(framed(3))
            return 2 * x
    """),
]  # fmt: skip

LEAKS = [
    answer("network", "ok", """
        def doubled(x):
            import socket, urllib.request
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, getattr(socket, "AF_PACKET", 17)):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                    try:
                        socket.socket(family, kind)
                        return x
                    except OSError:
                        pass
            for address in ("http://127.0.0.1:@PORT@", "http://localhost:@PORT@"):
                try:
                    urllib.request.urlopen(address, timeout=1)
                    return x
                except OSError:
                    pass
            return 2 * x
    """),
    answer("names by DNS", "ok", """
        def doubled(x):
            import socket
            for name in ("example.org", "localhost.localdomain"):
                try:
                    if name == "example.org" and socket.gethostbyname(name):
                        return x
                except OSError:
                    pass
            return 2 * x
    """),
    answer("reads other submissions and the secret", "ok", """
        def doubled(x):
            import os
            for where, below, names in os.walk("/"):
                below[:] = [each for each in below if each not in ("proc", "sys", "site-packages", "share", "lib")]
                if "secret.bin" in names or any(name.startswith("honest") for name in names + below):
                    return x
            return 2 * x if not os.path.exists("@PLACE@") else x
    """),
    answer("reads solutions", "ok", """
        def doubled(x):
            import lecturelib, os
            base = os.path.dirname(os.path.dirname(lecturelib.__file__))
            if os.path.exists(base + "/exercises") or os.path.exists(base + "/tests"):
                return x
            return 2 * x
    """),
    answer("reads the environment", "ok", """
        def doubled(x):
            import os
            if "GRADER_SECRET" in os.environ:
                return x
            for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
                try:
                    if b"GRADER_SECRET" in open(f"/proc/{pid}/environ", "rb").read():
                        return x
                except OSError:
                    pass
            return 2 * x
    """),
    answer("says its input by an error", "error", "def doubled(x):\n    raise ValueError('SEEN ' + str(x.tolist()))"),
    answer("says its input by the name of an error", "error", """
        def doubled(x):
            raise type("SEEN" + "".join(f"{each:.2f}" for each in x.tolist()), (Exception,), {})()
    """),
    answer("says its input by what it prints", "ok", in_answer("import sys\nprint('SEEN', x)\nprint('SEEN', x, file=sys.stderr)")),
    answer("says its input by its type", "malformed", """
        def doubled(x):
            return type("SEEN" + "".join(f"{each:.2f}" for each in x.tolist()), (), {})()
    """),
    answer("unshares and mounts", "ok", in_answer("""
        import ctypes
        libc = ctypes.CDLL(None)
        for flag in (0x10000000, 0x00020000, 0x40000000):
            if libc.unshare(flag) == 0:
                return x
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0) == 0 or libc.ptrace(16, 1, 0, 0) == 0:
            return x
    """)),
    answer("becomes root again", "ok", in_answer("""
        import os
        for call in (os.setuid, os.setgid, os.seteuid):
            try:
                call(0)
                return x
            except OSError:
                pass
        if os.getuid() == 0:
            return x
    """)),
]  # fmt: skip

RESOURCES = [
    answer("endless and deaf to signals", "timeout", in_answer("while True:\n    pass", """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
    """)),
    answer("swallows every exception", "timeout", in_answer("""
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    """)),
    answer("sleeps", "timeout", in_answer("import time\ntime.sleep(1000)")),
    answer("endless where it is defined", "timeout", "twos = [2]\nwhile len(twos) > 0:\n    twos[0] = 2\ndef doubled(x):\n    return twos[0] * x"),
    answer("catastrophic pattern", "timeout", in_answer("import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')")),
    answer("fork bomb", "timeout", in_answer("""
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """)),
    answer("daemon that outlives", "ok", in_answer("""
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv("/bin/sleep", ["sleep", "@MARK@"])
            os._exit(0)
    """)),
    answer("memory of one process", "memory", in_answer("kept = [bytearray(2**26) for _ in range(100)]")),
    answer("memory of a tensor", "memory", in_answer("kept = torch.ones(2**33)")),
    answer("memory of many processes", "memory", in_answer("""
        import os, time
        for _ in range(12):
            if os.fork() == 0:
                kept = [bytearray(2**26) for _ in range(3)]
                time.sleep(100)
        time.sleep(100)
    """)),
    answer("gigabytes of output", "ok", in_answer("import sys\nfor _ in range(300):\n    sys.stdout.write('x' * 10**6 + '\\n')")),
    answer("one endless line", "ok", in_answer("import os\nfor _ in range(1000):\n    os.write(1, b'x' * 10**6)")),
    answer("full disk", "ok", in_answer("""
        for place in ("/tmp", "/dev/shm", "/student"):
            try:
                with open(place + "/full", "wb") as file:
                    while True:
                        file.write(bytes(10**6))
            except OSError:
                pass
    """)),
    answer("a million files", "memory", in_answer("""
        for number in range(10**6):
            open(f"/tmp/{number}", "w").close()
    """)),
    answer("expanded tensor", "malformed", "def doubled(x):\n    return torch.zeros(1).expand(10**10)"),
    answer("nested list", "malformed", "def doubled(x):\n    value = []\n    for _ in range(10**5):\n        value = [value]\n    return value"),
    answer("list that holds itself", "malformed", "def doubled(x):\n    value = []\n    value.append(value)\n    return value"),
    answer("a million numbers", "malformed", "def doubled(x):\n    return list(range(10**6))"),
    answer("endless generator", "malformed", "import itertools\ndef doubled(x):\n    return itertools.count()"),
    answer("number without end", "malformed", "def doubled(x):\n    return 1 << 10**6"),
    answer("dict with strange keys", "malformed", "def doubled(x):\n    return {(1, 2): x}"),
    answer("thousands of threads", "error", in_answer("""
        import threading, time
        for _ in range(5000):
            threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
    """)),
    answer("thousands of open files", "error", in_answer("kept = [open('/usr/bin/env') for _ in range(10**4)]")),
]  # fmt: skip

CRASHES = [
    answer("exits at once", "crashed", in_answer("import os\nos._exit(0)")),
    answer("exits where it is defined", "crashed", "import os\ncode = os._exit(3)\ndef doubled(x):\n    return code"),
    answer("segmentation fault", "crashed", in_answer("import ctypes\nctypes.string_at(0)")),
    answer("aborts", "crashed", in_answer("import os\nos.abort()")),
    answer("recursion", "error", "def doubled(x):\n    return doubled(x)", says="RecursionError"),
    answer("recursion without a limit", "crashed", """
        import sys
        def doubled(x):
            sys.setrecursionlimit(10**9)
            def deep(n):
                return sorted([n], key=deep)
            return deep(0)
    """),
    answer("kills everything", "ok", in_answer("import os\ntry:\n    os.kill(-1, 9)\nexcept OSError:\n    pass")),
    answer("kills its parent", "ok", in_answer("import os\nos.kill(os.getppid(), 9)")),
    answer("stops everything else", "ok", in_answer("""
        import os
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            if pid not in (1, os.getpid()):
                try:
                    os.kill(pid, 19)
                except OSError:
                    pass
    """)),
    answer("stops itself", "timeout", in_answer("import os\nos.kill(os.getpid(), 19)")),
    answer("becomes another program", "crashed", in_answer("import os\nos.execv('/bin/true', ['true'])")),
    answer("ends the program", "error", in_answer("raise SystemExit(0)")),
    answer("interrupts", "error", in_answer("raise KeyboardInterrupt")),
    answer("error without words", "error", """
        class Silent(Exception):
            def __str__(self): raise RuntimeError
            __repr__ = __str__
        def doubled(x):
            raise Silent
    """),
]  # fmt: skip

DAMAGED = [
    raw("not json", b"print('hello')"),
    raw("truncated", TEXT.encode()[: TEXT.index("which_channel") - 20], {**UNREADABLE, "doubled": "ok"}),
    raw("empty file", b""),
    raw("zeros", b"\0" * 5000),
    raw("byte order mark", b"\xef\xbb\xbf" + TEXT.encode(), ALL_OK),
    raw("utf 16", TEXT.encode("utf-16"), ALL_OK),
    raw("old format", json.dumps({"nbformat": 3, "worksheets": [{"cells": [
        {"cell_type": "code", "language": "python", "input": [line + "\n" for line in source.split("\n")], "outputs": []}
        for source in MARKED.values()]}]}).encode(), ALL_OK),
    raw("future format", json.dumps({**GOOD, "nbformat": 9, "new": {"cells": [1]}, "layout": [[]]}).encode(), ALL_OK),
    raw("thirty megabytes of outputs", json.dumps({**GOOD, "cells": [{**cell, "outputs": [
        {"data": {"text/plain": ["line with \"quotes\" and \\ strokes\n"] * 200_000}}, {"data": {"image/png": "A" * 2_000_000}}]}
        for cell in GOOD["cells"]]}).encode(), ALL_OK),
    raw("one cell damaged", json.dumps({**GOOD, "cells": [3, None, {"cell_type": "code"}, {"source": 7}, *GOOD["cells"]]}).encode(), ALL_OK),
    raw("json of another kind", b'["cells"]'),
    raw("json without cells", b'{"nbformat": 4}'),
    raw("nested too deep", b'{"cells": [' + b"[" * 10_000 + b"]" * 10_000 + b"]}"),
    raw("pdf that was renamed", b"%PDF-1.7\n\xff\xfe\x00\x01"),
    raw("lone surrogates", TEXT.replace("def table", "# \\ud800 \\n\\ndef table").encode(), ALL_OK),
    raw("zip", zipped([("part/05.ipynb", TEXT), ("part/.ipynb_checkpoints/05-checkpoint.ipynb", "{}"),
                       ("__MACOSX/part/._05.ipynb", "x"), ("notes.txt", "hello")]), ALL_OK, ".zip"),
    raw("zip that was renamed", zipped([("05.ipynb", TEXT)]), ALL_OK, ".ipynb"),
    raw("zip with a member that leads out", zipped([("../../evil.ipynb", TEXT)]), suffix=".zip", says="leads out"),
    raw("zip with an absolute member", zipped([("/tmp/evil.ipynb", TEXT)]), suffix=".zip", says="leads out"),
    raw("zip with a link", zipped([("05.ipynb", "/etc/passwd")], stat.S_IFLNK | 0o777), suffix=".zip", says="link"),
    raw("zip bomb", zipped([("05.ipynb", b'{"cells": [' + b" " * 1_100_000_000)]), suffix=".zip", says="larger"),
    raw("zip that breaks off", zipped([("05.ipynb", TEXT)])[:200], suffix=".zip"),
    raw("zip without a notebook", zipped([("notes.txt", "hello")]), suffix=".zip", says="no notebook"),
    Hostile("link to another place", UNREADABLE, file="link", says="link"),
    Hostile("pipe", UNREADABLE, file="fifo", says="not a file"),
    Hostile("folder", ALL_OK, file="folder"),
    Hostile("folder with a link", UNREADABLE, file="linked folder"),
    Hostile("empty folder", UNREADABLE, file="empty folder"),
]  # fmt: skip

ORDINARY = [
    cells("duplicated cell", *MARKED.values(), MARKED["doubled"]),
    cells("two different answers", "#| exercise: doubled\ndef doubled(x):\n    return x", *MARKED.values(), says="different answers"),
    cells("last one empty", *MARKED.values(), "#| exercise: doubled\n"),
    cells("last one as handed out", *MARKED.values(), "#| exercise: doubled\ndef doubled(x):\n    ..."),
    cells("split above a helper", "#| exercise: doubled\nimport torch", "def twice(x):\n    return x + x",
          "def doubled(x):\n    return twice(x)", MARKED["which_channel"], MARKED["table"]),
    cells("split within a function", "#| exercise: doubled\ndef doubled(x):\n    two = 2", "    return two * x",
          MARKED["which_channel"], MARKED["table"]),
    cells("merged cells", "\n".join(MARKED.values())),
    cells("merged, the first of them fails", "#| exercise: which_channel\nchannel = 17\n1 / 0\n" + MARKED["doubled"], MARKED["table"]),
    cells("reordered", *reversed(MARKED.values())),
    cells("helper below", "#| exercise: doubled\ndef doubled(x):\n    return factor * x", MARKED["which_channel"], MARKED["table"], "factor = 2"),
    cells("markdown instead of code", *MARKED.values(), types=("markdown", "raw", "code")),
    cells("set-up cell missing", "#| exercise: doubled\ndef doubled(x):\n    return torch.add(x, x)", MARKED["which_channel"], MARKED["table"]),
    cells("marker is missing", RIGHT["doubled"], MARKED["which_channel"], MARKED["table"], says="found by its name"),
    cells("magics", "%matplotlib inline\n!pip install nothing\nimport os", "%%time\n" + MARKED["doubled"],
          "#| exercise: which_channel\n%load_ext autoreload\nchannel = 17", MARKED["table"]),
    cells("percent signs that are no magics", "#| exercise: doubled\ndef doubled(x):\n    return (4 * x\n        % 10**9) * 0 + 2 * x",
          MARKED["which_channel"], MARKED["table"]),
    cells("asks for input", "#| exercise: which_channel\nname = input('your name? ')\nchannel = 17", MARKED["doubled"], MARKED["table"]),
    cells("widgets and pictures", "import ipywidgets\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
          MARKED["doubled"] + "\nplt.imshow([[1]])\nplt.show()\ndisplay(doubled(3))\ncheck('doubled', doubled)", MARKED["which_channel"], MARKED["table"]),
    cells("top-level await", "import asyncio\nawait asyncio.sleep(0)\nasync def fetch():\n    return 17",
          "#| exercise: which_channel\nchannel = await fetch()", MARKED["doubled"], MARKED["table"]),
    cells("async function", "#| exercise: doubled\nimport asyncio\nasync def doubled(x):\n    await asyncio.sleep(0)\n    return 2 * x",
          MARKED["which_channel"], MARKED["table"]),
    answer("warnings on stderr", "ok", in_answer("import warnings, sys\nwarnings.warn('slow')\nprint('careful', file=sys.stderr)")),
    answer("progress bar", "ok", in_answer("from tqdm import tqdm\nfor _ in tqdm(range(100)):\n    pass")),
    answer("a try that fails below the answer", "ok", "def doubled(x):\n    return 2 * x\nassert doubled(torch.ones(1)) == 3"),
    cells("endless loop in another cell", "while True:\n    pass", *MARKED.values()),
    cells("other cells that are not Python", "this is not python at all (", "%%html\n<b>hello</b>", *MARKED.values()),
    cells("as handed out", "#| exercise: doubled\ndef doubled(x):\n    ...", MARKED["which_channel"], MARKED["table"],
          statuses={**ALL_OK, "doubled": "missing"}, says="not attempted"),
    cells("cell deleted", MARKED["which_channel"], MARKED["table"], statuses={**ALL_OK, "doubled": "missing"}),
    cells("Windows line ends", *(text.replace("\n", "\r\n") for text in MARKED.values())),
    answer("another dtype by default", "ok", in_answer("torch.set_default_dtype(torch.float64)\ntorch.set_num_threads(2)\nx = x.double()")),
    answer("needs a gradient", "ok", in_answer("x = x.clone().requires_grad_()")),
    answer("changes its input", "wrong", "def doubled(x):\n    x *= 2\n    return x", says="changes its input"),
    answer("a forbidden name", "wrong", "import numpy\ndef doubled(x):\n    return torch.from_numpy(numpy.add(x, x))", says="numpy"),
    answer("a declared mistake", "wrong", "def doubled(x):\n    return x ** 2", says="square"),
    answer("does not parse", "error", "def doubled(x)\n    return 2 * x", says="SyntaxError"),
    answer("a name that is not there", "error", "def doubled(x):\n    return two * x", says="two"),
    answer("a value instead of a function", "malformed", "doubled = 3", says="not a function"),
    answer("nothing returned", "wrong", "def doubled(x):\n    2 * x", says="return"),
]  # fmt: skip

CASES = [*FORGED, *LEAKS, *RESOURCES, *CRASHES, *DAMAGED, *ORDINARY]
HONEST = Hostile("honest", ALL_OK, tuple(MARKED.values()))


def write_case(case, folder, name, replace):
    """Write a submission into a folder, under a name."""
    target = folder / (name + case.suffix)
    if case.file == "link":
        target.symlink_to(replace["@PLACE@"])
    elif case.file == "fifo":
        os.mkfifo(target)
    elif case.file:
        inside = folder / name
        inside.mkdir()
        if case.file == "folder":
            (inside / "sub").mkdir()
            (inside / "sub" / "05.ipynb").write_text(TEXT)
            (inside / "notes.txt").write_text("hello")
        elif case.file == "linked folder":
            (inside / "05.ipynb").symlink_to("/etc/passwd")
    elif case.data is not None:
        target.write_bytes(case.data)
    else:
        text = json.dumps(code_notebook(case.cells, case.types))
        for old, new in replace.items():
            text = text.replace(old, new)
        target.write_text(text)
