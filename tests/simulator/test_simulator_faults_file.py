"""Which requests a fault hits, and what is told of a faults file that cannot be used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from simulated_pair import EXCHANGE_SCOPE, SECRETS, START
from simulator_process import running_simulator

from xtmig_kernel.simulator import __main__ as command
from xtmig_kernel.simulator import faults_file
from xtmig_kernel.simulator.faults import Faults
from xtmig_kernel.simulator.http import Call

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs" / "reference" / "faults.schema.json"
PAGE = ROOT / "docs" / "reference" / "simulator.md"
EXAMPLE = ROOT / "examples" / "faults.yaml"


def planned(*faults: dict[str, Any], seed: str = "seed") -> Faults:
    return Faults(seed, [faults_file.one(fault) for fault in faults], "https://localhost:446")


def cmdlet(name: str, **parameters: Any) -> Call:
    body = {"CmdletInput": {"CmdletName": name, "Parameters": parameters}}
    return Call("exo", "POST", "/adminapi/beta/x/InvokeCommand", body=json.dumps(body).encode(), wall=1.0)


def graph(path: str, method: str = "GET") -> Call:
    return Call("graph", method, f"/v1.0{path}", wall=1.0)


def hits(faults: Faults, *calls: Call) -> list[str | None]:
    """The kind that hits each call, in order."""
    effects = [faults.on(call, START) for call in calls]
    return [effect.kind if effect else None for effect in effects]


def test_a_fault_is_for_one_request_unless_it_says_more() -> None:
    """Without nth, times and probability the first request that matches is hit."""
    assert ["slow", None] == hits(
        planned({"kind": "slow", "service": "graph", "seconds": 1}), graph("/users"), graph("/users")
    )


def test_nth_and_times_count_what_matches() -> None:
    """From the second matching request on two are hit; what does not match is not counted."""
    faults = planned({"kind": "throttled", "service": "exo", "cmdlet": "Get-Mailbox", "nth": 2, "times": 2})
    mailbox, other = cmdlet("Get-Mailbox"), cmdlet("Get-User")
    found = hits(faults, mailbox, other, mailbox, other, mailbox, mailbox)
    assert [None, None, "throttled", None, "throttled", None] == found


@pytest.mark.parametrize(
    ("where", "call", "matches"),
    [
        ({"service": "exo", "cmdlet": "get-mailbox"}, cmdlet("Get-Mailbox"), True),
        ({"service": "exo", "cmdlet": "Get-*"}, cmdlet("Get-Mailbox"), True),
        ({"service": "exo", "cmdlet": "Get-*"}, cmdlet("Set-Mailbox"), False),
        ({"service": "exo"}, cmdlet("Set-Mailbox"), True),
        ({"service": "graph"}, cmdlet("Set-Mailbox"), False),
        ({"service": "graph", "path": "/v1.0/users/*"}, graph("/users/a@b.c"), True),
        ({"service": "graph", "path": "/v1.0/users/*"}, graph("/users"), False),
        ({"service": "graph", "path": "/v1.0/users", "method": "POST"}, graph("/users"), False),
        ({"service": "graph", "path": "/v1.0/users", "method": "POST"}, graph("/users", "POST"), True),
    ],
)
def test_every_key_that_is_given_must_fit(where: dict[str, str], call: Call, matches: bool) -> None:
    """Service, cmdlet, path and method name the requests; letters of cmdlets match in any case."""
    assert [matches] == [hit is not None for hit in hits(planned({"kind": "unavailable", **where}), call)]


def test_of_two_faults_the_first_one_hits_and_both_count() -> None:
    """The second one counted the first request as well, and is due at the next."""
    faults = planned(
        {"kind": "forbidden", "service": "graph"},
        {"kind": "not-found", "service": "graph", "nth": 2},
    )
    assert ["forbidden", "not-found", None] == hits(faults, *[graph("/users")] * 3)


USERS = [graph(f"/users/{n}") for n in range(400)]
ONE_IN_TEN = {"kind": "unavailable", "service": "graph", "probability": 0.1}


def test_probability_hits_about_its_share() -> None:
    """One in ten of 400 requests is hit, give or take; without times there is no limit."""
    assert 20 <= sum(hit is not None for hit in hits(planned(ONE_IN_TEN), *USERS)) <= 60


def test_times_bound_probability() -> None:
    """With times, probability hits so many at most."""
    assert 5 == sum(hit is not None for hit in hits(planned({**ONE_IN_TEN, "times": 5}), *USERS))


def test_the_same_seed_hits_the_same_requests_in_any_order() -> None:
    """Which requests are hit depends on the seed and on what they ask for, not on which comes first."""
    there = dict(zip([c.path for c in USERS], hits(planned(ONE_IN_TEN), *USERS), strict=True))
    back = dict(zip([c.path for c in USERS[::-1]], hits(planned(ONE_IN_TEN), *USERS[::-1]), strict=True))
    assert there == back


def test_another_seed_hits_others() -> None:
    """Two seeds do not hit the same requests."""
    assert hits(planned(ONE_IN_TEN), *USERS) != hits(planned(ONE_IN_TEN, seed="other"), *USERS)


def test_a_second_try_has_a_chance_of_its_own() -> None:
    """The same request, sent again, is not hit for ever."""
    again = hits(planned({**ONE_IN_TEN, "probability": 0.5}), *[USERS[0]] * 40)
    assert {None, "unavailable"} == set(again)


def test_one_fault_more_changes_no_other() -> None:
    """What chance hits stays the same beside a fault that hits nothing of it."""
    other = {"kind": "slow", "service": "exo", "seconds": 1, "probability": 0.5}
    assert hits(planned(ONE_IN_TEN), *USERS) == hits(planned(other, ONE_IN_TEN), *USERS)


def test_the_published_schema_is_current() -> None:
    """docs/reference/faults.schema.json is what `--faults-schema` prints, and the example follows it."""
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert faults_file.schema() == published
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), published)


def test_every_kind_is_explained() -> None:
    """The page's table of kinds names exactly the kinds of the schema."""
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"].values()
    kinds = [one["properties"]["kind"] for one in definitions]
    known = {name for kind in kinds for name in kind.get("enum", [kind.get("const")])}
    section = PAGE.read_text(encoding="utf-8").partition("## Faults")[2].partition("\n## ")[0]
    rows = section.partition("| kind |")[2]
    first_cells = "".join(re.findall(r"^\| (`[^|]+)\|", rows, re.MULTILINE))
    assert known == set(re.findall(r"`([a-z-]+)`", first_cells))


@pytest.fixture
def never_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator that would start ends at once, with exit code 0."""
    monkeypatch.setattr(command.asyncio, "run", lambda serving: serving.close())


@pytest.mark.usefixtures("never_serves")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "thunder"}, "fault 1: Input tag 'thunder' found using 'kind' does not match"),
        ({"colour": "red"}, "fault 1 (throttled), colour: this key is not known here"),
        ({"service": "teams"}, "fault 1 (throttled), service: Input should be 'login', 'graph' or 'exo'"),
        ({"times": 0}, "fault 1 (throttled), times: Input should be greater than or equal to 1"),
        ({"probability": 1.5}, "fault 1 (throttled), probability: Input should be less than or equal to 1"),
        ({"retry_after": "soon"}, "fault 1 (throttled), retry_after: Input should be a valid number"),
        ({"cmdlet": "Get-User"}, "fault 1 (throttled): cmdlet is for service exo alone; name requests to graph"),
        ({"kind": "redirect"}, "fault 1 (redirect), service: Input should be 'exo'"),
        ({"kind": "slow"}, "fault 1 (slow), seconds: this key is missing"),
    ],
)
def test_a_bad_file_is_told_with_place_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], told: str
) -> None:
    """The simulator does not start; it names file, fault and key, and where the keys are explained."""
    file = tmp_path / "faults.yaml"
    file.write_text(yaml.safe_dump({"faults": [{"kind": "throttled", "service": "graph"} | change]}))
    assert 2 == command.main(["--faults", str(file)])
    error = capsys.readouterr().err
    assert f"{file} cannot be used:\n  {told}" in error
    assert "docs/reference/simulator.md" in error


@pytest.mark.usefixtures("never_serves")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file"),
        ("faults: [", "is not YAML"),
        ("faults: []", "faults: List should have at least 1 item"),
        ("seed: 1", "faults: this key is missing"),
        ("- throttled", "file: Input should be"),
    ],
)
def test_what_is_no_faults_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, told: str
) -> None:
    """A file that is missing, no YAML, or without faults is named, and the simulator does not start."""
    file = tmp_path / "faults.yaml"
    if text is not None:
        file.write_text(text)
    assert 2 == command.main(["--faults", str(file)])
    assert told in capsys.readouterr().err


def test_the_simulator_injects_what_its_file_says(tmp_path: Path) -> None:
    """The file given at the start is in force from the first request on, and the statistics know its kinds."""
    file = tmp_path / "faults.yaml"
    faults = [
        {"kind": "throttled", "service": "login", "path": "*/token", "nth": 2},
        {"kind": "not-found", "service": "graph"},
    ]
    file.write_text(yaml.safe_dump({"faults": faults}))
    with running_simulator("--faults", str(file), environment=SECRETS) as simulator:
        url = f"{simulator.connection['login']}/northwindtraders.com/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials", "client_id": "7a26e700-0000-4000-8000-0000000b0001",
            "scope": EXCHANGE_SCOPE, "client_secret": SECRETS["XTMIG_TARGET_SECRET"],
        }  # fmt: skip
        statuses = [simulator.secure.post(url, data=form, timeout=30).status_code for _ in range(3)]
        injected = simulator.control("GET", "/stats")["faults"]
    assert [200, 429, 200] == statuses
    assert {"throttled": 1, "not-found": 0} == injected
