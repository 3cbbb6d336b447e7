"""New-MailUser, Set-MailUser and Remove-MailUser against the document, the wire facts and the cmdlet reference."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_answers import PASSWORD, changed_pair, delta, done, kind, lara, one, rows, with_lara
from simulated_pair import Pair, example, make_pair

LARA = "Lara.Newton@northwindtraders.com"
LARA_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
LARA_DN = (
    "/o=First Organization/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients"
    "/cn=d11ec1a2cacd4f81858c81907273f1f9-Lara"
)
NOBODY = "00000000-0000-0000-0000-000000000000"


def test_a_new_mail_user_is_what_the_document_shows(pair: Pair) -> None:
    """UPN, primary address and external address of the document's LaraN are as given (lines 263 to 272)."""
    row = one(with_lara(pair), "target", "Get-MailUser", Identity=LARA)
    assert ("MailUser", "MailUser") == (row["RecipientType"], row["RecipientTypeDetails"])
    assert "LaraN@northwindtraders.onmicrosoft.com" == row["UserPrincipalName"]
    assert LARA == row["PrimarySmtpAddress"]
    assert "SMTP:LaraN@contoso.onmicrosoft.com" == row["ExternalEmailAddress"]
    assert ["SMTP:" + LARA, "smtp:LaraN@northwindtraders.onmicrosoft.com"] == row["EmailAddresses"]
    assert NOBODY == row["ExchangeGuid"]


def test_a_new_mail_user_has_a_legacy_dn_of_its_own(pair: Pair) -> None:
    """The target's LegacyExchangeDN is not the source's (line 274 against line 289; doc trap D4)."""
    assert LARA_DN != one(with_lara(pair), "target", "Get-MailUser", Identity="LaraN")["LegacyExchangeDN"]


@pytest.mark.parametrize(("seconds", "status"), [(59, 404), (60, 200)])
def test_a_new_mail_user_is_not_readable_at_once(pair: Pair, seconds: float, status: int) -> None:
    """Reads find a new mail user only after its lag (wire 1.8)."""
    done(pair, "target", "New-MailUser", **lara())
    pair.advance(seconds)
    assert status == pair.exo("target", "Get-MailUser", Identity="LaraN").status
    assert (200 == status) is ("LaraN" in {row["Alias"] for row in rows(pair, "target", "Get-Recipient")})


def test_a_new_mail_user_can_be_changed_before_it_is_readable(pair: Pair) -> None:
    """Writes do not wait for what reads wait for: lags concern reads."""
    done(pair, "target", "New-MailUser", **lara())
    done(pair, "target", "Set-MailUser", Identity="LaraN", ExchangeGuid=LARA_GUID)
    pair.advance(60)
    assert LARA_GUID == one(pair, "target", "Get-MailUser", Identity="LaraN")["ExchangeGuid"]


def test_the_external_address_becomes_primary_when_no_primary_is_given(pair: Pair) -> None:
    """Without PrimarySmtpAddress the external address is the primary one (line 260)."""
    given = lara()
    del given["PrimarySmtpAddress"]
    done(pair, "target", "New-MailUser", **given)
    pair.advance(60)
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert "LaraN@contoso.onmicrosoft.com" == row["PrimarySmtpAddress"]


def test_an_organisation_may_ignore_the_primary_address() -> None:
    """Where PrimarySmtpAddress is not honoured, the external address is primary all the same (doc traps B18, D9)."""
    pair = with_lara(changed_pair(policies={"primary_smtp_honoured": False}))
    assert (
        "LaraN@contoso.onmicrosoft.com" == one(pair, "target", "Get-MailUser", Identity="LaraN")["PrimarySmtpAddress"]
    )
    done(pair, "target", "Set-MailUser", Identity="LaraN", PrimarySmtpAddress=LARA)
    assert LARA != one(pair, "target", "Get-MailUser", Identity="LaraN")["PrimarySmtpAddress"]


@pytest.mark.parametrize(
    "password",
    ["Ab1-xyz", "alllowercase", "lowerandUPPER", "x" * 300 + "A1-", ""],
    ids=["short", "1", "2", "long", "no"],
)
def test_a_weak_password_is_refused(pair: Pair, password: str) -> None:
    """A password has 8 to 256 characters of three of four kinds, else nothing is created."""
    answer = pair.exo("target", "New-MailUser", **lara() | {"Password": password})
    assert (400, "UnableToWriteToAadException") == (answer.status, kind(answer))
    assert 404 == pair.exo("target", "Set-MailUser", Identity="LaraN", CustomAttribute1="x").status


def test_an_encrypted_password_is_understood(pair: Pair) -> None:
    """A SecureString arrives encrypted with the session's key, and its text is judged (wire 1.4)."""
    weak = pair.secure_string("weak")
    strong = pair.secure_string(PASSWORD)
    assert 400 == pair.exo("target", "New-MailUser", **lara() | {"Password": weak}).status
    assert 200 == pair.exo("target", "New-MailUser", **lara() | {"Password": strong}).status


def test_the_password_is_in_no_record(pair: Pair) -> None:
    """The record holds the password's fingerprint only."""
    done(pair, "target", "New-MailUser", **lara())
    assert PASSWORD not in str(pair.outcomes[-1].entries)


def test_a_password_is_mandatory_with_the_sign_in_name(pair: Pair) -> None:
    """MicrosoftOnlineServicesID without Password fits no parameter set (failures 2.2 #28)."""
    given = lara()
    del given["Password"]
    assert "AmbiguousParameterSetException" == kind(pair.exo("target", "New-MailUser", **given))


def test_the_sign_in_name_must_be_in_an_accepted_domain(pair: Pair) -> None:
    """A UPN of the source's domain is no UPN of the target (line 259; failures 2.2 #21)."""
    given = lara() | {"MicrosoftOnlineServicesID": "LaraN@contoso.onmicrosoft.com"}
    answer = pair.exo("target", "New-MailUser", **given)
    assert (400, "NotAcceptedDomainException") == (answer.status, kind(answer))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"PrimarySmtpAddress": "Nina.North@northwindtraders.com"}, "ProxyAddressExistsException"),
        ({"PrimarySmtpAddress": "everyone@northwindtraders.com"}, "ProxyAddressExistsException"),
        ({"ExternalEmailAddress": "fanny.forward@contoso.com"}, "ProxyAddressExistsException"),
        ({"ExternalEmailAddress": "corin.corrupt@contoso.com"}, "ProxyAddressExistsException"),
        ({"Alias": "NINA"}, "PropertyValueExistsException"),
        ({"Name": "nina"}, "ADObjectAlreadyExistsException"),
        ({"MicrosoftOnlineServicesID": "otto@northwindtraders.onmicrosoft.com"}, "UnableToWriteToAadException"),
        (
            {"MicrosoftOnlineServicesID": "Otis.Operator@northwindtraders.onmicrosoft.com"},
            "UnableToWriteToAadException",
        ),
    ],
    ids=["mailbox", "group", "contact", "guest", "alias", "name", "user", "administrator"],
)
def test_what_is_taken_is_refused(pair: Pair, change: dict[str, Any], expected: str) -> None:
    """An address, alias, name or UPN of any other object of the tenant cannot be had a second time, in any case."""
    answer = pair.exo("target", "New-MailUser", **lara() | change)
    assert (400, expected) == (answer.status, kind(answer))


def test_an_address_of_a_deleted_mailbox_is_free() -> None:
    """What a deleted object held can be had again."""
    data = example()
    data["target"]["mailboxes"][0]["soft_deleted"] = "2026-10-01T00:00:00Z"
    given = lara() | {"PrimarySmtpAddress": "nina.north@northwindtraders.com"}
    done(make_pair(data), "target", "New-MailUser", **given)


def test_the_same_world_gives_the_same_ids(pair: Pair) -> None:
    """Ids of what is created are hashes of the natural key: two runs agree, object by object."""
    other = make_pair(example())
    done(other, "target", "New-MailUser", **lara() | {"Name": "A", "Alias": "a1", "PrimarySmtpAddress": "a@b.example",
         "MicrosoftOnlineServicesID": "a1@northwindtraders.com", "ExternalEmailAddress": "a1@contoso.com"})  # fmt: skip
    ids = [one(with_lara(p), "target", "Get-MailUser", Identity="LaraN")["Guid"] for p in (pair, other)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    "which", ["Alias", "Name", "Guid", "PrimarySmtpAddress", "UserPrincipalName", "LegacyExchangeDN"]
)
def test_a_mail_user_is_found_by_every_identity(pair: Pair, which: str) -> None:
    """Set-MailUser takes any identity of its object (cmdlet reference)."""
    identity = one(with_lara(pair), "target", "Get-MailUser", Identity="LaraN")[which]
    done(pair, "target", "Set-MailUser", Identity=identity, CustomAttribute1="Cross-Tenant-Project")
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert ("Cross-Tenant-Project", "") == (row["CustomAttribute1"], row["CustomAttribute2"])


def test_addresses_are_added_and_removed(pair: Pair) -> None:
    """Add and Remove leave the other addresses alone (wire 1.4)."""
    with_lara(pair)
    added = delta(Add=[f"x500:{LARA_DN}"], Remove=["smtp:LaraN@northwindtraders.onmicrosoft.com"])
    done(pair, "target", "Set-MailUser", Identity="LaraN", EmailAddresses=added)
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert ["SMTP:" + LARA, f"x500:{LARA_DN}"] == row["EmailAddresses"]


def test_a_list_of_addresses_replaces_them_all(pair: Pair) -> None:
    """A plain list is what is there afterwards (wire 1.4)."""
    done(with_lara(pair), "target", "Set-MailUser", Identity="LaraN", EmailAddresses=["SMTP:l@northwindtraders.com"])
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert ["SMTP:l@northwindtraders.com"] == row["EmailAddresses"]
    assert "l@northwindtraders.com" == row["PrimarySmtpAddress"]


def test_an_address_that_was_given_up_is_free_again(pair: Pair) -> None:
    """Uniqueness follows every change of addresses."""
    done(with_lara(pair), "target", "Set-MailUser", Identity="LaraN", EmailAddresses=["SMTP:l@northwindtraders.com"])
    done(pair, "target", "Set-MailUser", Identity="john", EmailAddresses=delta(Add=[f"smtp:{LARA}"]))
    assert "john" == one(pair, "target", "Get-MailUser", Identity=LARA)["Alias"]


def test_the_old_primary_address_stays_when_a_new_one_is_set(pair: Pair) -> None:
    """PrimarySmtpAddress makes the present primary address an additional one (cmdlet reference)."""
    done(with_lara(pair), "target", "Set-MailUser", Identity="LaraN", PrimarySmtpAddress="l@northwindtraders.com")
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert "SMTP:l@northwindtraders.com" == row["EmailAddresses"][0]
    assert f"smtp:{LARA}" in row["EmailAddresses"]


def test_primary_address_and_addresses_do_not_go_together(pair: Pair) -> None:
    """Set-MailUser refuses EmailAddresses beside PrimarySmtpAddress (cmdlet reference; doc trap B18)."""
    given = {"PrimarySmtpAddress": LARA, "EmailAddresses": [f"SMTP:{LARA}"]}
    assert 400 == pair.exo("target", "Set-MailUser", Identity="john", **given).status


@pytest.mark.parametrize(
    "address", ["smtp:nina@northwindtraders.onmicrosoft.com", "SMTP:NINA.NORTH@northwindtraders.com"]
)
def test_an_address_of_somebody_else_cannot_be_added(pair: Pair, address: str) -> None:
    """Duplicate proxy addresses are refused and change nothing."""
    answer = pair.exo("target", "Set-MailUser", Identity="john", EmailAddresses=[address], CustomAttribute1="x")
    assert "ProxyAddressExistsException" == kind(answer)
    assert "" == one(pair, "target", "Get-MailUser", Identity="john")["CustomAttribute1"]


def test_a_mailbox_guid_is_unique(pair: Pair) -> None:
    """Two objects of a tenant cannot hold one ExchangeGuid."""
    with_lara(pair)
    done(pair, "target", "Set-MailUser", Identity="LaraN", ExchangeGuid=LARA_GUID)
    answer = pair.exo("target", "Set-MailUser", Identity="john", ExchangeGuid=LARA_GUID.upper())
    assert (400, "RecipientTaskException") == (answer.status, kind(answer))


@pytest.mark.parametrize(
    "change",
    [
        {"ExchangeGuid": LARA_GUID},
        {"CustomAttribute1": "x"},
        {"EmailAddresses": delta(Add=["smtp:q@a.example"])},
        {"ExternalEmailAddress": "q@a.example"},
        {"HiddenFromAddressListsEnabled": True},
    ],
)
def test_a_synchronised_mail_user_cannot_be_changed_here(pair: Pair, change: dict[str, Any]) -> None:
    """What comes from the organisation's own directory is refused (failures 2.2 #25)."""
    before = one(pair, "target", "Get-MailUser", Identity="quentin")
    answer = pair.exo("target", "Set-MailUser", Identity="quentin", **change)
    assert (400, "InvalidOperationException") == (answer.status, kind(answer))
    assert before == one(pair, "target", "Get-MailUser", Identity="quentin")


def test_nothing_to_change_is_a_warning(pair: Pair) -> None:
    """A change to what is there already succeeds with a warning (wire 1.5)."""
    done(pair, "target", "Set-MailUser", Identity="john", CustomAttribute1="x")
    (warning,) = done(pair, "target", "Set-MailUser", Identity="john", CustomAttribute1="x").body["@adminapi.warnings"]
    assert "no settings of" in warning


def test_removing_a_mail_user_asks_first(pair: Pair) -> None:
    """Remove-MailUser has a high impact: without Confirm false it only asks (wire 1.4)."""
    assert "@adminapi.confirmationmessage" in pair.exo("target", "Remove-MailUser", Identity="john").body
    assert "john" == one(pair, "target", "Get-MailUser", Identity="john")["Alias"]


def test_a_removed_mail_user_is_kept_as_deleted(pair: Pair) -> None:
    """Remove-MailUser deletes softly, and the name is free again."""
    done(pair, "target", "Remove-MailUser", Identity="john", Confirm=False)
    assert 404 == pair.exo("target", "Get-MailUser", Identity="john").status
    assert "john" == one(pair, "target", "Get-MailUser", Identity="john", SoftDeletedMailUser=True)["Alias"]
    assert [] == rows(pair, "target", "Get-DistributionGroupMember", Identity="Everyone")


def test_deleted_mail_users_have_a_list_of_their_own(pair: Pair) -> None:
    """SoftDeletedMailUser without Identity lists the deleted ones alone (F-51)."""
    done(pair, "target", "Remove-MailUser", Identity="john", Confirm=False)
    deleted = rows(pair, "target", "Get-MailUser", ResultSize="Unlimited", SoftDeletedMailUser=True)
    assert ["john"] == [row["Alias"] for row in deleted]


def test_a_hold_keeps_a_mail_user_from_being_purged() -> None:
    """A mail user under litigation hold cannot be deleted for good (failures 2.2 #27)."""
    data = example()
    data["target"]["mail_users"][0]["litigation_hold"] = True
    pair = make_pair(data)
    answer = pair.exo("target", "Remove-MailUser", Identity="john", PermanentlyDelete=True, Confirm=False)
    assert "InvalidOperationException" == kind(answer)
    assert "john" == one(pair, "target", "Get-MailUser", Identity="john")["Alias"]


def test_a_parameter_that_is_not_kept_is_501(pair: Pair) -> None:
    """What a cmdlet knows and the simulator does not keep is 501, never silently dropped."""
    assert 501 == pair.exo("target", "Set-MailUser", Identity="john", MailTip="x").status
    assert 501 == pair.exo("source", "Set-Mailbox", Identity="joe", ForwardingSmtpAddress="a@b.example").status
