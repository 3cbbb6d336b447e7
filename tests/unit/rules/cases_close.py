"""Worlds of sections 210 to 300 in which their rules do not pass, and those in which they do."""

from __future__ import annotations

from typing import Any

from close_facts import (
    LARA_SOURCE,
    NAME,
    back_project,
    edition,
    given_up,
    moved,
    own,
    own_relationship,
    signed,
    turned_round,
)
from core_facts import APP_ID, OTHER_ID, SECRET_1, SOURCE_ID, TARGET_ID, relationship, source_relationship
from rule_case import Case
from start_facts import WAVE, batch, migration_user
from user_facts import LARA_GUID, SCOPE, chosen

BATCHES, USERS = "target__migration_batches", "target__migration_users"
NEVER_PASS = {
    "mailboxes-finished",
    "source-leftovers",
    "endpoint-removed",
    "target-relationship-restored",
    "source-relationship-restored",
    "target-consent-removed",
    "source-consent-removed",
    "application-removed",
    "scope-groups-removed",
    "back-leftovers",
    "back-capabilities",
    "back-application",
    "back-scope",
    "back-licences",
}
"""What is not right while everything is configured and nothing has moved yet; `PASSING` has the world where it is."""
FREE_BUSY = relationship(Identity="Free/Busy", DomainNames=["contoso.com"], FreeBusyAccessEnabled=True)
SECOND = relationship(Identity="second")
UNSETTLED = own("migration_endpoints", NAME, Settled=False)
GONE: dict[str, dict[str, Any]] = {
    "endpoint": {"target__migration_endpoints": []},
    "target": {"target__organization_relationships": []},
    "source": {"source__organization_relationships": []},
}
CLEAN = {
    "target__service_principals": [],
    "source__service_principals": [],
    "target__applications": [],
    "target__application_credentials": [],
    "source__distribution_groups": [],
    "target__consent_link": [],
    "source__consent_link": [],
}
WAS_THERE: dict[str, dict[str, Any]] = {
    side: {
        f"{side}__own_changes": [
            own(
                "organization_relationships",
                NAME,
                Change="altered",
                Before={"MailboxMoveEnabled": False, "MailboxMoveCapability": []},
                After={"MailboxMoveEnabled": True, "MailboxMoveCapability": [value]},
            )
        ]
    }
    for side, value in (("target", "Inbound"), ("source", "RemoteOutbound"))
}


def _restored(side: str, present: Any) -> list[Case]:
    fact, mine = f"{side}__organization_relationships", f"{side}__own_changes"
    partner = SOURCE_ID if side == "target" else TARGET_ID
    return [
        Case("created and there", ["fail"], {}),
        Case("altered and as it was left", ["fail"], WAS_THERE[side]),
        Case("not of this project", ["warn"], {mine: []}),
        Case(
            "created, and another partner uses it",
            ["fail"],
            {fact: [present(DomainNames=[partner, "fabrikam.com"])]},
        ),
    ]


def _given_up(**changes: Any) -> dict[str, Any]:
    return {"source__given_up_users": [given_up(**changes)]}


NOT_PASSING: dict[str, list[Case]] = {
    "mailboxes-finished": [
        Case("nobody has moved", ["fail"], {}),
        Case("at rest in its batch", ["fail"], {BATCHES: [batch()], USERS: [migration_user()]}),
        Case("failed", ["fail"], {BATCHES: [batch()], USERS: [migration_user(Status="Failed", ErrorSummary="Hold")]}),
        Case("completed by name alone", ["fail"], {BATCHES: [batch()], USERS: [migration_user(Status="Completed")]}),
        Case("mailbox without the GUID", ["fail"], moved(target__recipients=[])),
        Case("given up", ["fail"], _given_up()),
        Case("giving up has run out", ["fail"], _given_up(Until="2026-11-22")),
    ],
    "batches-finished": [
        Case("at rest before completion", ["fail"], {"source__chosen_users": [chosen(Wave=WAVE)], BATCHES: [batch()]}),
        Case("a user is on its way", ["fail"], moved(**{USERS: [migration_user(Status="Syncing")]})),
        Case("a user has failed and is not given up", ["fail"], moved(**{USERS: [migration_user(Status="Failed")]})),
        Case(
            "a second batch completes",
            ["pass", "fail"],
            moved(
                **{BATCHES: [batch(Status="Completed"), batch(Identity="contoso-moves-pilot-r2", Status="Completing")]}
            ),
        ),
    ],
    "changes-settled": [
        Case("one begun in the target", ["fail", "pass", "pass"], {"target__own_changes": [UNSETTLED]}),
        Case("one begun in the source", ["pass", "fail", "pass"], {"source__own_changes": [UNSETTLED]}),
    ],
    "source-leftovers": [Case("to be signed", ["manual"], {}), Case("after the move", ["manual"], moved())],
    "batches-removed": [Case("one is there", ["fail"], moved())],
    "endpoint-removed": [
        Case("created and there", ["fail"], {}),
        Case("was there before", ["warn"], {"target__own_changes": []}),
    ],
    "target-relationship-restored": _restored("target", relationship),
    "source-relationship-restored": _restored("source", source_relationship),
    "target-consent-removed": [
        Case("there", ["fail"], {}),
        Case("an adopted application's", ["warn"], {"target__own_changes": []}),
        Case("the ID is not known any more", ["skipped"], CLEAN),
    ],
    "source-consent-removed": [
        Case("there", ["fail"], {}),
        Case("the ID is not known any more", ["skipped"], CLEAN),
    ],
    "application-removed": [
        Case("registered", ["fail"], {}),
        Case("adopted, with a secret of ours", ["fail"], {"target__own_changes": []}),
        Case(
            "adopted, without",
            ["warn"],
            {"target__own_changes": [], "target__application_credentials": {"DisplayName": "by hand"}},
        ),
        Case(
            "another endpoint signs in as it",
            ["warn"],
            {
                "target__migration_endpoints": [
                    {
                        "Identity": "other",
                        "EndpointType": "ExchangeRemoteMove",
                        "RemoteServer": "outlook.office.com",
                        "RemoteTenant": "fabrikam.onmicrosoft.com",
                        "ApplicationId": APP_ID,
                        "AppSecretKeyVaultUrl": None,
                    }
                ]
            },
        ),
    ],
    "scope-groups-removed": [
        Case("there", ["fail"], {}),
        Case("was there before", ["warn"], {"source__own_changes": []}),
    ],
    "sign-offs-given": [
        Case("nobody has signed", ["waiting"], {"source__asked_sign_offs": [signed(SignedBy=None)]}),
        Case(
            "one of two",
            ["waiting", "pass"],
            {"source__asked_sign_offs": [signed(), signed(SignedBy=None, Statements=["GEN-07"])]},
        ),
        Case("nothing was asked", ["skipped"], {"source__asked_sign_offs": []}),
    ],
    "document-edition": [
        Case("no date", ["fail"], {"source__document_edition": [edition(Date="")]}),
        Case("no hash", ["fail"], {"source__document_edition": [edition(Sha256="unknown")]}),
        Case("a statement is missing", ["fail"], {"source__document_edition": [edition(Statements=259)]}),
        Case("nothing", ["fail"], {"source__document_edition": []}),
    ],
    "personal-data-purged": [
        Case(
            "users.csv is there",
            ["warn"],
            {"source__project_files": [{"Path": "users.csv", "Bytes": 90, "Kind": "data"}]},
        ),
    ],
    "back-leftovers": [
        Case("nobody has moved", ["skipped"], {}),
        Case("without an object ID", ["fail"], moved(source__mail_users={"ObjectId": None})),
        Case("the MailUser is gone", ["fail"], turned_round(target__mail_users=[]), back_project()),
        Case("another GUID", ["fail"], turned_round(target__mail_users={"ExchangeGuid": OTHER_ID}), back_project()),
    ],
    "back-relationships-edited": [
        Case("a second one", ["fail", "pass"], {"target__organization_relationships": [relationship(), SECOND]}),
        Case("gone", ["pass", "warn"], {"source__organization_relationships": []}),
        Case(
            "made anew for the way back",
            ["pass", "warn"],
            turned_round(source__own_changes=[own_relationship("source")]),
            back_project(),
        ),
    ],
    "back-capabilities": [
        Case("the first project", ["skipped"], {}),
        Case("one direction each", ["fail", "fail"], turned_round(), back_project()),
        Case(
            "overwritten in the target",
            ["fail", "pass"],
            turned_round(
                target__organization_relationships={"MailboxMoveCapability": ["Inbound"]},
                source__organization_relationships={"MailboxMoveCapability": ["Inbound", "RemoteOutbound"]},
            ),
            back_project(),
        ),
    ],
    "back-application": [
        Case("the first project", ["skipped"], {}),
        Case("none yet", ["fail"], turned_round(), back_project()),
        Case(
            "one of another owner",
            ["fail"],
            turned_round(
                source__organization_relationships={"OAuthApplicationId": APP_ID},
                source__service_principals={"OwnerTenantId": TARGET_ID},
            ),
            back_project(),
        ),
    ],
    "back-scope": [
        Case("the first project", ["skipped"], {}),
        Case("none published", ["fail"], turned_round(), back_project()),
        Case(
            "an empty group",
            ["fail"],
            turned_round(
                source__organization_relationships={"MailboxMovePublishedScopes": [SCOPE]}, source__scope_members=[]
            ),
            back_project(),
        ),
        Case(
            "no security group",
            ["fail"],
            turned_round(
                source__organization_relationships={"MailboxMovePublishedScopes": [SCOPE]},
                source__distribution_groups={"RecipientTypeDetails": "MailUniversalDistributionGroup"},
            ),
            back_project(),
        ),
    ],
    "back-licences": [
        Case("the first project", ["warn"], moved()),
        Case("to be signed", ["manual"], turned_round(), back_project()),
    ],
}
_BOTH = {"MailboxMoveCapability": ["Inbound", "RemoteOutbound"]}
PASSING: dict[str, list[Case]] = {
    "mailboxes-finished": [
        Case("moved", ["pass"], moved()),
        Case("moved, and its batch gone", ["pass"], moved(**{BATCHES: [], USERS: []})),
        Case(
            "excluded",
            ["pass"],
            moved(source__excluded_users=[{"SourceAddress": "sam@contoso.com", "Reason": "stays"}]),
        ),
        Case("the MailUser was deleted since", ["pass"], moved(source__mail_users=[])),
        Case(
            "the MailUser was deleted, and its batch too",
            ["pass"],
            moved(
                **{BATCHES: [], USERS: []},
                source__mail_users=[],
                source__baseline_folders=[
                    {
                        "Wave": WAVE,
                        "TakenAt": "2026-11-20T08:00:00Z",
                        "ExchangeGuid": LARA_GUID,
                        "Mailbox": LARA_SOURCE,
                        "Archive": False,
                        "Folder": "Inbox",
                        "Scope": "visible",
                        "Items": 3,
                        "Bytes": 3000,
                    }
                ],
            ),
        ),
    ],
    "batches-finished": [
        Case("completed", ["pass"], moved()),
        Case("another's batch", ["pass"], {BATCHES: [batch(Identity="fabrikam-1")]}),
        Case(
            "stopped, with one who is given up",
            ["pass"],
            {
                "source__chosen_users": [chosen(Wave=WAVE)],
                BATCHES: [batch(Status="Stopped")],
                USERS: [migration_user(Status="Stopped")],
                **_given_up(),
            },
        ),
    ],
    "batches-removed": [Case("another's is let be", ["pass"], {BATCHES: [batch(Identity="fabrikam-1")]})],
    "endpoint-removed": [Case("gone", ["pass"], GONE["endpoint"])],
    "target-relationship-restored": [
        Case("gone", ["pass"], GONE["target"]),
        Case("gone, and free/busy as it was", ["pass"], {"target__organization_relationships": [FREE_BUSY]}),
        Case(
            "altered and set back",
            ["pass"],
            WAS_THERE["target"]
            | {"target__organization_relationships": {"MailboxMoveEnabled": False, "MailboxMoveCapability": []}},
        ),
        Case(
            "altered, and somebody else's since",
            ["pass"],
            WAS_THERE["target"]
            | {
                "target__organization_relationships": {
                    "MailboxMoveEnabled": False,
                    "MailboxMoveCapability": ["RemoteOutbound"],
                }
            },
        ),
    ],
    "source-relationship-restored": [Case("gone", ["pass"], GONE["source"])],
    "target-consent-removed": [Case("gone", ["pass"], {"target__service_principals": []})],
    "source-consent-removed": [Case("gone", ["pass"], {"source__service_principals": []})],
    "application-removed": [
        Case("gone", ["pass"], {"target__applications": [], "target__application_credentials": []}),
        Case(
            "a namesake is let be",
            ["pass"],
            {"target__applications": {"UniqueName": None}, "target__application_credentials": [SECRET_1]},
        ),
    ],
    "scope-groups-removed": [Case("gone", ["pass"], {"source__distribution_groups": []})],
    "back-leftovers": [
        Case("moved", ["pass"], moved()),
        Case("on the way back", ["pass"], turned_round(), back_project()),
    ],
    "back-relationships-edited": [Case("on the way back", ["pass", "pass"], turned_round(), back_project())],
    "back-capabilities": [
        Case(
            "both ways in both",
            ["pass", "pass"],
            turned_round(target__organization_relationships=_BOTH, source__organization_relationships=_BOTH),
            back_project(),
        )
    ],
    "back-application": [
        Case(
            "the new one",
            ["pass"],
            turned_round(source__organization_relationships={"OAuthApplicationId": APP_ID}),
            back_project(),
        )
    ],
    "back-scope": [
        Case(
            "a group with Lara",
            ["pass"],
            turned_round(source__organization_relationships={"MailboxMovePublishedScopes": [SCOPE]}),
            back_project(),
        )
    ],
}
