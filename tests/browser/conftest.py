"""JupyterLab on a practice project, and chromium in front of it, as a person would have them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser_person import APPROVER, CELL_SECONDS, LAB_SECONDS, Person
from simulator_process import SimulatorProcess, start_simulator

from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SHARE = Path(__file__).resolve().parents[2] / "share" / "jupyter"
HOW_TO_INSTALL = (
    "chromium was not found; install it (Debian: apt-get install --no-install-recommends chromium) "
    "or set XTMIG_NO_BROWSER=1 to leave the browser tests out"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are left out only where somebody says so."""
    if os.environ.get("XTMIG_NO_BROWSER") == "1":
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="XTMIG_NO_BROWSER=1"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=CELL_SECONDS * 1000)

    found = next(filter(None, map(shutil.which, ("/usr/bin/chromium", "chromium", "google-chrome"))), None)
    if found is None:
        pytest.fail(HOW_TO_INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    folder = tmp_path / "simulation"
    folder.mkdir()
    process = start_simulator(folder, "--speed", "60")
    yield process
    process.stop()


@pytest.fixture
def project(simulator: SimulatorProcess, tmp_path: Path) -> Path:
    """A practice project whose operators sign in as persons."""
    settings: dict[str, Any] = {"format": 1, "id": "practice", "name": "Practice move"}
    for side in ("source", "target"):
        tenant = simulator.connection["tenants"][side]
        settings[side] = {"tenant_id": tenant["tenant_id"], "domain": tenant["initial_domain"]}
    settings["approvers"] = [{"name": "Amara Approver", "upn": APPROVER, "side": "target"}]
    settings |= {"users": {"choose": "attribute"}, "licences": {"usage_location": "NL"}}
    settings["simulation"] = str(tmp_path / "simulation" / "connection.json")
    folder = tmp_path / "project"
    new_project(folder, settings)
    return folder


@pytest.fixture
def lab(project: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab that runs on the project; nothing of it touches the person's own settings."""
    port = _free_port()
    places = {
        name: str(tmp_path / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    places |= {f"JUPYTERLAB_{name}_DIR": str(tmp_path / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    ours = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    command = [
        sys.executable, "-P", "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={project}", f"--LabApp.app_settings_dir={SHARE / 'lab' / 'settings'}",
    ]  # fmt: skip
    environment = {**ours, **places, "JUPYTER_PATH": str(SHARE), "BROWSER": "true"}
    with (tmp_path / "lab.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", process, tmp_path / "lab.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LAB_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start: {log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


@pytest.fixture
def person(chromium: Browser, lab: str, request: pytest.FixtureRequest) -> Iterator[Person]:
    context = chromium.new_context(viewport={"width": 1360, "height": 1500})
    context.set_default_timeout(CELL_SECONDS * 1000)
    wanted = os.environ.get("XTMIG_SCREENSHOTS")
    screenshots = Path(wanted) / request.node.name if wanted else None
    if screenshots is not None:
        screenshots.mkdir(parents=True, exist_ok=True)
    somebody = Person(context, context.new_page(), lab, screenshots)
    yield somebody
    somebody.picture("end")
    somebody.close()
