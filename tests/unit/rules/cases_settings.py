"""Worlds in which the settings of a wave are not recorded, and those of moved mailboxes are other ones than before."""

from __future__ import annotations

from typing import Any

from after_facts import BOTH, MOVED, NEW, T8_NEW, T8_OLD, arrived, entry, left
from cut_facts import DUE, FAR, TOMORROW, at_gate, moved
from rule_case import Case
from setting_facts import (
    ROOM,
    ROOM_GUID,
    ROOM_NEW,
    access,
    bookings,
    mailbox_setting,
    membership,
    room,
    room_was_set,
    was_set,
)
from start_facts import WAVE
from user_facts import chosen

KNOWN_NO_ACCESS = ["mailbox_settings"]


def _was(**changes: Any) -> dict[str, Any]:
    return {"source__baseline_settings": [was_set(**changes)]}


def _is(**changes: Any) -> dict[str, Any]:
    return {"target__mailbox_settings": [mailbox_setting(PrimarySmtpAddress=NEW, **changes)]}


def _access(**changes: Any) -> dict[str, Any]:
    return {"target__client_access": [access(PrimarySmtpAddress=NEW, **changes)]}


def moved_room(was: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """Lara and her delegate have moved, and the room too, with these values of `calendar_processing`."""
    own = {"PrimarySmtpAddress": ROOM_NEW}
    line = chosen(SourceAddress=ROOM, TargetAddress=ROOM_NEW, TargetSignIn=ROOM_NEW, TargetAlias="r", Wave=WAVE, Line=4)
    there = room(**own, UserPrincipalName=ROOM_NEW, SmtpAddresses=[ROOM_NEW], ObjectId="room-target")
    gone = room()
    ext = left(ExternalEmailAddress="boardroom@northwindtraders.onmicrosoft.com")
    ext |= {
        name: gone[name] for name in ("ObjectId", "PrimarySmtpAddress", "SmtpAddresses", "ExchangeGuid", "DisplayName")
    }
    return BOTH | {
        "source__chosen_users": [*BOTH["source__chosen_users"], line],
        "source__mail_users": [*BOTH["source__mail_users"], ext | {"UserPrincipalName": ROOM}],
        "target__mailboxes": [*BOTH["target__mailboxes"], there],
        "target__migration_users": [
            *BOTH["target__migration_users"],
            entry(Identity=ROOM_NEW, MailboxGuid=ROOM_GUID),
        ],
        "source__baseline_settings": [was_set(), room_was_set(**was)],
        "target__mailbox_settings": [
            mailbox_setting(PrimarySmtpAddress=NEW),
            mailbox_setting(ExchangeGuid=ROOM_GUID, **own),
        ],
        "target__client_access": [access(PrimarySmtpAddress=NEW), access(**own)],
        "target__calendar_processing": [bookings(**own, **now)] if now is not None else [],
    }


GROUPS = {"source__group_memberships": [membership()]}
UNKNOWN_BEFORE = {"source__baseline_settings": []}

NOT_PASSING: dict[str, list[Case]] = {
    "settings-recorded": [
        Case("no wave is near", ["skipped"], at_gate(), FAR),
        Case("the day before", ["waiting"], at_gate(), TOMORROW),
        Case("none", ["warn"], at_gate(source__baseline_settings=[]), DUE),
        Case("no protocols", ["warn"], at_gate(source__baseline_settings=[was_set(Known=KNOWN_NO_ACCESS)]), DUE),
        Case("of another mailbox", ["warn"], at_gate(source__baseline_settings=[room_was_set()]), DUE),
    ],
    "moved-settings-known": [
        Case("nobody has moved", ["skipped"], {}),
        Case("none before", ["warn"], MOVED | UNKNOWN_BEFORE),
        Case("no protocols before", ["warn"], MOVED | _was(Known=KNOWN_NO_ACCESS)),
        Case("none now", ["warn"], MOVED | {"target__mailbox_settings": []}),
        Case("neither", ["warn", "warn"], MOVED | UNKNOWN_BEFORE | {"target__client_access": []}),
        Case("a delegate's; those of a room are", ["warn", "warn", "pass"], moved_room({}, {})),
        Case("a delegate's; and the room did not tell", ["warn", "warn", "warn", "pass"], moved_room({}, None)),
    ],
    "moved-settings-forwarding": [
        Case("not known before", ["skipped"], MOVED | UNKNOWN_BEFORE),
        Case("not known now", ["skipped"], MOVED | {"target__mailbox_settings": []}),
        Case("an address outside", ["warn"], MOVED | _was(ForwardingSmtpAddress="jo@fabrikam.com")),
        Case("somebody who moved", ["warn"], BOTH | _was(ForwardingAddress=T8_OLD)),
        Case("the old address of somebody who moved", ["warn"],
             BOTH | _was(ForwardingAddress=T8_OLD) | _is(ForwardingSmtpAddress=T8_OLD)),
        Case("a copy is kept no more", ["warn"],
             MOVED | _was(ForwardingSmtpAddress="jo@fabrikam.com", DeliverAndForward=True)
             | _is(ForwardingSmtpAddress="jo@fabrikam.com")),
        Case("it was not forwarded before", ["warn"], MOVED | _is(ForwardingSmtpAddress="jo@fabrikam.com")),
        Case("a name that nobody answers to", ["warn"],
             MOVED | _was(ForwardingAddress="Jo") | _is(ForwardingAddress="Jo")),
    ],
    "moved-settings-protocols": [
        Case("not known before", ["skipped"], MOVED | _was(Known=KNOWN_NO_ACCESS)),
        Case("nothing told now", ["skipped"], MOVED | _access(**dict.fromkeys(
            (n for n, v in access().items() if isinstance(v, bool))))),
        Case("on again", ["warn"], MOVED | _was(PopEnabled=False)),
        Case("off now", ["warn"], MOVED | _access(ImapEnabled=False)),
        Case("as the organisation has it now", ["warn"], MOVED | _was(EwsEnabled=False)),
        Case("another policy", ["warn"], MOVED | _was(OwaMailboxPolicy="Strict")),
    ],
    "moved-settings-bookings": [
        Case("no room has moved", ["skipped"], MOVED),
        Case("the room did not tell", ["skipped"], moved_room({}, None)),
        Case("nobody is asked any more", ["warn"], moved_room({"ResourceDelegates": [T8_OLD]}, {})),
        Case("other hours", ["warn"], moved_room({"BookingWindowInDays": 30}, {})),
        Case("none before", ["warn"], moved_room({"BookingWindowInDays": 0}, {})),
        Case("somebody who stays", ["warn"], moved_room({"BookInPolicy": ["zoe@contoso.com"]}, {})),
        Case("somebody else books too", ["warn"], moved_room({}, {"BookInPolicy": [T8_NEW]})),
    ],
    "moved-settings-retention": [
        Case("not known before", ["skipped"], MOVED | UNKNOWN_BEFORE),
        Case("another policy", ["warn"], MOVED | _was(RetentionPolicy="Seven years")),
        Case("none now", ["warn"], MOVED | _is(RetentionPolicy=None)),
        Case("none before", ["warn"], MOVED | _was(RetentionPolicy="")),
    ],
    "moved-settings-address-lists": [
        Case("not known now", ["skipped"], MOVED | {"target__mailbox_settings": []}),
        Case("shown now", ["warn"], MOVED | _was(HiddenFromAddressLists=True)),
        Case("hidden now", ["warn"], MOVED | _is(HiddenFromAddressLists=True)),
        Case("of a synchronised user", ["warn"],
             MOVED | _was(HiddenFromAddressLists=True)
             | {"target__mailboxes": [arrived(DirectorySynchronised=True)]}),
    ],
    "moved-groups": [
        Case("nobody has moved", ["skipped"], {}),
        Case("in no group", ["warn"], MOVED | GROUPS),
        Case("in another group", ["warn"], MOVED | GROUPS | {
            "target__group_memberships": [membership("target", Group="Buyers", GroupMail="buy@northwindtraders.com")]}),
    ],
}  # fmt: skip

PASSING: dict[str, list[Case]] = {
    "settings-recorded": [Case("recorded", ["pass"], at_gate(), DUE), Case("completed", ["skipped"], moved(), DUE)],
    "moved-settings-known": [Case("as a new mailbox", ["pass"], MOVED)],
    "moved-settings-forwarding": [
        Case("never forwarded", ["pass"], MOVED),
        Case("somebody who moved", ["pass"], BOTH | _was(ForwardingAddress=T8_OLD) | _is(ForwardingAddress=T8_NEW)),
        Case("an address of somebody who moved", ["pass"],
             BOTH | _was(ForwardingSmtpAddress=T8_OLD) | _is(ForwardingAddress=T8_NEW)),
        Case("an address outside", ["pass"],
             MOVED | _was(ForwardingSmtpAddress="Jo@fabrikam.com", DeliverAndForward=True)
             | _is(ForwardingSmtpAddress="jo@fabrikam.com", DeliverAndForward=True)),
        Case("a copy where nothing is forwarded", ["pass"], MOVED | _was(DeliverAndForward=True)),
    ],
    "moved-settings-protocols": [
        Case("all on", ["pass"], MOVED),
        Case("off before and now", ["pass"], MOVED | _was(PopEnabled=False) | _access(PopEnabled=False)),
    ],
    "moved-settings-bookings": [
        Case("as a new room", ["pass"], moved_room({}, {})),
        Case("asks the same", ["pass"], moved_room({"ResourceDelegates": [T8_OLD]}, {"ResourceDelegates": [T8_NEW]})),
    ],
    "moved-settings-retention": [
        Case("the default one", ["pass"], MOVED),
        Case("none before and now", ["pass"], MOVED | _was(RetentionPolicy="") | _is(RetentionPolicy=None)),
    ],
    "moved-settings-address-lists": [
        Case("shown", ["pass"], MOVED),
        Case("hidden", ["pass"], MOVED | _was(HiddenFromAddressLists=True) | _is(HiddenFromAddressLists=True)),
    ],
    "moved-groups": [
        Case("in none", ["pass"], MOVED),
        Case("in the same", ["pass"], MOVED | GROUPS | {"target__group_memberships": [membership("target")]}),
        Case("of the same address", ["pass"], MOVED | GROUPS | {
            "target__group_memberships": [membership("target", Group="All of sales")]}),
        Case("through another group", ["pass"], MOVED | GROUPS | {
            "target__group_memberships": [membership("target", Via="Everybody")]}),
        Case("a group with a rule", ["pass"], MOVED | {"source__group_memberships": [membership(Dynamic=True)]}),
        Case("nested", ["pass"], MOVED | {"source__group_memberships": [membership(Via="Everybody")]}),
        Case("the scope group", ["pass"], MOVED | {
            "source__group_memberships": [membership(Group="xtmig-contoso-moves-scope", GroupMail=None)]}),
    ],
}  # fmt: skip

NEVER_PASS = frozenset(NOT_PASSING)
"""In the configured world there is no wave, and nobody has moved."""
