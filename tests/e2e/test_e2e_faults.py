"""The whole rehearsal while one request in ten goes wrong: it comes to the end of a rehearsal without a fault."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from xtmig_kernel.runs import rehearse
from xtmig_kernel.runs.practice import generated_tenants, practice_tenants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xtmig_kernel.runs.practice import Practice

pytestmark = pytest.mark.deep

# a soak can be made smaller while one works on it
MAILBOXES = int(os.environ.get("XTMIG_SOAK_MAILBOXES", "200"))
SEEDS = tuple(os.environ.get("XTMIG_SOAK_SEEDS", "12345"))

PAGES = ("--page-rows=20",)
"""So few rows on a page that lists have several."""

PASSING: dict[str, dict[str, Any]] = {
    "throttled": {"retry_after": 0.5},
    "unavailable": {},
    "gateway-timeout": {},
    "request-timeout": {},
    "reset-before": {},
    "reset-after": {},
    "truncated": {},
    "server-error": {},
    "claims-challenge": {},
    "slow": {"seconds": 0.2},
    "throttled-member": {"retry_after": 0.5},
    "warning": {},
}
"""What goes away by itself, or hurts nothing."""

AT_SIGN_IN = ("throttled", "unavailable", "gateway-timeout", "reset-before", "reset-after")
EXCHANGE_ALONE = ("warning", "server-error")
"""Cmdlets alone warn, and name the type of a fault that passes; of Graph only 408, 429, 503 and 504 pass (F-33)."""

LASTING: tuple[dict[str, Any], ...] = (
    {"kind": "forbidden", "service": "exo", "cmdlet": "Get-*", "nth": 40, "times": 1},
    {"kind": "forbidden", "service": "graph", "method": "POST", "times": 1},
    {"kind": "not-found", "service": "exo", "cmdlet": "Get-Mailbox", "nth": 3, "times": 1},
    {"kind": "localised", "service": "exo", "cmdlet": "Get-MailUser", "nth": 4, "times": 1},
    {"kind": "server-error", "service": "exo", "cmdlet": "New-*", "times": 1, "exception": "System.Exception"},
    {"kind": "server-error", "service": "graph", "method": "GET", "nth": 60, "times": 1},
    {"kind": "page-expired", "service": "exo", "times": 1},
    {"kind": "page-expired", "service": "graph", "times": 1},
    {"kind": "reset-after", "service": "graph", "path": "/v1.0/applications/*/addPassword", "times": 1},
    {"kind": "redirect", "service": "exo", "nth": 5, "times": 1},
)
"""What stops the step that meets it; running again finds it gone."""


NEAR: tuple[dict[str, Any], ...] = (
    {"kind": "near-limit", "service": "exo", "nth": 100, "times": 2, "left": 0.0},
    {"kind": "near-limit", "service": "graph", "nth": 50, "times": 2, "left": 0.1},
)
"""After what tells that a limit is near, the client sends less for a while, and nothing while nothing is left."""


def faults(seed: str) -> dict[str, Any]:
    """One request in ten, spread over the kinds that each service may have."""
    planned = [*LASTING, *NEAR]
    for service, kinds in (("exo", tuple(PASSING)), ("graph", tuple(PASSING)), ("login", AT_SIGN_IN)):
        fitting = [kind for kind in kinds if service == "exo" or kind not in EXCHANGE_ALONE]
        share = round(0.1 / len(fitting), 4)
        planned += [{"kind": kind, "service": service, "probability": share, **PASSING[kind]} for kind in fitting]
    return {"version": 1, "seed": seed, "faults": planned}


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsal that is over.

    Args:
        project: Its folder.
        exit_code: What its last run came to.
        told: What the person was told, sentence by sentence.
        end: What both tenants held at the end, as canonical JSON.
        faults: How many faults of each kind were injected.
        requests: How many requests the tenants received.
    """

    project: Path
    exit_code: int
    told: list[str]
    end: dict[str, Any]
    faults: dict[str, int]
    requests: int


def rehearsed(folder: Path, *options: str) -> Rehearsed:
    """Rehearse with generated tenants, and look at both just before they are gone."""
    seen: dict[str, Any] = {}
    told: list[str] = []

    @contextmanager
    def looked_at(*arguments: Any) -> Iterator[Practice]:
        with practice_tenants(*arguments) as practice:
            yield practice
            seen.update(practice.stats(), end=lasting(practice._control("GET", "/state", None)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearse, "practice_tenants", looked_at)
        tenants = generated_tenants(folder / "tenants", MAILBOXES, "soak")
        run = rehearse.rehearse(
            folder / "project", tenants, told.append, ("--speed=60", "--seed=soak", *PAGES, *options)
        )
    (folder / "told.txt").write_text("\n".join(told), encoding="utf-8")
    return Rehearsed(folder / "project", run.result.run.exit_code, told, seen["end"], seen["faults"], seen["requests"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The same rehearsal, in which nothing goes wrong."""
    return rehearsed(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Rehearsed]:
    """A rehearsal by its seed, made when it is first asked for."""

    @cache
    def of(seed: str) -> Rehearsed:
        folder = tmp_path_factory.mktemp(f"seed{seed}-")
        file = folder / "faults.yaml"
        file.write_text(yaml.safe_dump(faults(seed)), encoding="utf-8")
        return rehearsed(folder, f"--faults={file}")

    return of


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_ends_as_if_nothing_had_gone_wrong(
    undisturbed: Rehearsed, disturbed: Callable[[str], Rehearsed], seed: str
) -> None:
    """Whatever goes wrong on the way, both tenants hold in the end what they hold after a run without a fault."""
    assert undisturbed.exit_code == 0, undisturbed.told[-20:]
    one = disturbed(seed)
    assert one.exit_code == 0, one.told[-20:]
    for side in ("source", "target"):
        for kind, held in undisturbed.end[side].items():
            assert canonical(one.end[side][kind]) == canonical(held), (side, kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_credential_is_left_behind(disturbed: Callable[[str], Rehearsed], seed: str) -> None:
    """An `addPassword` whose answer was lost leaves no credential that nobody knows: the operator's own is all."""
    held = [a["passwords"] for a in disturbed(seed).end["target"]["applications"] if a["passwords"]]
    assert [[password["display_name"] for password in passwords] for passwords in held] == [["practice"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_waits_are_told(disturbed: Callable[[str], Rehearsed], seed: str) -> None:
    """Each wait for a service that asked for patience is one line of progress."""
    told = disturbed(seed).told
    assert [line for line in told if re.search(r"(asked us to wait|trying again in) \d+ s \(try \d of \d\)", line)]


def test_each_kind_of_fault_came_at_least_once(disturbed: Callable[[str], Rehearsed]) -> None:
    """Over all seeds no kind of fault is left out, and about one request in ten was hit."""
    came = Counter[str]()
    for seed in SEEDS:
        came.update(disturbed(seed).faults)
    print("\n".join(f"{kind} {number}" for kind, number in sorted(came.items())))
    assert [kind for kind, number in came.items() if not number] == []
    assert sum(came.values()) > sum(disturbed(seed).requests for seed in SEEDS) / 15


def lasting(state: dict[str, Any]) -> dict[str, Any]:
    """What two rehearsals share: the operators' own secrets, and the days on which they end, are made for each."""
    for side in ("source", "target"):
        for application in state[side]["applications"]:
            for password in application["passwords"]:
                del password["secret"], password["end"]
    return state


def canonical(held: Any) -> str:
    """A part of the state as canonical JSON."""
    return json.dumps(held, sort_keys=True, separators=(",", ":"))
