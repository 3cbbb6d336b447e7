"""Worlds of section 120 in which its rules do not pass, and further ones in which they do."""

from __future__ import annotations

from typing import Any

from rule_case import Case
from start_facts import migration_user
from stay_facts import GB, jo_mailbox, jos, lara_and_jo, permission, size, state
from user_facts import chosen, lara_mailbox

STATES = "source__mailbox_states"
SIZES = "source__mailbox_sizes"
RIGHTS = "source__mailbox_permissions"
USERS = "source__chosen_users"
UNREAD: dict[str, Any] = {STATES: []}
ARCHIVE = "5c0e5c0e-0000-4000-8000-00000000a001"
MOVED: dict[str, Any] = {
    "source__mailboxes": [],
    "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress="x@y.z")],
    RIGHTS: [],
    STATES: [],
    SIZES: [],
}
# whether a wave is planned and dated, and what is agreed, nobody can know before
NEVER_PASS = {"waves-planned", "wave-size", "wave-dates", "pilot-listed", "labels-agreed"}


def in_wave(number: int, wave: str = "w1") -> list[dict[str, Any]]:
    """So many users of one wave."""
    return [chosen(SourceAddress=f"u{n}@contoso.com", Wave=wave, Line=n + 2) for n in range(number)]


def waves(*waves_: dict[str, Any], **further: Any) -> dict[str, Any]:
    """What a project says of its waves."""
    return {"move": {"waves": list(waves_), **further}}


def dated(start: str | None, cutover: str | None, name: str = "w1") -> dict[str, Any]:
    """A wave and its dates."""
    dates = {"start": start, "cutover": cutover}
    return {"name": name, **{what: when for what, when in dates.items() if when}}


def _held(name: str, **hold: Any) -> Case:
    return Case(name, ["fail"], {STATES: hold})


def archived(used: int, **changes: Any) -> dict[str, Any]:
    """Lara with an archive that holds so many GB."""
    return {
        STATES: [state(ArchiveGuid=ARCHIVE, ArchiveStatus="Active", **changes)],
        SIZES: [size(), size(Archive=True, Bytes=used * GB, DeletedBytes=0)],
    }


TWO_WEEKS = dated("2026-12-01", "2026-12-15T18:00:00Z")
IN_W1 = {USERS: in_wave(1)}

NOT_PASSING: dict[str, list[Case]] = {
    "mailbox-not-held": [
        _held("litigation", LitigationHoldEnabled=True),
        _held("a label", ComplianceTagHoldApplied=True),
        _held("what a released hold leaves behind", DelayHoldApplied=True),
        _held("the same of other apps", DelayReleaseHoldApplied=True),
        _held("eDiscovery", InPlaceHolds=["UniH7cfb3034-5d45-4ac0-a989-ab3041051209"]),
        _held("a retention policy", InPlaceHolds=["mbx7cfb30345d454ac0a989ab3041051209:2"]),
        _held("Skype and Teams", InPlaceHolds=["skp127d7cf1076947929bf136b7a2a8c36f"]),
        _held("old, with prefix", InPlaceHolds=["cld9e0c3f3f5a3f4d0c8c6d2f6a0a9b1c2d"]),
        _held("old, bare", InPlaceHolds=["c0ba3ce811b6432a8751430937152491"]),
        _held("of a kind that nobody knows", InPlaceHolds=["xyz123"]),
        _held("beside an exclusion", InPlaceHolds=["-mbx1:2", "mbx2:2"]),
        _held("not told", LitigationHoldEnabled=None),
        Case("not read", ["fail"], UNREAD),
    ],
    "organization-not-held": [
        Case("all are held", ["fail"], {"source__organization_holds": [{"Hold": "mbx7cfb:3"}]}),
        Case("excluded from another one", ["fail"], {
            "source__organization_holds": [{"Hold": "mbx7cfb:3"}], STATES: {"InPlaceHolds": ["-mbx7cf"]}}),
        Case("one of two", ["fail", "pass"], {
            "source__organization_holds": [{"Hold": "mbx1:2"}, {"Hold": "mbx2:2"}],
            STATES: {"InPlaceHolds": ["-mbx2"]}}),
        Case("not read", ["fail"], UNREAD | {"source__organization_holds": [{"Hold": "mbx1"}]}),
    ],
    "archive-parts": [
        Case("thirteen", ["fail"], {STATES: {"AuxiliaryArchives": 13}}),
        Case("not told", ["fail"], {STATES: {"AuxiliaryArchives": None}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "archive-room": [
        Case("nine tenths full", ["warn"], archived(90, AutoExpandingArchiveEnabled=True)),
        Case("the size was not told", ["warn"], {
            STATES: [state(ArchiveGuid=ARCHIVE, AutoExpandingArchiveEnabled=True)],
            SIZES: [size(), size(Archive=True, Bytes=None)]}),
    ],
    "archive-not-disabled": [Case("disabled", ["fail"], {STATES: {"DisabledArchiveGuid": ARCHIVE}})],
    "mailbox-within-quota": [
        Case("nine tenths", ["warn"], {SIZES: {"Bytes": 90 * GB}}),
        Case("over", ["fail"], {SIZES: {"Bytes": 101 * GB}}),
        Case("a smaller quota", ["fail"], {STATES: {"QuotaBytes": 2 * GB}}),
        Case("not told", ["warn"], {SIZES: {"Bytes": None}}),
        Case("not asked", ["warn"], {SIZES: []}),
        Case("not read", ["fail"], UNREAD),
    ],
    "archive-within-quota": [
        Case("nine tenths", ["warn"], archived(95)),
        Case("full", ["fail"], archived(100)),
    ],
    "recoverable-within-quota": [
        Case("over the usual 30 GB", ["fail"], {SIZES: {"DeletedBytes": 31 * GB}, "target__mail_users": []}),
        Case("near the target's", ["warn"], {SIZES: {"DeletedBytes": 28 * GB}}),
        Case("not told", ["warn"], {SIZES: {"DeletedBytes": None}}),
    ],
    "archive-frees-room": [
        Case("no policy", ["warn"], {
            STATES: {"ArchiveGuid": ARCHIVE, "RetentionPolicy": None}, SIZES: {"Bytes": 95 * GB}}),
        Case("switched off", ["warn"], {
            STATES: {"ArchiveGuid": ARCHIVE, "ElcProcessingDisabled": True}, SIZES: {"Bytes": 95 * GB}}),
    ],
    "permissions-read": [
        Case("nothing told", ["fail"], {RIGHTS: []}),
        Case("of one of two", ["fail", "pass"], lara_and_jo() | {RIGHTS: [permission()]}),
    ],
    "on-behalf-listed": [
        Case("not listed", ["fail"], {STATES: {"SendOnBehalf": ["jo"]}}),
        Case("two of that name", ["warn"], {
            STATES: {"SendOnBehalf": ["Jo"]}, RIGHTS: [permission(), jos("SendOnBehalf", TrusteeKind=None)]}),
    ],
    "permissions-survive": [
        Case("who has it stays", ["warn"], {RIGHTS: [permission(), jos()]}),
        Case("a group has it", ["warn"], {RIGHTS: [permission(), jos(TrusteeKind="MailUniversalSecurityGroup")]}),
        Case("nobody knows who", ["warn"], {RIGHTS: [permission(), jos(Trustee="S-1-5-21-1", TrusteeKind=None)]}),
    ],
    "shared-permissions": [
        Case("a delegate of a shared mailbox", ["warn"], {
            "source__mailboxes": {"RecipientTypeDetails": "SharedMailbox"}, RIGHTS: [permission(), jos("SendAs")]}),
    ],
    "delegates-together": [
        Case("two waves", ["fail"], lara_and_jo(jos(), lara="w1", jo="w2")),
        Case("Send As", ["fail"], lara_and_jo(jos("SendAs"), lara="w1", jo="w2")),
        Case("Send on Behalf", ["fail"], lara_and_jo(jos("SendOnBehalf"), lara="w1", jo="w2")),
        Case("a delegate of the calendar", ["fail"],
             lara_and_jo(jos("Editor", Place="Calendar"), lara="w1", jo="w2")),
        Case("one has no wave yet", ["skipped"], lara_and_jo(jos(), lara="w1")),
    ],
    "mailbox-not-moving": [
        Case("Microsoft moves it", ["fail"], {STATES: {"MailboxMoveStatus": "InProgress"}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "very-many-mailboxes": [Case("50,001", ["manual"], {USERS: [chosen()] * 50_001})],
    "customer-key-known": [
        Case("one", ["manual"], {STATES: {"DataEncryptionPolicy": "Contoso keys"}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "customer-key-target": [
        Case("one", ["manual"], {STATES: {"DataEncryptionPolicy": "Contoso keys"}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "labels-agreed": [Case("always", ["manual"], {})],
    "large-mailboxes-early": [
        Case("51 GB, no dates", ["warn"], {SIZES: {"Bytes": 51 * GB}}),
        Case("51 GB, two weeks", ["warn"], {SIZES: {"Bytes": 51 * GB}, USERS: {"Wave": "W1"}}, waves(TWO_WEEKS)),
        Case("more than Microsoft tells of", ["warn"], {SIZES: {"Bytes": 201 * GB}}),
        Case("not told", ["warn"], {SIZES: {"Bytes": None}}),
    ],
    "waves-planned": [
        Case("one without", ["fail"], lara_and_jo(lara="w1")),
        Case("nobody listed yet", ["fail"], {USERS: [chosen(Line=0, Wave="")]}),
    ],
    "pilot-listed": [
        Case("nobody", ["warn"], {}),
        Case("a stranger", ["warn"], {}, {"move": {"pilot": ["nobody@contoso.com"]}}),
    ],
    "wave-size": [
        Case("more than the project wants", ["warn"], {USERS: in_wave(11)}, {"move": {"batch_size": 10}}),
        Case("more than Microsoft takes", ["fail"], {USERS: in_wave(2001)}),
    ],
    "wave-dates": [
        Case("not named in project.yaml", ["fail"], IN_W1),
        Case("thirteen days", ["warn"], IN_W1, waves(dated("2026-12-01", "2026-12-14T18:00:00Z"))),
        Case("the cutover first", ["fail"], IN_W1, waves(dated("2026-12-02", "2026-12-01T18:00:00Z"))),
        Case("no cutover", ["warn"], IN_W1, waves(dated("2026-12-01", None))),
        Case("no start", ["warn"], IN_W1, waves(dated(None, "2026-12-01T18:00:00Z"))),
        Case("nobody in it", ["warn", "pass"], IN_W1, waves(TWO_WEEKS, dated("2026-12-01", None, "w2"))),
    ],
}  # fmt: skip

PASSING: dict[str, list[Case]] = {
    "mailbox-not-held": [
        Case("excluded from a policy", ["pass"], {STATES: {"InPlaceHolds": ["-mbx7cfb30345d454ac0a989ab3041051209"]}}),
    ],
    "organization-not-held": [
        Case("excluded", ["pass"], {
            "source__organization_holds": [{"Hold": "mbx7CFB:3"}], STATES: {"InPlaceHolds": ["-mbx7cfb"]}}),
        Case("of groups alone", ["pass"], {"source__organization_holds": [{"Hold": "grp7cfb:3"}]}),
    ],
    "archive-parts": [Case("twelve", ["pass"], {STATES: {"AuxiliaryArchives": 12}})],
    "archive-room": [
        Case("half full", ["pass"], archived(50, AutoExpandingArchiveEnabled=True)),
        Case("full, and of fixed size", ["pass"], archived(99)),
    ],
    "archive-not-disabled": [
        Case("in use again", ["pass"], {STATES: {"DisabledArchiveGuid": ARCHIVE, "ArchiveGuid": ARCHIVE}}),
    ],
    "mailbox-within-quota": [
        Case("just below", ["pass"], {SIZES: {"Bytes": 90 * GB - 1}}),
        Case("unlimited", ["pass"], {STATES: {"QuotaBytes": None}, SIZES: {"Bytes": 400 * GB}}),
    ],
    "archive-within-quota": [
        Case("auto-expanding", ["pass"], archived(95, AutoExpandingArchiveEnabled=True)),
    ],
    "recoverable-within-quota": [
        Case("raised in the target", ["pass"], {
            SIZES: {"DeletedBytes": 31 * GB}, "target__mail_users": {"RecoverableItemsQuotaBytes": 100 * GB}}),
    ],
    "archive-frees-room": [
        Case("a policy", ["pass"], {STATES: {"ArchiveGuid": ARCHIVE}, SIZES: {"Bytes": 95 * GB}}),
    ],
    "on-behalf-listed": [Case("listed and known", ["pass"], lara_and_jo(jos("SendOnBehalf")))],
    "permissions-survive": [
        Case("who has it moves", ["pass"], lara_and_jo(jos())),
        Case("who has it has moved", ["pass"], lara_and_jo(jos()) | {
            "source__mailboxes": [lara_mailbox()],
            "source__mail_users": [jo_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress="x@y.z")]}),
        Case("inherited from the service", ["pass"], {RIGHTS: [permission(), jos(Inherited=True)]}),
        Case("everybody sees when she is busy", ["pass"], {RIGHTS: [
            permission(),
            permission(Place="Calendar", Trustee="Default", TrusteeKind="Default", Right="AvailabilityOnly")]}),
    ],
    "shared-permissions": [
        Case("full access alone", ["pass"], {
            "source__mailboxes": {"RecipientTypeDetails": "SharedMailbox"}, RIGHTS: [permission(), jos()]}),
    ],
    "delegates-together": [
        Case("one wave", ["pass"], lara_and_jo(jos(), lara="w1", jo="W1")),
        Case("who only reads the calendar", ["pass"],
             lara_and_jo(jos("Reviewer", Place="Calendar"), lara="w1", jo="w2")),
        Case("denied", ["pass"], lara_and_jo(jos(Deny=True), lara="w1", jo="w2")),
        Case("by way of a group", ["pass"], lara_and_jo(
            jos(Trustee="team@contoso.com", TrusteeKind="MailUniversalSecurityGroup"), lara="w1", jo="w2")),
    ],
    "mailbox-not-moving": [
        Case("this project moves it", ["pass"], {
            STATES: {"MailboxMoveStatus": "InProgress"}, "target__migration_users": [migration_user()]}),
        Case("moved before", ["pass"], {STATES: {"MailboxMoveStatus": "Completed"}}),
    ],
    "very-many-mailboxes": [Case("50,000", ["pass"], {USERS: [chosen()] * 50_000})],
    "large-mailboxes-early": [
        Case("51 GB and thirty days", ["pass"], {SIZES: {"Bytes": 51 * GB}, USERS: {"Wave": "w1"}},
             waves(dated("2026-12-01", "2026-12-31T00:00:00Z"))),
        Case("49 GB, no dates", ["pass"], {SIZES: {"Bytes": 49 * GB}}),
    ],
    "waves-planned": [Case("everybody", ["pass"], lara_and_jo(lara="w1", jo="w2"))],
    "pilot-listed": [
        Case("listed", ["pass"], {}, {"move": {"pilot": ["LARA.Newton@contoso.com"]}}),
    ],
    "wave-size": [
        Case("as many as Microsoft takes", ["pass"], {USERS: in_wave(2000)}),
        Case("as many as the project wants", ["pass"], {USERS: in_wave(10)}, {"move": {"batch_size": 10}}),
    ],
    "wave-dates": [Case("two weeks", ["pass"], IN_W1, waves(TWO_WEEKS))],
}  # fmt: skip
