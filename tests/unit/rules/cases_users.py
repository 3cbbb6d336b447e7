"""Cases of the rules of section 100; see `rule_cases`."""

from __future__ import annotations

from prepared_facts import (
    ARCHIVE,
    BEFORE_MOVE,
    EXTERNAL,
    FABRIKAM,
    FULL,
    INITIAL,
    LARA_PERSON,
    NOBODY,
    ON_PREMISES,
    OTHER_GUID,
    OWN,
    SYNCHRONISED,
    UNLICENSED,
    UNLICENSED_AND_UNSTAMPED,
    VANITY,
    X400,
    deleted,
    lara,
    previous,
    source,
    target_mailbox,
)
from rule_case import Case
from user_facts import (
    ADD_ON_SKU,
    LARA_DN,
    LARA_GUID,
    LARA_ID,
    LARA_X500,
    directory_user,
    sku,
)

NOT_PASSING: dict[str, list[Case]] = {
    "previous-mailbox-cleared": [
        Case("was a mailbox", ["fail"], previous()),
        Case("another ExchangeGuid", ["fail"], lara(ExchangeGuid=OTHER_GUID)),
        Case("a deleted mailbox of the object", ["fail"], {"target__soft_deleted_mailboxes": [deleted()]}),
        Case("asked for, and held up by another problem", ["fail"], previous(PreviousMailbox="clear", TargetAlias="*")),
        Case("synchronised", ["fail"], previous(PreviousMailbox="clear", **FULL) | lara(**SYNCHRONISED)),
    ],
    "previous-mailbox-agreed": [
        Case("items, and neither export nor owner", ["fail"], previous(PreviousMailbox="clear")),
        Case("items, and no owner", ["fail"], previous(PreviousMailbox="clear", PreviousMailboxExport="share")),
        Case("items, and no export", ["fail"], previous(PreviousMailbox="clear", PreviousMailboxAgreedBy="Lara")),
        Case("not counted", ["fail"], previous(PreviousMailbox="clear", row=deleted(Items=None, Bytes=None))),
        Case(
            "a blank is no name", ["fail"], previous(PreviousMailbox="clear", **FULL | {"PreviousMailboxExport": " "})
        ),
    ],
    "prepared-no-mailbox": [
        Case("a mailbox of its own", ["fail"], {"target__mailboxes": [target_mailbox()]}),
        Case("the mailbox has moved", ["fail"], {"target__mailboxes": [target_mailbox(ExchangeGuid=LARA_GUID)]}),
        Case(
            "found by its address",
            ["fail"],
            {"target__mailboxes": [target_mailbox(ObjectId=OTHER_GUID, UserPrincipalName="x@northwindtraders.com")]},
        ),
    ],
    "prepared-mail-user": [
        Case("nobody there", ["fail"], NOBODY),
        Case("no such mailbox in the source", ["fail"], {"source__mailboxes": []}),
        Case("only a user without mail", ["fail"], NOBODY | {"target__exchange_users": [LARA_PERSON]}),
        Case("all on-premises", ["skipped"], NOBODY, ON_PREMISES),
    ],
    "first-passwords": [Case("handed to nobody", ["warn"], NOBODY)],
    "prepared-exchange-guid": [
        Case("not set", ["fail"], lara(ExchangeGuid=None)),
        Case("another one", ["fail"], lara(ExchangeGuid=OTHER_GUID)),
        Case("the object ID for the mailbox GUID", ["fail"], lara(ExchangeGuid=LARA_ID)),
        Case("the source shows none", ["fail"], source(ExchangeGuid=None)),
        Case("nobody there", ["skipped"], NOBODY),
    ],
    "prepared-archive-guid": [
        Case("missing", ["fail"], source(ArchiveGuid=ARCHIVE)),
        Case("another one", ["fail"], source(ArchiveGuid=ARCHIVE) | lara(ArchiveGuid=OTHER_GUID)),
        Case("one though the source has none", ["fail"], lara(ArchiveGuid=ARCHIVE)),
    ],
    "prepared-legacy-dn": [
        Case("missing", ["fail"], lara(X500Addresses=[LARA_X500])),
        Case("tidied up", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN.replace(' (', '(')}"])),
        Case("in other letters", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN.lower()}"])),
        Case("with a blank at the end", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN} "])),
        Case("the source shows none", ["fail"], source(LegacyExchangeDN=None)),
    ],
    "prepared-x500": [
        Case("only the LegacyExchangeDN", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN}"])),
        Case("in other letters", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN}", LARA_X500.upper()])),
    ],
    "prepared-x400": [Case("missing", ["warn"], source(OtherAddresses=[X400]))],
    "prepared-sign-in": [
        Case("a domain of the source", ["fail"], lara(UserPrincipalName=EXTERNAL)),
        Case(
            "the document's own misspelling", ["fail"], lara(UserPrincipalName="LaraN@northwintraders.onmicrosoft.com")
        ),
        Case("none", ["fail"], lara(UserPrincipalName=None)),
    ],
    "prepared-primary": [
        Case("a domain of the source", ["fail"], lara(PrimarySmtpAddress=VANITY)),
        Case("another one of the target", ["fail"], lara(PrimarySmtpAddress=INITIAL)),
        Case("none", ["fail"], lara(PrimarySmtpAddress=None)),
    ],
    "prepared-primary-not-external": [Case("it has", ["fail"], lara(PrimarySmtpAddress=EXTERNAL))],
    "prepared-external-address": [
        Case("not of the source mailbox", ["fail"], lara(ExternalEmailAddress="other@contoso.com")),
        Case("none", ["fail"], lara(ExternalEmailAddress=None)),
        Case("the vanity address", ["warn"], lara(ExternalEmailAddress=VANITY)),
        Case(
            "the source has no initial address",
            ["warn"],
            source(SmtpAddresses=[VANITY]) | lara(ExternalEmailAddress=VANITY),
        ),
    ],
    "prepared-external-not-proxy": [Case("it is", ["fail"], lara(SmtpAddresses=[OWN, INITIAL, EXTERNAL]))],
    "prepared-proxies-verified": [
        Case("of the source", ["fail"], lara(SmtpAddresses=[OWN, INITIAL, VANITY])),
        Case("of nobody here", ["fail"], lara(SmtpAddresses=[OWN, INITIAL, FABRIKAM])),
        Case("a domain below a verified one", ["fail"], lara(SmtpAddresses=[OWN, INITIAL, "l@x.northwindtraders.com"])),
    ],
    "prepared-delivery-proxy": [
        Case("as the document's example shows it", ["fail"], lara(SmtpAddresses=[OWN])),
        Case(
            "none in the chosen domain", ["fail"], {}, {"target_users": {"delivery_domain": "mail.northwind.example"}}
        ),
    ],
    "prepared-marker": [
        Case("not set", ["warn"], lara(CustomAttributes=[])),
        Case("something else", ["warn"], lara(CustomAttributes=["CustomAttribute1=Sales"])),
        Case("another attribute is chosen", ["warn"], {}, {"users": {"attribute": "CustomAttribute7"}}),
    ],
    "prepared-domains-apart": [
        Case(
            "one of both",
            ["fail"],
            {
                "target__accepted_domains": [
                    {
                        "DomainName": "Contoso.com",
                        "DomainType": "Authoritative",
                        "Default": True,
                        "InitialDomain": False,
                    }
                ]
            },
        )
    ],
    "on-premises-shows": [
        Case("not there yet", ["waiting"], NOBODY, ON_PREMISES),
        Case("without GUID", ["waiting"], lara(ExchangeGuid=None, **SYNCHRONISED)),
        Case("without the LegacyExchangeDN", ["waiting"], lara(X500Addresses=[LARA_X500], **SYNCHRONISED)),
        Case("as the document's example shows it", ["waiting"], lara(SmtpAddresses=[OWN], **SYNCHRONISED)),
        Case("with an address of the source", ["waiting"], lara(SmtpAddresses=[OWN, INITIAL, VANITY], **SYNCHRONISED)),
        Case("with a mailbox before", ["fail"], lara(ExchangeGuid=OTHER_GUID, **SYNCHRONISED)),
    ],
    "on-premises-provisioned": [Case("nobody signed", ["manual"], lara(**SYNCHRONISED))],
    "on-premises-hashes": [Case("nobody signed", ["manual"], lara(**SYNCHRONISED))],
    "on-premises-synchronised": [Case("nobody signed", ["manual"], NOBODY, ON_PREMISES)],
    "licence-after-stamp": [
        Case("no GUID", ["fail"], lara(ExchangeGuid=None)),
        Case("no archive GUID", ["fail"], source(ArchiveGuid=ARCHIVE)),
        Case("an x500 address is missing", ["fail"], lara(X500Addresses=[f"x500:{LARA_DN}"])),
    ],
    "target-usage-location": [
        Case(
            "known from the source",
            ["fail"],
            UNLICENSED | {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]},
        ),
    ],
    "target-add-on": [
        Case("not licensed", ["fail"], UNLICENSED),
        Case("not stamped yet", ["fail"], UNLICENSED_AND_UNSTAMPED),
        Case("no seat", ["fail"], UNLICENSED | {"target__subscribed_skus": [sku(Enabled=3, Consumed=3)]}),
    ],
    "target-exchange-before-move": [Case("not licensed", ["fail"], {}, BEFORE_MOVE)],
}

PASSING: dict[str, list[Case]] = {
    "previous-mailbox-cleared": [
        Case(
            "a deleted mailbox of somebody else",
            ["pass"],
            {"target__soft_deleted_mailboxes": [deleted(ObjectId=OTHER_GUID, UserPrincipalName="x@y.zz")]},
        ),
    ],
    "previous-mailbox-agreed": [
        Case("all said", ["pass"], previous(PreviousMailbox="clear", **FULL)),
        Case("it holds nothing", ["pass"], previous(PreviousMailbox="clear", row=deleted(Items=0, Bytes=0))),
        Case("nobody asked", ["pass"], previous()),
    ],
    "first-passwords": [
        Case("into the keyring", ["pass"], NOBODY, {"target_users": {"passwords": "keyring:northwind"}}),
        Case("nobody signs in to a room", ["pass"], NOBODY | source(RecipientTypeDetails="RoomMailbox")),
    ],
    "prepared-archive-guid": [
        Case("the same", ["pass"], source(ArchiveGuid=ARCHIVE) | lara(ArchiveGuid=ARCHIVE)),
    ],
    "prepared-legacy-dn": [
        Case("the target's own one is the same", ["pass"], lara(LegacyExchangeDN=LARA_DN)),
        Case("the target's own one is another", ["pass"], lara(LegacyExchangeDN="/o=Other/cn=x")),
    ],
    "prepared-x400": [
        Case("there", ["pass"], source(OtherAddresses=[X400]) | lara(OtherAddresses=[X400])),
        Case("other kinds do not count", ["pass"], source(OtherAddresses=["SIP:lara.newton@contoso.com"])),
    ],
    "prepared-primary": [Case("capitals", ["pass"], lara(PrimarySmtpAddress=OWN.upper()))],
    "prepared-external-address": [Case("capitals", ["pass"], lara(ExternalEmailAddress=EXTERNAL.upper()))],
    "prepared-marker": [
        Case(
            "beside others",
            ["pass"],
            lara(CustomAttributes=["CustomAttribute1=Cross-Tenant-Project", "CustomAttribute2=x"]),
        )
    ],
    "on-premises-shows": [Case("all of it", ["pass"], lara(**SYNCHRONISED))],
    "licence-after-stamp": [
        Case("more addresses than needed", ["pass"], lara(X500Addresses=[LARA_X500, f"x500:{LARA_DN}", "x500:/o=X"])),
    ],
    "target-usage-location": [
        Case(
            "nobody is to be licensed",
            ["pass"],
            UNLICENSED | {"target__directory_users": [directory_user("target", SkuIds=[], UsageLocation=None)]},
            {"licences": {"add_on_side": "none"}},
        ),
    ],
    "target-add-on": [
        Case("the source gives it", ["pass"], UNLICENSED, {"licences": {"add_on_side": "source"}}),
        Case(
            "by a group",
            ["pass"],
            UNLICENSED | {"target__directory_users": [directory_user("target", GroupSkuIds=[ADD_ON_SKU])]},
        ),
    ],
}
