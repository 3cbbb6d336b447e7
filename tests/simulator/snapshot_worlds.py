"""Facts of simulated tenants, their snapshot, and the same facts read from the simulator that was made of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.preflight_facts import preflight_facts
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project
from xtmig_kernel.project.files import yaml_text
from xtmig_kernel.rules.preflight import PREFLIGHT_RULES
from xtmig_kernel.runs.environment import set_variables
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.practice import practice_project, practice_tenants, simulation_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xtmig_kernel.evidence import Facts
    from xtmig_kernel.rules import Rule

PREFLIGHT = PREFLIGHT_RULES
CANNOT_BE_SAID = ("group_memberships", "role_assignments", "earlier_sizes")
MORE = (
    "subscribed_skus",
    "directory_users",
    "licensing_groups",
    "mailbox_sizes",
    "mailbox_permissions",
    "move_requests",
)


def facts_wanted(rules: tuple[Rule, ...] = PREFLIGHT) -> tuple[str, ...]:
    """What the rules of a preflight are judged by, and the rest that a snapshot holds."""
    named = {fact for rule in rules for fact in (*rule.needs, *rule.helps)}
    people = {f"{side}.{table}" for side in ("source", "target") for table in MORE}
    usual = {
        f"{side}.{table}" for side in ("source", "target") for table in ("organization", "recipients", "exchange_users")
    }
    collected = {fact for fact in preflight_facts() if fact.partition(".")[2] not in CANNOT_BE_SAID}
    return tuple(sorted(named | people | usual | collected))


@contextmanager
def opened(folder: Path, tenants: Path) -> Iterator[Reader]:
    """A practice project on simulated tenants that hold what a file says, and a reader of both."""
    with practice_tenants(simulation_folder(folder), tenants) as practice, set_variables(practice.environment):
        new_project(folder, practice_project(practice, tenants))
        project = load_project(folder)
        clock = clock_for(project)
        both = {side: connect(project, side, redactor=Redactor(), clock=clock) for side in ("source", "target")}
        yield Reader(project, both, clock, {})


def write_tenants(folder: Path, tenants: dict[str, Any], settings: dict[str, Any]) -> Path:
    """A tenants file with what lies beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "tenants.yaml"
    file.write_text(yaml_text(tenants), encoding="utf-8")
    (folder / "tenants.project.yaml").write_text(yaml_text(settings), encoding="utf-8")
    return file


def rows_of(facts: Facts, fact: str, without: frozenset[str]) -> list[str]:
    """The rows of a table as text, in no order, without some columns."""
    found = facts[fact]
    assert isinstance(found, Observed), f"{fact}: {found}"
    kept = (
        {k: sorted(v) if isinstance(v, list) else v for k, v in row.items() if k not in without} for row in found.value
    )
    return sorted(str(sorted(row.items())) for row in kept)
