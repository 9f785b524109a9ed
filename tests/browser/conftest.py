"""A JupyterLab on a folder of copies and a Chromium, started once for all browser tests."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest


# Test files are no package here, so the helpers are loaded by their place.
def _load(name):
    spec = importlib.util.spec_from_file_location(f"browser_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"browser_{name}"] = module
    spec.loader.exec_module(module)
    return module


_lab, _stage = _load("lab"), _load("stage")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory):
    """A folder with a copy of notebooks/, so that no run writes into the sources."""
    folder = tmp_path_factory.mktemp("lab")
    if (_lab.ROOT / "notebooks").is_dir():
        shutil.copytree(_lab.ROOT / "notebooks", folder / "notebooks")
    return folder


@pytest.fixture(scope="session")
def _server_and_browser(lab_folder, tmp_path_factory):
    path = _lab.chromium()
    if path is None:
        pytest.skip(f"no Chromium found (looked for {', '.join(_lab.CHROMIUM)})")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    home = tmp_path_factory.mktemp("home")
    with (
        _lab.jupyter_lab(lab_folder, home) as address,
        playwright.sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=path, headless=True, args=_lab.FLAGS)
        yield _lab.Lab(browser, address, lab_folder, home)
        browser.close()


@pytest.fixture
def lab(_server_and_browser):
    """Opens notebooks: `page = lab.open("notebooks/04_parameters.ipynb")`; closes them after the test."""
    yield _server_and_browser
    _server_and_browser.close_pages()


@pytest.fixture(scope="session")
def present():
    """Starts the deck on an open notebook: `stage = present(page)`."""
    return _stage.Stage.start
