"""The cutover from the command line: whatever stands in approvals.yaml, only a second person's proof opens it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mending import APPROVER, BATCH, SECRETS, START, USERS, Administrator
from moving_pair import HOUR, address, ready
from simulator_process import start_simulator

from xtmig_kernel.project.approvals import Approvals
from xtmig_kernel.project.files import save_approvals
from xtmig_kernel.runs.approve import sign_off

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deep  # several runs of the command

STRANGER = "mallory@northwindtraders.onmicrosoft.com"
NOBODY = "sha256:" + "ab" * 32
WAVE = {"waves": [{"name": "one", "start": "2026-11-01", "cutover": "2026-11-02T14:00:00Z"}]}
WORDS = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
WAITS = 4


@pytest.fixture(scope="module")
def administrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Administrator]:
    """Whose batch is synchronised and whose cutover is due; every word is given, nothing is approved."""
    folder = tmp_path_factory.mktemp("cutover")
    data = ready(*USERS)
    file, project, simulation = folder / "tenants.yaml", folder / "project", folder / "simulation"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    project.mkdir()
    simulation.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        options = ("--start", START, "--speed", "60")
        simulator = start_simulator(simulation, *options, tenants=file, environment=SECRETS)
        try:
            made = Administrator(project, simulator, data, {"move": WAVE})
            save_approvals(project, Approvals())
            made.consent()
            simulator.advance(60)
            made.begin(*USERS)
            for statement in WORDS:
                sign_off(project, statement, APPROVER, "told by telephone")
            yield made
        finally:
            simulator.stop()


def xtmig(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    command = shutil.which("xtmig", path=str(Path(sys.executable).parent))
    assert command is not None, "xtmig is not installed beside this interpreter"
    return subprocess.run(
        [command, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8",
        timeout=300, check=False,
    )  # fmt: skip


def cut_over(administrator: Administrator) -> int:
    """The exit code of the section's run."""
    done = xtmig("run", "160", "--mode", "apply", "--project", administrator.folder)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode


def book_of(administrator: Administrator) -> dict[str, Any]:
    """What stands in approvals.yaml."""
    text = (administrator.folder / "approvals.yaml").read_text(encoding="utf-8")
    book: dict[str, Any] = yaml.safe_load(text)
    return book


def moved_on(moment: Any, **by: float) -> str:
    return (datetime.fromisoformat(str(moment)) + timedelta(**by)).isoformat()


def forgeries(claimed: dict[str, Any]) -> list[dict[str, Any]]:
    """The approver's claimed approval of the very change, and what somebody makes of it with an editor."""
    given, until = claimed["given_at"], claimed["valid_until"]
    return [
        claimed,
        {**claimed, "proof": {"kind": "sign-in", "value": NOBODY}},
        {**claimed, "proof": {"kind": "signature", "value": "QUJD" * 21 + "QUI="}},
        {**claimed, "approver": STRANGER},
        {**claimed, "level": 2},
        {**claimed, "section": "130"},
        {**claimed, "changes": [NOBODY]},
        {**claimed, "valid_until": moved_on(until, days=60)},
        {**claimed, "given_at": moved_on(given, days=-20), "valid_until": moved_on(given, days=-13)},
    ]


def completions(administrator: Administrator) -> list[dict[str, Any]]:
    """The requests to complete anything that the target received."""
    record = administrator.simulator.record()
    return [line["parameters"] for line in record if str(line["cmdlet"]).startswith("Complete-")]


def test_nothing_opens_the_gate_but_the_right_approval(administrator: Administrator, tmp_path: Path) -> None:
    """Unapproved, by a stranger, claimed, forged: each run waits and completes nothing; signed, it completes the batch.

    One test, for the last part is what shows that nothing else had held the gate shut.
    """
    project = administrator.folder
    assert (WAITS, []) == (cut_over(administrator), completions(administrator))

    stranger = xtmig("approve", "160", "--by", STRANGER, "--claim", "--yes", "--project", project)
    assert (2, []) == (stranger.returncode, book_of(administrator)["approvals"])

    claim = xtmig("approve", "160", "--by", APPROVER, "--claim", "--yes", "--project", project)
    assert claim.returncode == 0, claim.stderr
    book = book_of(administrator)
    book["approvals"] = forgeries(book["approvals"][0])
    (project / "approvals.yaml").write_text(yaml.safe_dump(book), encoding="utf-8")
    assert (WAITS, []) == (cut_over(administrator), completions(administrator))

    key = tmp_path / "approver.pem"
    private = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signed = xtmig("approve", "160", "--by", APPROVER, "--key", key, "--yes", "--project", project)
    assert signed.returncode == 0, signed.stderr
    assert cut_over(administrator) in (0, WAITS)  # what the service completes takes its time
    assert [{"Identity": BATCH}] == [{"Identity": p["Identity"]} for p in completions(administrator)]
    administrator.simulator.advance(HOUR)
    assert {address(alias) for alias in USERS} == {
        row["primary"] for row in administrator.simulator.state("target")["mailboxes"]
    }
