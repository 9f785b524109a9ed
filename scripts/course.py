"""Set the course up and run it: the work behind `make`, for every system, with nothing but Python's standard library.

python scripts/course.py lab | present | slides | test | setup | notebooks | claims | bench | lint | fetch | clean ...
"""

# Any Python from 3.6 on must be able to read this file, so that it can say which one it needs.
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "This course needs Python 3.11 or newer, and this is Python {}.{}: run it with a newer one, "
        "for example `make lab PYTHON=python3.12`.".format(*sys.version_info[:2])
    )

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "course-setup.json"
LOG = VENV / "course-setup.log"
LOCK = ROOT / "requirements.lock"
START = "00_start_here.ipynb"
# The extension that presents, as this checkout has it: Jupyter looks into `labextensions` here.
SHARE = ROOT / "lecturelib" / "present"
TESTS = ["tests", "lecturelib"]  # the examples of the docstrings run, too
NOTEBOOK_TESTS = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "120", "notebooks"]

# JupyterLab renders all cells (so that printing, search and the tests see them) and asks nobody for news.
LAB_SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}


def say(text):
    print(f"== {text}", flush=True)


# PyTorch's threads wait for one another by spinning: beside another busy program, such as a browser, a pass then takes
# several times longer. Threads that sleep cost nothing. It has to be set before PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def run(*command, **options):
    """Run a command in the project's folder and stop with its exit code where it fails."""
    code = subprocess.run([str(part) for part in command], cwd=ROOT, check=False, **options).returncode
    if code:
        sys.exit(code)


# set-up


def fingerprint():
    """What an installation depends on: the requirements and their exact versions, the Python, where it stands."""
    files = [(ROOT / "pyproject.toml").read_bytes(), LOCK.read_bytes()]
    parts = [*files, sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp():
    """What the last finished set-up wrote, or an empty dict."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def setup(extra=""):
    """Make .venv, install the package with the pinned versions and fetch the assets; skip what is done.

    `extra` is the optional list of pyproject.toml to install with it ("test").
    """
    done = stamp()
    if (
        done.get("fingerprint") == fingerprint()
        and PYTHON.exists()
        and (not extra or extra in done["extras"])
    ):
        install_lab_settings()
    else:
        extras = sorted({extra, *done.get("extras", [])} - {""})
        STAMP.unlink(missing_ok=True)  # until it is finished, it is not done
        make_venv()
        install(extras)
        install_lab_settings()
        STAMP.write_text(json.dumps({"fingerprint": fingerprint(), "extras": extras}), encoding="utf-8")
    run(PYTHON, "-m", "lecturelib", "fetch")


def make_venv():
    """Make .venv, or keep it where it has a working pip under the same Python."""
    if Path(sys.prefix).resolve() == VENV.resolve():  # run by .venv's own Python, which cannot replace itself
        return
    probe = "import pip, sys; print(*sys.version_info[:2])"
    if PYTHON.exists():
        answer = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return
    say(f"Python {sys.version.split()[0]}: making .venv")
    answer = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if answer.returncode:
        said = (answer.stdout + answer.stderr).strip()
        hint = "on Debian and Ubuntu, `apt install python3-venv` mends this" if "ensurepip" in said else said
        sys.exit(f"Python could not make the virtual environment .venv: {hint}")


def pip_setting(name):
    """One of pip's settings as the user has it, its variable first; `name` with underscores."""
    variable = os.environ.get(f"PIP_{name.upper()}")
    if variable:
        return variable
    listing = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    values = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, key = key.rpartition(".")
        if key.replace("-", "_") == name and section in ("global", "install"):
            values[section] = ast.literal_eval(value)
    return values.get("install") or values.get("global") or ""


def pip_environment():
    """The environment pip runs in: as found, and where TORCH_INDEX names PyTorch's CPU index, with that one too."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    if os.environ.get("TORCH_INDEX"):
        more = pip_setting("extra_index_url").split() + [os.environ["TORCH_INDEX"]]
        environment["PIP_EXTRA_INDEX_URL"] = " ".join(more)
    elif sys.platform == "linux":
        say(
            "Linux: where pip finds PyTorch with CUDA (several GB), TORCH_INDEX chooses the small CPU build; see README"
        )
    return environment


def install(extras):
    """Install the package, editable, at the locked versions: one pip command, as torch and torchvision must match."""
    say("installing the locked packages (a few minutes the first time)")
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [PYTHON, "-m", "pip", "install", "--progress-bar", "off", "--constraint", str(LOCK)]
    command += ["--editable", target]
    wide = shutil.get_terminal_size().columns - 1
    lines = []
    options = {"cwd": ROOT, "env": pip_environment(), "text": True, "errors": "replace"}
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    with LOG.open("w", encoding="utf-8") as log, pip:
        for line in pip.stdout:
            log.write(line)
            lines.append(line.strip())
            if sys.stdout.isatty() and re.match(r"\s*(Collecting|Downloading|Installing)", line):
                print(f"\r{line.strip()[:wide]:{wide}}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r" + " " * wide, end="\r")
    if pip.returncode:
        sys.exit(explain(lines))


def explain(lines):
    """One sentence for a failed `pip install`, from what it printed."""
    text = "\n".join(lines)
    if re.search(
        r"ConnectionError|NewConnection|ConnectTimeout|ReadTimeout|timed out|name resolution|getaddrinfo|"
        r"ProxyError|SSLError|Connection refused|Max retries|Network is unreachable|connection broken",
        text,
    ):
        return (
            "pip cannot reach its package index: check the network, the proxy and pip's settings (`pip config list`), "
            f"then run the same command again (pip's own words are in {LOG.relative_to(ROOT)})."
        )
    absent = re.search(r"No matching distribution found for (\S+)", text)
    if absent:
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"The package index that pip uses here has no {absent[1]} for Python {python} on this system: try another "
            "Python from 3.11 on (`make lab PYTHON=python3.12`) or another index "
            f"(pip's own words are in {LOG.relative_to(ROOT)})."
        )
    return "\n".join(
        [*lines[-15:], f"pip could not install the packages; all it said is in {LOG.relative_to(ROOT)}."]
    )


def install_lab_settings():
    """Settings of the installation: JupyterLab's, and PyTorch's waiting in every kernel, whoever starts it."""
    for packages in [*VENV.glob("lib/python*/site-packages"), *VENV.glob("Lib/site-packages")]:
        # Python runs this line at its start: the variable has to be set before PyTorch is loaded, also in VS Code.
        line = 'import os; os.environ.setdefault("OMP_WAIT_POLICY", "passive")\n'
        (packages / "lecturelib_course.pth").write_text(line, encoding="utf-8")
    folder = VENV / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(LAB_SETTINGS, indent=2) + "\n", encoding="utf-8")


# commands


def lab(arguments):
    """Open JupyterLab on the start page; options go to `jupyter lab`."""
    setup()
    folder = ROOT / "notebooks"
    if not (folder / START).exists():
        sys.exit(f"notebooks/{START} is not there: get the whole project again.")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH")]))
    become([str(PYTHON), "-m", "jupyterlab", *arguments, START], folder)


def become(command, folder):
    """Run a command in this one's place, so that Ctrl-C goes straight to it."""
    if os.name == "nt":
        sys.exit(subprocess.call(command, cwd=folder))
    os.chdir(folder)
    os.execv(command[0], command)


def present(arguments):
    """Open a part as live slides; what is no option of ours goes to JupyterLab."""
    part_of(arguments, "present")
    setup()
    become([str(PYTHON), "-m", "lecturelib", "present", *arguments], ROOT)


def slides(arguments):
    """Write a part as slides into one HTML file."""
    part_of(arguments, "slides")
    setup()
    run(PYTHON, "-m", "lecturelib", "slides", *arguments)


def part_of(arguments, target):
    if not arguments or arguments[0].startswith("-"):
        sys.exit(f"Which part? `make {target} PART=04`, or `python scripts/course.py {target} 04`.")


def lint(arguments):
    """Check the style of code and notebooks."""
    setup("test")
    run(PYTHON, "-m", "ruff", "check", *(arguments or ["."]))
    if not arguments:
        run(PYTHON, "-m", "ruff", "format", "--check", "lecturelib", "scripts", "tests", "benchmarks")


def test(arguments):
    """Run every test, in as many processes as help; options go to pytest, which then runs in one."""
    lint([])
    if arguments:
        run(PYTHON, "-m", "pytest", *arguments)
        return
    say("the types of the library")
    run(PYTHON, "-m", "mypy")
    many, share = in_parallel()
    say("everything but the browser")
    rest = [PYTHON, "-m", "pytest", *many, *TESTS, "--ignore=tests/browser", *NOTEBOOK_TESTS]
    failed = subprocess.run(rest, cwd=ROOT, env=share, check=False).returncode
    say("the lessons in a browser, two at a time where there are two cores")
    pair = ["-n", str(min(os.cpu_count() or 1, 2)), "--dist", "worksteal"]
    lessons = [PYTHON, "-m", "pytest", *pair, "tests/browser"]
    browser = subprocess.run(lessons, cwd=ROOT, env=share, check=False).returncode
    sys.exit(failed or browser)


def check(arguments):
    """Style, types and unit tests: no browser, no whole notebook, no experiment; options go to pytest."""
    lint([])
    run(PYTHON, "-m", "mypy")
    many, share = in_parallel()
    quick = [
        "-m",
        "not notebook and not browser and not slow and not claims",
        "--ignore=tests/browser",
        *TESTS,
    ]
    run(PYTHON, "-m", "pytest", "-q", *many, *(arguments or quick), env=share)


def in_parallel():
    """The options of pytest for as many processes as help, and the environment that shares the cores among them."""
    cores = os.cpu_count() or 1
    processes = min(cores, 4)  # each holds networks
    # Each process computes with its share of the cores, and so do the kernels that it starts.
    share = {"OMP_NUM_THREADS": str(max(1, cores // processes)), **os.environ}
    return ["-n", str(processes), "--dist", "loadfile"], share  # the cells of a notebook belong together


def lock(arguments):
    """Write the exact versions that are installed now into requirements.lock."""
    setup("test")
    frozen = subprocess.run(
        [PYTHON, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True
    ).stdout
    # a local version, such as torch's +cpu, belongs to one index; an address, to one machine
    exact = [
        re.sub(r"\+[\w.]+$", "", line) for line in frozen.splitlines() if "==" in line and "@" not in line
    ]
    head = LOCK.read_text(encoding="utf-8").splitlines()[0]
    LOCK.write_text("\n".join([head, *sorted(exact, key=str.lower)]) + "\n", encoding="utf-8")
    say(f"{len(exact)} versions written to {LOCK.name}")


def notebooks(arguments):
    """Run all notebooks from top to bottom; options go to pytest."""
    setup("test")
    run(PYTHON, "-m", "pytest", *NOTEBOOK_TESTS, "--durations=10", *arguments)


def claims(arguments):
    """Run the lecture's claims in full."""
    setup("test")
    run(PYTHON, "-m", "scripts.claims", *arguments)


def bench(arguments):
    """Measure speed against other libraries and the floor."""
    setup("test")
    run(PYTHON, "-m", "benchmarks", *arguments)


def matrix(arguments):
    """Try every method on many networks, torchvision's and timm's, against plain answers."""
    setup("matrix")
    run(PYTHON, "-m", "scripts.matrix", *arguments)


def mutants(arguments):
    """Plant small faults in core modules, one at a time: each module's tests must notice."""
    setup("test")
    setup("mutants")
    run(PYTHON, "-m", "scripts.mutants", *arguments)


def exercises(arguments):
    """Build the students' notebooks and the public packs from exercises/; --solutions FOLDER solves the notebooks."""
    setup()
    run(PYTHON, "-m", "scripts.make_exercises", *arguments)


def fetch(arguments):
    """Fetch the named assets, or all that are not there yet."""
    setup()
    if arguments:
        run(PYTHON, "-m", "lecturelib", "fetch", *arguments)


def doctor(arguments):
    """Say what is installed, what is missing and what mends it; installs nothing."""
    if not PYTHON.exists():
        sys.exit("There is no .venv yet: `make setup` (or `python scripts/course.py setup`) makes it.")
    run(PYTHON, "-m", "lecturelib", "doctor", *arguments)


def clean(arguments):
    """Remove what tests and builds left behind; with --all the virtual environment too. Assets stay in their cache."""
    leftovers = {"__pycache__", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
    for folder, below, _ in os.walk(ROOT):
        below[:] = [name for name in below if name not in (".venv", ".git")]
        for name in leftovers & set(below):
            shutil.rmtree(Path(folder) / name)
            below.remove(name)
    for name in ["build", "dist"] + ([".venv"] if "--all" in arguments else []):
        if (ROOT / name).exists():
            shutil.rmtree(ROOT / name)


COMMANDS = {
    "lab": lab,
    "present": present,
    "slides": slides,
    "check": check,
    "test": test,
    "setup": lambda arguments: setup(*arguments),
    "notebooks": notebooks,
    "claims": claims,
    "bench": bench,
    "matrix": matrix,
    "mutants": mutants,
    "exercises": exercises,
    "lint": lint,
    "lock": lock,
    "fetch": fetch,
    "doctor": doctor,
    "clean": clean,
}


def main(arguments):
    """Run one command, the first argument; the rest are its options."""
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(f"usage: python scripts/course.py {' | '.join(COMMANDS)}")
    try:
        COMMANDS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main(sys.argv[1:])
