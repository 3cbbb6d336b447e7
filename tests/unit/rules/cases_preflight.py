"""Worlds of section 040 in which its own rules do not pass, and further ones in which they do."""

from __future__ import annotations

from typing import Any

from cases_licensing import NEEDED, NO_SEAT
from preflight_facts import ARCHIVE, deleted_mail_user, earlier, folder, shape, tracked
from prepared_facts import NOBODY, WAS_MAILBOX
from rule_case import Case
from start_facts import BATCH, migration_user
from stay_facts import GB, JO_GUID, lara_and_jo, size
from user_facts import chosen, deleted_mailbox, sku

STATES, SIZES = "source__mailbox_states", "source__mailbox_sizes"
FOLDERS, TRACKED, EARLIER = "source__archive_recoverable_folders", "source__hold_tracking", "source__earlier_sizes"
SHAPES = "source__folder_shapes"
BATCHES_OF = "target__migration_users"
UNREAD: dict[str, Any] = {STATES: []}
NEVER_PASS = {"add-on-seats-by-wave"}
ARCHIVED = {STATES: {"ArchiveGuid": ARCHIVE, "ArchiveStatus": "Active"}}
CLEARED = {"target__exchange_users": [WAS_MAILBOX]}
OF_ALL = {"source__organization_holds": [{"Hold": "mbx7cfb30345d454ac0a989ab3041051209:3"}]}
OUT = ["-mbx7cfb30345d454ac0a989ab3041051209"]
HELD = {"target__organization_holds": [{"Hold": "mbx7cfb30345d454ac0a989ab3041051209:3"}]}


def grown(then: int, now: int, **line: Any) -> dict[str, Any]:
    """Lara's mailbox of 100 GB quota held so many GB ten days ago, and holds so many today."""
    return {
        EARLIER: [earlier(Bytes=then * GB)],
        SIZES: [size(Bytes=now * GB)],
        "source__chosen_users": [chosen(**line)],
    }


def two_waves(*seats: dict[str, Any]) -> dict[str, Any]:
    """Lara in the first wave, Jo in the second; neither has the licence, and the target has these seats."""
    return lara_and_jo(lara="w1", jo="w2") | NEEDED | {"target__subscribed_skus": [*seats, sku("SPE_E3")]}


FIRST_W1 = {
    "move": {
        "waves": [
            {"name": "w2", "start": "2027-01-10", "cutover": "2027-02-01T18:00:00Z"},
            {"name": "w1", "start": "2026-12-01", "cutover": "2026-12-20T18:00:00Z"},
        ]
    }
}
SOON = {"move": {"waves": [{"name": "w1", "start": "2026-11-20", "cutover": "2026-11-25T09:30:00Z"}]}}

NOT_PASSING: dict[str, list[Case]] = {
    "mailbox-no-remote-host": [
        Case("left behind", ["fail"], {STATES: {"MailboxMoveRemoteHostName": "outlook.office.com"}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "user-in-no-other-batch": [
        Case("by address", ["fail"], {BATCHES_OF: [migration_user(BatchId="onboarding", MailboxGuid=None)]}),
        Case("by mailbox", ["fail"], {BATCHES_OF: [migration_user(BatchId="onboarding", Identity="x@y.z")]}),
    ],
    "user-not-deleted-before": [
        Case("its ExchangeGuid", ["fail"], {"target__soft_deleted_mail_users": [deleted_mail_user()]}),
        Case("the names of one who is still to be made", ["fail"], NOBODY | {
            "target__soft_deleted_mail_users": [
                deleted_mail_user(ExchangeGuid=None, PrimarySmtpAddress="LARA.newton@northwindtraders.com")]}),
    ],
    "source-not-deleted-before": [
        Case("its address", ["warn"], {"source__soft_deleted_mailboxes": [
            deleted_mailbox(ExchangeGuid=JO_GUID, PrimarySmtpAddress="lara.newton@contoso.com")]}),
    ],
    "target-removal-not-held": [Case("a policy and a former mailbox", ["warn"], CLEARED | HELD)],
    "add-on-seats-by-wave": [
        Case("nobody is in a wave", ["skipped"], {}),
        Case("no seat for anybody", ["fail", "fail"], lara_and_jo(lara="w1", jo="w2") | NEEDED | NO_SEAT, FIRST_W1),
        Case("one seat for two", ["fail", "pass"], two_waves(sku(Enabled=1, Consumed=0)), FIRST_W1),
    ],
    "mailbox-growth": [
        Case("collected once", ["skipped"], {EARLIER: []}),
        Case("full before a batch is through", ["warn"], grown(60, 80)),
        Case("full before the cutover", ["warn"], grown(60, 97, Wave="w1"), SOON),
        Case("an archive", ["warn"], {
            STATES: {"ArchiveGuid": ARCHIVE}, EARLIER: [earlier(), earlier(Archive=True, Bytes=50 * GB)],
            SIZES: [size(), size(Archive=True, Bytes=90 * GB)]}),
        Case("not collected before", ["skipped"], {EARLIER: [earlier(ExchangeGuid=JO_GUID)]}),
    ],
    "mailbox-own-key": [
        Case("one", ["warn"], {STATES: {"DataEncryptionPolicy": "Contoso keys"}}),
        Case("not read", ["fail"], UNREAD),
    ],
    "archive-holds-nothing-back": [
        Case("three items", ["fail"], ARCHIVED | {FOLDERS: [folder(Items=3, Bytes=3402)]}),
        Case("not counted", ["fail"], ARCHIVED | {FOLDERS: [folder(Items=None, Bytes=None)]}),
        Case("the archive did not tell", ["fail"], ARCHIVED | {FOLDERS: [folder(Folder=None, Items=None)]}),
        Case("the archive is not among them", ["fail"], ARCHIVED),
        Case("not read", ["fail"], UNREAD),
    ],
    "mailbox-not-tracked": [
        Case("a hold of the organisation", ["fail"], {TRACKED: [tracked()]}),
        Case("excluded, and held still", ["fail"], {TRACKED: [tracked()], STATES: {"InPlaceHolds": OUT}} | OF_ALL),
        Case("the log did not tell", ["fail"], {TRACKED: [tracked(Hold=None, Kind=None)]}),
        Case("not read", ["fail"], UNREAD),
    ],
    "folders-within-limits": [
        Case("900,000 items in a folder", ["warn"], {SHAPES: [shape(MostItems=900_000)]}),
        Case("a million", ["fail"], {SHAPES: [shape(MostItems=1_000_000)]}),
        Case("2,750,000 in Deletions", ["warn"], {SHAPES: [shape(MostRecoverableItems=2_750_000)]}),
        Case("three million", ["fail"], {SHAPES: [shape(MostRecoverableItems=3_000_000)]}),
        Case("9,000 folders in one", ["warn"], {SHAPES: [shape(Folders=9_100, MostSubfolders=9_000)]}),
        Case("10,000 of them", ["fail", "warn"], {SHAPES: [shape(Folders=10_100, MostSubfolders=10_000)]}),
        Case("10,000 altogether", ["warn"], {SHAPES: [shape(Folders=10_000)]}),
        Case("250 levels", ["warn"], {SHAPES: [shape(Depth=250)]}),
        Case("300 levels", ["fail"], {SHAPES: [shape(Depth=300)]}),
        Case("its folders were not told", ["fail"], {SHAPES: [shape(Folders=None, MostItems=None, Depth=None)]}),
        Case("the items of one were not told", ["fail"], {SHAPES: [shape(MostItems=None, MostItemsFolder=None)]}),
        Case("the mailbox is not among them", ["fail"], {SHAPES: []}),
    ],
}  # fmt: skip

PASSING: dict[str, list[Case]] = {
    "mailbox-no-remote-host": [
        Case("this project moves it", ["pass"], {
            STATES: {"MailboxMoveRemoteHostName": "outlook.office.com"}, BATCHES_OF: [migration_user()]}),
        Case("a move that is under way is told elsewhere", ["pass"], {
            STATES: {"MailboxMoveRemoteHostName": "outlook.office.com", "MailboxMoveStatus": "InProgress"}}),
    ],
    "user-in-no-other-batch": [
        Case("in this project's", ["pass"], {
            BATCHES_OF: [migration_user(BatchId=BATCH)], "source__chosen_users": {"Wave": "pilot"}}),
        Case("a stranger is in one", ["pass"], {
            BATCHES_OF: [migration_user(BatchId="onboarding", Identity="x@y.z", MailboxGuid=JO_GUID)]}),
    ],
    "user-not-deleted-before": [
        Case("names of one who is there", ["pass"], {"target__soft_deleted_mail_users": [
            deleted_mail_user(ExchangeGuid=None, PrimarySmtpAddress="Lara.Newton@northwindtraders.com")]}),
    ],
    "source-not-deleted-before": [
        Case("a stranger", ["pass"], {"source__soft_deleted_mailboxes": [deleted_mailbox(
            ExchangeGuid=JO_GUID, UserPrincipalName="x@contoso.com", PrimarySmtpAddress="x@contoso.com")]}),
    ],
    "target-removal-not-held": [
        Case("a policy, and nothing to clear", ["pass"], HELD),
        Case("a former mailbox, and no policy", ["pass"], CLEARED),
        Case("of groups alone", ["pass"], CLEARED | {"target__organization_holds": [{"Hold": "grp7cfb:3"}]}),
    ],
    "add-on-seats-by-wave": [Case("two seats for two", ["pass"], two_waves(sku(Enabled=2, Consumed=0)), FIRST_W1)],
    "mailbox-growth": [
        Case("room for a fortnight", ["pass"], grown(60, 70)),
        Case("smaller than before", ["pass"], grown(90, 80)),
        Case("room until the cutover", ["pass"], grown(60, 85, Wave="w1"), SOON),
    ],
    "archive-holds-nothing-back": [
        Case("empty", ["pass"], ARCHIVED | {FOLDERS: [folder(), folder(Folder="Purges", Items=7)]}),
        Case("without such a folder", ["pass"], ARCHIVED | {FOLDERS: [folder(Folder="Deletions", Items=7)]}),
    ],
    "mailbox-not-tracked": [
        Case("a hold of its own, which another rule tells", ["pass"], {TRACKED: [tracked(Kind=5)]}),
        Case("excluded", ["pass"], {TRACKED: [tracked(Hold="-mbx7cfb:2")]}),
        Case("held by a policy of all, which another rule tells once", ["pass"], {TRACKED: [tracked()]} | OF_ALL),
        Case("another mailbox", ["pass"], {TRACKED: [tracked(ExchangeGuid=JO_GUID)]}),
    ],
    "folders-within-limits": [
        Case("one below each", ["pass"], {SHAPES: [shape(
            Folders=9_999, MostItems=899_999, MostRecoverableItems=2_749_999, MostSubfolders=8_999, Depth=249)]}),
        Case("an empty mailbox", ["pass"], {SHAPES: [shape(
            Folders=0, MostItems=0, MostItemsFolder=None, MostRecoverableItems=0, MostSubfolders=0, Depth=0)]}),
        Case("the state was not read, which others tell", ["pass"], UNREAD),
    ],
}  # fmt: skip
