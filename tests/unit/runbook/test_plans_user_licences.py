"""The licences of section 100: a usage location first, nobody before the stamp, never more than seats are free."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import after, make_project, planned, seen, world
from prepared_facts import (
    ARCHIVE,
    BEFORE_MOVE,
    NOBODY,
    OTHER_GUID,
    UNLICENSED,
    lara,
    source,
)
from test_plans_users import one
from user_facts import (
    ADD_ON_SKU,
    EXCHANGE_SKU,
    LARA_DN,
    LARA_TARGET_ID,
    LARA_X500,
    directory_user,
    sku,
)

from xtmig_kernel.changes import GraphCall, Level
from xtmig_kernel.runbook import STEPS


def test_usage_location_of_the_source_user() -> None:
    """A user without a usage location gets the one that it has in the source (wire 4.8)."""
    altered = UNLICENSED | {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]}
    change = one(planned("100.6", **altered))
    assert change.calls == (GraphCall("PATCH", "/users/{id}", {"id": LARA_TARGET_ID}, {"usageLocation": "IE"}),)
    tables = after(change, world(**altered))
    assert STEPS["100.6"].plan(seen(tables), make_project()) == ()
    assert one(STEPS["100.7"].plan(seen(tables), make_project()))


def test_usage_location_of_the_project() -> None:
    """Where the source says nothing, the project's usage location is taken, and none is made up."""
    altered = UNLICENSED | {
        "target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)],
        "source__directory_users": [directory_user("source", UsageLocation=None)],
    }
    assert planned("100.6", **altered) == ()
    change = one(planned("100.6", make_project(licences__usage_location="DE"), **altered))
    assert change.after == {"UsageLocation": "DE"}


def test_add_on_after_the_stamp() -> None:
    """A stamped user without the add-on gets it, with a named approval (LIC-04, LIC-13)."""
    change = one(planned("100.7", **UNLICENSED))
    body = {"addLicenses": [{"skuId": ADD_ON_SKU, "disabledPlans": []}], "removeLicenses": []}
    assert change.calls == (GraphCall("POST", "/users/{id}/assignLicense", {"id": LARA_TARGET_ID}, body),)
    assert (change.level, change.before, change.after) == (Level.NAMED, {"SkuIds": []}, {"SkuIds": [ADD_ON_SKU]})
    assert STEPS["100.7"].plan(seen(after(change, world(**UNLICENSED))), make_project()) == ()


@pytest.mark.parametrize("step", ["100.6", "100.7", "100.8"])
@pytest.mark.parametrize(
    "unstamped",
    [
        lara(ExchangeGuid=None, PersistedCapabilities=[]),
        lara(ArchiveGuid=OTHER_GUID, PersistedCapabilities=[]),
        lara(X500Addresses=[LARA_X500], PersistedCapabilities=[]),
        lara(X500Addresses=[f"x500:{LARA_DN}"], PersistedCapabilities=[]),
        lara(PersistedCapabilities=[]) | source(ArchiveGuid=ARCHIVE),
        NOBODY,
    ],
)
def test_nothing_is_licensed_before_it_is_stamped(step: str, unstamped: dict[str, Any]) -> None:
    """Without GUID, archive GUID and x500 addresses nobody is licensed, by whatever licence (LIC-13)."""
    altered = {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]}
    assert planned(step, make_project(**BEFORE_MOVE), **altered, **unstamped) == ()


@pytest.mark.parametrize(
    "altered",
    [
        {"target__subscribed_skus": [sku(Enabled=3, Consumed=3)]},
        {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]},
        {
            "source__directory_users": [directory_user("source", SkuIds=[ADD_ON_SKU])],
            "source__subscribed_skus": [sku()],
        },
    ],
    ids=["no seat", "no usage location", "the source has it"],
)
def test_no_add_on_without_need_or_seat(altered: dict[str, Any]) -> None:
    """No seat, no location, or the licence on the other side: nothing is planned (LIC-04, LIC-09)."""
    assert planned("100.7", **UNLICENSED | altered) == ()


@pytest.mark.parametrize("side", ["source", "none"])
def test_add_on_is_given_where_the_project_says(side: str) -> None:
    """The target gives no add-on where the source does, or somebody else."""
    assert planned("100.7", make_project(licences__add_on_side=side), **UNLICENSED) == ()


def test_exchange_licence_only_where_it_is_wanted() -> None:
    """The Exchange licence comes after the move unless the project wants it before (LIC-13, LIC-16)."""
    assert planned("100.8") == ()
    change = one(planned("100.8", make_project(**BEFORE_MOVE)))
    assert change.after == {"SkuIds": sorted([ADD_ON_SKU, EXCHANGE_SKU])}
    assert STEPS["100.8"].plan(seen(after(change, world())), make_project(**BEFORE_MOVE)) == ()


@pytest.mark.parametrize("kind", ["SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
def test_rooms_need_no_exchange_licence(kind: str) -> None:
    """Rooms, equipment and shared mailboxes are stamped like others and get no licence."""
    project = make_project(**BEFORE_MOVE)
    assert planned("100.8", project, **source(RecipientTypeDetails=kind)) == ()
    assert one(planned("100.3", project, **source(RecipientTypeDetails=kind), **lara(ExchangeGuid=None)))
