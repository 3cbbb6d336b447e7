"""Worlds of sections 190 and 200 in which their rules do not pass, and those in which they do."""

from __future__ import annotations

from typing import Any

from after_facts import (
    BOTH,
    FORWARD,
    MOVED,
    NEW,
    OLD,
    OWN,
    STAYS,
    T8_OLD,
    arrived,
    before,
    delegate_arrived,
    entry,
    folder,
    had,
    left,
    plan,
    report,
    right,
    skipped,
)
from prepared_facts import ON_PREMISES
from rule_case import Case
from start_facts import BATCH
from user_facts import LARA_TARGET_ID, chosen, directory_user, sku

SYNCHRONISED = {"DirectorySynchronised": True}
SOURCE_SYNC = MOVED | {"source__mail_users": [left(**SYNCHRONISED)]}
TARGET_SYNC = MOVED | {"target__mailboxes": [arrived(**SYNCHRONISED)]}
STRIP = {"licences": {"strip_source_plans": True}}
PLANS_OFF = MOVED | {"source__licence_plans": [plan(Status="Disabled")]}
BRANDED = {"source__mail_users": [left(PrimarySmtpAddress=NEW, SmtpAddresses=[OLD, NEW])]}
UNLICENSED = MOVED | {"target__directory_users": [directory_user("target", SkuIds=[])], "target__licence_plans": []}
SKU = {"licences": {"exchange_sku": "SPE_E3"}}
WITHOUT_LOCATION = [directory_user("target", SkuIds=[], UsageLocation=None)]
BOTH_SYNC: dict[str, Any] = {f"{side}__organization": SYNCHRONISED for side in ("source", "target")}

NEVER_PASS = {
    "moved-source-converted",
    "moved-target-converted",
    "moved-forwarding",
    "moved-warnings",
    "moved-domains",
    "moved-addresses-verified",
    "mail-rules-reviewed",
    "outlook-profiles",
    "teams-meetings",
    "moved-counted",
    "moved-folders-filled",
    "moved-counts",
    "moved-send-on-behalf",
    "moved-send-as",
    "moved-permissions",
    "moved-permissions-lost",
    "moved-usage-location",
    "moved-licence",
    "moved-mailbox-plan",
    "source-may-strip-plans",
    "left-plans-known",
    "left-plans-off",
    "left-address-shown",
}
"""In the configured world nobody has moved yet, so these have nothing to judge."""


def _target(**changes: Any) -> dict[str, Any]:
    return MOVED | {"target__mailboxes": [arrived(**changes)]}


def _source(**changes: Any) -> dict[str, Any]:
    return MOVED | {"source__mail_users": [left(**changes)]}


def _rights(*baseline: dict[str, Any], now: list[dict[str, Any]] | None = None, **others: Any) -> dict[str, Any]:
    own = {"source__baseline_permissions": list(baseline), "target__mailbox_permissions": [OWN, *(now or [])]}
    return BOTH | own | others


def _reports(world: dict[str, Any], side: str, **changes: Any) -> dict[str, Any]:
    return world | {f"{side}__on_premises_reports": [report(**changes)]}


NOT_PASSING: dict[str, list[Case]] = {
    "moved-source-converted": [
        Case("nobody has moved", ["skipped"], {}),
        Case("the MailUser is gone", ["fail"], MOVED | {"source__mail_users": []}),
        Case("still a mailbox", ["fail"], MOVED | {"source__mail_users": [], "source__mailboxes": [
            arrived(SmtpAddresses=[OLD], PrimarySmtpAddress=OLD)]}),
        Case("gone, and the batch alone knows the user", ["fail"], MOVED | {
            "source__mail_users": [], "source__chosen_users": [chosen(Wave="pilot", TargetAddress="")]}),
    ],
    "moved-target-converted": [
        Case("still a MailUser", ["fail"], MOVED | {
            "target__mailboxes": [], "target__mail_users": [left(PrimarySmtpAddress=NEW, SmtpAddresses=[NEW])]}),
        Case("gone", ["fail"], MOVED | {"target__mailboxes": []}),
        Case("a new mailbox of its own", ["fail"], _target(ExchangeGuid="99999999-9999-4999-8999-999999999999")),
        Case("a kind that does not move", ["fail"], _target(RecipientTypeDetails="DiscoveryMailbox")),
    ],
    "moved-forwarding": [
        Case("forwards nowhere", ["fail"], _source(ExternalEmailAddress=None)),
        Case("forwards to itself", ["fail"], _source(ExternalEmailAddress="LaraN@contoso.onmicrosoft.com")),
        Case("another domain of the target", ["fail"], _source(ExternalEmailAddress=NEW)),
        Case("somebody else's address", ["fail"], _source(ExternalEmailAddress="x@northwindtraders.onmicrosoft.com")),
    ],
    "moved-warnings": [
        Case("converted all the same", ["warn"], MOVED | {"target__migration_users": [
            entry(Status="CompletedWithWarnings", ErrorSummary="StoreIntegWarning")]}),
        Case("not converted", ["fail"], MOVED | {
            "source__mail_users": [], "target__migration_users": [entry(Status="CompletedWithWarnings")]}),
    ],
    "moved-domains": [
        Case("the old address", ["fail"], _target(SmtpAddresses=[FORWARD, NEW, OLD])),
        Case("the old primary address", ["fail"], _target(PrimarySmtpAddress=OLD)),
    ],
    "moved-addresses-verified": [
        Case("a foreign address", ["fail"], _target(SmtpAddresses=[NEW, "lara@fabrikam.example"])),
    ],
    "mail-rules-reviewed": [Case("moved", ["manual"], MOVED)],
    "outlook-profiles": [Case("moved", ["manual"], MOVED)],
    "teams-meetings": [Case("moved", ["manual"], MOVED)],
    "moved-counted": [
        Case("no baseline", ["fail"], MOVED | {"source__baseline_folders": []}),
        Case("its archive could not be counted", ["fail"], MOVED | {"target__folder_counts": [
            folder(), folder("", 0, Archive=True, Items=None)]}),
        Case("could not be counted before", ["fail"], MOVED | {"source__baseline_folders": [
            before("", 0, Items=None)]}),
        Case("not counted in the target", ["fail"], MOVED | {"target__folder_counts": []}),
    ],
    "moved-folders-filled": [
        Case("empty", ["fail"], MOVED | {"target__folder_counts": [folder(items=0), folder("/Sent Items", 40)]}),
        Case("not there", ["fail"], MOVED | {"target__folder_counts": [folder("/Sent Items", 40)]}),
        Case("an empty archive", ["fail"], MOVED | {"source__baseline_folders": [before(), before(Archive=True)]}),
        Case("Deletions, Versions and Purges empty", ["fail"], MOVED | {"source__baseline_folders": [
            before(), before("/Deletions", 3, Scope="recoverable"), before("/Purges", 4, Scope="recoverable")]}),
    ],
    "moved-counts": [
        Case("one fewer", ["fail"], MOVED | {"target__folder_counts": [folder(items=99), folder("/Sent Items", 40)]}),
        Case("fewer than were skipped", ["fail"], MOVED | {
            "target__folder_counts": [folder(items=97), folder("/Sent Items", 40)],
            "target__skipped_items": [skipped(1), skipped(2)]}),
        Case("skipped by somebody else", ["fail"], MOVED | {
            "target__folder_counts": [folder(items=99), folder("/Sent Items", 40)],
            "target__skipped_items": [skipped(Identity="x@northwindtraders.com")]}),
        Case("a skipped right is no item", ["fail"], MOVED | {
            "target__folder_counts": [folder(items=99), folder("/Sent Items", 40)],
            "target__skipped_items": [skipped(Kind="CorruptFolderACL")]}),
        Case("one skipped item explains one folder alone", ["fail"], MOVED | {
            "source__baseline_folders": [before("/A/Mail"), before("/B/Mail")],
            "target__folder_counts": [folder("/A/Mail", 99), folder("/B/Mail", 99)],
            "target__skipped_items": [skipped(Folder="Mail")]}),
        Case("old items of Recoverable Items", ["warn"], MOVED | {
            "source__baseline_folders": [before("/Deletions", 9, Scope="recoverable")],
            "target__folder_counts": [folder("/Purges", 8, Scope="recoverable")]}),
    ],
    "moved-send-on-behalf": [
        Case("rights not read", ["fail"], _rights(had("SendOnBehalf", "recipient")) | {
            "target__mailbox_permissions": []}),
        Case("never moves", ["fail"], _rights(had("SendOnBehalf", "recipient"))),
    ],
    "moved-send-as": [
        Case("never moves", ["fail"], _rights(had("SendAs", "recipient"))),
        Case("full access is not it", ["fail"], _rights(had("SendAs", "recipient"), now=[right()])),
    ],
    "moved-permissions": [
        Case("full access lost", ["fail"], _rights(had())),
        Case("on another folder", ["fail"], _rights(had("Reviewer", "Calendar"), now=[right("Reviewer", "Tasks")])),
        Case("another role", ["warn"], _rights(had("Editor", "Calendar"), now=[right("Reviewer", "Calendar")])),
        Case("denied now", ["warn"], _rights(had(), now=[right(Deny=True)])),
        Case("a denial lost", ["fail"], _rights(had(Deny=True))),
        Case("the delegate is no mailbox yet", ["fail"], _rights(had(), target__mailboxes=[
            arrived(), delegate_arrived(RecipientTypeDetails="MailUser")])),
    ],
    "moved-permissions-lost": [
        Case("the delegate stays", ["warn"], STAYS),
        Case("the delegate moves later", ["warn"], STAYS | {
            "source__chosen_users": [chosen(Wave="pilot"), chosen(SourceAddress=T8_OLD, TargetAddress="", Line=3)]}),
        Case("by way of a group", ["warn"], _rights(had(TrusteeKind="MailUniversalSecurityGroup", Trustee="s@x.com"))),
        Case("a group in both", ["warn"], _rights(had(TrusteeKind="MailUniversalSecurityGroup"), now=[right()])),
    ],
    "moved-usage-location": [
        Case("known from the source", ["fail"], UNLICENSED | {"target__directory_users": WITHOUT_LOCATION}),
        Case("known to nobody", ["fail"], UNLICENSED | {
            "target__directory_users": WITHOUT_LOCATION, "source__directory_users": []}),
    ],
    "moved-licence": [
        Case("the project names none", ["fail"], UNLICENSED),
        Case("to be assigned", ["fail"], UNLICENSED, SKU),
        Case("no seat", ["fail"], UNLICENSED | {"target__subscribed_skus": [
            sku("SPE_E3", Enabled=3, Consumed=3)]}, SKU),
        Case("of a suspended subscription", ["fail"], MOVED | {"target__subscribed_skus": [
            sku("SPE_E3", CapabilityStatus="Suspended")]}, SKU),
    ],
    "moved-mailbox-plan": [
        Case("switched off", ["fail"], MOVED | {"target__licence_plans": [
            plan(UserId=LARA_TARGET_ID, Status="Disabled")]}),
        Case("not provisioned yet", ["waiting"], MOVED | {"target__licence_plans": [
            plan(UserId=LARA_TARGET_ID, Status="PendingProvisioning")]}),
    ],
    "source-may-strip-plans": [
        Case("not wanted", ["skipped"], {}),
        Case("may not assign", ["fail", "pass"], {"source__signed_in": {"Permissions": ["Directory.Read.All"]}}, STRIP),
        Case("may not read", ["pass", "fail"], {"source__signed_in": {"Permissions": ["User.ReadWrite.All"]}}, STRIP),
    ],
    "left-plans-known": [
        Case("not wanted", ["skipped"], MOVED),
        Case("of no subscription", ["fail"], MOVED | {"source__subscribed_skus": []}, STRIP),
    ],
    "left-plans-off": [
        Case("not wanted", ["skipped"], MOVED),
        Case("on", ["fail"], MOVED, STRIP),
        Case("not yet provisioned is on", ["fail"], MOVED | {"source__licence_plans": [
            plan(Status="PendingProvisioning")]}, STRIP),
        Case("known by its id alone", ["fail"], MOVED | {"source__licence_plans": [plan(PlanName=None)]}, STRIP),
        Case("the whole company's", ["warn"], MOVED | {"source__licence_plans": [
            plan("EXCHANGE_S_FOUNDATION", AppliesTo="Company")]}, STRIP),
        Case("no usage location", ["warn"], MOVED | {"source__directory_users": {"UsageLocation": None}}, STRIP),
        Case("by way of a group", ["warn"], MOVED | {"source__directory_users": {
            "GroupSkuIds": [plan()["SkuId"]]}}, STRIP),
    ],
    "left-address-shown": [
        Case("not wanted", ["skipped"], MOVED),
        Case("reset to the source's", ["warn"], PLANS_OFF, STRIP),
        Case("forwards to the address that it shows", ["warn"], PLANS_OFF | {"source__mail_users": [
            left(PrimarySmtpAddress=NEW, ExternalEmailAddress=NEW)]}, STRIP),
    ],
    "on-premises-source-address": [
        Case("no report", ["manual"], SOURCE_SYNC),
        Case("the old address", ["fail"], _reports(SOURCE_SYNC, "source", TargetAddress="SMTP:LaraN@contoso.com")),
        Case("a domain alone", ["fail"], _reports(
            SOURCE_SYNC, "source", TargetAddress="northwindtraders.onmicrosoft.com")),
        Case("empty", ["fail"], _reports(SOURCE_SYNC, "source", TargetAddress=None)),
    ],
    "on-premises-availability": [Case("synchronised", ["manual"], SOURCE_SYNC)],
    "on-premises-no-deprovisioning": [
        Case("no report", ["manual"], SOURCE_SYNC),
        Case("8", ["fail"], _reports(SOURCE_SYNC, "source", RemoteRecipientType="8")),
    ],
    "on-premises-type-cleared": [
        Case("no report", ["manual"], SOURCE_SYNC),
        Case("8", ["fail"], _reports(SOURCE_SYNC, "source", RemoteRecipientType="8")),
    ],
    "on-premises-target-side": [
        Case("no report", ["manual"], TARGET_SYNC),
        Case("still points at the source", ["fail"], _reports(TARGET_SYNC, "target", TargetAddress=f"SMTP:{OLD}")),
    ],
    "on-premises-remote-mailbox": [
        Case("no report", ["manual"], TARGET_SYNC),
        Case("routes elsewhere", ["fail"], _reports(TARGET_SYNC, "target", RemoteMailbox=True, TargetAddress=OLD)),
    ],
    "on-premises-sign-in": [
        Case("no report", ["manual"], TARGET_SYNC),
        Case("still the old one", ["fail"], _reports(TARGET_SYNC, "target", UserPrincipalName=OLD)),
    ],
    "on-premises-not-doubled": [Case("both synchronised", ["warn"], BOTH_SYNC)],
    "on-premises-selective": [Case("made on-premises", ["manual"], {}, ON_PREMISES)],
    "on-premises-attributes": [Case("made on-premises", ["manual"], {}, ON_PREMISES)],
}  # fmt: skip
_KEPT = _rights(
    had(),
    had("SendAs", "recipient"),
    had("SendOnBehalf", "recipient"),
    had("Reviewer", "Calendar"),
    now=[
        right(),
        right("SendAs", "recipient"),
        right("SendOnBehalf", "recipient"),
        right("Reviewer", "Calendar"),
    ],
)
PASSING: dict[str, list[Case]] = {
    "moved-source-converted": [Case("moved", ["pass"], MOVED)],
    "moved-target-converted": [
        Case("moved", ["pass"], MOVED),
        Case("a shared mailbox", ["pass"], _target(RecipientTypeDetails="SharedMailbox")),
        Case("the batch tells no GUID", ["pass"], MOVED | {"target__migration_users": [entry(MailboxGuid=None)]}),
        Case("in the batch that took it again", ["pass"], MOVED | {"target__migration_users": [
            entry(BatchId=f"{BATCH}-r2")]}),
    ],
    "moved-forwarding": [
        Case("moved", ["pass"], MOVED),
        Case("in other letters", ["pass"], _source(ExternalEmailAddress=FORWARD.upper())),
    ],
    "moved-warnings": [Case("moved", ["pass"], MOVED)],
    "moved-domains": [
        Case("moved", ["pass"], MOVED),
        Case("the domain has moved too", ["pass"], _target(SmtpAddresses=[FORWARD, NEW, OLD]) | {
            "target__accepted_domains": [
                {"DomainName": name, "DomainType": "Authoritative", "Default": False, "InitialDomain": False}
                for name in ("contoso.com", "northwindtraders.com", "northwindtraders.onmicrosoft.com")]}),
    ],
    "moved-addresses-verified": [Case("moved", ["pass"], MOVED)],
    "moved-counted": [Case("moved", ["pass"], MOVED)],
    "moved-folders-filled": [
        Case("moved", ["pass"], MOVED),
        Case("what could not be counted is not empty", ["pass"], MOVED | {
            "source__baseline_folders": [before(), before("/Deletions", 3, Scope="recoverable")],
            "target__folder_counts": [folder(), folder("", 0, Scope="recoverable", Items=None)]}),
        Case("the Outbox stays", ["pass"], MOVED | {"source__baseline_folders": [before(), before("/Outbox", 2)]}),
        Case("Teams chats stay", ["pass"], MOVED | {
            "source__baseline_folders": [before(), before("/Conversation History/Team Chat", 2)]}),
        Case("other folders of Recoverable Items stay", ["pass"], MOVED | {
            "source__baseline_folders": [before(), before("/SubstrateHolds", 2, Scope="recoverable")]}),
        Case("its only item was skipped", ["pass"], MOVED | {
            "source__baseline_folders": [before(items=1)], "target__folder_counts": [folder(items=0)],
            "target__skipped_items": [skipped()]}),
    ],
    "moved-counts": [
        Case("moved", ["pass"], MOVED),
        Case("as many fewer as were skipped", ["pass"], MOVED | {
            "target__folder_counts": [folder(items=98), folder("/Sent Items", 40)],
            "target__skipped_items": [skipped(1), skipped(2)]}),
        Case("moved on inside Recoverable Items", ["pass"], MOVED | {
            "source__baseline_folders": [before("/Deletions", 9, Scope="recoverable")],
            "target__folder_counts": [folder("/Purges", 9, Scope="recoverable")]}),
    ],
    "moved-send-on-behalf": [Case("given again", ["pass"], _KEPT)],
    "moved-send-as": [Case("given again", ["pass"], _KEPT)],
    "moved-permissions": [Case("kept", ["pass"], _KEPT)],
    "moved-permissions-lost": [
        Case("all moved", ["pass"], _KEPT),
    ],
    "moved-usage-location": [Case("moved", ["pass"], MOVED)],
    "moved-licence": [
        Case("licensed", ["pass"], MOVED),
        Case("a shared mailbox needs none", ["skipped"], UNLICENSED | {
            "target__mailboxes": [arrived(RecipientTypeDetails="SharedMailbox")]}),
    ],
    "moved-mailbox-plan": [Case("provisioned", ["pass"], MOVED)],
    "source-may-strip-plans": [
        Case("may", ["pass", "pass"], {"source__signed_in": {
            "Permissions": ["User.ReadWrite.All", "Organization.Read.All"]}}, STRIP),
    ],
    "left-plans-known": [Case("known", ["pass"], MOVED, STRIP)],
    "left-plans-off": [
        Case("off", ["pass"], PLANS_OFF, STRIP),
        Case("Teams is no plan of Exchange", ["pass"], MOVED | {"source__licence_plans": [
            plan("TEAMS1", PlanId="57ff2da0-773e-42df-b2af-ffb7a2317929")]}, STRIP),
    ],
    "left-address-shown": [Case("the target's", ["pass"], PLANS_OFF | BRANDED, STRIP)],
    "on-premises-source-address": [Case("as it must be", ["pass"], _reports(SOURCE_SYNC, "source"))],
    "on-premises-no-deprovisioning": [
        Case("migrated", ["pass"], _reports(SOURCE_SYNC, "source", RemoteRecipientType="4")),
    ],
    "on-premises-type-cleared": [Case("cleared", ["pass"], _reports(SOURCE_SYNC, "source"))],
    "on-premises-target-side": [
        Case("a mail user", ["pass"], _reports(TARGET_SYNC, "target")),
        Case("a remote mailbox", ["pass"], _reports(TARGET_SYNC, "target", RemoteMailbox=True)),
    ],
    "on-premises-remote-mailbox": [Case("routes right", ["pass"], _reports(TARGET_SYNC, "target", RemoteMailbox=True))],
    "on-premises-sign-in": [Case("changed", ["pass"], _reports(TARGET_SYNC, "target"))],
    "on-premises-not-doubled": [Case("made on-premises", ["pass"], BOTH_SYNC, ON_PREMISES)],
}  # fmt: skip
