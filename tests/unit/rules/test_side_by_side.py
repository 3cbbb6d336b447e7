"""One user with both objects side by side: every attribute that a rule finds wrong is marked, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import NOW, judged, make_project, observed, refused, world
from prepared_facts import FABRIKAM, NOBODY, OTHER_GUID, OWN, VANITY, lara, source
from stay_facts import size, state
from user_facts import LARA_GUID

from xtmig_kernel.rules.side_by_side import FACTS, Line, Pair, not_observed, side_by_side

LARA = "Lara.Newton@contoso.com"
EXTERNAL_AS_OWN = ["LaraN@northwindtraders.onmicrosoft.com", "LaraN@contoso.onmicrosoft.com"]


def pair(**changes: Any) -> Pair:
    found = side_by_side(LARA, observed(world(**changes)), make_project(), NOW)
    assert found is not None
    return found


def lines(**changes: Any) -> dict[str, Line]:
    return {line.attribute: line for line in pair(**changes).lines}


def wrong(**changes: Any) -> set[str]:
    return {name for name, line in lines(**changes).items() if line.ok is False}


def test_a_prepared_pair_has_nothing_wrong() -> None:
    """The document's pair, prepared, differs nowhere from what is expected (USR-17, USR-19)."""
    assert (set(), 0) == (wrong(), pair().wrong)


def test_both_objects_are_shown_with_their_own_values() -> None:
    """An attribute shows what the source mailbox has, what the target's object has, and what is expected there."""
    guid = lines(**lara(ExchangeGuid=None))["ExchangeGuid"]
    assert Line("ExchangeGuid", (LARA_GUID,), (), (LARA_GUID,), ok=False) == guid
    primary = lines()["Primary address"]
    assert ((VANITY,), (OWN,), (OWN,), True) == (primary.source, primary.target, primary.expected, primary.ok)


@pytest.mark.parametrize(
    ("changes", "attribute", "rule"),
    [
        (lara(ExchangeGuid=None), "ExchangeGuid", "prepared-exchange-guid"),
        (lara(ExchangeGuid=OTHER_GUID), "ExchangeGuid", "prepared-exchange-guid"),
        (lara(ArchiveGuid=OTHER_GUID), "ArchiveGuid", "prepared-archive-guid"),
        (source(LegacyExchangeDN=None), "LegacyExchangeDN", "prepared-legacy-dn"),
        (lara(X500Addresses=[]), "x500 addresses", "prepared-x500"),
        (lara(UserPrincipalName="LaraN@fabrikam.example"), "Sign-in name", "prepared-sign-in"),
        (lara(PrimarySmtpAddress=FABRIKAM), "Primary address", "prepared-primary"),
        (lara(ExternalEmailAddress="nobody@contoso.com"), "External address", "prepared-external-address"),
        (lara(SmtpAddresses=[OWN, FABRIKAM]), "SMTP addresses", "prepared-proxies-verified"),
        (lara(SmtpAddresses=[OWN]), "SMTP addresses", "prepared-delivery-proxy"),
        (lara(SmtpAddresses=EXTERNAL_AS_OWN), "SMTP addresses", "prepared-external-not-proxy"),
        (lara(CustomAttributes=[]), "Custom attributes", "prepared-marker"),
        ({"source__mailbox_states": [state(LitigationHoldEnabled=True)]}, "Holds", "mailbox-not-held"),
    ],
)
def test_what_a_rule_finds_wrong_is_marked(changes: dict[str, Any], attribute: str, rule: str) -> None:
    """Where a rule about this object fails or warns, its attribute is marked as not as expected."""
    assert [f for f in judged(rule, **changes) if f.verdict.kind in ("fail", "warn")]
    assert attribute in wrong(**changes)


def test_an_address_more_does_not_make_it_wrong() -> None:
    """Further addresses in a domain of the target, and further x500 addresses, are nobody's mistake."""
    more = {"SmtpAddresses": [*lines()["SMTP addresses"].target, "lara@northwindtraders.com"]}
    assert wrong(**lara(**more)) == set()


def test_without_an_object_everything_expected_is_missing() -> None:
    """Where the target has no object yet, its side is empty, and what is expected of it is not there."""
    found = lines(**NOBODY)
    assert {line.target for name, line in found.items() if name != "Recoverable Items"} == {()}
    assert {"Kind", "ExchangeGuid", "x500 addresses"} <= wrong(**NOBODY)
    assert pair(**NOBODY).target == ""


def test_recoverable_items_are_held_against_the_targets_quota() -> None:
    """As many bytes in Recoverable Items as the target's MailUser may hold do not fit (QTA-02)."""
    full = {"source__mailbox_sizes": [size(DeletedBytes=32_212_254_720)]}
    assert lines(**full)["Recoverable Items"].ok is False
    assert lines()["Recoverable Items"].ok is True


def test_a_size_that_was_not_told_is_not_small() -> None:
    """Of a size that the service did not tell nothing is said: neither right nor wrong."""
    unknown = {"source__mailbox_sizes": [size(Bytes=None, DeletedBytes=None)]}
    assert (("not told",), None) == (lines(**unknown)["Size"].source, lines(**unknown)["Recoverable Items"].ok)


def test_states_that_were_not_read_have_no_line() -> None:
    """Holds and sizes that were not observed are not shown as none."""
    facts = observed(world()) | {"source.mailbox_states": refused(), "source.mailbox_sizes": refused()}
    found = side_by_side(LARA, facts, make_project(), NOW)
    assert found is not None
    assert {line.attribute for line in found.lines}.isdisjoint({"Holds", "Size", "Recoverable Items"})


def test_a_user_is_found_whatever_the_case() -> None:
    """An address names its user in any case; one that is not listed names nobody."""
    facts = observed(world())
    assert side_by_side(LARA.upper(), facts, make_project(), NOW) == pair()
    assert side_by_side("nobody@contoso.com", facts, make_project(), NOW) is None


def test_what_was_not_observed_is_named() -> None:
    """Without a fact that says who is who there is no comparison, and the reason is told."""
    facts = observed(world()) | {"target.mail_users": refused()}
    assert not_observed(facts) == {"target.mail_users": "the account may not read this"}
    with pytest.raises(KeyError):
        side_by_side(LARA, facts, make_project(), NOW)
    assert set(not_observed({})) == set(FACTS)
