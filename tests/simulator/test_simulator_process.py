"""The process: its files, its record, its limits and its control service."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from requests import HTTPError
from simulated_pair import EXCHANGE_SCOPE, SECRETS
from simulator_process import SimulatorProcess, running_simulator, start_simulator

OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"


def token(simulator: SimulatorProcess) -> str:
    url = f"{simulator.connection['login']}/northwindtraders.com/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials", "client_id": OPERATOR, "scope": EXCHANGE_SCOPE,
        "client_secret": SECRETS["XTMIG_TARGET_SECRET"],
    }  # fmt: skip
    return str(simulator.secure.post(url, data=form, timeout=30).json()["access_token"])


def run(simulator: SimulatorProcess, bearer: str, cmdlet: str, **parameters: Any) -> Any:
    url = f"{simulator.connection['exo']}/adminapi/beta/{simulator.tenant_id('target')}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
    return simulator.secure.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"}, timeout=30)


def test_the_connection_file_says_everything_a_client_needs(simulator: SimulatorProcess) -> None:
    """Addresses, certificate, control token and both tenants are in the connection file."""
    connection = simulator.connection
    assert {
        "pid",
        "login",
        "graph",
        "exo",
        "compliance",
        "portal",
        "control",
        "ca_file",
        "control_token",
        "tenants",
        "record",
    } == set(connection)
    source = {
        "tenant_id": "5c0e5c0e-0000-4000-8000-00000000c0de",
        "initial_domain": "contoso.onmicrosoft.com",
        "cloud": "worldwide",
    }
    assert source == connection["tenants"]["source"]
    assert ["https"] * 4 + ["http"] * 2 == [
        connection[name].partition(":")[0] for name in ("login", "graph", "exo", "compliance", "portal", "control")
    ]


def test_each_request_is_one_line_of_the_record(simulator: SimulatorProcess) -> None:
    """A line is there before the answer, with exactly the agreed keys."""
    run(simulator, token(simulator), "Get-AcceptedDomain", ResultSize=5)
    line = simulator.record()[-1]
    assert ["at", "side", "service", "method", "path", "cmdlet", "parameters", "status", "ms"] == list(line)
    assert ("target", "exo", "POST", 200) == (line["side"], line["service"], line["method"], line["status"])
    assert ("Get-AcceptedDomain", {"ResultSize": 5}) == (line["cmdlet"], line["parameters"])
    assert datetime.fromisoformat(line["at"]).tzinfo is not None


def test_the_record_holds_no_secret(simulator: SimulatorProcess) -> None:
    """Secrets and bearer tokens are never in the record; equal secrets have equal fingerprints."""
    bearers = [token(simulator), token(simulator)]
    text = Path(simulator.connection["record"]).read_text(encoding="utf-8")
    signed_in = [
        line["parameters"]["client_secret"] for line in simulator.record()
        if line["path"].endswith("/token") and "client_secret" in line["parameters"]
    ]  # fmt: skip
    assert [] == [secret for secret in (*SECRETS.values(), *bearers) if secret in text]
    assert signed_in[-1] == signed_in[-2]
    assert signed_in[-1]["$expr"].startswith("sha256:")


def test_the_fingerprint_can_be_checked_with_the_record_key(simulator: SimulatorProcess) -> None:
    """With the key from control anybody can compute the fingerprint of a secret: HMAC-SHA256."""
    import hmac

    token(simulator)
    key = bytes.fromhex(simulator.control("GET", "/record-key")["key"])
    expected = "sha256:" + hmac.new(key, SECRETS["XTMIG_TARGET_SECRET"].encode(), "sha256").hexdigest()
    assert {"$expr": expected} == simulator.record()[-1]["parameters"]["client_secret"]


def test_the_state_hides_secrets_and_lists_people(simulator: SimulatorProcess) -> None:
    """The lasting state names administrators, and of secrets only fingerprints."""
    state = simulator.control("GET", "/state")
    assert [] == [secret for secret in SECRETS.values() if secret in json.dumps(state)]
    assert "otis.operator@northwindtraders.onmicrosoft.com" in [a["upn"] for a in state["target"]["administrators"]]
    assert state == simulator.control("GET", "/state")


def test_the_state_tells_who_holds_which_licence(simulator: SimulatorProcess) -> None:
    """The lasting state lists each assignment with its source and the plans left out."""
    held = simulator.control("GET", "/state")["target"]["licence_assignments"]
    nina = next(row for row in held if row["part_number"] == "SPE_E3")
    assert (None, [], None) == (nina["group"], nina["disabled_plans"], nina["error"])


def test_control_needs_its_token(simulator: SimulatorProcess) -> None:
    """Without the token control answers 401."""
    assert 401 == simulator.plain.get(simulator.connection["control"] + "/state", timeout=30).status_code


def test_the_calendar_moves_only_forward(simulator: SimulatorProcess) -> None:
    """POST /clock moves the calendar on; a negative number is refused."""
    before = datetime.fromisoformat(simulator.control("GET", "/clock")["now"])
    simulator.advance(3600)
    after = datetime.fromisoformat(simulator.control("GET", "/clock")["now"])
    headers = {"X-Control-Token": simulator.connection["control_token"]}
    url = simulator.connection["control"] + "/clock"
    refused = simulator.plain.post(url, json={"advance_seconds": -1}, headers=headers, timeout=30)
    assert 3600 <= (after - before).total_seconds() < 3660
    assert 400 == refused.status_code


def test_what_is_lacking_is_counted(simulator: SimulatorProcess) -> None:
    """An unsupported request is 501, recorded, and listed by control."""
    answer = run(simulator, token(simulator), "New-MoveRequest", Identity="x")
    listed = [row["request"] for row in simulator.control("GET", "/stats")["unsupported"]]
    assert (501, 501) == (answer.status_code, simulator.record()[-1]["status"])
    assert "exo: New-MoveRequest" in listed


def test_a_planted_answer_comes_as_often_as_asked(simulator: SimulatorProcess) -> None:
    """A planted failure replaces the real answer so many times and no more."""
    bearer = token(simulator)
    plant = {"service": "exo", "cmdlet": "Get-AcceptedDomain", "status": 503, "body": "busy", "times": 2}
    simulator.control("POST", "/inject", plant)
    statuses = [run(simulator, bearer, "Get-AcceptedDomain").status_code for _ in range(3)]
    assert [503, 503, 200] == statuses


def test_the_fifth_cmdlet_at_a_time_is_429() -> None:
    """Four cmdlets of a tenant run at once; a fifth is told to wait, and recorded (wire 1.10)."""
    with running_simulator("--latency-ms", "400", environment=SECRETS) as simulator, ThreadPoolExecutor(5) as pool:
        bearer = token(simulator)
        answers = list(pool.map(lambda _: run(simulator, bearer, "Get-AcceptedDomain"), range(5)))
        statuses = sorted(answer.status_code for answer in answers)
        refused = next(answer for answer in answers if answer.status_code == 429)
        recorded = [line["status"] for line in simulator.record() if line["cmdlet"] == "Get-AcceptedDomain"]
    assert [200, 200, 200, 200, 429] == statuses
    assert "maximum number of concurrent requests per tenant" in refused.text
    assert "1" == refused.headers["Retry-After"]
    assert sorted(recorded) == statuses


def test_it_stops_cleanly_when_standard_input_ends(tmp_path: Path) -> None:
    """The end of standard input stops the process with exit code 0, as when its parent goes away."""
    assert 0 == start_simulator(tmp_path).stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
def test_it_stops_cleanly_when_asked(tmp_path: Path) -> None:
    """SIGTERM stops the process with exit code 0."""
    simulator = start_simulator(tmp_path)
    simulator.process.terminate()
    assert 0 == simulator.process.wait(10)
    simulator.stop()


def test_a_generated_pair_has_the_asked_size(tmp_path: Path) -> None:
    """--mailboxes N gives N mailboxes, and the same seed the same pair."""
    states = []
    for number in ("1", "2"):
        (folder := tmp_path / number).mkdir()
        simulator = start_simulator(folder, "--mailboxes", "30", "--seed", "7")
        states.append(simulator.control("GET", "/state"))
        simulator.stop()
    assert 30 == len(states[0]["source"]["mailboxes"])
    assert states[0] == states[1]


def test_a_generated_pair_can_be_written_as_a_file(tmp_path: Path) -> None:
    """--write-tenants writes a tenants file that gives the very pair that the same number and seed give."""
    asked = ("--mailboxes", "30", "--seed", "7")
    file = tmp_path / "tenants.yaml"
    command = [sys.executable, "-m", "xtmig_kernel.simulator", *asked, "--write-tenants", str(file)]
    subprocess.run(command, check=True, timeout=30)
    states = []
    for number, options, tenants in (("1", asked, None), ("2", ("--seed", "7"), file)):
        (folder := tmp_path / number).mkdir()
        simulator = start_simulator(folder, *options, tenants=tenants)
        states.append(simulator.control("GET", "/state"))
        simulator.stop()
    assert states[0] == states[1]


def test_the_calendar_can_start_and_run_as_asked(tmp_path: Path) -> None:
    """--start sets the first moment and --speed how fast it passes."""
    simulator = start_simulator(tmp_path, "--start", "2030-01-01T00:00:00Z", "--speed", "1000")
    clock = simulator.control("GET", "/clock")
    simulator.stop()
    assert "2030-01-01T" == clock["now"][:11]
    assert 1000 == clock["speed"]


def test_a_broken_tenants_file_stops_the_start(tmp_path: Path) -> None:
    """A tenants file that cannot be used ends the process with 2 and names the place."""
    file = tmp_path / "tenants.yaml"
    file.write_text("source: {}\ntarget: {}\n", encoding="utf-8")
    command = [sys.executable, "-m", "xtmig_kernel.simulator", "--tenants", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert 2 == ended.returncode
    assert "source.tenant_id" in ended.stderr


def test_both_tenants_come_back_to_a_remembered_moment_as_often_as_asked() -> None:
    """After a return both tenants and the calendar are as they were, and everything goes on from there."""
    with running_simulator("--start", "2026-12-01T09:00:00+00:00", environment=SECRETS) as simulator:
        before = simulator.control("GET", "/state")
        simulator.control("POST", "/remember", {"name": "start"})
        for _ in range(2):
            made = run(simulator, token(simulator), "Enable-OrganizationCustomization")
            simulator.advance(3600)
            assert made.status_code == 200
            assert simulator.control("GET", "/state") != before
            simulator.control("POST", "/return", {"name": "start"})
            assert simulator.control("GET", "/state") == before
            assert simulator.control("GET", "/clock")["now"].startswith("2026-12-01T09:00")


def test_a_moment_that_nobody_remembered_is_refused(simulator: SimulatorProcess) -> None:
    """A return to an unknown moment is answered with 400, and nothing changes."""
    before = simulator.control("GET", "/state")
    with pytest.raises(HTTPError, match="400"):
        simulator.control("POST", "/return", {"name": "never"})
    assert simulator.control("GET", "/state") == before
