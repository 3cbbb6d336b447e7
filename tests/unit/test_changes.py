from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

import pytest
from core_facts import APP_ID, APP_OBJECT_ID, SOURCE_ID, TARGET_ID

from xtmig_kernel.changes import (
    Change,
    Credential,
    CsvBytes,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    Plan,
    ReferredSecret,
    Subject,
    as_data,
    canonical,
    digest,
    fill,
    later_values,
)

APPLICATION = Subject("target", "applications", (("UniqueName", "app"),), "application app")
APP_ID_LATER = Later(APPLICATION, "AppId")
ENDPOINT = Subject("target", "migration_endpoints", (("Identity", "moves"),), "migration endpoint moves")


def change(**changes: Any) -> Change:
    values: dict[str, Any] = {
        "step": "070.2",
        "side": "target",
        "tenant_id": TARGET_ID,
        "subject": ENDPOINT,
        "title": "Create migration endpoint moves",
        "before": None,
        "after": {"RemoteServer": "outlook.office.com", "RemoteTenant": "contoso.onmicrosoft.com"},
        "calls": (ExchangeCall("New-MigrationEndpoint", {"Name": "moves", "ApplicationId": APP_ID}),),
        "level": Level.UNDOABLE,
        "undo": "Remove it.",
        "statements": ("EPT-02",),
    }
    return Change(**(values | changes))


def test_hash_does_not_depend_on_the_order_of_keys() -> None:
    """The same change has the same hash, in whatever order its attributes were put in."""
    turned = change(
        after={"RemoteTenant": "contoso.onmicrosoft.com", "RemoteServer": "outlook.office.com"},
        calls=(ExchangeCall("New-MigrationEndpoint", {"ApplicationId": APP_ID, "Name": "moves"}),),
    )
    assert change().hash == turned.hash


def test_hash_is_of_these_bytes() -> None:
    """Anybody can compute a hash again: SHA-256 of JSON with sorted keys, without blanks, in UTF-8."""
    text = b'{"a":"\xc3\xbc","b":[1,true,null]}'
    assert digest({"b": [1, True, None], "a": "ü"}) == "sha256:" + hashlib.sha256(text).hexdigest()


ALTERED: dict[str, Any] = {
    "step": "070.3",
    "tenant_id": SOURCE_ID,
    "subject": replace(ENDPOINT, key=(("Identity", "other"),)),
    "title": "Another title",
    "before": {"RemoteServer": "x", "RemoteTenant": "y"},
    "after": {"RemoteServer": "outlook.office365.us", "RemoteTenant": "contoso.onmicrosoft.com"},
    "calls": (ExchangeCall("New-MigrationEndpoint", {"Name": "moves", "ApplicationId": APP_OBJECT_ID}),),
    "level": Level.NAMED,
    "undo": "Another way.",
    "statements": ("EPT-03",),
    "lag_seconds": 91,
}


@pytest.mark.parametrize("name", sorted(ALTERED))
def test_hash_covers_every_member(name: str) -> None:
    """A change that says anything else than what was approved has another hash."""
    assert change().hash != change(**{name: ALTERED[name]}).hash


def test_hash_covers_side_and_irreversibility() -> None:
    """Neither the tenant nor that it cannot be undone can be altered under an approval."""
    other_side = change(side="source", subject=replace(ENDPOINT, side="source"))
    approved = change(level=Level.SECOND_PERSON)
    assert change().hash != other_side.hash
    assert approved.hash != replace(approved, irreversible=True).hash


@pytest.mark.parametrize("other", [Later(APPLICATION, "Id"), Later(ENDPOINT, "AppId")])
def test_hash_covers_where_a_value_will_come_from(other: Later) -> None:
    """A value that is read from another object or attribute is another change."""
    calls = [(ExchangeCall("New-MigrationEndpoint", {"ApplicationId": later}),) for later in (APP_ID_LATER, other)]
    assert change(calls=calls[0]).hash != change(calls=calls[1]).hash


def test_every_member_has_its_alteration() -> None:
    """A member that is added to changes is covered by these tests, too."""
    assert {item.name for item in fields(Change)} == {*ALTERED, "side", "irreversible"}


def test_plan_hash_does_not_depend_on_the_order_of_changes() -> None:
    """Two plans of the same changes are the same plan."""
    one, two = change(), change(title="Two")
    assert Plan("070.2", (one, two)).hash == Plan("070.2", (two, one)).hash


def test_plan_takes_the_highest_level() -> None:
    """A plan needs the strongest approval that any of its changes needs; an empty one needs none."""
    assert Plan("070.2", (change(), change(level=Level.NAMED))).level == Level.NAMED
    assert Plan("070.2", ()).level == Level.READS


@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_blank_identity_is_refused(value: str) -> None:
    """A blank identity, which some cmdlets take for "everything", never gets into a change."""
    with pytest.raises(ValueError, match="blank identity"):
        change(subject=replace(ENDPOINT, key=(("Identity", value),)))


def test_subject_without_key_is_refused() -> None:
    """What cannot be found again by a key is not changed."""
    with pytest.raises(ValueError, match="blank identity"):
        change(subject=replace(ENDPOINT, key=()))


def test_change_and_subject_are_on_one_side() -> None:
    """A change of one tenant never names an object of the other."""
    with pytest.raises(ValueError, match="source"):
        change(side="source")


def test_change_changes_something() -> None:
    """From absent to absent is no change."""
    with pytest.raises(ValueError, match="nothing would change"):
        change(before=None, after=None)


def test_before_and_after_are_of_one_kind() -> None:
    """What was and what shall be are the same attributes, so that a stale plan shows in each of them."""
    with pytest.raises(ValueError, match="different attributes"):
        change(before={"RemoteServer": "x"})


def test_no_change_is_of_the_level_of_reads() -> None:
    """What alters a tenant is at least of level 1."""
    with pytest.raises(ValueError, match="level 0"):
        change(level=Level.READS)


def test_irreversible_change_needs_a_second_person() -> None:
    """What cannot be undone is never of a lower level."""
    with pytest.raises(ValueError, match="second person"):
        change(irreversible=True, level=Level.NAMED)


def test_irreversible_change_holds_nothing_unknown() -> None:
    """The approval of what cannot be undone covers every value in it."""
    with pytest.raises(ValueError, match="not yet known"):
        change(irreversible=True, level=Level.SECOND_PERSON, after={"ApplicationId": APP_ID_LATER})


def test_later_values_are_found_at_every_depth() -> None:
    """Unknown values are found in credentials, paths, bodies and what shall be."""
    calls = (
        GraphCall("POST", "/applications/{id}", {"id": Later(APPLICATION, "Id")}, {"a": [{"b": APP_ID_LATER}]}),
        ExchangeCall("New-MigrationEndpoint", {"Credentials": Credential(APP_ID_LATER, MintedSecret())}),
    )
    found = list(later_values(change(calls=calls, after={"ApplicationId": APP_ID_LATER})))
    assert {APP_ID_LATER, Later(APPLICATION, "Id")} == set(found)
    assert len(found) == 4


def test_fill_leaves_nothing_unknown() -> None:
    """A filled call holds what was read, wherever it stands, and still no secret."""
    known = {APP_ID_LATER: APP_ID, Later(APPLICATION, "Id"): APP_OBJECT_ID}
    graph = GraphCall("POST", "/a/{id}", {"id": Later(APPLICATION, "Id")}, {"x": [APP_ID_LATER]}, {"Prefer": "y"})
    cmdlet = ExchangeCall("New-X", {"Credentials": Credential(APP_ID_LATER, MintedSecret()), "Force": True})
    assert fill(graph, known) == GraphCall("POST", "/a/{id}", {"id": APP_OBJECT_ID}, {"x": [APP_ID]}, {"Prefer": "y"})
    assert fill(cmdlet, known) == ExchangeCall(
        "New-X", {"Credentials": Credential(APP_ID, MintedSecret()), "Force": True}
    )


def test_fill_wants_every_value() -> None:
    """A value that could not be read is never left out in silence."""
    with pytest.raises(KeyError):
        fill([APP_ID_LATER], {})


def test_unknown_value_reads_as_words() -> None:
    """A person sees what will be filled in, and where from."""
    assert str(APP_ID_LATER) == "AppId of application app"


def test_data_of_a_secret_is_its_reference() -> None:
    """Neither a minted nor a referred secret has a value in the data of a change."""
    data = as_data([Credential(APP_ID, MintedSecret()), Credential(APP_ID, ReferredSecret("env:NAME"))])
    assert [item["$credential"]["secret"] for item in data] == [{"$secret": "minted"}, {"$secret": "env:NAME"}]


def test_data_of_a_csv_is_its_lines() -> None:
    """An approver sees, and the hash covers, every line of a CSV that is sent as bytes (BAT-08)."""
    one, other = CsvBytes(("EmailAddress", "a@x.com")), CsvBytes(("EmailAddress", "b@x.com"))
    assert as_data({"CSVData": one}) == {"CSVData": {"$csv": ["EmailAddress", "a@x.com"]}}
    assert digest(as_data(one)) != digest(as_data(other))
    assert "a@x.com" in str(one)


def test_canonical_json_refuses_what_is_no_number() -> None:
    """A value that JSON does not know cannot get into a hash."""
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


@pytest.mark.parametrize("name", ["moves", "MOVES", "Moves"])
def test_subject_matches_without_case(name: str) -> None:
    """Exchange and Graph compare names without case, so two that differ by case are one object."""
    assert ENDPOINT.matches({"Identity": name})


@pytest.mark.parametrize("row", [{"Identity": "moves2"}, {"Identity": None}, {}, {"Identity": ["x", "moves2"]}])
def test_subject_matches_nothing_else(row: dict[str, Any]) -> None:
    """A longer name, an empty cell and a missing column are other objects."""
    assert not ENDPOINT.matches(row)


def test_subject_matches_a_value_of_a_list() -> None:
    """A relationship is found by one of several DomainNames (REL-04)."""
    subject = Subject("target", "organization_relationships", (("DomainNames", SOURCE_ID),), "relationship")
    assert subject.matches({"DomainNames": ["contoso.com", SOURCE_ID.upper()]})


def test_subject_needs_every_key() -> None:
    """An object of the right name that names another partner is another object."""
    subject = Subject("target", "organization_relationships", (("Identity", "x"), ("DomainNames", SOURCE_ID)), "x")
    assert not subject.matches({"Identity": "x", "DomainNames": [TARGET_ID]})
