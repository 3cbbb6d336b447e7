"""A provided secret and those of the operators go with a project from its endpoint to its end, and stand nowhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from mending import APPROVER, START, USERS, Administrator
from moving_pair import HOUR, address, ready
from secret_search import fingerprint, places_of, places_of_each, tokens_in
from simulator_process import start_simulator

from xtmig_kernel.runs.approve import sign_off

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deep  # a whole move by the command

SECRETS = {
    "XTMIG_SOURCE_SECRET": "Canary-source\"<&'\\+/=%~ 1c55a90e7d24",
    "XTMIG_TARGET_SECRET": "Canary-target\"<&'\\+/=%~ 9be2d0471f38",
    "XTMIG_MOVE_SECRET": "Canary-given\"<&'\\+/=%~ 47e1c8a3b6d0",
}
CONTROL = "Kontrollwort-5f20b7a1c9"
WAVE = {"waves": [{"name": "one", "start": "2026-11-01", "cutover": "2026-11-02T14:30:00Z"}]}
WORDS = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
ANSWERED = (0, 3, 4)
LEAKY_PREFIXES = ("XDG_", "JUPYTER", "IPYTHON", "PYTHON_KEYRING")


@dataclass(frozen=True)
class Finished:
    """A project that has gone through every section from 070 on.

    Args:
        folder: Holds the project, the operator's home and temp folder, and the simulator's files.
        administrator: Whose project it is.
        key: With which the record shows secrets.
    """

    folder: Path
    administrator: Administrator
    key: bytes


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """Endpoint, waves, batches, cutover, aftercare and clean up, each by a run of the command."""
    folder = tmp_path_factory.mktemp("canary")
    data = ready(*USERS)
    data["target"]["migration_endpoints"] = []
    for name in ("home", "temp", "project", "simulation"):
        (folder / name).mkdir()
    file = folder / "tenants.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        options = ("--start", START, "--speed", "60")
        simulator = start_simulator(folder / "simulation", *options, tenants=file, environment=SECRETS)
        try:
            made = Administrator(folder / "project", simulator, data, {"move": WAVE, "name": CONTROL})
            made.consent()
            simulator.advance(60)
            for sections, hours in ((("070",), 0), (("120", "130"), 5), (("140", "150", "160"), 2), (AFTERWARDS, 0)):
                go(made, sections)
                simulator.advance(hours * HOUR)
            key = bytes.fromhex(simulator.control("GET", "/record-key")["key"])
            yield Finished(folder, made, key)
        finally:
            simulator.stop()


AFTERWARDS = ("170", "180", "190", "200", "210", "220")


def go(administrator: Administrator, sections: tuple[str, ...]) -> None:
    """Approve what these sections plan, give every word, and run them by the command."""
    administrator.approve(administrator.run(*sections, mode="plan"))
    for statement in WORDS:
        sign_off(administrator.folder, statement, APPROVER, "told by telephone")
    command = shutil.which("xtmig", path=str(Path(sys.executable).parent))
    assert command is not None, "xtmig is not installed beside this interpreter"
    folder = administrator.folder.parent
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEAKY_PREFIXES)}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(folder / "home"))
    temps = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "temp"))
    done = subprocess.run(
        [command, "run", *sections, "--mode", "apply", "--project", str(administrator.folder)],
        env={**kept, **homes, **temps, "PYTHONUTF8": "1"}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        encoding="utf-8", timeout=400, check=False,
    )  # fmt: skip
    (folder / f"output-{sections[0]}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    assert done.returncode in ANSWERED, done.stdout + done.stderr


def test_the_provided_secret_arrives(finished: Finished) -> None:
    """The endpoint through which everybody moved was made with the very secret that was provided."""
    record = finished.administrator.simulator.record()
    (made,) = [line for line in record if line["cmdlet"] == "New-MigrationEndpoint"]
    assert fingerprint(finished.key, SECRETS["XTMIG_MOVE_SECRET"])["$expr"] in str(made["parameters"])
    assert [] == [line for line in record if line["path"].endswith("/addPassword")]


def test_everybody_moved_by_it(finished: Finished) -> None:
    """All mailboxes are in the target and their batch is cleaned up, so the secret was used to the end."""
    target = finished.administrator.simulator.state("target")
    assert {address(alias) for alias in USERS} == {row["primary"] for row in target["mailboxes"]}
    assert [] == target["migration_batches"]


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_left(finished: Finished, name: str) -> None:
    """Project, archives, ledger, output, home, temp folder and the simulator's files hold none, in any form."""
    assert set() == places_of_each([SECRETS[name]], [finished.folder])


def test_no_token_is_left(finished: Finished) -> None:
    """Nothing of the shape of an access token lies anywhere."""
    assert set() == tokens_in([finished.folder])


def test_the_search_finds_what_is_there(finished: Finished) -> None:
    """A word that is no secret is found where it must be, and in a file that was planted beside."""
    planted = finished.folder / "temp" / "planted.txt"
    planted.write_text(CONTROL, encoding="utf-8")
    found = {name for name, form in places_of(CONTROL, [finished.folder]) if form == "raw"}
    planted.unlink()
    assert {"planted.txt", "ledger.db", "ledger.jsonl", "result.json", "index.html", "project.yaml"} <= found
