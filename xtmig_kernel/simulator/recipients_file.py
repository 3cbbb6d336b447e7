"""The objects of a tenants file's directory, with every attribute a test may plant.

Mailboxes, mail users, plain users, mail contacts and groups.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MailboxKind = Literal["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox"]


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


class Holds(Part):
    """Everything that keeps content from being deleted, and so a mailbox from moving."""

    litigation: bool = False
    in_place: list[str] = []
    delay: bool = False
    delay_release: bool = False
    compliance_tag: bool = False
    retention: bool = False


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


class Access(Part):
    """Who else may use a mailbox; people are named by address."""

    full_access: list[str] = []
    send_as: list[str] = []
    send_on_behalf: list[str] = []
    folders: list[FolderPermission] = []


class Forwarding(Part):
    """Where mail is sent on to."""

    address: str | None = None
    smtp_address: str | None = None
    deliver_and_forward: bool = False


class Content(Part):
    """What a mailbox holds that does not move, or moves with a task for its owner."""

    teams_meetings: int = Field(default=0, ge=0)
    teams_chat: bool = False
    voicemail: bool = False
    signature: bool = False
    outbox_items: int = Field(default=0, ge=0)
    corrupt_items: int = Field(default=0, ge=0)
    large_items: int = Field(default=0, ge=0)


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
    usage_location: str | None = None
    custom_attributes: dict[int, str] = {}
    directory_synchronised: bool = False
    hidden_from_address_lists: bool = False
    disabled_archive_guid: str | None = None
    soft_deleted: datetime | None = None
    created: datetime | None = None


class Mailbox(Recipient):
    """A mailbox of any kind."""

    kind: MailboxKind = "UserMailbox"
    archive: Archive | None = None
    holds: Holds = Holds()
    sizes: Sizes = Sizes()
    access: Access = Access()
    forwarding: Forwarding = Forwarding()
    content: Content = Content()
    move_status: str = "None"
    move_remote_host: str = ""
    move_batch: str = ""
    account_disabled: bool = False


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
    usage_location: str | None = None
    directory_synchronised: bool = False
    account_disabled: bool = False
    previous_recipient_type: MailboxKind | None = None
    previous_mailbox_guid: str | None = None


class Contact(Part):
    """A mail contact: an address-book entry without a sign-in."""

    name: str
    alias: str
    primary: str
    external_address: str
    proxies: list[str] = []
    object_id: str | None = None
    directory_synchronised: bool = False


class Group(Part):
    """A mail-enabled group; members are named by address, alias, object id or sign-in name.

    To a `dynamic` group belongs every user of the tenant who is no guest, whatever `members` says. `managed_by` are
    the owners that Exchange knows, `owners` those of the directory. `licences` go to every member.
    """

    name: str
    alias: str
    primary: str
    kind: Literal["Security", "Distribution", "Microsoft365"] = "Distribution"
    members: list[str] = []
    managed_by: list[str] = []
    owners: list[str] = []
    licences: list[str] = Field(default=[], description="Part numbers of the tenant's subscriptions")
    dynamic: bool = False
    proxies: list[str] = []
    object_id: str | None = None
    directory_synchronised: bool = False


class MigrationUser(Part):
    """A user of a batch that exists from the start, named by the address in the target (shapes 3.12)."""

    identity: str
    batch: str
    status: Literal[
        "Queued", "Syncing", "Synced", "Failed", "Stopped", "Completed", "CompletionFailed", "NeedsApproval"
    ] = "Synced"
    error_summary: str = ""
    mailbox_guid: str | None = None
