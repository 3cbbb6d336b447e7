"""What a directory on-premises owns is never written in the cloud; its administrator is told each value instead."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_steps import approve_steps, run_steps
from e2e_workplace import SECRETS, Workplace, approver_key, example, users_csv, workplace
from simulator_process import is_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DN = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=5c0e-"
GUID = "5c0e5c0e-0000-4000-8000-0000000f00"
ARCHIVE = "5c0e5c0e-0000-4000-8000-0000000e0001"
IN_CLOUD = "mina"
ALREADY_RIGHT = "vera"
LACKING = ("joe", "sofie", "anton", "reception")
MOVERS = (*LACKING, ALREADY_RIGHT, IN_CLOUD)
GUIDS = {alias: f"{GUID}{number:02d}" for number, alias in enumerate(MOVERS)}
FILE = "artifacts/on-premises-target.csv"


def prepared(mailbox: dict[str, Any]) -> dict[str, Any]:
    """The synchronised MailUser of a mailbox as it must be in the end."""
    alias = mailbox["alias"]
    return {
        "alias": alias,
        "display_name": mailbox["display_name"],
        "upn": f"{alias}@northwindtraders.onmicrosoft.com",
        "primary": f"{mailbox['primary'].partition('@')[0]}@northwindtraders.com",
        "external_address": f"{alias}@contoso.onmicrosoft.com",
        "exchange_guid": GUIDS[alias],
        "archive_guid": ARCHIVE if alias == "anton" else None,
        "proxies": [f"smtp:{alias}@northwindtraders.onmicrosoft.com", f"x500:{DN}{alias}"],
        "custom_attributes": {1: "Cross-Tenant-Project"},
        "directory_synchronised": True,
    }


def synchronised_tenants() -> dict[str, Any]:
    """The example, with five users who are synchronised: one prepared, the others each lacking something else."""
    tenants = example()
    tenants["target"]["directory_synchronised"] = tenants["source"]["directory_synchronised"] = True
    target = []
    for mailbox in (m for m in tenants["source"]["mailboxes"] if m["alias"] in MOVERS):
        mailbox |= {"exchange_guid": GUIDS[mailbox["alias"]], "legacy_dn": DN + mailbox["alias"]}
        if mailbox["alias"] != IN_CLOUD:
            mailbox |= {"custom_attributes": {}, "directory_synchronised": True}
            target.append(prepared(mailbox))
    by_alias = {user["alias"]: user for user in target}
    by_alias["joe"] |= {"exchange_guid": None, "external_address": "joe.delegate@contoso.com"}
    by_alias["joe"]["proxies"] = ["smtp:joe@northwindtraders.onmicrosoft.com", "smtp:joe.old@contoso.com"]
    by_alias["sofie"]["proxies"].pop()
    by_alias["anton"]["archive_guid"] = None
    by_alias["reception"]["proxies"].pop(0)
    tenants["target"]["mail_users"] += target
    return tenants


@dataclass(frozen=True)
class Seen:
    """What was done with synchronised users.

    Args:
        tenants: The tenants file.
        states: Both tenants before and after.
        record: What the simulator received.
        file: The change file's lines.
        all_on_premises: The same where every user is made on-premises, with the writes of that.
    """

    tenants: dict[str, Any]
    states: tuple[dict[str, Any], dict[str, Any]]
    record: list[dict[str, Any]]
    file: list[dict[str, str]]
    all_on_premises: tuple[list[dict[str, str]], list[dict[str, Any]]]


def lines(project: Path) -> list[dict[str, str]]:
    """The change file."""
    text = (project / FILE).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def apply_everything(place: Workplace, project: Path, key: Path) -> None:
    """List, mark, prepare, approve whatever asks for it, and prepare again."""
    for section in ("090", "100"):
        run_steps(place, section, "apply", project)
        if approve_steps(project, section, key):
            run_steps(place, section, "apply", project)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Sections 090 and 100 applied with every approval given, on tenants with synchronised users."""
    key, public = approver_key(tmp_path_factory.mktemp("key"))
    tenants = synchronised_tenants()

    def change(settings: dict[str, Any]) -> None:
        settings["approvers"][0]["public_key"] = public
        settings["users"] = {"tag": True}
        settings["licences"] = {"usage_location": "NL", "exchange": "before move", "exchange_sku": "SPE_E3"}

    with pytest.MonkeyPatch.context() as patch, workplace(tmp_path_factory.mktemp("sync"), tenants, change) as place:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        movers = [m for m in tenants["source"]["mailboxes"] if m["alias"] in MOVERS]
        (place.project / "users.csv").write_text(users_csv(movers), encoding="utf-8")
        on_premises = place.copy_of_project("on-premises")
        settings = yaml.safe_load((on_premises / "project.yaml").read_text(encoding="utf-8"))
        settings |= {"target_users": {"made": "on-premises"}, "users": {"tag": False}}
        (on_premises / "project.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        apply_everything(place, on_premises, key)
        other = lines(on_premises), [line for line in place.record() if is_write(line)]
        before = place.simulator.control("GET", "/state")
        apply_everything(place, place.project, key)
        after = place.simulator.control("GET", "/state")
        yield Seen(tenants, (before, after), place.record(), lines(place.project), other)


def of(seen: Seen, alias: str) -> dict[str, Any]:
    """A source mailbox of the tenants file."""
    return next(m for m in seen.tenants["source"]["mailboxes"] if m["alias"] == alias)


def names_of(row: dict[str, Any]) -> set[str]:
    """Whatever a write could name a synchronised object by."""
    found = {row[name] for name in ("alias", "name", "display_name", "upn", "primary", "object_id", "legacy_dn")}
    found |= {address.partition(":")[2] for address in row["email_addresses"]}
    return {str(name).casefold() for name in (*found, row["exchange_guid"]) if name}


def texts(value: Any) -> Iterator[str]:
    """Every text in the parameters of a request."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def names_somebody(line: dict[str, Any], names: set[str]) -> bool:
    """Whether a request names one of these objects, in its path or its parameters."""
    said = {text.casefold() for text in (*line["path"].split("/"), *texts(line["parameters"]))}
    return bool(said & names)


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_write_names_a_synchronised_object(seen: Seen, side: str) -> None:
    """In no form of its name does a synchronised object of either tenant stand in a request that writes (KNI-03)."""
    before, _ = seen.states
    rows = [r for kind in ("mailboxes", "mail_users") for r in before[side][kind] if r["directory_synchronised"]]
    assert len(rows) >= len(LACKING)
    names = set().union(*(names_of(row) for row in rows))
    writing = [line for line in seen.record if line["side"] == side and is_write(line)]
    assert [] == [line for line in writing if names_somebody(line, names)]


def test_the_user_beside_them_is_prepared(seen: Seen) -> None:
    """Who is not synchronised is created, stamped and licensed in the same run, so the test above says something."""
    _, after = seen.states
    (made,) = [row for row in after["target"]["mail_users"] if row["alias"] == IN_CLOUD]
    assert GUIDS[IN_CLOUD] == made["exchange_guid"]
    names = names_of(made)
    writing = [line for line in seen.record if line["side"] == "target" and is_write(line)]
    assert {"New-MailUser", "Set-MailUser", None} == {ln["cmdlet"] for ln in writing if names_somebody(ln, names)}


@pytest.mark.parametrize("side", ["source", "target"])
def test_synchronised_objects_are_as_they_were(seen: Seen, side: str) -> None:
    """Nothing about a synchronised object differs after the runs, its licences included."""
    before, after = (
        {
            row["object_id"]: row
            for kind in ("mailboxes", "mail_users")
            for row in state[side][kind]
            if row["directory_synchronised"]
        }
        for state in seen.states
    )
    assert before == after
    given = [row for row in seen.states[1][side]["licence_assignments"] if row["user"] in before and not row["group"]]
    assert given == [r for r in seen.states[0][side]["licence_assignments"] if r["user"] in before and not r["group"]]


def test_the_file_names_exactly_those_who_lack_something(seen: Seen) -> None:
    """Who is prepared already is not in the change file, and neither is who is made in the cloud."""
    expected = {f"{alias}@northwindtraders.onmicrosoft.com" for alias in LACKING}
    assert expected == {line["UserPrincipalName"] for line in seen.file}


def what_must_be(seen: Seen, alias: str) -> set[tuple[str, str, str]]:
    """Attribute, action and value for one synchronised user, from the tenants file (USR-03 to USR-15)."""
    user = prepared(of(seen, alias))
    values = {
        "mail": user["primary"],
        "targetAddress": f"SMTP:{user['external_address']}",
        "msExchMailboxGUID": user["exchange_guid"],
        "msExchArchiveGUID": user["archive_guid"],
        "msExchRecipientTypeDetails": "128",
        "msExchRecipientDisplayType": "6",
    }
    sets = {(name, "set", value) for name, value in values.items() if value}
    return sets | {("proxyAddresses", "add", address) for address in (f"SMTP:{user['primary']}", *user["proxies"])}


def told(lines: list[dict[str, str]], alias: str) -> list[tuple[str, str, str]]:
    """What the change file says of one user."""
    upn = f"{alias}@northwindtraders.onmicrosoft.com"
    return [(ln["Attribute"], ln["Action"], ln["Value"]) for ln in lines if ln["UserPrincipalName"] == upn]


@pytest.mark.parametrize("alias", LACKING)
def test_the_file_says_each_value(seen: Seen, alias: str) -> None:
    """Each value of a user is listed once, and nothing beside; a foreign address is to go (KNI-02, KNI-03, USR-15)."""
    expected = what_must_be(seen, alias)
    if alias == "joe":
        expected |= {("proxyAddresses", "remove", "smtp:joe.old@contoso.com")}
    assert sorted(expected) == sorted(told(seen.file, alias))


@pytest.mark.parametrize(
    ("alias", "missing"),
    [
        ("joe", {"msExchMailboxGUID", "targetAddress", "proxyAddresses"}),
        ("sofie", {"proxyAddresses"}),
        ("anton", {"msExchArchiveGUID"}),
        ("reception", {"proxyAddresses"}),
    ],
)
def test_what_was_planted_is_told(seen: Seen, alias: str, missing: set[str]) -> None:
    """The attribute that the tenants file leaves out is in the file of that user."""
    assert missing <= {attribute for attribute, _, _ in told(seen.file, alias)}


def test_where_all_are_made_on_premises_nothing_is_written(seen: Seen) -> None:
    """With `made: on-premises` the new user is in the file too, to be created, and no request writes."""
    file, written = seen.all_on_premises
    assert [] == written
    assert {"create"} == {line["Object"] for line in file if line["SourceAddress"].startswith("mina")}
    names = {("displayName", "set", of(seen, IN_CLOUD)["display_name"]), ("mailNickname", "set", IN_CLOUD)}
    assert sorted(what_must_be(seen, IN_CLOUD) | names) == sorted(told(file, IN_CLOUD))
