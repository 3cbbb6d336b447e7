"""Cases of the rules of section 090: who moves, and whom each becomes in the target."""

from __future__ import annotations

from matching_worlds import (
    NOBODY_THERE,
    OTHER_GUID,
    STRANGER,
    alone,
    beside,
    made_new,
    mail_user,
    proposed,
    two_lines,
)
from rule_case import Case
from user_facts import (
    LARA_GUID,
    LARA_TARGET_ID,
    chosen,
    deleted_mailbox,
    exchange_user,
    lara_mail_user,
    lara_mailbox,
)

BY_ATTRIBUTE = {"users": {"choose": "attribute"}}
BY_GROUP = {"users": {"choose": "group", "group": "Movers"}}
TAGGING = {"users": {"choose": "attribute", "tag": True}}

PASSING: dict[str, list[Case]] = {
    "users-complete": [
        Case("all who carry the attribute are listed", ["pass", "pass"], {
            "source__proposed_users": proposed("Lara.Newton@contoso.com")}, BY_ATTRIBUTE),
        Case("listed by another of its addresses", ["pass", "pass"], {
            "source__proposed_users": proposed("Lara.Newton@contoso.com"),
            "source__chosen_users": [chosen(SourceAddress="LaraN@contoso.onmicrosoft.com")]}, BY_ATTRIBUTE),
        Case("moved since, so no mailbox is proposed", ["pass"], {
            "source__mailboxes": [], "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser") | {
                "ExternalEmailAddress": "Lara.Newton@northwindtraders.com"}]}, BY_ATTRIBUTE),
    ],
    "users-tagged": [
        Case("value in other letters", ["pass"], {
            "source__mailboxes": {"CustomAttributes": ["CustomAttribute1=cross-tenant-project"]}}, TAGGING),
    ],
    "user-no-other-guid": [Case("not stamped yet", ["pass"], mail_user(ExchangeGuid=None))],
    "user-target-kind": [Case("nobody is there yet", ["pass"], NOBODY_THERE)],
    "user-address-free": [
        Case("Lara's own object", ["pass"], mail_user(SmtpAddresses=["LARA.NEWTON@northwindtraders.com"])),
    ],
    "user-guid-free": [
        Case("deleted mailbox with another GUID", ["pass"], {
            "target__soft_deleted_mailboxes": [deleted_mailbox(ExchangeGuid=OTHER_GUID)]}),
    ],
    "user-not-deleted": [
        Case("the mailbox that Lara's own object had", ["pass"], {
            "target__soft_deleted_mailboxes": [deleted_mailbox(ExchangeGuid=OTHER_GUID)]}),
    ],
}  # fmt: skip

NOT_PASSING: dict[str, list[Case]] = {
    "users-complete": [
        Case("carries the attribute, not listed", ["warn", "pass", "pass"], {
            "source__proposed_users": proposed("Ben.King@contoso.com", "Lara.Newton@contoso.com")}, BY_ATTRIBUTE),
        Case("listed, does not carry it", ["warn"], {}, BY_ATTRIBUTE),
        Case("listed, not in the group", ["warn"], {}, BY_GROUP),
        Case("mailbox gone", ["warn"], {"source__mailboxes": []}, BY_ATTRIBUTE),
        Case("nobody listed yet", ["warn"], {
            "source__chosen_users": [], "source__proposed_users": proposed("Lara.Newton@contoso.com")}, BY_ATTRIBUTE),
    ],
    "users-tagged": [
        Case("not marked, and xtmig may not", ["skipped"], {"source__mailboxes": {"CustomAttributes": []}}),
        Case("not marked, and xtmig may", ["fail"], {"source__mailboxes": {"CustomAttributes": []}}, TAGGING),
        Case("another value", ["fail"], {
            "source__mailboxes": {"CustomAttributes": ["CustomAttribute1=Payroll"]}}, TAGGING),
        Case("the value in another attribute", ["fail"], {
            "source__mailboxes": {"CustomAttributes": ["CustomAttribute11=Cross-Tenant-Project"]}}, TAGGING),
        Case("of a synchronised directory", ["fail"], {
            "source__mailboxes": {"CustomAttributes": [], "DirectorySynchronised": True}}, TAGGING),
    ],
    "user-source-one": [
        Case("no mailbox has the address", ["fail"], {"source__mailboxes": []}),
        Case("two mailboxes answer", ["fail"], {
            "source__mailboxes": [lara_mailbox(), lara_mailbox(ObjectId=STRANGER, Alias="LaraTwo")]}),
    ],
    "user-source-kind": [
        Case("discovery mailbox", ["fail"], {"source__mailboxes": {"RecipientTypeDetails": "DiscoveryMailbox"}}),
        Case("no mailbox at all", ["skipped"], {"source__mailboxes": []}),
    ],
    "user-source-complete": [
        *(Case(f"no {column}", ["fail"], {"source__mailboxes": {column: None}}) for column in (
            "ObjectId", "Alias", "DisplayName", "ExchangeGuid", "LegacyExchangeDN", "PrimarySmtpAddress")),
    ],
    "user-source-initial": [
        Case("only a vanity address", ["warn"], {"source__mailboxes": {"SmtpAddresses": ["Lara.Newton@contoso.com"]}}),
    ],
    "user-name-parts": [
        Case("no last name", ["fail"], {
            "source__chosen_users": [chosen(TargetAddress="")], "source__exchange_users": {"LastName": None},
            **NOBODY_THERE}, {"target_addresses": {"local_part": "{first}.{last}"}}),
    ],
    "user-name-fits": [
        Case("alias too long", ["fail"], {"source__chosen_users": [chosen(TargetAlias="a" * 65)]}),
        Case("sign-in name with an umlaut", ["fail"], {
            "source__chosen_users": [chosen(TargetSignIn="lära@northwindtraders.onmicrosoft.com")]}),
        Case("address with two dots", ["fail"], {
            "source__chosen_users": [chosen(TargetAddress="lara..newton@northwindtraders.com")]}),
    ],
    "user-domain-accepted": [
        Case("address in a strange domain", ["fail"], {
            "source__chosen_users": [chosen(TargetAddress="lara@fabrikam.example")]}),
        Case("sign-in name in the source's domain", ["fail"], {
            "source__chosen_users": [chosen(TargetSignIn="LaraN@contoso.onmicrosoft.com")]}),
        Case("delivery domain not verified", ["fail"], {}, {"target_users": {"delivery_domain": "mail.example"}}),
    ],
    "user-no-doubles": [
        Case("one mailbox by two addresses", ["fail", "fail"], {
            "source__chosen_users": [chosen(), chosen(
                SourceAddress="LaraN@contoso.onmicrosoft.com", TargetAddress="l@northwindtraders.com",
                TargetSignIn="l@northwindtraders.onmicrosoft.com", TargetAlias="l", TargetObject="new", Line=3)]}),
        Case("one address by rule", ["fail", "fail"], two_lines(TargetAddress="lara.newton@NORTHWINDTRADERS.com")),
        Case("one alias", ["fail", "fail"], two_lines(TargetAlias="laran")),
        Case("the address that another's alias makes", ["fail", "fail"], two_lines(
            TargetAddress="LaraN@northwindtraders.onmicrosoft.com")),
        Case("one target object", ["fail", "fail"], two_lines(TargetObject=LARA_TARGET_ID)),
    ],
    "user-address-free": [
        Case("a group has the address", ["fail"], beside(
            kind="MailUniversalSecurityGroup", SmtpAddresses=["lara.newton@northwindtraders.com"])),
        Case("a mailbox has the delivery address", ["fail"], beside(
            kind="UserMailbox", SmtpAddresses=["laran@northwindtraders.onmicrosoft.com"])),
    ],
    "user-sign-in-free": [
        Case("another object signs in with it", ["fail"], {"target__exchange_users": [
            exchange_user(lara_mail_user()),
            exchange_user(lara_mail_user(ObjectId=STRANGER, RecipientTypeDetails="User"))]}),
        Case("it is another's address", ["fail"], {
            "source__chosen_users": [chosen(TargetSignIn="lara@northwindtraders.com")],
            **beside(kind="SharedMailbox", SmtpAddresses=["lara@northwindtraders.com"])}),
    ],
    "user-alias-free": [
        Case("a contact has the alias", ["fail"], beside(Alias="LARAN")),
        Case("an object has the Name", ["fail"], made_new(Name="LaraN")),
    ],
    "user-guid-free": [
        Case("another object has the GUID", ["fail"], {
            "source__chosen_users": [chosen(TargetObject=LARA_TARGET_ID)], **beside(ExchangeGuid=LARA_GUID)}),
        Case("a deleted mailbox has the GUID", ["fail"], {"target__soft_deleted_mailboxes": [deleted_mailbox()]}),
    ],
    "user-not-deleted": [
        Case("it signed in with the name", ["warn"], NOBODY_THERE | {"target__soft_deleted_mailboxes": [
            deleted_mailbox(PrimarySmtpAddress="old@northwindtraders.com")]}),
        Case("it had the address", ["warn"], NOBODY_THERE | {"target__soft_deleted_mailboxes": [
            deleted_mailbox(UserPrincipalName="old@northwindtraders.com")]}),
    ],
    "user-no-pointer": [
        Case("a contact beside the MailUser", ["warn"], beside(SmtpAddresses=["lara.newton@contoso.com"])),
        Case("a guest, and the user is to be made", ["warn"], made_new(
            kind="GuestMailUser", SmtpAddresses=["lara.newton@contoso.com"])),
        Case("a contact with the very address", ["fail"], made_new(
            SmtpAddresses=["laran@contoso.onmicrosoft.com"])),
    ],
    "user-target-one": [
        Case("two MailUsers point at the mailbox", ["fail"], {
            "source__chosen_users": [chosen(
                TargetAddress="l@northwindtraders.com", TargetSignIn="l@northwindtraders.onmicrosoft.com")],
            "target__mail_users": [
                lara_mail_user(ExchangeGuid=None),
                lara_mail_user(ObjectId=STRANGER, ExchangeGuid=None, ExternalEmailAddress="Lara.Newton@contoso.com")],
            "target__recipients": [], "target__exchange_users": []}),
    ],
    "user-target-kind": [
        *(Case(kind, ["fail"], alone(kind)) for kind in (
            "MailContact", "GuestMailUser", "UserMailbox", "SharedMailbox", "MailUniversalDistributionGroup")),
        Case("a user without mail", ["fail"], NOBODY_THERE | {
            "target__exchange_users": [exchange_user(lara_mail_user(RecipientTypeDetails="User"))]}),
        Case("users.csv names what is not there", ["fail"], {
            "source__chosen_users": [chosen(TargetObject=STRANGER)]}),
    ],
    "user-target-own": [
        Case("it points at another mailbox", ["fail"], {
            **two_lines(), **mail_user(ExternalEmailAddress="BenK@contoso.onmicrosoft.com", ExchangeGuid=None),
            "source__chosen_users": [chosen()]}),
        Case("it has another mailbox's GUID", ["fail"], {
            **two_lines(), **mail_user(ExchangeGuid=OTHER_GUID), "source__chosen_users": [chosen()]}),
    ],
    "user-no-other-guid": [Case("a GUID of its own", ["fail"], mail_user(ExchangeGuid=OTHER_GUID))],
    "user-no-previous-mailbox": [
        Case("had a mailbox", ["fail"], {"target__exchange_users": {"PreviousRecipientTypeDetails": "UserMailbox"}}),
        Case("had a shared one", ["fail"], {
            "target__exchange_users": {"PreviousRecipientTypeDetails": "SharedMailbox"}}),
    ],
    "user-not-licensed-early": [
        Case("licensed, not stamped", ["fail"], mail_user(
            ExchangeGuid=None, PersistedCapabilities=["BPOS_S_Enterprise", "ExchangeT2TMbxMove"])),
    ],
}  # fmt: skip
