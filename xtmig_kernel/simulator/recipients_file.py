"""The objects of a tenants file's directory, with every attribute a test may plant.

Mailboxes, mail users, plain users, mail contacts and groups.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MailboxKind = Literal[
    "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox", "LinkedRoomMailbox",
    "SchedulingMailbox", "TeamMailbox", "DiscoveryMailbox",
]  # fmt: skip


class Part(BaseModel):
    """A part of the file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Archive(Part):
    """An archive mailbox. `auxiliary` lists the GUIDs of auto-expanded parts."""

    guid: str | None = None
    auto_expanding: bool = False
    auxiliary: list[str] = []
    size: str = "0 B"
    items: int = Field(default=0, ge=0)
    deleted: str = "0 B"
    deleted_items: int = Field(default=0, ge=0)
    quota: str = "100 GB"
    grows_at: datetime | None = Field(default=None, description="When one more auxiliary part appears")
    grows_at_percent: int | None = Field(
        default=None, ge=0, le=95, description="How far the first move is when one more auxiliary part appears"
    )


class Holds(Part):
    """Everything that keeps content from being deleted, and so a mailbox from moving."""

    litigation: bool = False
    in_place: list[str] = []
    delay: bool = False
    delay_release: bool = False
    compliance_tag: bool = False
    retention: bool = False
    tracked: list[str] = Field(
        default=[], description="Policies of the whole organisation that the service's own log still shows as holding"
    )


class Sizes(Part):
    """How full a mailbox is and how full it may be. Sizes are texts such as `42 GB`."""

    total: str = "1 GB"
    items: int = Field(default=1000, ge=0)
    deleted: str = "0 B"
    deleted_items: int = Field(default=0, ge=0)
    prohibit_send_receive_quota: str = "100 GB"
    prohibit_send_quota: str = "99 GB"
    issue_warning_quota: str = "98 GB"
    recoverable_items_quota: str = "30 GB"
    recoverable_items_warning_quota: str = "20 GB"


class FolderPermission(Part):
    """Somebody's right on one folder."""

    folder: str
    user: str
    rights: list[str]
    sharing_flags: list[str] = []


class Right(Part):
    """Any other right, shown as it is written here: of somebody whom no name finds, denied or inherited."""

    user: str
    rights: list[str]
    deny: bool = False
    inherited: bool = False


class Access(Part):
    """Who else may use a mailbox; people are named by address.

    `mailbox_rights` and `recipient_rights` are further rows of Get-MailboxPermission and Get-RecipientPermission.
    """

    full_access: list[str] = []
    send_as: list[str] = []
    send_on_behalf: list[str] = []
    folders: list[FolderPermission] = []
    mailbox_rights: list[Right] = []
    recipient_rights: list[Right] = []


class Forwarding(Part):
    """Where mail is sent on to."""

    address: str | None = None
    smtp_address: str | None = None
    deliver_and_forward: bool = False


class ClientAccess(Part):
    """By which protocols a mailbox may be used; None follows the organisation."""

    active_sync: bool = True
    owa: bool = True
    pop: bool = True
    imap: bool = True
    mapi: bool = True
    ews: bool | None = None
    smtp_authentication_disabled: bool | None = None
    owa_policy: str = "OwaMailboxPolicy-Default"
    active_sync_policy: str = "Default"


class CalendarProcessing(Part):
    """How a room or a piece of equipment answers who books it; `automate` follows from the kind by default."""

    automate: Literal["None", "AutoUpdate", "AutoAccept"] | None = None
    allow_conflicts: bool = False
    booking_window_days: int = Field(default=180, ge=0)
    maximum_minutes: int = Field(default=1440, ge=0)
    everybody_books: bool = True
    books: list[str] = Field(default=[], description="Who books without asking")
    delegates: list[str] = Field(default=[], description="Who is asked")


class Skipped(Part):
    """Items that a move cannot copy (shapes 3.12). `number` stands for so many of the kind."""

    kind: Literal[
        "CorruptItem", "MissingItem", "LargeItem", "CorruptFolderACL", "CorruptFolderRule", "CorruptFolderRestriction"
    ]
    folder: str = "Inbox"
    subject: str | None = None
    sender: str | None = None
    size: str = "64 KB"
    received: datetime | None = None
    number: int = Field(default=1, ge=1)


class Folder(Part):
    """A folder by its path, such as `/Inbox/Projects`, or `/Purges` among the recoverable ones.

    `subfolders` puts so many empty folders into it, which are called by their numbers.
    """

    path: str
    items: int = Field(default=0, ge=0)
    size: str = "0 B"
    recoverable: bool = False
    subfolders: int = Field(default=0, ge=0)


class Content(Part):
    """What a mailbox holds that does not move, or moves with a task for its owner."""

    teams_meetings: int = Field(default=0, ge=0)
    teams_chat: bool = False
    voicemail: bool = False
    signature: bool = False
    outbox_items: int = Field(default=0, ge=0)
    corrupt_items: int = Field(default=0, ge=0)
    large_items: int = Field(default=0, ge=0)
    skipped: list[Skipped] = []


class Recipient(Part):
    """What mailboxes and mail users have in common.

    Ids that are not given are derived from the tenant, the kind and the alias; the name is the alias by default.
    """

    alias: str
    name: str | None = None
    display_name: str
    first_name: str = ""
    last_name: str = ""
    upn: str
    primary: str
    proxies: list[str] = Field(
        default=[], description="Further addresses with their prefix, such as smtp:, x500:, x400:, SIP:"
    )
    object_id: str | None = None
    exchange_guid: str | None = None
    legacy_dn: str | None = None
    licences: list[str] = Field(default=[], description="Part numbers of the tenant's subscriptions")
    disabled_plans: dict[str, list[str]] = Field(
        default={}, description="Part number to the plans that are switched off, by name or by id"
    )
    usage_location: str | None = None
    custom_attributes: dict[int, str] = {}
    directory_synchronised: bool = False
    hidden_from_address_lists: bool = False
    disabled_archive_guid: str | None = None
    soft_deleted: datetime | None = None
    created: datetime | None = None


class Maintenance(Part):
    """A time in which the service itself moves a mailbox to another database."""

    begins: datetime | None = None
    ends: datetime | None = None


class MoveRecord(Part):
    """What the service keeps of a move that is over: the numbers, and both objects before and after (shapes 3.6)."""

    batch: str
    remote_host: str
    request_guid: str
    status: str
    started: datetime
    completed: datetime
    size: int
    items: int
    archive_size: int
    archive_items: int
    transferred: int
    skipped: int
    source_counts: dict[str, int]
    target_counts: dict[str, int]
    snapshots: dict[str, dict[str, str]]


class Mailbox(Recipient):
    """A mailbox of any kind.

    `folders` that are not named follow from `sizes`: what is left goes to the inbox. A move that is under way in this
    tenant already ends at `move_ends`; an `internal` one is the service's own, which nobody sees or removes.
    `conversion_fails` lets the service leave this mailbox behind when its move is completed. `unreadable` names what
    is refused to everybody who asks for it: what nobody knows of a mailbox must not look healthy.
    """

    kind: MailboxKind = "UserMailbox"
    archive: Archive | None = None
    holds: Holds = Holds()
    sizes: Sizes = Sizes()
    access: Access = Access()
    forwarding: Forwarding = Forwarding()
    client_access: ClientAccess = ClientAccess()
    calendar_processing: CalendarProcessing | None = None
    content: Content = Content()
    folders: list[Folder] = []
    archive_folders: list[Folder] = []
    move_status: str = "None"
    move_remote_host: str = ""
    move_batch: str = ""
    move_ends: datetime | None = None
    move_internal: bool = False
    maintenance: Maintenance | None = None
    conversion_fails: bool = False
    move_history: list[MoveRecord] = []
    account_disabled: bool = False
    retention_policy: str | None = "Default MRM Policy"
    elc_processing_disabled: bool = False
    data_encryption_policy: str | None = None
    unreadable: list[
        Literal["statistics", "archive statistics", "permissions", "folders", "archive folders", "hold log"]
    ] = []


class MailUser(Recipient):
    """A mail user: an address-book entry with a sign-in and an address elsewhere.

    The two `previous` values stay behind when a mailbox of this person went (doc lines 306 to 342).
    """

    external_address: str
    archive_guid: str | None = None
    previous_recipient_type: MailboxKind | None = None
    previous_mailbox_guid: str | None = None
    recoverable_items_quota: str = "30 GB"
    litigation_hold: bool = False
    send_as: list[str] = []


class User(Part):
    """A user of the directory without a mailbox; a guest with `mail` shows in Exchange as GuestMailUser."""

    upn: str
    display_name: str
    first_name: str = ""
    last_name: str = ""
    object_id: str | None = None
    mail: str | None = None
    guest: bool = False
    licences: list[str] = Field(default=[], description="Part numbers of the tenant's subscriptions")
    disabled_plans: dict[str, list[str]] = Field(
        default={}, description="Part number to the plans that are switched off, by name or by id"
    )
    usage_location: str | None = None
    directory_synchronised: bool = False
    account_disabled: bool = False
    previous_recipient_type: MailboxKind | None = None
    previous_mailbox_guid: str | None = None


Person = Mailbox | MailUser


class Contact(Part):
    """A mail contact: an address-book entry without a sign-in. `kind` is how Exchange calls it."""

    kind: str = "MailContact"
    name: str
    display_name: str | None = None
    alias: str
    primary: str
    external_address: str
    proxies: list[str] = []
    object_id: str | None = None
    directory_synchronised: bool = False


class Group(Part):
    """A group; members are named by address, alias, object id or sign-in name. One of kind `Entra` has no mail.

    To a `dynamic` group belongs every user of the tenant who is no guest, whatever `members` says. `managed_by` are
    the owners that Exchange knows, `owners` those of the directory. `licences` go to every member. Of a dynamic one
    that `takes_listed` the rule is not known, only whom it takes: exactly its `members`.
    """

    name: str
    display_name: str | None = None
    alias: str
    primary: str
    kind: Literal["Security", "Distribution", "Microsoft365", "Entra"] = "Distribution"
    members: list[str] = []
    managed_by: list[str] = []
    owners: list[str] = []
    licences: list[str] = Field(default=[], description="Part numbers of the tenant's subscriptions")
    dynamic: bool = False
    takes_listed: bool = False
    proxies: list[str] = []
    object_id: str | None = None
    directory_synchronised: bool = False


class MigrationUser(Part):
    """A user of a batch that exists from the start, named by the address in the target (shapes 3.12).

    It stays as it is until somebody stops, starts or removes it.
    """

    identity: str
    batch: str
    status: Literal[
        "Queued", "Syncing", "Synced", "Failed", "Stopped", "Completed", "CompletionFailed", "NeedsApproval"
    ] = "Synced"
    error_summary: str = ""
    mailbox_guid: str | None = None
