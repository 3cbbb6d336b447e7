"""The plans of section 100 in any world: what never happens, whatever the objects are like."""

from __future__ import annotations

from typing import Any

from core_facts import after, make_project, planned, seen, world
from hypothesis import given, settings
from hypothesis import strategies as st
from prepared_facts import (
    ARCHIVE,
    BEFORE_MOVE,
    EXTERNAL,
    FABRIKAM,
    FULL,
    INITIAL,
    NOBODY,
    OTHER_GUID,
    OWN,
    VANITY,
    deleted,
    lara,
)
from user_facts import (
    ADD_ON_SKU,
    EXCHANGE_SKU,
    LARA_DN,
    LARA_GUID,
    LARA_TARGET_ID,
    LARA_X500,
    chosen,
    directory_user,
    lara_mailbox,
)

from xtmig_kernel.changes import GraphCall
from xtmig_kernel.runbook import STEPS

WRITING = ("100.1", "100.2", "100.3", "100.4", "100.6", "100.7", "100.8")

addresses = st.lists(st.sampled_from([OWN, INITIAL, EXTERNAL, VANITY, FABRIKAM]), unique=True)
guids = st.sampled_from([None, LARA_GUID, OTHER_GUID, ARCHIVE])
worlds = st.fixed_dictionaries(
    {
        "there": st.booleans(),
        "user": st.fixed_dictionaries(
            {
                "ExchangeGuid": guids,
                "ArchiveGuid": guids,
                "SmtpAddresses": addresses,
                "PrimarySmtpAddress": st.sampled_from([OWN, INITIAL, EXTERNAL, FABRIKAM, None]),
                "X500Addresses": st.lists(st.sampled_from([LARA_X500, f"x500:{LARA_DN}", "x500:/o=X"]), unique=True),
                "ExternalEmailAddress": st.sampled_from([EXTERNAL, VANITY, "x@y.zz", None]),
                "PersistedCapabilities": st.just([]),
            }
        ),
        "line": st.fixed_dictionaries(
            {"PreviousMailbox": st.sampled_from(["", "clear"]), **{k: st.just(v) for k, v in FULL.items()}}
        ),
        "before": st.sampled_from([None, "UserMailbox", "SharedMailbox"]),
        "licences": st.lists(st.sampled_from([ADD_ON_SKU, EXCHANGE_SKU]), unique=True),
        "archive": guids,
    }
)


def altered_by(drawn: dict[str, Any], **user: Any) -> dict[str, Any]:
    """A world as it was drawn."""
    person = dict(world()["target.exchange_users"][0], PreviousRecipientTypeDetails=drawn["before"])
    rows = lara(**drawn["user"] | user) | {"target__exchange_users": [person]} if drawn["there"] else NOBODY
    return rows | {
        "source__chosen_users": [chosen(**drawn["line"])],
        "source__mailboxes": [lara_mailbox(ArchiveGuid=drawn["archive"])],
        "target__soft_deleted_mailboxes": [deleted()],
        "target__directory_users": [directory_user("target", SkuIds=drawn["licences"], UsageLocation=None)],
    }


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_no_plan_changes_a_synchronised_object(drawn: dict[str, Any]) -> None:
    """Whatever is wrong with a synchronised object, no plan of this section writes to it in the cloud (failures 25)."""
    for step in WRITING:
        project = make_project(**BEFORE_MOVE, target_users__made="cloud" if drawn["there"] else "on-premises")
        assert planned(step, project, **altered_by(drawn, DirectorySynchronised=True)) == ()


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_plans_are_fulfilled_at_once(drawn: dict[str, Any]) -> None:
    """Whatever the MailUser is like, one round of stamp and removal leaves nothing to stamp or to remove."""
    tables = world(**altered_by(drawn | {"there": True}))
    project = make_project()
    for step in ("100.3", "100.4"):
        for change in STEPS[step].plan(seen(tables), project):
            assert change.calls
            tables = after(change, tables)
        assert STEPS[step].plan(seen(tables), project) == ()
    assert STEPS["100.3"].plan(seen(tables), project) == ()


@given(worlds)
@settings(max_examples=60, deadline=None)
def test_no_plan_acts_on_a_blank(drawn: dict[str, Any]) -> None:
    """Every call names its object by a sign-in name or an object ID, and never by less."""
    project = make_project(**BEFORE_MOVE)
    for step in WRITING:
        for change in planned(step, project, **altered_by(drawn)):
            (call,) = change.calls
            if isinstance(call, GraphCall):
                assert call.path_values["id"] == LARA_TARGET_ID
            elif call.cmdlet != "New-MailUser":
                assert call.parameters["Identity"] == INITIAL
