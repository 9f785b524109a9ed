"""The way in: one list of versions, a set-up that explains its failures, and a report that names what mends things."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lecturelib import __main__ as command_line
from lecturelib import assets
from lecturelib.assets import archive, doctor
from lecturelib.assets.shipped import checksums, write_checksums

ROOT = Path(__file__).resolve().parent.parent

# The same thing under conda-forge's name.
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
CPU_BUILDS = {"pytorch", "torchvision"}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def conda_specs():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """scripts/course.py as a module that takes a temporary folder for the project."""
    spec = importlib.util.spec_from_file_location("course", ROOT / "scripts" / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "requirements.lock").write_text("# exact versions\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(module, "LOG", tmp_path / ".venv" / "setup.log")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    return module


# one list of versions


def locked():
    """The lock file: a package's name, as pip compares names, and its exact version."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def requirements(*extras):
    lists = [project()["dependencies"], *(project()["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(line) for listed in lists for line in listed]


def test_every_requirement_is_a_range_with_one_locked_version_inside():
    for extra in project()["optional-dependencies"]:
        names = [canonicalize_name(wanted.name) for wanted in requirements(extra)]
        assert len(set(names)) == len(names)
    ranges = {
        (wanted.name, str(wanted.specifier)) for wanted in requirements(*project()["optional-dependencies"])
    }
    assert len({name for name, _ in ranges}) == len(
        ranges
    )  # the tests have what other extras have, at the same range
    for wanted in requirements(*project()["optional-dependencies"]):
        assert re.fullmatch(r"<\d+(\.\d+)*,>=\d+(\.\d+)*", str(wanted.specifier)), wanted
        assert wanted.specifier.contains(locked()[canonicalize_name(wanted.name)]), wanted


def test_every_locked_version_is_exact_and_free_of_a_machine():
    assert all(re.fullmatch(r"\d[\w.]*", version) for version in locked().values())  # no +cpu, no address


def test_what_the_library_imports_is_declared():
    imported, optional = set(), set()
    for file in (ROOT / "lecturelib").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported |= _packages(tree)
        for part in ast.walk(tree):
            if isinstance(part, ast.Try) and any("ImportError" in ast.unparse(h) for h in part.handlers):
                optional |= _packages(part)  # told in a sentence where it is missing
    provided = importlib.metadata.packages_distributions()
    needed = {canonicalize_name(wanted.name) for wanted in requirements()}
    extras = {canonicalize_name(wanted.name) for wanted in requirements(*project()["optional-dependencies"])}
    for name in imported - set(sys.stdlib_module_names) - {"lecturelib"}:
        declared = extras if name in optional else needed
        assert {canonicalize_name(package) for package in provided[name]} & declared, name


def _packages(tree):
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def test_conda_installs_the_locked_versions():
    from_conda = {}
    for spec in conda_specs():
        name, _, version = spec.partition("=")
        if name not in ("python>", "pip"):
            from_conda[name] = version
    expected = {}
    for wanted in requirements():
        name = CONDA_NAMES.get(wanted.name, wanted.name)
        build = "=cpu*" if name in CPU_BUILDS else ""
        expected[name] = locked()[canonicalize_name(wanted.name)] + build
    assert from_conda == expected
    assert f"python{project()['requires-python']}" in conda_specs()


def test_conda_reads_every_spec():
    from rattler import MatchSpec

    for spec in conda_specs():
        assert MatchSpec(spec).name.normalized == re.match(r"[a-z0-9-]+", spec)[0]
    pytorch = MatchSpec(next(spec for spec in conda_specs() if spec.startswith("pytorch=")))
    assert (str(pytorch.version), str(pytorch.build)) == ("==2.13.0", "cpu*")


def test_no_file_names_an_index_or_a_place_on_somebodys_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    forbidden = re.compile("|".join(("index" + "-url", "/" + r"home/\w", "/" + "work/", "/" + "opt/")))
    for name in listed.splitlines():
        file = ROOT / name
        if file.suffix in (".py", ".toml", ".yml", ".md", ".ipynb", ".json", "") and file.is_file():
            found = forbidden.search(file.read_text(encoding="utf-8"))
            assert found is None, f"{name}: {found[0]}"


# make and scripts/course.py


def test_make_help_prints_every_target_and_each_is_a_command(course):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, flags=re.M)
    assert set(targets) == {"help", *course.COMMANDS}
    assert set(re.search(r"\.PHONY: (.*)", makefile)[1].split()) == set(targets)
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\w+) +\S", shown, flags=re.M) == targets


def test_an_older_python_is_one_sentence():
    source = (ROOT / "scripts" / "course.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))  # it must get as far as the sentence
    code = (
        "import runpy, sys; sys.version_info = (3, 10, 2, 'final', 0); sys.argv = ['course.py', 'lab']; "
        "runpy.run_path('scripts/course.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and this is Python 3.10" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_command_lists_the_known_ones(course):
    with pytest.raises(SystemExit, match="usage: .*lab | test"):
        course.main(["labb"])


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(...)'",
            "cannot reach its package index",
        ),
        ("ERROR: No matching distribution found for torch==2.13.0", "has no torch==2.13.0 for Python 3"),
        ("ERROR: No space left on device", "No space left on device\npip could not install"),
    ],
)
def test_a_failed_pip_is_explained(course, said, sentence):
    assert sentence in course.explain(["Collecting torch", said])


def test_set_up_runs_once_and_again_when_the_pins_or_the_extras_change(course, monkeypatch):
    installed, fetched = [], []
    monkeypatch.setattr(
        course, "make_venv", lambda: (course.VENV.mkdir(exist_ok=True), course.PYTHON.touch())
    )
    monkeypatch.setattr(course, "install", installed.append)
    monkeypatch.setattr(course, "run", lambda *command, **_: fetched.append(command[1:]))
    course.setup()
    course.setup()
    assert installed == [[]]
    course.setup("test")
    course.setup()  # what was installed for the tests stays
    assert installed == [[], ["test"]]
    (course.ROOT / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    course.setup()
    assert installed == [[], ["test"], ["test"]]
    assert fetched == [("-m", "lecturelib", "fetch")] * 5
    settings = json.loads((course.VENV / "share/jupyter/lab/settings/overrides.json").read_text())
    assert settings["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "none"


def test_a_set_up_that_fails_is_not_taken_for_done(course, monkeypatch):
    monkeypatch.setattr(
        course, "make_venv", lambda: (course.VENV.mkdir(exist_ok=True), course.PYTHON.touch())
    )
    monkeypatch.setattr(course, "run", lambda *_, **__: None)
    monkeypatch.setattr(course, "install", lambda extras: None)
    course.setup()

    def failing(extras):
        raise SystemExit("pip cannot reach its package index")

    monkeypatch.setattr(course, "install", failing)
    with pytest.raises(SystemExit):
        course.setup("test")
    assert course.stamp() == {}


def test_the_cpu_index_joins_the_users_own(course, monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://mine.example/simple")
    monkeypatch.setenv("TORCH_INDEX", "http://cpu.example/whl")
    joined = course.pip_environment()["PIP_EXTRA_INDEX_URL"]
    assert joined == "http://mine.example/simple http://cpu.example/whl"


def test_clean_leaves_the_sources(course):
    for folder in ("lecturelib/__pycache__", ".pytest_cache", ".venv/lib/__pycache__", "dist"):
        (course.ROOT / folder).mkdir(parents=True)
    (course.ROOT / "lecturelib" / "units.py").touch()
    course.clean([])
    left = sorted(path.relative_to(course.ROOT).as_posix() for path in course.ROOT.rglob("*"))
    assert left == [
        ".venv",
        ".venv/lib",
        ".venv/lib/__pycache__",
        "lecturelib",
        "lecturelib/units.py",
        "pyproject.toml",
        "requirements.lock",
    ]
    course.clean(["--all"])
    assert not (course.ROOT / ".venv").exists()


# python -m lecturelib


def test_doctor_finds_all_that_is_installed(capsys):
    assert doctor.examine() == 0, capsys.readouterr().out
    report = capsys.readouterr().out
    assert re.search(r"ok +torch +2\.13\.0", report)
    assert re.search(r"ok +imagenet_vgg16 +59 MB", report)
    assert re.search(r"ok +data/mnist\.npz", report)


def test_doctor_names_what_mends_a_missing_asset(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURELIB_CACHE", str(tmp_path))
    assert command_line.main(["doctor"]) == 1
    report = capsys.readouterr().out
    assert "MISSING imagenet_alexnet" in report
    assert "-> make fetch (or python -m lecturelib fetch imagenet_alexnet)" in report
    assert "6 needed things are missing" in report


def test_doctor_compares_versions_with_the_pins(monkeypatch):
    pins = [("torch==0.1.0", True), ("no-such-package==1.0", True), ("pytest==9.2.0", False)]
    monkeypatch.setattr(doctor, "pins", lambda: pins)
    other, absent, well = doctor.packages()
    assert not other.well
    assert "expected ==0.1.0" in other.found
    assert not absent.well
    assert "make setup" in absent.mend
    assert well.well


def test_doctor_reads_data_through(tmp_path, monkeypatch):
    monkeypatch.setattr("lecturelib.assets.shipped._data_dir", lambda: tmp_path)
    (unlisted,) = doctor.data_files()
    assert (unlisted.name, unlisted.well, unlisted.found) == ("data/SHA256SUMS", False, "not there")
    for name in ("altered", "gone", "whole"):
        (tmp_path / f"{name}.npz").write_bytes(b"whole")
    write_checksums()
    (tmp_path / "altered.npz").write_bytes(b"holes")
    (tmp_path / "gone.npz").unlink()
    altered, gone, whole = doctor.data_files()
    assert (altered.well, altered.found) == (False, "not as it was shipped")
    assert (gone.well, gone.found) == (False, "not there")
    assert (whole.well, whole.found) == (True, "0.0 MB, sha256 as shipped")


def test_cards_name_the_sha256_of_their_files():
    folder = assets.data_path(".")
    listed, named = checksums(folder), {}
    for card in sorted(folder.rglob("*.md")):
        for line in card.read_text(encoding="utf-8").splitlines():
            file, digest = re.search(r"`([\w./-]+\.\w+)`", line), re.search(r"\b[0-9a-f]{64}\b", line)
            if file and digest:
                named[(card.parent / file[1]).relative_to(folder).as_posix()] = digest[0]
    assert {name for name in listed if name.endswith((".npz", ".safetensors"))} <= set(named)
    assert {name: listed.get(name) for name in named} == named


def test_data_stays_small():
    sizes = [file.stat().st_size for file in assets.data_path(".").rglob("*") if file.is_file()]
    assert max(sizes) <= 12e6
    assert sum(sizes) <= 62e6  # the budget of data/


@pytest.mark.parametrize(
    ("code", "well", "found"),
    [
        ("", True, "works"),
        ("raise RuntimeError('operator torchvision::nms does not exist')", False, "built for another torch"),
        ("raise OSError('no disk')", False, "OSError: no disk"),
    ],
)
def test_doctor_tries_torchvision_alone(tmp_path, monkeypatch, code, well, found):
    (tmp_path / "torchvision.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (check,) = doctor.torchvision_alone()
    assert check.well is well and found in check.found and not check.needed
    assert well or "models.import_torchvision()" in str(check)


def test_doctor_looks_for_a_browser_on_the_path(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.chromium() is None
    assert doctor.examine() == 0  # only the tests need it
    assert re.search(r"absent +Chromium +not found\n +-> .*apt install chromium", capsys.readouterr().out)
    (tmp_path / "chromium").touch(mode=0o755)
    assert doctor.chromium() == str(tmp_path / "chromium")


def test_fetch_says_what_is_there_and_what_went_wrong(capsys, monkeypatch):
    assert command_line.main(["fetch"]) == 0
    assert "6 of 6 weights are in" in capsys.readouterr().out
    assert command_line.main(["fetch", "alexnet"]) == 1
    assert "nearest: imagenet_alexnet" in capsys.readouterr().err

    def offline(*_, **__):
        raise assets.FetchError("no index answered")

    monkeypatch.setattr(assets, "fetch", offline)
    assert command_line.main(["fetch"]) == 1
    assert capsys.readouterr().err == "no index answered\n"


# CI


@pytest.mark.parametrize(("ci", "failed", "skipped"), [("true", 2, 1), ("", 0, 3)])
def test_a_skip_is_a_failure_in_ci(tmp_path, ci, failed, skipped):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --continue-on-collection-errors\nmarkers =\n    browser\n    may_skip\n"
    )
    (tmp_path / "test_whole_file.py").write_text("import pytest\npytest.importorskip('no_such_package')\n")
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "@pytest.mark.browser\n"
        "def test_browser(): pytest.skip('no Chromium')\n"
        "@pytest.mark.may_skip\n"
        "def test_windows(): pytest.skip('Windows only')\n"
        "def test_well(): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "CI": ci}
    ).stdout
    counts = {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) (failed|skipped|errors?)", done)}
    assert counts.get("failed", 0) + counts.get("error", 0) == failed, done
    assert counts.get("skipped", 0) == skipped, done


def test_ci_runs_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert "\nmake test\n" in script
    assert "export CI=true" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_unpack_alone_knows_how_the_archives_are_read():
    assert {asset.converter for asset in assets.REGISTRY.values()} <= set(archive.CONVERTERS)


def test_pytorchs_threads_wait_quietly_in_every_kernel(course):
    packages = course.VENV / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    course.install_lab_settings()
    told = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    code = f"import site; site.addsitedir({str(packages)!r}); import os; print(os.environ['OMP_WAIT_POLICY'])"
    assert subprocess.check_output([sys.executable, "-c", code], env=told, text=True).strip() == "passive"
