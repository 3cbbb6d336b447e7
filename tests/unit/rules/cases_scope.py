"""Worlds of sections 080 and 110 in which their rules do not pass, and further ones in which they do."""

from __future__ import annotations

from typing import Any

from core_facts import APP_ID, OTHER_ID, TARGET_ID, source_relationship
from rule_case import Case
from scope_facts import BY_WAY, GROUP_ID, INNER, STRANGER, member, recipient
from user_facts import SCOPE, chosen, lara_mailbox

RELATIONSHIPS = "source__organization_relationships"
GROUPS = "source__distribution_groups"
MEMBERS = "source__scope_members"
UNWRITTEN = {"source__chosen_users": [chosen(Line=0)]}
MANY = [chosen(SourceAddress=f"u{n}@contoso.com", Line=n + 2) for n in range(10_001)]
TWO_GROUPS = {"names": {"scope_groups": [SCOPE, "second"]}}
REFUSED = {"Result": "Failed", "Message": "It failed.", "ErrorDetail": ""}


def _wrong(attribute: str, *values: Any) -> list[Case]:
    return [Case(f"{attribute} {value}", ["fail"], {RELATIONSHIPS: {attribute: value}}) for value in values]


NOT_PASSING: dict[str, list[Case]] = {
    "source-customized": [
        Case("dehydrated", ["fail"], {"source__organization_config": {"IsDehydrated": True}}),
        Case("not said", ["fail"], {"source__organization_config": {"IsDehydrated": None}}),
    ],
    "scope-group-found": [
        Case("none", ["fail"], {GROUPS: []}),
        Case("a plain list", ["fail"], {GROUPS: {"RecipientTypeDetails": "MailUniversalDistributionGroup"}}),
        Case("renamed by a naming policy", ["fail"], {GROUPS: {"Name": f"GRP_{SCOPE}"}}),
        Case("a Microsoft 365 group", ["fail"], {GROUPS: [], "source__recipients": [
            recipient(Name=SCOPE, Alias=SCOPE, RecipientTypeDetails="GroupMailbox")]}),
        Case("a dynamic group", ["fail"], {GROUPS: [], "source__recipients": [
            recipient(Name=SCOPE.upper(), Alias="other", RecipientTypeDetails="DynamicDistributionGroup")]}),
        Case("a mailbox with its alias", ["fail"], {GROUPS: [], "source__recipients": [
            recipient(Name="x", Alias=SCOPE, RecipientTypeDetails="UserMailbox")]}),
        Case("one of two", ["pass", "fail"], {}, TWO_GROUPS),
        Case("no object ID", ["fail"], {GROUPS: {"ObjectId": None}}),
    ],
    "scope-group-size": [
        Case("10,001 users in one group", ["warn"], {"source__chosen_users": MANY}),
        Case("10,001 members", ["warn", "pass"], {MEMBERS: [member(ObjectId=str(n)) for n in range(10_001)]}),
    ],
    "scope-members-complete": [
        Case("nobody added", ["fail"], {MEMBERS: []}),
        Case("nested alone", ["fail"], {MEMBERS: [INNER, member(**BY_WAY)]}),
        Case("another of the same name", ["fail"], {MEMBERS: {"ObjectId": OTHER_ID}}),
        Case("an address of nobody", ["fail"], {"source__chosen_users": [chosen(SourceAddress="x@contoso.com")]}),
        Case("not written", ["fail"], UNWRITTEN),
        Case("no object ID", ["fail"], {"source__mailboxes": {"ObjectId": None}}),
    ],
    "scope-members-only": [
        Case("a stranger", ["fail", "pass"], {MEMBERS: [member(), STRANGER]}),
        Case("a stranger by way of a group", ["fail", "pass"], {MEMBERS: [member(), INNER, STRANGER | BY_WAY]}),
        Case("a dynamic group", ["fail", "pass"], {MEMBERS: [
            member(), INNER | {"RecipientTypeDetails": "DynamicDistributionGroup"}]}),
        Case("members, and users.csv not written", ["fail"], UNWRITTEN),
    ],
    "scope-nested": [Case("a group", ["warn", "pass"], {MEMBERS: [member(), INNER, member(**BY_WAY)]})],
    "source-after-target": [Case("no endpoint", ["fail"], {"target__migration_endpoints": []})],
    "source-relationship-found": [
        Case("none", ["fail"], {RELATIONSHIPS: []}),
        Case("two", ["fail"], {RELATIONSHIPS: [source_relationship(), source_relationship(Identity="second")]}),
        Case("the name is taken", ["fail"], {RELATIONSHIPS: [source_relationship(DomainNames=[OTHER_ID])]}),
        Case("only part of the ID", ["fail"], {RELATIONSHIPS: [source_relationship(DomainNames=[TARGET_ID[:-1]])]}),
    ],
    "source-relationship-by-id": [
        Case("domain only", ["warn"], {RELATIONSHIPS: [
            source_relationship(DomainNames=["northwindtraders.onmicrosoft.com"])]}),
    ],
    "source-relationship-enabled": _wrong("Enabled", False, None),
    "source-relationship-moves": _wrong("MailboxMoveEnabled", False, None),
    "source-relationship-outbound": _wrong("MailboxMoveCapability", [], ["Outbound"], ["RemoteInbound"], ["Inbound"]),
    "source-relationship-application": [
        *_wrong("OAuthApplicationId", None, "", OTHER_ID),
        Case("not consented", ["fail"], {"source__service_principals": []}),
    ],
    "source-relationship-scopes": [
        *_wrong("MailboxMovePublishedScopes", [], ["another group"]),
        Case("one of two", ["fail"], {}, TWO_GROUPS),
    ],
    "source-relationship-one-scope": [
        Case("two", ["warn"], {RELATIONSHIPS: {"MailboxMovePublishedScopes": [SCOPE, "another"]}}),
    ],
    "endpoint-verified": [
        Case("no endpoint", ["fail"], {"target__endpoint_test": []}),
        Case("unknown answer", ["fail"], {"target__endpoint_test": REFUSED}),
        Case("all right but not effective", ["waiting"], {
            "target__endpoint_test": REFUSED | {"ErrorDetail": "x.MigrationServerConnectionFailedException: y"}}),
    ],
    "sample-verified": [
        Case("nobody prepared", ["fail"], {"target__migration_tests": []}),
        Case("unknown answer", ["fail"], {"target__migration_tests": REFUSED}),
        Case("all right but not effective", ["waiting"], {
            "target__migration_tests": REFUSED | {"ErrorDetail": "x.MRSRemotePermanentException: y"}}),
    ],
    "sample-by-target-address": [
        Case("the source's address", ["fail"], {"target__migration_tests": {"TestMailbox": "Lara.Newton@contoso.com"}}),
        Case("no ExchangeGuid", ["fail"], {"target__mail_users": {"ExchangeGuid": None}}),
    ],
    "preflight-clean": [
        Case("two things wrong", ["fail", "fail"], {
            RELATIONSHIPS: {"Enabled": False}, "target__organization_relationships": {"Enabled": False}}),
        Case("a consent is missing, which the order shows too", ["waiting", "fail"], {"source__granted_roles": []}),
    ],
}  # fmt: skip

PASSING: dict[str, list[Case]] = {
    "scope-group-found": [
        Case("capitals", ["pass"], {GROUPS: {"Name": SCOPE.upper()}}),
        Case("named as the policy calls it", ["pass"], {GROUPS: {"Name": "GRP_x"}},
             {"names": {"scope_groups": ["GRP_x"]}}),
    ],
    "scope-group-size": [
        Case("10,000 users in one group", ["pass"], {"source__chosen_users": MANY[:10_000]}),
        Case("10,001 users in two groups", ["pass"], {"source__chosen_users": MANY}, TWO_GROUPS),
    ],
    "scope-members-complete": [
        Case("in the second group", ["pass"], {MEMBERS: {"Group": "second"}}, TWO_GROUPS),
        Case("moved already", ["pass"], {
            "source__mailboxes": [], MEMBERS: [],
            "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress="x@y.z")]}),
    ],
    "scope-members-only": [
        Case("nobody, and users.csv not written", ["pass"], {MEMBERS: [], **UNWRITTEN}),
        Case("users by way of a group", ["pass"], {MEMBERS: [member(), INNER, member(**BY_WAY)]}),
        Case("moved already", ["pass"], {
            "source__mailboxes": [],
            "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress="x@y.z")]}),
    ],
    "source-relationship-found": [
        Case("beside one for Free/Busy", ["pass"], {RELATIONSHIPS: [
            source_relationship(),
            source_relationship(Identity="fb", DomainNames=["northwindtraders.com"], MailboxMoveEnabled=False)]}),
        Case("capitals in the tenant ID", ["pass"], {RELATIONSHIPS: {"DomainNames": ["a.example", TARGET_ID.upper()]}}),
    ],
    "source-relationship-outbound": [
        Case("both directions", ["pass"], {RELATIONSHIPS: {"MailboxMoveCapability": ["Inbound", "RemoteOutbound"]}}),
    ],
    "source-relationship-application": [
        Case("capitals", ["pass"], {RELATIONSHIPS: {"OAuthApplicationId": APP_ID.upper()}}),
    ],
    "source-relationship-scopes": [
        Case("beside another", ["pass"], {RELATIONSHIPS: {"MailboxMovePublishedScopes": ["another", SCOPE.upper()]}}),
        Case("by object ID", ["pass"], {RELATIONSHIPS: {"MailboxMovePublishedScopes": [GROUP_ID]}}),
    ],
}  # fmt: skip
