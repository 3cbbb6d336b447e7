"""Worlds for the rules of sections 020 and 030, and for the rights that 010 judges with them.

The configured world is Lara's (`user_facts`): the add-on is on the target's MailUser, its 30 seats are in the target.
"""

from __future__ import annotations

from typing import Any

from core_facts import configured
from rule_case import Case
from user_facts import ADD_ON_SKU, EXCHANGE_SKU, sku

IN_SOURCE = {"licences": {"add_on_side": "source"}}
IN_SOURCE_IE = {"licences": {"add_on_side": "source", "usage_location": "IE"}}
BY_OTHERS = {"licences": {"add_on_side": "none"}}
BEFORE_MOVE = {"licences": {"exchange": "before move", "exchange_sku": "SPE_E3"}}
# nobody has the add-on, and the seats lie in the source
NEEDED: dict[str, Any] = {
    "target__mail_users": {"PersistedCapabilities": []},
    "target__directory_users": {"SkuIds": []},
}
SEATS_IN_SOURCE: dict[str, Any] = {"source__subscribed_skus": [sku(), sku("SPE_E3", Enabled=40)]}
NEEDED_IN_SOURCE = NEEDED | SEATS_IN_SOURCE
NO_LOCATION = {"source__directory_users": {"UsageLocation": None}}
NO_SEAT = {"target__subscribed_skus": [sku(Enabled=1, Consumed=1), sku("SPE_E3")]}
SHARED = {"source__mailboxes": {"RecipientTypeDetails": "SharedMailbox"}}
UNSTAMPED = {"target__mail_users": {"ExchangeGuid": None}}
NOBODY: dict[str, Any] = {"source__chosen_users": []}
DYNAMIC = {"Id": "g1", "DisplayName": "All staff", "SkuIds": [EXCHANGE_SKU], "Dynamic": True}
STATIC = DYNAMIC | {"DisplayName": "Chosen staff", "Dynamic": False}
GROUP_OF_ADD_ON = DYNAMIC | {"SkuIds": [ADD_ON_SKU]}
LICENSED_EARLY = UNSTAMPED | {"target__directory_users": {"SkuIds": [EXCHANGE_SKU]}}
FOREIGN = ["LaraN@contoso.onmicrosoft.com", "Lara.Newton@contoso.com", "lara@fabrikam.example"]
TARGET_FOREIGN = ["LaraN@northwindtraders.onmicrosoft.com", "Lara.Newton@contoso.com"]


def _offered(side: str, *without: str) -> dict[str, Any]:
    fact = f"{side}.offered_cmdlets"
    return {f"{side}__offered_cmdlets": [row for row in configured()[fact] if row["Cmdlet"] not in without]}


def _permissions(side: str, *names: str, kind: str = "person") -> dict[str, Any]:
    return {f"{side}__signed_in": {"Permissions": list(names), "Kind": kind}}


NEVER_PASS = {
    "add-on-offered",
    "add-on-once-per-move",
    "add-on-purchase",
    "source-usage-location",
    "source-usage-location-known",
    "target-licence-moment",
    "source-may-license",
    "tenant-ids-agreed",
}

UNLICENSED = "CrossTenantMigrationWithoutLicensePermanentException: No license was found for the source recipient"


def stopped(**changes: Any) -> dict[str, Any]:
    """A user of a batch, as a row of `migration_users` (shapes 3.12)."""
    return {
        "Identity": "Lara.Newton@northwindtraders.com",
        "BatchId": "T2T-W01",
        "Status": "Failed",
        "ErrorSummary": "",
        "MailboxGuid": None,
    } | changes


NOT_PASSING: dict[str, list[Case]] = {
    "no-move-without-licence": [
        Case("the documented failure", ["fail"], {"target__migration_users": [stopped(ErrorSummary=UNLICENSED)]}),
        Case("waiting for the licence", ["fail"], {"target__migration_users": [stopped(Status="NeedsApproval")]}),
    ],
    "add-on-seats": [
        Case("no subscription", ["fail"], {"target__subscribed_skus": [sku("SPE_E3")]}),
        Case("all seats taken", ["fail"], NEEDED | NO_SEAT),
        Case("suspended", ["fail"], {"target__subscribed_skus": [sku(CapabilityStatus="Suspended")]}),
        Case(
            "seats in their grace period alone",
            ["fail"],
            NEEDED | {"target__subscribed_skus": [sku(CapabilityStatus="Warning", Enabled=0, Warning=30)]},
        ),
        Case("seats on the other side", ["fail"], {}, IN_SOURCE),
        Case("somebody else assigns, and no side has it", ["fail"], {"target__subscribed_skus": []}, BY_OTHERS),
    ],
    "source-eligible-plan": [
        Case("an unknown plan", ["warn"], {"source__subscribed_skus": [sku("STANDARDWOFFPACK_STUDENT")]}),
        Case("suspended", ["warn"], {"source__subscribed_skus": {"CapabilityStatus": "Suspended"}}),
    ],
    "target-eligible-plan": [
        Case("nothing but the add-on", ["warn"], {"target__subscribed_skus": [sku()]}),
        Case("no subscription at all", ["warn"], {"target__subscribed_skus": []}),
    ],
    "add-on-offered": [
        Case("nobody owns it", ["manual"], {"target__subscribed_skus": []}),
        Case("the target owns it", ["skipped"], {}),
    ],
    "add-on-once-per-move": [
        Case("one user moves", ["manual"], {}),
        Case("nobody is chosen", ["skipped"], NOBODY),
        Case("a shared mailbox", ["skipped"], SHARED),
    ],
    "add-on-purchase": [
        Case("too few seats", ["manual"], NEEDED | NO_SEAT),
        Case("enough seats", ["skipped"], {}),
    ],
    "add-on-bought": [
        Case("too few seats", ["manual"], NEEDED | NO_SEAT),
        Case("nobody owns it", ["manual"], {"target__subscribed_skus": []}),
    ],
    "source-usage-location": [
        Case("can be set", ["fail"], NEEDED_IN_SOURCE | NO_LOCATION, IN_SOURCE_IE),
        Case("nobody is licensed in the source", ["skipped"], NO_LOCATION),
        Case("cannot be set", ["skipped"], NEEDED_IN_SOURCE | NO_LOCATION, IN_SOURCE),
    ],
    "source-usage-location-known": [
        Case("the project gives none", ["fail"], NEEDED_IN_SOURCE | NO_LOCATION, IN_SOURCE),
        Case(
            "synchronised",
            ["fail"],
            NEEDED_IN_SOURCE | {"source__directory_users": {"UsageLocation": None, "DirectorySynchronised": True}},
            IN_SOURCE_IE,
        ),
        Case("not in the directory", ["fail"], NEEDED_IN_SOURCE | {"source__directory_users": []}, IN_SOURCE_IE),
        Case("nobody is licensed in the source", ["skipped"], NO_LOCATION),
    ],
    "users-have-add-on": [
        Case("section 100 assigns it", ["fail"], NEEDED),
        Case("somebody else assigns it", ["waiting"], NEEDED, BY_OTHERS),
        Case("it is assigned here", ["fail"], NEEDED_IN_SOURCE, IN_SOURCE),
        Case("no seat in the source", ["fail"], NEEDED, IN_SOURCE),
        Case(
            "its subscription is suspended",
            ["fail"],
            {
                "target__mail_users": {"PersistedCapabilities": []},
                "target__subscribed_skus": [sku(CapabilityStatus="Suspended")],
            },
        ),
        Case("a shared mailbox", ["skipped"], NEEDED | SHARED),
    ],
    "source-licence-takes-no-address": [
        Case(
            "a foreign domain",
            ["warn"],
            NEEDED_IN_SOURCE
            | {"source__mailboxes": {"SmtpAddresses": FOREIGN}, "source__directory_users": {"SkuIds": []}},
            IN_SOURCE,
        ),
    ],
    "target-licence-takes-no-address": [
        Case(
            "the source's domain",
            ["warn"],
            {
                "target__mail_users": {"SmtpAddresses": TARGET_FOREIGN},
                "target__directory_users": {"SkuIds": []},
            },
        ),
        Case(
            "the primary address is the source's (KNI-06)",
            ["warn"],
            {
                "target__mail_users": {"PrimarySmtpAddress": "Lara.Newton@contoso.com"},
                "target__directory_users": {"SkuIds": []},
            },
        ),
    ],
    "source-licensed-addresses-verified": [
        Case("a foreign domain", ["warn"], {"source__mailboxes": {"SmtpAddresses": FOREIGN}}),
        Case("nobody is licensed", ["skipped"], {"source__directory_users": {"SkuIds": []}}),
    ],
    "target-licensed-addresses-verified": [
        Case("the source's domain", ["warn"], {"target__mail_users": {"SmtpAddresses": TARGET_FOREIGN}}),
    ],
    "source-exchange-licence": [
        Case("none", ["fail"], {"source__directory_users": {"SkuIds": []}}),
        Case("suspended", ["fail"], {"source__subscribed_skus": {"CapabilityStatus": "Suspended"}}),
        Case(
            "a plan without a mailbox",
            ["fail"],
            {"source__subscribed_skus": {"ServicePlans": ["EXCHANGE_S_FOUNDATION", "TEAMS1"]}},
        ),
        Case("a shared mailbox", ["skipped"], SHARED | {"source__directory_users": {"SkuIds": []}}),
    ],
    "target-no-early-licence": [
        Case("an unstamped MailUser", ["fail"], LICENSED_EARLY),
        Case(
            "licensed by a group",
            ["fail"],
            UNSTAMPED | {"target__directory_users": {"SkuIds": [EXCHANGE_SKU], "GroupSkuIds": [EXCHANGE_SKU]}},
        ),
        Case(
            "a user who is no MailUser yet",
            ["fail"],
            {
                "target__mail_users": [],
                "target__recipients": [],
                "target__directory_users": {"SkuIds": [EXCHANGE_SKU]},
            },
        ),
        Case(
            "a mailbox was made (LIC-14)",
            ["fail"],
            {
                "target__mail_users": [],
                "target__recipients": {"RecipientTypeDetails": "UserMailbox", "ExchangeGuid": "other"},
                "target__directory_users": {"SkuIds": []},
            },
        ),
        Case("stamped with another GUID", ["fail"], LICENSED_EARLY | {"target__mail_users": {"ExchangeGuid": "other"}}),
    ],
    "target-no-early-group": [
        Case("before the stamp", ["fail"], UNSTAMPED | {"target__licensing_groups": [DYNAMIC]}),
        Case("before the user is there", ["fail"], {"target__mail_users": [], "target__licensing_groups": [DYNAMIC]}),
        Case("nobody is listed yet", ["warn"], NOBODY | {"target__licensing_groups": [DYNAMIC]}),
        Case("one of two", ["fail", "pass"], UNSTAMPED | {"target__licensing_groups": [DYNAMIC, STATIC]}),
    ],
    "target-licence-moment": [
        Case("after the move", ["skipped"], {}),
        Case("before the move, by section 100", ["pass", "waiting"], {}, BEFORE_MOVE),
        Case(
            "before the move, no seat",
            ["fail", "waiting"],
            {"target__subscribed_skus": [sku("SPE_E3", Enabled=1)]},
            BEFORE_MOVE,
        ),
        Case("no such subscription", ["fail", "waiting"], {"target__subscribed_skus": [sku()]}, BEFORE_MOVE),
        Case(
            "a subscription without a mailbox",
            ["fail", "waiting"],
            {"target__subscribed_skus": [sku("SPE_E3", ServicePlans=["TEAMS1"])]},
            BEFORE_MOVE,
        ),
        Case("nobody is stamped", ["skipped"], UNSTAMPED),
    ],
    "source-may-manage-scope": [
        Case("members cannot be added", ["fail", "pass"], _offered("source", "Add-DistributionGroupMember")),
        Case("users are tagged", ["fail", "pass"], {}, {"users": {"tag": True}}),
        Case(
            "disabled archives are decided on",
            ["fail", "fail", "pass"],
            {},
            {"move": {"disabled_archives": {"a@contoso.com": "enable", "b@contoso.com": "remove"}}},
        ),
    ],
    "target-may-prepare-users": [
        Case(
            "recipients are only read",
            ["fail", "fail", "fail", "pass"],
            _offered("target", "New-MailUser", "Set-MailUser", "Set-User"),
        ),
    ],
    "target-may-move": [
        Case("no batches", ["fail", "pass"], _offered("target", "New-MigrationBatch")),
        Case(
            "batches are started and not stopped",
            ["fail", "fail", "pass"],
            _offered("target", "Stop-MigrationBatch", "Remove-MigrationUser"),
        ),
        Case("nothing may be completed", ["fail", "pass"], _offered("target", "Complete-MigrationBatch")),
    ],
    "target-may-give-rights": [
        Case("Send As is not given", ["fail", "pass"], _offered("target", "Add-RecipientPermission")),
        Case("mailboxes are only read", ["fail", "pass"], _offered("target", "Set-Mailbox")),
    ],
    "source-may-read-contents": [
        Case(
            "neither folders nor rights",
            ["fail", "fail", "pass"],
            _offered("source", "Get-MailboxFolderStatistics", "Get-RecipientPermission"),
        ),
    ],
    "target-may-read-contents": [
        Case("no statistics", ["fail", "pass"], _offered("target", "Get-MailboxStatistics")),
    ],
    "source-may-clean-up": [
        Case("the relationship stays", ["fail", "pass"], _offered("source", "Remove-OrganizationRelationship")),
    ],
    "target-may-clean-up": [
        Case("the endpoint stays", ["fail", "pass"], _offered("target", "Remove-MigrationEndpoint")),
    ],
    "source-may-read-directory": [
        Case("nothing in Graph", ["fail", "fail", "fail"], _permissions("source")),
        Case("users alone", ["fail", "fail", "pass"], _permissions("source", "User.Read.All")),
    ],
    "target-may-read-directory": [
        Case(
            "no groups",
            ["fail", "pass"],
            _permissions(
                "target", "User.Read.All", "Organization.Read.All", "Application.Read.All", kind="application"
            ),
        ),
    ],
    "source-may-license": [
        Case("nothing is given out there", ["skipped"], {}),
        Case("it was not asked for", ["fail"], {}, IN_SOURCE),
        Case("nor the usage location", ["fail", "fail"], {}, IN_SOURCE_IE),
        Case(
            "the location alone is missing",
            ["fail", "pass"],
            _permissions("source", "LicenseAssignment.ReadWrite.All"),
            IN_SOURCE_IE,
        ),
    ],
    "target-may-license": [
        Case("not in the token", ["fail"], _permissions("target", "Directory.Read.All")),
        Case("a person without a role", ["pass", "fail"], {"target__directory_roles": []}),
        Case("nothing is given out there", ["skipped"], {}, BY_OTHERS),
    ],
    "source-duties": [
        Case("neither duty", ["warn"], {"source__offered_cmdlets": []}),
        Case(
            "the parameter is hidden",
            ["warn"],
            {"source__offered_cmdlets": [{"Cmdlet": "Set-OrganizationRelationship", "Parameters": ["Identity"]}]},
        ),
    ],
    "target-duties": [
        Case("neither duty", ["warn"], {"target__offered_cmdlets": []}),
    ],
    "domains-not-shared": [
        Case(
            "accepted in both",
            ["fail", "pass"],
            {"target__accepted_domains": [{"DomainName": "Contoso.com", "Default": True}]},
        ),
        Case("verified in both", ["fail", "pass"], {"target__organization": {"Domains": ["contoso.com"]}}),
        Case(
            "verified in the source, accepted in the target",
            ["fail", "pass"],
            {"source__organization": {"Domains": ["northwindtraders.com"]}},
        ),
    ],
    "tenant-ids-agreed": [
        Case("a person's word", ["manual"], {}),
        Case("an unknown domain", ["manual"], {"source__domain_lookup": []}),
    ],
    "source-directory": [
        Case(
            "tags would be written to synchronised mailboxes",
            ["warn"],
            {"source__organization": {"DirectorySynchronised": True}},
            {"users": {"tag": True}},
        ),
        Case("no answer", ["skipped"], {"source__organization": []}),
    ],
    "target-directory": [
        Case("users beside the directory", ["warn"], {"target__organization": {"DirectorySynchronised": True}}),
        Case("nothing brings them", ["warn"], {}, {"target_users": {"made": "on-premises"}}),
    ],
    "users-no-groups": [
        Case(
            "a group",
            ["fail"],
            {"source__recipients": {"RecipientTypeDetails": "GroupMailbox"}},
        ),
        Case("nobody is chosen", ["skipped"], NOBODY),
    ],
}

PASSING: dict[str, list[Case]] = {
    "no-move-without-licence": [
        Case("another failure", ["pass"], {"target__migration_users": [stopped(ErrorSummary="MissingExchangeGuid")]}),
    ],
    "add-on-seats": [
        Case("the last seat", ["pass"], NEEDED | {"target__subscribed_skus": [sku(Enabled=5, Consumed=4)]}),
        Case("everybody has it", ["pass"], NO_SEAT),
        Case(
            "by the part number's other spelling",
            ["pass"],
            {
                "target__subscribed_skus": [
                    sku(SkuId="other", SkuPartNumber="CSP_CROSSTENANTUSERDATAMIGRATION", ServicePlans=[])
                ]
            },
        ),
        Case(
            "by the plan's name",
            ["pass"],
            {"target__subscribed_skus": [sku(SkuId="other", SkuPartNumber="NEW_NAME")]},
        ),
        Case("by the ID", ["pass"], {"target__subscribed_skus": [sku(SkuPartNumber="NEW_NAME", ServicePlans=[])]}),
        Case("in the source", ["pass"], NEEDED_IN_SOURCE, IN_SOURCE),
        Case("in both together", ["pass"], NEEDED_IN_SOURCE | NO_SEAT, BY_OTHERS),
        Case("only shared mailboxes move", ["pass"], NEEDED | SHARED | NO_SEAT),
    ],
    "add-on-bought": [Case("everybody has it", ["pass"], NO_SEAT)],
    "source-eligible-plan": [
        Case("a variant", ["pass"], {"source__subscribed_skus": [sku("ENTERPRISEPREMIUM_NOPSTNCONF")]}),
    ],
    "users-have-add-on": [
        Case(
            "what Exchange says of the mailbox",
            ["pass"],
            NEEDED | {"source__mailboxes": {"PersistedCapabilities": ["ExchangeT2TMbxMove"]}},
        ),
        Case(
            "a licence of the source",
            ["pass"],
            NEEDED_IN_SOURCE | {"source__directory_users": {"SkuIds": [ADD_ON_SKU.upper()]}},
        ),
        Case("a licence of the target", ["pass"], {"target__mail_users": {"PersistedCapabilities": []}}),
        Case("what Exchange says of the MailUser", ["pass"], {"target__directory_users": {"SkuIds": []}}),
    ],
    "source-usage-location": [Case("there", ["pass"], NEEDED_IN_SOURCE, IN_SOURCE)],
    "source-usage-location-known": [
        Case("there", ["pass"], NEEDED_IN_SOURCE, IN_SOURCE),
        Case("can be set", ["pass"], NEEDED_IN_SOURCE | NO_LOCATION, IN_SOURCE_IE),
    ],
    "source-licence-takes-no-address": [
        Case("nothing is given out there", ["pass"], {"source__mailboxes": {"SmtpAddresses": FOREIGN}}),
        Case("verified alone", ["pass"], NEEDED_IN_SOURCE | {"source__directory_users": {"SkuIds": []}}, IN_SOURCE),
    ],
    "target-licence-takes-no-address": [
        Case("not there yet", ["pass"], {"target__mail_users": [], "target__recipients": []}),
    ],
    "target-no-early-licence": [
        Case("licensed after the stamp", ["pass"], {"target__directory_users": {"SkuIds": [EXCHANGE_SKU]}}),
        Case("unstamped, with the add-on alone", ["pass"], UNSTAMPED),
        Case(
            "not there yet",
            ["pass"],
            {"target__mail_users": [], "target__recipients": [], "target__directory_users": []},
        ),
    ],
    "target-no-early-group": [
        Case("all are stamped", ["pass"], {"target__licensing_groups": [DYNAMIC]}),
        Case("whoever is put in", ["pass"], UNSTAMPED | {"target__licensing_groups": [STATIC]}),
        Case("without a mailbox", ["pass"], UNSTAMPED | {"target__licensing_groups": [GROUP_OF_ADD_ON]}),
    ],
    "target-licence-moment": [
        Case("after the stamp", ["pass"], {"target__directory_users": {"SkuIds": [EXCHANGE_SKU]}}),
    ],
    "target-may-prepare-users": [
        Case(
            "users are made on-premises",
            ["pass"],
            _offered("target", "New-MailUser", "Set-MailUser", "Set-User"),
            {"target_users": {"made": "on-premises"}},
        ),
    ],
    "target-may-read-directory": [
        Case(
            "one by one",
            ["pass"],
            _permissions(
                "target", "User.Read.All", "Organization.Read.All", "GroupMember.Read.All", "Application.Read.All"
            ),
        ),
    ],
    "source-may-license": [
        Case("it is given out there", ["pass"], _permissions("source", "LicenseAssignment.ReadWrite.All"), IN_SOURCE),
    ],
    "target-may-license": [
        Case(
            "an application needs no role",
            ["pass"],
            _permissions("target", "User.ReadWrite.All", kind="application") | {"target__directory_roles": []},
        ),
    ],
    "target-duties": [
        Case("moves alone", ["pass"], _offered("target", "Set-OrganizationRelationship")),
        Case("setup alone", ["pass"], _offered("target", "New-MigrationBatch")),
    ],
    "source-directory": [
        Case("synchronised (GEN-05)", ["pass"], {"source__organization": {"DirectorySynchronised": True}}),
    ],
    "target-directory": [
        Case(
            "synchronised, users made there (GEN-05)",
            ["pass"],
            {"target__organization": {"DirectorySynchronised": True}},
            {"target_users": {"made": "on-premises"}},
        ),
    ],
    "users-no-groups": [
        Case("a shared mailbox", ["pass"], {"source__recipients": {"RecipientTypeDetails": "SharedMailbox"}}),
    ],
}
