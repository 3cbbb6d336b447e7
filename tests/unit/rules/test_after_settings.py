"""What was set in the source and is not in the target: told user by user, with the people who moved by new addresses.

The parameters are those of the references of Set-Mailbox, Set-CASMailbox, Set-CalendarProcessing and
Add-DistributionGroupMember.
"""

from __future__ import annotations

from typing import Any

import pytest
from after_facts import BOTH, MOVED, NEW, OLD, T8_GUID, T8_NEW, T8_OLD, arrived, delegate_arrived, entry
from cases_settings import moved_room
from core_facts import NOW, judged, make_project, observed, refused, seen, world
from cut_facts import DUE, at_gate
from setting_facts import (
    ROOM,
    ROOM_GUID,
    ROOM_NEW,
    access,
    bookings,
    mailbox_setting,
    membership,
    room_was_set,
    was_set,
)
from user_facts import LARA_DN, recipient

from xtmig_kernel.evidence import Reason, Unseen
from xtmig_kernel.rules import ALL_RULES, evaluate
from xtmig_kernel.rules.after_settings import KINDS
from xtmig_kernel.rules.mailbox_settings import settings_of
from xtmig_kernel.rules.recipient_names import RecipientNames

FORWARDING, PROTOCOLS, BOOKINGS = (
    "moved-settings-forwarding",
    "moved-settings-protocols",
    "moved-settings-bookings",
)


def warned(rule: str, **changes: Any) -> Any:
    """The one warning of a rule."""
    (found,) = (finding for finding in judged(rule, **changes) if finding.verdict.kind == "warn")
    return found


def was(**changes: Any) -> dict[str, Any]:
    return {"source__baseline_settings": [was_set(**changes)]}


def test_forwarding_to_a_colleague_names_the_new_address() -> None:
    """Mail that went to somebody who moved too is expected to go to that person's address in the target."""
    finding = warned(FORWARDING, **BOTH | was(ForwardingAddress=T8_OLD, DeliverAndForward=True))
    assert finding.subject == f"{OLD}, forwarding"
    assert finding.seen == (
        f"ForwardingAddress was {T8_OLD}, is not set; DeliverToMailboxAndForward was true, is false"
    )
    assert finding.expected == f"ForwardingAddress {T8_NEW}; DeliverToMailboxAndForward true"
    assert (
        f"Set-Mailbox -Identity '{NEW}' -ForwardingAddress '{T8_NEW}' -DeliverToMailboxAndForward $true"
        in finding.remedy
    )


def test_name_that_nobody_answers_to_is_filled_in_by_hand() -> None:
    """A name to which not exactly one recipient answered is no address, and the command does not take it for one."""
    finding = warned(FORWARDING, **MOVED | was(ForwardingAddress="Jo"))
    assert (
        finding.expected == "ForwardingSmtpAddress whoever is meant by Jo, to which not exactly one recipient answered"
    )
    assert "-ForwardingSmtpAddress '<address of Jo>'" in finding.remedy


def test_last_record_counts() -> None:
    """Of somebody who was recorded in two waves, what was taken last is compared."""
    earlier = was_set(Wave="second", TakenAt="2026-11-20T09:00:00Z", PopEnabled=False)
    for rows in ([was_set(), earlier], [earlier, was_set()]):
        (finding,) = judged(PROTOCOLS, **MOVED | {"source__baseline_settings": rows})
        assert finding.verdict.kind == "pass"


def test_forwarding_outside_keeps_its_address() -> None:
    """Somebody outside is forwarded to by the same address, which is no recipient of the target."""
    finding = warned(FORWARDING, **MOVED | was(ForwardingSmtpAddress="jo@fabrikam.com"))
    command = "-ForwardingSmtpAddress 'jo@fabrikam.com' -DeliverToMailboxAndForward $false"
    assert f"Set-Mailbox -Identity '{NEW}' {command}" in finding.remedy


def test_forwarding_to_somebody_of_a_later_wave_says_so() -> None:
    """Who is listed and has not moved is expected by the old address, and told to move later."""
    world_ = BOTH | {"target__migration_users": [entry()]} | was(ForwardingAddress=T8_OLD)
    assert f"{T8_OLD}, who moves later" in warned(FORWARDING, **world_).expected


def test_forwarding_that_was_not_there_is_told() -> None:
    """A forwarding that only the target's mailbox has is shown with what ends it."""
    finding = warned(
        FORWARDING,
        **MOVED | {"target__mailbox_settings": [mailbox_setting(ForwardingSmtpAddress="jo@fabrikam.com")]},
    )
    assert finding.seen == "ForwardingSmtpAddress was not set, is jo@fabrikam.com"
    assert "-ForwardingAddress $null -ForwardingSmtpAddress $null" in finding.remedy


def test_name_of_the_target_is_read_as_its_address() -> None:
    """Exchange names whom a mailbox forwards to by name; where one recipient bears it, that one is meant."""
    world_ = BOTH | was(ForwardingAddress=T8_OLD) | {
        "target__mailbox_settings": [mailbox_setting(ForwardingAddress="Eight")],
        "target__recipients": [recipient(arrived()), recipient(delegate_arrived(Name="Eight", Alias="t8"))],
    }  # fmt: skip
    assert [finding.verdict.kind for finding in judged(FORWARDING, **world_)] == ["pass"]


def test_protocols_are_told_one_by_one() -> None:
    """Each protocol that differs is told with before and now, and one call sets them all."""
    finding = warned(PROTOCOLS, **MOVED | was(PopEnabled=False, EwsEnabled=True, OwaMailboxPolicy="Strict"))
    assert finding.seen == (
        "PopEnabled was false, is true; EwsEnabled was true, is not set; OwaMailboxPolicy was Strict, is "
        "OwaMailboxPolicy-Default"
    )
    command = f"Set-CASMailbox -Identity '{NEW}' -PopEnabled $false -EwsEnabled $true -OwaMailboxPolicy 'Strict'"
    assert command in finding.remedy


def test_room_asks_delegates_by_their_new_addresses() -> None:
    """Who was asked about bookings and has moved is expected by the new address; whom the target added stays."""
    finding = warned(
        BOOKINGS,
        **moved_room(
            {"AllBookInPolicy": False, "BookInPolicy": [T8_OLD, "zoe@contoso.com"]}, {"BookInPolicy": ["amy@x.example"]}
        ),
    )
    assert finding.subject == f"{ROOM}, bookings"
    assert finding.expected == f"AllBookInPolicy false; BookInPolicy {T8_NEW}, zoe@contoso.com"
    people = f"'{T8_NEW}', 'zoe@contoso.com', 'amy@x.example'"
    command = f"Set-CalendarProcessing -Identity '{ROOM_NEW}' -AllBookInPolicy $false -BookInPolicy {people}"
    assert command in finding.remedy


def test_retention_policy_must_be_there() -> None:
    """A policy is set by its name, which the target must have."""
    finding = warned("moved-settings-retention", **MOVED | was(RetentionPolicy="Seven years"))
    assert f"Set-Mailbox -Identity '{NEW}' -RetentionPolicy 'Seven years'" in finding.remedy
    assert "must be in the target first" in finding.remedy


def test_address_lists_of_a_synchronised_user_are_set_on_premises() -> None:
    """No cmdlet of Exchange Online hides a user whose directory is on-premises."""
    world_ = MOVED | was(HiddenFromAddressLists=True) | {"target__mailboxes": [arrived(DirectorySynchronised=True)]}
    assert "msExchHideFromAddressLists" in warned("moved-settings-address-lists", **world_).remedy
    cloud = warned("moved-settings-address-lists", **MOVED | was(HiddenFromAddressLists=True))
    assert f"Set-Mailbox -Identity '{NEW}' -HiddenFromAddressListsEnabled $true" in cloud.remedy


def test_groups_are_named() -> None:
    """Each lost group is named with its address, and the cmdlet with the user's new address."""
    finding = warned("moved-groups", **MOVED | {"source__group_memberships": [membership()]})
    assert "Sales (sales@contoso.com)" in finding.seen
    assert f"Add-DistributionGroupMember -Identity '<group in the target>' -Member '{NEW}'" in finding.remedy


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.rule)
def test_what_was_not_read_is_no_pass(kind: Any) -> None:
    """Where the target's settings were refused, nothing is said of them, whatever the baseline holds."""
    fact = f"target.{kind.table}"
    (rule,) = (rule for rule in ALL_RULES if rule.id == kind.rule)
    (finding,) = evaluate([rule], observed(world(**MOVED)) | {fact: refused(Reason.DENIED)}, make_project(), NOW)
    assert isinstance(finding.verdict, Unseen)


def test_refused_settings_are_told_for_each_user() -> None:
    """What of a moved mailbox nobody could read now is told with its user, beside what is right."""
    (rule,) = (rule for rule in ALL_RULES if rule.id == "moved-settings-known")
    facts = observed(world(**MOVED)) | {"target.client_access": refused(Reason.DENIED)}
    (finding,) = evaluate([rule], facts, make_project(), NOW)
    assert (finding.verdict.kind, finding.seen) == ("warn", "not known in the target: the protocols")


def test_only_known_mailboxes_are_counted() -> None:
    """A mailbox whose settings were never recorded is not counted among those that are as before."""
    world_ = BOTH | {
        "target__mailbox_settings": [mailbox_setting(), mailbox_setting(ExchangeGuid=T8_GUID)],
        "target__client_access": [access(PrimarySmtpAddress=NEW), access(PrimarySmtpAddress=T8_NEW)],
    }
    (finding,) = judged(PROTOCOLS, **world_)
    assert (finding.verdict.kind, finding.subject) == ("pass", "1 of 1 moved mailboxes")


def test_mailbox_that_did_not_tell_is_not_known() -> None:
    """A row without a single flag is a mailbox that did not tell, never one with everything unset."""
    silent = {"source__client_access": [dict.fromkeys(access()) | {"PrimarySmtpAddress": OLD}]}
    guid = was_set()["ExchangeGuid"]
    assert settings_of(seen(world(**silent)), "source", {guid})[guid]["Known"] == ["mailbox_settings"]


def test_unread_table_is_named_before_the_cutover() -> None:
    """At the cutover the finding says which settings are lacking, and which read was refused."""
    (rule,) = (rule for rule in ALL_RULES if rule.id == "settings-recorded")
    there = at_gate(source__baseline_settings=[was_set(Known=["mailbox_settings"])])
    facts = observed(world(**there)) | {"source.client_access": refused(Reason.DENIED)}
    (finding,) = evaluate([rule], facts, make_project(**DUE), NOW)
    assert finding.verdict.kind == "warn"
    assert finding.seen == "not recorded: the protocols; client_access could not be read"


def test_old_directory_name_is_a_person() -> None:
    """Who may book is kept by an old directory name; it is known by the mailbox that bears it, or had it before."""
    there = arrived(X500Addresses=[f"x500:{LARA_DN}"])
    names = RecipientNames([recipient(there)], [], [there | {"LegacyExchangeDN": "/o=North/cn=lara"}])
    assert [NEW, NEW] == [names.address("/o=north/cn=Lara"), names.address(LARA_DN.upper())]


def test_name_of_two_is_nobody() -> None:
    """A name that two recipients bear is left as it is."""
    two = [recipient(arrived(DisplayName="Jo")), recipient(delegate_arrived(DisplayName="Jo"))]
    assert "Jo" == RecipientNames(two, []).address("Jo")


def test_room_is_recorded_with_people_by_address() -> None:
    """Of a room the baseline holds who may book, each by the primary address in the source."""
    owner = recipient(arrived(PrimarySmtpAddress=OLD, SmtpAddresses=[OLD], Name="LaraN"))
    facts = world(
        source__calendar_processing=[bookings(BookInPolicy=["LaraN", "Nobody"])],
        source__recipients=[owner],
    )
    found = settings_of(seen(facts), "source", {ROOM_GUID})[ROOM_GUID]
    assert found["BookInPolicy"] == [OLD, "Nobody"]
    assert set(found) <= set(room_was_set())
