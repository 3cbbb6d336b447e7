"""What holds for the plans of all sections, in worlds that are spoilt in one way each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import test_plans_scope
from core_facts import (
    APP_ID,
    NOW,
    OTHER_ID,
    SECRET_1,
    USER_READ,
    after,
    make_project,
    planned,
    seen,
    world,
)
from hypothesis import given
from hypothesis import strategies as st
from test_section_plans import BY_XTMIG, PROVIDED, REFUSED

from xtmig_kernel.changes import (
    Change,
    ExchangeCall,
    Level,
)
from xtmig_kernel.runbook import STEPS

# section 210 takes away what all others make, so it has worlds of its own
PLANNING = [step for step in STEPS.values() if not step.only_looks and not step.id.startswith("210.")]
# parameters that the cmdlet reference gives these cmdlets in Exchange Online
DOCUMENTED = {
    "Enable-OrganizationCustomization": set(),
    "New-MigrationEndpoint": {
        "Name",
        "ExchangeRemoteMove",
        "RemoteServer",
        "RemoteTenant",
        "Credentials",
        "ApplicationId",
    },
    "Set-MigrationEndpoint": {"Identity", "Credentials", "ApplicationId"},
    "New-OrganizationRelationship": {
        "Name",
        "DomainNames",
        "Enabled",
        "MailboxMoveEnabled",
        "MailboxMoveCapability",
        "OAuthApplicationId",
        "MailboxMovePublishedScopes",
    },
    "Set-OrganizationRelationship": {
        "Identity",
        "Enabled",
        "MailboxMoveEnabled",
        "MailboxMoveCapability",
        "OAuthApplicationId",
        "MailboxMovePublishedScopes",
    },
    "New-DistributionGroup": {"Name", "Alias", "Type"},
    "Add-DistributionGroupMember": {"Identity", "Member", "BypassSecurityGroupManagerCheck"},
    "Remove-DistributionGroupMember": {"Identity", "Member", "BypassSecurityGroupManagerCheck"},
}
REQUIRED = {
    "New-MigrationEndpoint": {"Name", "ExchangeRemoteMove", "RemoteServer"},
    "Set-MigrationEndpoint": {"Identity"},
    "New-OrganizationRelationship": {"Name", "DomainNames"},
    "Set-OrganizationRelationship": {"Identity"},
    "New-DistributionGroup": {"Name"},
    "Add-DistributionGroupMember": {"Identity"},
    "Remove-DistributionGroupMember": {"Identity"},
}
EMPTY = {
    "target__applications": [],
    "target__application_credentials": [],
    "target__service_principals": [],
    "target__granted_roles": [],
    "source__service_principals": [],
    "source__granted_roles": [],
    "target__migration_endpoints": [],
    "target__endpoint_test": [],
    "target__organization_relationships": [],
    "target__organization_config": {"IsDehydrated": True},
    **test_plans_scope.EMPTY,
}
SPOILED: list[dict[str, Any]] = [
    EMPTY,
    {"target__applications": {"SignInAudience": "AzureADMyOrg", "RedirectUris": [], "Permissions": []}},
    {"target__applications": {"OtherPermissions": [USER_READ, f"{OTHER_ID}/Scope/{OTHER_ID}"]}},
    {"target__granted_roles": [], "source__granted_roles": []},
    {"target__service_principals": [], "target__granted_roles": []},
    {"target__endpoint_test": REFUSED, "target__application_credentials": []},
    {"target__application_credentials": [SECRET_1, SECRET_1 | {"KeyId": "k2", "DisplayName": "xtmig contoso-moves 2"}]},
    {"target__application_credentials": {"EndsAt": "2026-12-01T00:00:00Z"}},
    {
        "target__organization_relationships": {
            "Enabled": False,
            "MailboxMoveEnabled": False,
            "MailboxMoveCapability": [],
        }
    },
    {"target__organization_relationships": {"MailboxMoveCapability": ["RemoteOutbound"]}},
    *test_plans_scope.SPOILED,
]
PROJECTS: list[dict[str, Any]] = [
    BY_XTMIG,
    BY_XTMIG | {"secret": PROVIDED},
    BY_XTMIG | {"application_id": APP_ID},
    BY_XTMIG | {"secret": {"valid_days": 60}},
    BY_XTMIG | {"secret": {"generation": 3}, "last_completion": date(2027, 9, 30)},
]


@pytest.mark.parametrize("step", PLANNING, ids=lambda step: step.id)
def test_nothing_to_do_in_configured_tenants(step: Any) -> None:
    """When everything is right, no step plans anything."""
    assert planned(step.id) == ()


def every_change() -> list[Change]:
    """All changes that any step plans in any of the spoiled worlds."""
    return [
        change
        for project in PROJECTS
        for changes in SPOILED
        for step in PLANNING
        for change in planned(step.id, make_project(**project), **changes)
    ]


def test_every_cmdlet_is_called_as_documented() -> None:
    """Each planned cmdlet has all parameters that its reference requires and none that it does not know (EPT-09)."""
    calls = [call for change in every_change() for call in change.calls if isinstance(call, ExchangeCall)]
    assert {call.cmdlet for call in calls} == set(DOCUMENTED)
    assert [call for call in calls if not set(call.parameters) <= DOCUMENTED[call.cmdlet]] == []
    assert [call for call in calls if not REQUIRED.get(call.cmdlet, set()) <= set(call.parameters)] == []


def test_every_change_can_be_read_by_a_person() -> None:
    """Each change says what it does, how it is undone, what it answers, and for which step it was planned."""
    for change in every_change():
        assert all((change.title, change.undo, change.statements, change.subject.label))
        assert change.step in STEPS


def test_every_change_is_of_the_level_that_its_kind_needs() -> None:
    """Consent and removals are named, what cannot be undone takes two, all else an Apply."""
    for change in every_change():
        named = change.step in ("050.3", "060.1", "060.2", "070.4")
        named = named or test_plans_scope.is_named(change)
        expected = Level.SECOND_PERSON if change.irreversible else Level.NAMED if named else Level.UNDOABLE
        assert expected == change.level


@pytest.mark.parametrize("name", ["O'Brien & Söhne", "It’s"])
def test_undo_is_safely_quoted(name: str) -> None:
    """A name with a quote of any kind cannot end the quoting in the words about undoing."""
    project = make_project(names__endpoint=name, names__target_relationship=name)
    quote = "'" if "'" in name else "’"
    for step in ("070.2", "070.5"):
        (change,) = planned(step, project, target__migration_endpoints=[], target__organization_relationships=[])
        assert name.replace(quote, quote * 2) in change.undo


@given(st.sampled_from(PROJECTS), st.sampled_from(SPOILED), st.sampled_from(PLANNING))
def test_second_plan_is_empty(project: dict[str, Any], changes: dict[str, Any], step: Any) -> None:
    """When the changes of a plan have been made exactly as they say, the same step plans nothing more."""
    tables = world(**changes)
    for change in step.plan(seen(tables), make_project(**project)):
        tables = after(change, tables)
    if step.id == "070.3" and tables["target.endpoint_test"]:
        tables["target.endpoint_test"][0] |= {"Result": "Success", "Message": ""}
    assert step.plan(seen(tables), make_project(**project)) == ()


@given(st.integers(min_value=60, max_value=730), st.integers(min_value=0, max_value=24))
def test_new_secret_lasts(valid_days: int, hours: int) -> None:
    """A secret that was just made is not replaced within the next 29 days, whatever its length and the time of day."""
    project, now = make_project(secret={"valid_days": valid_days}), NOW + timedelta(hours=hours)
    tables = world(target__application_credentials=[])
    (change,) = STEPS["070.3"].plan(seen(tables, now), project)
    assert STEPS["070.3"].plan(seen(after(change, tables), now + timedelta(days=29)), project) == ()


@given(st.sampled_from(SPOILED), st.sampled_from(PLANNING))
def test_same_plan_has_the_same_hash(changes: dict[str, Any], step: Any) -> None:
    """Planning again an hour later gives the same hashes, so that an approval in between holds."""
    project = make_project(**BY_XTMIG)
    first = [change.hash for change in step.plan(seen(world(**changes)), project)]
    again = [change.hash for change in step.plan(seen(world(**changes), NOW + timedelta(hours=1)), project)]
    assert first == again
