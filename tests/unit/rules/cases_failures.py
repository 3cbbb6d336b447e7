"""Worlds of section 170 in which a move has failed, for each cause that the document or the service names."""

from __future__ import annotations

from typing import Any

from mend_facts import (
    ARCHIVE,
    AUX_NEW,
    AUX_SCOPE,
    DEMOTED,
    DISABLED,
    DOMAIN,
    DUPLICATE,
    FULL,
    GUID,
    LICENCE,
    LUMP,
    MAINTENANCE,
    MOVING,
    NOT_FOUND,
    PRIMARY,
    SCOPE,
    STARTED,
    TARGET_MAILBOX,
    TWO,
    WITH_PROXY,
    WITHOUT_ADD_ON,
    details,
    failed,
    in_second,
    mailbox_size,
    request,
    state,
    target,
)
from rule_case import Case
from start_facts import WAVE, batch, migration_user
from user_facts import LARA_TARGET_ID, chosen, exchange_user, lara_mail_user, lara_mailbox


def one(name: str, error_type: str | None, verdict: str = "fail", **changes: Any) -> Case:
    """Lara's move has failed with this type, in a world that is different in this way."""
    return Case(name, [verdict], failed(error_type, **changes), STARTED)


NOT_PASSING: dict[str, list[Case]] = {
    "failed-scope": [
        one("not a member", SCOPE, source__scope_members=[]),
        one("named, and mended since", SCOPE),
        one("behind a general error", LUMP, source__scope_members=[]),
        one("group not published", SCOPE, source__organization_relationships={"MailboxMovePublishedScopes": []}),
    ],
    "failed-auxiliary-scope": [one("parts", AUX_SCOPE, **state(AuxiliaryArchives=2)), one("by its name", AUX_SCOPE)],
    "failed-auxiliary-new": [one("parts", AUX_NEW, **state(AuxiliaryArchives=1)), one("by its name", AUX_NEW)],
    "failed-auxiliary-limit": [one("thirteen", LUMP, **state(AuxiliaryArchives=13))],
    "failed-maintenance": [one("by its name", MAINTENANCE)],
    "failed-proxy": [one("of the source", DOMAIN, **WITH_PROXY), one("named, and mended since", DOMAIN)],
    "failed-duplicate": [
        Case(
            "another wave's batch",
            ["fail", "pass"],
            failed(DUPLICATE, target__migration_users=[migration_user(Status="Failed"), in_second()], **TWO),
            STARTED,
        ),
        one("named, and gone since", DUPLICATE),
    ],
    "failed-guid": [
        one("none", GUID, **target(ExchangeGuid=None)),
        one("another one", GUID, **target(ExchangeGuid=LARA_TARGET_ID)),
        one("none, made on-premises", GUID, "waiting", **target(DirectorySynchronised=True, ExchangeGuid=None)),
        one("named, and mended since", GUID),
    ],
    "failed-moving": [
        one("a move request", MOVING, source__move_requests=[request()]),
        one("a move of Microsoft's own", MOVING, "waiting", **state(MailboxMoveStatus="InProgress")),
        one("named, and over since", MOVING, source__move_requests=[request(Status="Completed")]),
    ],
    "failed-remote-host": [one("left behind", LUMP, **state(MailboxMoveRemoteHostName="outlook.contoso.example"))],
    "failed-disabled-archive": [one("disabled", DEMOTED, **DISABLED), one("named, and mended since", DEMOTED)],
    "failed-archive-guid": [one("not stamped", LUMP, source__mailboxes=[lara_mailbox(ArchiveGuid=ARCHIVE)])],
    "failed-licence": [
        one("on neither side", LICENCE, **WITHOUT_ADD_ON),
        one("waits for it", None, user={"Status": "NeedsApproval"}, **WITHOUT_ADD_ON),
        one("named, and given since", LICENCE),
    ],
    "failed-primary-mailbox": [
        one("its own", PRIMARY, target__mailboxes=[TARGET_MAILBOX]),
        one(
            "one before",
            PRIMARY,
            target__exchange_users=[
                exchange_user(lara_mail_user()) | {"PreviousRecipientTypeDetails": "UserMailbox"},
            ],
        ),
        one("named, and gone since", PRIMARY),
    ],
    "failed-row": [
        one(
            "the source's address",
            NOT_FOUND,
            target__migration_users=[migration_user(Status="Failed", Identity="Lara.Newton@contoso.com")],
            target__migration_details=[details(NOT_FOUND, Identity="Lara.Newton@contoso.com")],
        )
    ],
    "failed-mail-user": [
        one("none", NOT_FOUND, target__mail_users=[], target__recipients=[], target__exchange_users=[])
    ],
    "failed-x500": [one("missing", LUMP, **target(X500Addresses=[]))],
    "failed-external-address": [one("elsewhere", LUMP, **target(ExternalEmailAddress="lara@fabrikam.example"))],
    "failed-delivery-proxy": [one("none", LUMP, **target(SmtpAddresses=["Lara.Newton@northwindtraders.com"]))],
    "failed-directory": [
        one("not shown yet", LUMP, "waiting", **target(DirectorySynchronised=True, X500Addresses=[])),
        one("no GUID yet", GUID, "waiting", **target(DirectorySynchronised=True, ExchangeGuid=None)),
    ],
    "failed-hold": [
        one("litigation", LUMP, **state(LitigationHoldEnabled=True)),
        one("a case", LUMP, **state(InPlaceHolds=["UniH7e8c5f5f-0000-4000-8000-000000000001"])),
        one("delay", LUMP, **state(DelayHoldApplied=True)),
        one("organisation", LUMP, source__organization_holds=[{"Hold": "mbx9b1c5f5f00004000800000000001:2"}]),
    ],
    "failed-quota": [one("over", LUMP, **FULL)],
    "failed-recoverable": [
        one("over", LUMP, source__mailbox_sizes=[mailbox_size(DeletedBytes=40_000_000_000)]),
    ],
    "failed-connection": [
        one("consent gone", LUMP, "waiting", source__granted_roles=[]),
        one("secret not known", "AADSTS7000215"),
        one("relationship off", LUMP, target__organization_relationships={"Enabled": False}),
    ],
    "failed-otherwise": [
        one("a type that nobody knows", "Microsoft.Exchange.SomethingNewException"),
        one("a general error, and all is right", LUMP),
        Case("not in users.csv", ["fail"], failed(GUID, source__chosen_users=[chosen(Wave=WAVE, Line=0)]), STARTED),
    ],
    "failed-resumed": [
        one("mended", GUID),
        one("mended, and the batch is stopped", GUID, target__migration_batches=[batch(Status="Stopped")]),
    ],
    "failed-removed-first": [one("still inside", MAINTENANCE)],
    "failed-added-again": [one("to be taken out", MAINTENANCE)],
    "disabled-archives-decided": [
        Case("nothing decided", ["fail"], DISABLED),
        Case("decided, not done", ["fail"], DISABLED, {"move": {
            "disabled_archives": {"Lara.Newton@contoso.com": "enable"}}}),
    ],
    "disabled-archives-signed": [
        Case("decided", ["manual"], DISABLED, {"move": {"disabled_archives": {"LARA.Newton@contoso.com": "remove"}}}),
    ],
}  # fmt: skip

_AT_REST = {
    "source__chosen_users": [chosen(Wave=WAVE)],
    "target__migration_batches": [batch()],
    "target__migration_users": [migration_user()],
}
_NAMING_ANOTHER = failed(GUID, **target(ExchangeGuid=None))
PASSING: dict[str, list[Case]] = {
    **{
        rule: [
            Case("at rest", ["pass"], _AT_REST, STARTED),
            Case("failed in another way", ["pass"], _NAMING_ANOTHER, STARTED),
            Case(
                "failed in a batch of somebody else",
                ["pass"],
                failed(SCOPE, user={"BatchId": "Q3 onboarding"}, source__scope_members=[]),
                STARTED,
            ),
        ]
        for rule in NOT_PASSING
        if rule.startswith("failed-") and rule not in ("failed-guid", "failed-scope")
    },
    "failed-guid": [
        Case("at rest", ["pass"], _AT_REST, STARTED),
        Case("failed in another way", ["pass"], failed(SCOPE, source__scope_members=[]), STARTED),
    ],
    "failed-scope": [
        Case("at rest", ["pass"], _AT_REST, STARTED),
        Case("failed in another way", ["pass"], _NAMING_ANOTHER, STARTED),
    ],
    "failed-moving": [Case("a move that has ended", ["pass"], failed(LUMP, source__move_requests=[
        request(Status="Completed")]), STARTED)],
    "failed-hold": [Case("excluded from it", ["pass"], failed(
        LUMP,
        source__organization_holds=[{"Hold": "mbx9b1c5f5f00004000800000000001:2"}],
        **state(InPlaceHolds=["-mbx9b1c5f5f00004000800000000001"]),
    ), STARTED)],
    "failed-auxiliary-limit": [Case("twelve", ["pass"], failed(LUMP, **state(AuxiliaryArchives=12)), STARTED)],
}  # fmt: skip
