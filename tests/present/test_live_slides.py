"""The command that opens a part: which notebook, which settings, which extension."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lecturelib import __main__ as command_line
from lecturelib.present import live_slides

ROOT = Path(__file__).parents[2]
EXTENSION = live_slides.SHARE / "labextensions" / "lecturelib-present"


def test_a_part_by_its_number_or_its_path(tmp_path, monkeypatch):
    assert live_slides.find("04") == live_slides.find("4") == ROOT / "notebooks" / "04_parameters.ipynb"
    assert live_slides.find("07b") == live_slides.find("7b") == ROOT / "notebooks" / "07b_transformer.ipynb"
    own = tmp_path / "my lesson.ipynb"
    own.write_text("{}")
    assert live_slides.find(str(own)) == own
    with pytest.raises(FileNotFoundError, match="a notebook that is there, got missing.ipynb"):
        live_slides.find("missing.ipynb")
    with pytest.raises(FileNotFoundError, match="the number of a part, got '77'; known: 00, 01, "):
        live_slides.find("77")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "04_mine.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert live_slides.find("04").name == "04_mine.ipynb"  # the copy that one stands in


def test_the_command_opens_the_single_document_view():
    made = live_slides.command(Path("/courses/my lesson.ipynb"), run=False, options=("--no-browser",))
    assert made[:3] == [sys.executable, "-m", "jupyterlab"] and made[-1] == "--no-browser"
    assert "--ServerApp.root_dir=/courses" in made
    assert "--LabApp.default_url=/doc/tree/my%20lesson.ipynb" in made, "Jupyter adds ?token=..."
    (settings,) = (each for each in made if each.startswith("--ServerApp.tornado_settings="))
    asked = ast.literal_eval(settings.partition("=")[2])["page_config_data"]["lecturelibPresent"]
    assert asked == {"notebook": "/doc/tree/my%20lesson.ipynb", "run": False}


def test_jupyter_finds_the_extension_of_this_package_first(tmp_path):
    made = live_slides.environment({"JUPYTER_PATH": "/elsewhere", "HOME": "/someone"}, prepared="mine.json")
    assert made["JUPYTER_PATH"].split(os.pathsep) == [str(live_slides.SHARE), "/elsewhere"]
    assert made["JUPYTER_CONFIG_PATH"] == str(live_slides.CONFIG) and made["HOME"] == "/someone"
    assert Path(made["LECTURELIB_PREPARED"]).is_absolute()
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"],
        env=live_slides.environment({**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in (listed.stdout + listed.stderr).splitlines() if "lecturelib-present" in line)
    assert "enabled" in line and "OK" in line


def test_the_extension_is_whole_and_needs_no_network():
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert (EXTENSION / package["jupyterlab"]["_build"]["load"]).is_file()
    for file in EXTENSION.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"https?://|@import|eval\(", text), file.name
        for module in re.findall(r'^import .* from "(.+)";$', text, re.MULTILINE):
            assert (file.parent / module).is_file(), f"{file.name} imports {module}"
        assert len(text.splitlines()) < 450, file.name


def test_the_extension_comes_with_an_installation():
    """pip puts it where Jupyter looks, from a wheel and from a checkout alike."""
    import tomllib

    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["shared-data"] == {
        "lecturelib/present/labextensions": "share/jupyter/labextensions"
    }


def test_it_was_tried_with_the_jupyterlab_that_is_pinned():
    pins = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^jupyterlab==(\d+\.\d+)", pins, re.MULTILINE)
    assert pinned in (EXTENSION / "entry.js").read_text()


def test_wrong_calls_are_one_sentence(capsys, tmp_path):
    assert command_line.main(["present", "77"]) == 1
    assert "the number of a part, got '77'; known: 00, 01" in capsys.readouterr().err
    assert command_line.main(["slides", "missing.ipynb"]) == 1
    assert "a notebook that is there, got missing.ipynb" in capsys.readouterr().err
    assert command_line.main(["present", "04", "--prepared", str(tmp_path / "none.json")]) == 1
    assert "prepared settings: expected a JSON file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command_line.main(["fetch", "--nonsense"])
    assert "unrecognized arguments" in capsys.readouterr().err
