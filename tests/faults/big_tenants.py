"""A pair of tenants with thousands of users, some of whom meet a collision or have a defect; one seed gives one pair.

Every kind of defect is planted in as many users, and each planted user has one defect alone. What must be found of each
kind, and what must become of such a user, follows from Microsoft's document and from the field's rules, see `KINDS`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

SOURCE, SOURCE_INITIAL = "fabrikam.com", "fabrikam.onmicrosoft.com"
TARGET, TARGET_INITIAL = "adatum.com", "adatum.onmicrosoft.com"
FIRST = ("Ada", "Bruno", "Chidi", "Dana", "Emeka", "Farah", "Goran", "Hana", "Imani", "Jonas")
LAST = ("Abara", "Berg", "Castell", "Dimov", "Eriksen", "Fontaine", "Gallo", "Haas", "Ibarra", "Jansen")
PLAN, ADD_ON = "SPE_E3", "Cross_tenant_user_data_migration"
EXCHANGE_PLANS = ["EXCHANGE_S_ENTERPRISE", "TEAMS1"]
ADD_ON_PLANS = ["SHAREPOINTONLINE_T2TODMOVE", "EXCHANGEONLINE_T2TMBXMOVE"]
ADD_ON_SKU = "946ce899-873d-44bb-9d8b-671870cbfdbf"
ORGANISATION = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="

Fate = Literal["prepared", "unlicensed", "archive kept", "untouched"]
"""What must become of a user: all right; right without a licence; right but for the archive; nothing at all."""


@dataclass
class Person:
    """One user of the source, and what `users.csv` says of it.

    Args:
        number: From 1.
        mailbox: The mailbox as the tenants file describes it; None where nobody has it.
        lines: What `users.csv` says: source address and target address.
        kind: The defect, or an empty text.
    """

    number: int
    mailbox: dict[str, Any]
    lines: list[tuple[str, str]]
    kind: str = ""

    @property
    def alias(self) -> str:
        return str(self.mailbox["alias"])

    @property
    def primary(self) -> str:
        return str(self.mailbox["primary"])

    @property
    def external(self) -> str:
        """The mailbox's address in the source's initial domain (USR-13)."""
        return f"{self.alias}@{SOURCE_INITIAL}"

    @property
    def sign_in(self) -> str:
        """In the target's initial domain, as the project leaves it."""
        return f"{self.alias}@{TARGET_INITIAL}"

    @property
    def address(self) -> str:
        """First and last name in the target's default domain, as the project's pattern says."""
        return f"{self.mailbox['first_name']}.{self.mailbox['last_name']}@{TARGET}"


@dataclass
class Pair:
    """Both tenants, and who is planted in them.

    Args:
        people: All users of `users.csv`.
        source: What the source's part of the tenants file holds of recipients, by list.
        target: The same of the target.
    """

    people: list[Person]
    source: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"mailboxes": []})
    target: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"mailboxes": [], "mail_users": [], "users": [], "contacts": [], "groups": []}
    )

    def mail_user(self, person: Person, **given: Any) -> None:
        """A MailUser that stands for a person in the target already, right but for what is given."""
        row = {
            "alias": person.alias,
            "display_name": f"{person.mailbox['display_name']} (here before)",
            "upn": person.sign_in,
            "primary": person.address,
            "proxies": [f"smtp:{person.sign_in}"],
            "external_address": person.external,
        }
        self.target["mail_users"].append(row | given)

    def users_csv(self) -> str:
        """The text of `users.csv`."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(("SourceAddress", "TargetAddress"))
        for person in self.people:
            writer.writerows(person.lines)
        return out.getvalue()

    def tenants(self) -> dict[str, Any]:
        """The content of the tenants file."""
        seats = len(self.people) + 20
        target_skus = [
            {"sku_id": _guid("sku", "target"), "part_number": PLAN, "enabled": seats, "service_plans": EXCHANGE_PLANS},
            {"sku_id": ADD_ON_SKU, "part_number": ADD_ON, "enabled": seats, "service_plans": ADD_ON_PLANS},
        ]
        return {
            "source": _tenant("source", SOURCE, SOURCE_INITIAL, target_skus[:1]) | self.source,
            "target": _tenant("target", TARGET, TARGET_INITIAL, target_skus) | self.target,
        }


@dataclass(frozen=True)
class Kind:
    """A kind of defect.

    Args:
        rule: Id of the rule that must find it.
        fate: What must become of the user.
        plant: Puts it into a person; gets the person of the same kind before, too, or None.
    """

    rule: str
    fate: Fate
    plant: Callable[[Pair, Person, Person | None], None]


def pair(number: int, each: int, seed: str) -> Pair:
    """Tenants with so many users.

    Args:
        number: How many users.
        each: In how many of them each kind of defect is planted; an even number.
        seed: Root of all names and GUIDs.
    """
    made = Pair([_person(seed, place) for place in range(1, number + 1)])
    chosen = made.people[:: max(number // max(each * len(KINDS), 1), 1)]
    for place, (name, kind) in enumerate(KINDS.items()):
        before = None
        for person in chosen[place :: len(KINDS)][:each]:
            person.kind = name
            kind.plant(made, person, before)
            before = None if before else person
    made.source["mailboxes"] += [person.mailbox for person in made.people]
    return made


def _guid(*key: object) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(map(str, key))))


def _person(seed: str, number: int) -> Person:
    roll = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    first, last = FIRST[roll[0] % len(FIRST)], f"{LAST[roll[1] % len(LAST)]}{number}"
    alias = f"{first[0]}{last}".lower()
    mailbox: dict[str, Any] = {
        "alias": alias,
        "display_name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "upn": f"{alias}@{SOURCE_INITIAL}",
        "primary": f"{first}.{last}@{SOURCE}".lower(),
        "proxies": [
            f"smtp:{alias}@{SOURCE_INITIAL}",
            *(f"X500:{ORGANISATION}{_guid(seed, 'old', number, n)}" for n in range(roll[2] % 3)),
        ],
        "exchange_guid": _guid(seed, "mailbox", number),
        "legacy_dn": f"{ORGANISATION}{_guid(seed, 'dn', number)}-{alias}",
        "kind": {0: "SharedMailbox", 1: "RoomMailbox"}.get(roll[3] % 20, "UserMailbox"),
        "usage_location": "IE",
    }
    if roll[4] % 7 == 0:
        mailbox["archive"] = {"guid": _guid(seed, "archive", number), "size": "4 GB"}
    return Person(number, mailbox, [(mailbox["primary"], "")])


def _tenant(side: str, domain: str, initial: str, skus: list[dict[str, Any]]) -> dict[str, Any]:
    graph = ["Application.ReadWrite.All", "Directory.Read.All", "Organization.Read.All",
             "LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"]  # fmt: skip
    return {
        "tenant_id": _guid("tenant", side),
        "display_name": f"Thousands ({side})",
        "domains": [{"name": initial, "initial": True}, {"name": domain, "default": True}],
        "administrators": [{"upn": f"operator@{initial}", "display_name": "Operator"}],
        "applications": [
            {
                "name": f"Operator of the {side}",
                "app_id": _guid("operator", side),
                "permissions": {"graph": graph, "exchange": ["Exchange.ManageAsApp"]},
                "directory_roles": ["Exchange Administrator"],
                "secret_from_env": f"XTMIG_{side.upper()}_SECRET",
            }
        ],
        "skus": skus,
    }


# kinds of defects -----------------------------------------------------------------------------------------------------


def _mailbox_signs_in(made: Pair, person: Person, _before: Person | None) -> None:
    made.target["mailboxes"].append(
        {
            "alias": f"own{person.number}",
            "display_name": "Somebody with a mailbox of the same sign-in name",
            "upn": person.sign_in,
            "primary": f"own{person.number}@{TARGET}",
            "licences": [PLAN],
            "usage_location": "NL",
        }
    )


def _contact_has_address(made: Pair, person: Person, _before: Person | None) -> None:
    made.target["contacts"].append(
        {
            "name": f"Contact {person.number}",
            "alias": f"contact{person.number}",
            "primary": person.address,
            "external_address": f"{person.number}@elsewhere.example",
        }
    )


def _guest_of_the_same_person(made: Pair, person: Person, _before: Person | None) -> None:
    made.target["users"].append(
        {
            "upn": f"{person.primary.replace('@', '_')}#EXT#@{TARGET_INITIAL}",
            "display_name": f"Guest {person.number}",
            "mail": person.primary,
            "guest": True,
        }
    )


def _account_without_mail(made: Pair, person: Person, _before: Person | None) -> None:
    made.target["users"].append({"upn": person.sign_in, "display_name": f"Account {person.number}"})


def _group_has_delivery_address(made: Pair, person: Person, _before: Person | None) -> None:
    name = f"Group {person.number}"
    made.target["groups"].append({"name": name, "alias": f"group{person.number}", "primary": person.sign_in})


def _group_has_alias(made: Pair, person: Person, _before: Person | None) -> None:
    name, address = f"Team {person.number}", f"team{person.number}@{TARGET}"
    made.target["groups"].append({"name": name, "alias": person.alias, "primary": address})


def _other_guid(made: Pair, person: Person, _before: Person | None) -> None:
    made.mail_user(person, exchange_guid=_guid("another mailbox", person.number))


def _previous_mailbox_with_items(made: Pair, person: Person, _before: Person | None) -> None:
    former = _guid("previous mailbox", person.number)
    made.mail_user(person, previous_recipient_type="UserMailbox", previous_mailbox_guid=former)
    made.target["mailboxes"].append(
        {
            "alias": person.alias,
            "display_name": "The mailbox that this person had here",
            "upn": person.sign_in,
            "primary": person.address,
            "exchange_guid": former,
            "sizes": {"total": "3 GB", "items": 5200},
            "soft_deleted": "2026-11-20T08:00:00Z",
        }
    )


def _unknown_in_source(_made: Pair, person: Person, _before: Person | None) -> None:
    person.lines = [(f"nobody{person.number}@{SOURCE}", "")]


def _listed_twice(_made: Pair, person: Person, _before: Person | None) -> None:
    person.lines = [(person.primary, ""), (person.external, "")]


def _two_people_of_one_name(_made: Pair, person: Person, before: Person | None) -> None:
    if before is not None:
        person.mailbox["first_name"] = before.mailbox["first_name"]
        person.mailbox["last_name"] = before.mailbox["last_name"]


def _domain_of_nobody(_made: Pair, person: Person, _before: Person | None) -> None:
    person.lines = [(person.primary, f"{person.alias}@not-verified.example")]


def _no_last_name(_made: Pair, person: Person, _before: Person | None) -> None:
    person.mailbox["last_name"] = ""


def _name_too_long(_made: Pair, person: Person, _before: Person | None) -> None:
    person.mailbox["last_name"] = f"{'Longlong' * 8}{person.number}"


def _licensed_early(made: Pair, person: Person, _before: Person | None) -> None:
    made.mail_user(person, licences=[PLAN], usage_location="NL")


def _belongs_to_another(made: Pair, person: Person, _before: Person | None) -> None:
    other = _person("bystander", person.number)
    other.mailbox |= {"alias": f"by{person.number}", "upn": f"by{person.number}@{SOURCE_INITIAL}"}
    other.mailbox |= {"primary": f"by{person.number}@{SOURCE}", "proxies": [f"smtp:by{person.number}@{SOURCE_INITIAL}"]}
    made.source["mailboxes"].append(other.mailbox)
    made.mail_user(person, external_address=other.external)


def _two_stand_for_one(made: Pair, person: Person, _before: Person | None) -> None:
    for letter, points_at in (("a", person.external), ("b", person.primary)):
        alias = f"fit{person.number}{letter}"
        own = {"alias": alias, "upn": f"{alias}@{TARGET_INITIAL}", "primary": f"{alias}@{TARGET}", "proxies": []}
        made.mail_user(person, **own, external_address=points_at)


def _guid_of_deleted_mailbox(made: Pair, person: Person, _before: Person | None) -> None:
    made.target["mailboxes"].append(
        {
            "alias": f"gone{person.number}",
            "display_name": "A deleted mailbox with the same GUID",
            "upn": f"gone{person.number}@{TARGET_INITIAL}",
            "primary": f"gone{person.number}@{TARGET}",
            "exchange_guid": person.mailbox["exchange_guid"],
            "soft_deleted": "2026-11-20T08:00:00Z",
        }
    )


def _synchronised(made: Pair, person: Person, _before: Person | None) -> None:
    made.mail_user(person, directory_synchronised=True)


def _foreign_address(made: Pair, person: Person, _before: Person | None) -> None:
    made.mail_user(person, proxies=[f"smtp:{person.sign_in}", f"smtp:{person.alias}@elsewhere.example"])


def _other_archive(made: Pair, person: Person, _before: Person | None) -> None:
    person.mailbox["archive"] = {"guid": _guid("archive", person.number), "size": "4 GB"}
    made.mail_user(person, archive_guid=_guid("another archive", person.number))


def _no_usage_location(_made: Pair, person: Person, _before: Person | None) -> None:
    person.mailbox["usage_location"] = None


KINDS: dict[str, Kind] = {
    # what stands for the user in the target is no MailUser (USR-01)
    "a mailbox of the target signs in by the name": Kind("user-target-kind", "untouched", _mailbox_signs_in),
    "a contact has the address": Kind("user-target-kind", "untouched", _contact_has_address),
    "a guest is the same person": Kind("user-target-kind", "untouched", _guest_of_the_same_person),
    "an account without mail signs in by the name": Kind("user-target-kind", "untouched", _account_without_mail),
    # a name that must be unique is another object's (USR-11, USR-12, SCR-08)
    "a group has the delivery address": Kind("user-address-free", "untouched", _group_has_delivery_address),
    "a group has the alias": Kind("user-alias-free", "untouched", _group_has_alias),
    # the MailUser had a mailbox of its own (USR-22 to USR-27)
    "the MailUser has another ExchangeGuid": Kind("user-no-other-guid", "untouched", _other_guid),
    "the MailUser had a mailbox with items": Kind(
        "user-no-previous-mailbox", "untouched", _previous_mailbox_with_items
    ),
    "a deleted mailbox has the GUID": Kind("user-guid-free", "untouched", _guid_of_deleted_mailbox),
    # the list is wrong (SCR-03, SCR-05)
    "nobody in the source has the address": Kind("user-source-one", "untouched", _unknown_in_source),
    "one mailbox is listed twice": Kind("user-no-doubles", "untouched", _listed_twice),
    # names cannot be made, or not be taken (USR-11, USR-12, SCR-04, SCR-08)
    "two people have one name": Kind("user-no-doubles", "untouched", _two_people_of_one_name),
    "the target has not verified the domain": Kind("user-domain-accepted", "untouched", _domain_of_nobody),
    "there is no last name": Kind("user-name-parts", "untouched", _no_last_name),
    "the name is too long": Kind("user-name-fits", "untouched", _name_too_long),
    # the MailUser is not fit (LIC-14, USR-13)
    "the MailUser is licensed early": Kind("user-not-licensed-early", "untouched", _licensed_early),
    "the MailUser is another user's": Kind("user-target-own", "untouched", _belongs_to_another),
    "two MailUsers stand for the user": Kind("user-target-one", "untouched", _two_stand_for_one),
    # a directory on-premises owns the object (KNI-03, KNI-04)
    "the MailUser is synchronised": Kind("on-premises-shows", "untouched", _synchronised),
    # what can be mended, or does not keep the rest from being done (KNI-02, USR-05, LIC-13)
    "the MailUser has a foreign address": Kind("prepared-proxies-verified", "prepared", _foreign_address),
    "the MailUser has another ArchiveGuid": Kind("prepared-archive-guid", "archive kept", _other_archive),
    "nobody says where the user is": Kind("target-usage-location", "unlicensed", _no_usage_location),
}
