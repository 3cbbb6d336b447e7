"""A snapshot as a tenants file (`xtmig_kernel.runs.snapshot_tenants`)."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import NOW, configured, make_project, observed, refused, settings
from preflight_facts import shape

from xtmig_kernel.errors import InventoryError
from xtmig_kernel.evidence import Observed
from xtmig_kernel.runs.snapshot_setup import GRAPH_PERMISSIONS, ROLES
from xtmig_kernel.runs.snapshot_tenants import ESSENTIAL, SnapshotTenants, carried, tenants_of
from xtmig_kernel.simulator import tenants
from xtmig_kernel.simulator.wellknown import DIRECTORY_ROLES, GRAPH_APP, RESOURCES


def loaded(without: tuple[str, ...] = (), **changes: Any) -> SnapshotTenants:
    """The configured world as a tenants file, some tables of it not observed or altered."""
    facts: dict[str, Any] = dict(observed(configured()))
    for name in without:
        facts[name] = refused()
    for name, rows in changes.items():
        facts[name.replace("__", ".")] = Observed(tuple(rows), NOW, "users.csv")
    return tenants_of(facts, make_project(), settings())


def test_the_simulator_takes_it() -> None:
    """What a snapshot becomes is a tenants file that the simulator's own check accepts."""
    file = tenants.parse(loaded().tenants, "the snapshot")
    assert [box.primary for box in file.source.mailboxes] == ["Lara.Newton@contoso.com"]


@pytest.mark.parametrize("fact", ESSENTIAL)
def test_nothing_is_rehearsed_without_the_essential(fact: str) -> None:
    """Without organisations, source mailboxes with their holds, or target MailUsers nothing is made up instead."""
    with pytest.raises(InventoryError, match=fact):
        loaded((fact,))


@pytest.mark.parametrize(("fact", "name"), [
    ("target.migration_users", "Get-MigrationUser"),
    ("source.directory_users", "/users"),
    ("target.subscribed_skus", "/subscribedSkus"),
    ("source.mailbox_permissions", "Get-MailboxPermission"),
    ("target.organization_relationships", "Get-OrganizationRelationship"),
])  # fmt: skip
def test_what_nobody_saw_is_refused_and_told(fact: str, name: str) -> None:
    """A table that was not observed is refused in the rehearsal, and loading says so with the reason."""
    made = loaded((fact,))
    side, _, table = fact.partition(".")
    assert name in made.tenants[side]["refused"]
    (told,) = [text for text in made.told if text.startswith(f"{side}: {table} was not observed")]
    assert "the account may not read this" in told


def test_a_cmdlet_that_showed_something_is_not_refused() -> None:
    """What one table was read by is not refused because another one was not observed."""
    made = loaded(("target.mailbox_states",))
    assert "Get-Mailbox" not in made.tenants["target"]["refused"]
    assert [text for text in made.told if "target: mailbox_states" in text]


def test_a_mailbox_that_did_not_tell_is_unreadable() -> None:
    """A size that the service did not tell, and rights that were refused, are never taken for none."""
    size = configured()["source.mailbox_sizes"][0] | {"Bytes": None, "Items": None}
    made = loaded(source__mailbox_sizes=[size], source__mailbox_permissions=[])
    assert made.tenants["source"]["mailboxes"][0]["unreadable"] == ["statistics", "permissions"]


def test_a_mailbox_that_did_not_tell_its_folders_is_unreadable() -> None:
    """Folders that were not listed are refused in the rehearsal, while rights that were told are still there."""
    made = loaded(source__folder_shapes=[shape(Folders=None)])
    assert made.tenants["source"]["mailboxes"][0]["unreadable"] == ["folders"]


def test_holds_of_the_organisation_that_were_not_told_are_unknown() -> None:
    """Retention of the whole organisation that nobody saw is null in the file, not an empty list."""
    assert loaded(("source.organization_holds",)).tenants["source"]["organization_holds"] is None


def test_users_come_from_the_file_of_then() -> None:
    """The rehearsal's users.csv holds the lines that the snapshot was taken with."""
    assert [row.source_address for row in loaded(source__chosen_users=configured()["source.chosen_users"]).users] == [
        "Lara.Newton@contoso.com"
    ]


def test_no_secret_and_no_sign_in_is_carried_over() -> None:
    """Of project.yaml the rehearsal takes names, users and moves, and nothing by which anybody signs in."""
    given = settings(
        secret__reference="env:TOP", secret__origin="provided", approvers=[{"name": "x"}], names__endpoint="e"
    )
    found = carried(given)
    assert found["names"] == {"endpoint": "e"}
    assert {"source", "target", "approvers", "transport", "simulation"} & set(found) == set()
    assert "reference" not in found.get("secret", {})


def test_roles_and_permissions_are_those_of_the_format() -> None:
    """The names that a snapshot is written with are those that the format knows."""
    assert {name: identity for identity, name in ROLES.items()} == DIRECTORY_ROLES
    assert set(RESOURCES[GRAPH_APP].app_roles) == GRAPH_PERMISSIONS
