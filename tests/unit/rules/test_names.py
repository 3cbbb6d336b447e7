"""Names in the target: by users.csv, by the rules of project.yaml, by the object that is there."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import make_project
from hypothesis import given
from hypothesis import strategies as st
from user_facts import chosen, exchange_user, lara_mail_user, lara_mailbox, user_tables

from xtmig_kernel.rules.names import TargetDomains, TargetNames, external_address, names_for, unfit

DOMAINS = user_tables()["target.accepted_domains"]
EMPTY = chosen(TargetAddress="", TargetSignIn="", TargetAlias="")


def named(
    user: dict[str, Any] = EMPTY, *, person: Any = None, present: Any = None, mailbox: Any = None, **rules: Any
) -> TargetNames | None:
    row = mailbox or lara_mailbox()
    found = person or exchange_user(lara_mailbox())
    made = make_project(target_addresses=rules)
    return names_for(user, row, found, made, TargetDomains.of(DOMAINS, made), present)[0]


def test_without_rules_the_document_is_followed() -> None:
    """Alias and initial domain make the sign-in name, the address keeps its left side in the target's own domain.

    LaraN and Lara.Newton are the article's example (USR-11, USR-12, USR-17).
    """
    assert named() == TargetNames(
        address="Lara.Newton@northwindtraders.com",
        sign_in="LaraN@northwindtraders.onmicrosoft.com",
        alias="LaraN",
        delivery="LaraN@northwindtraders.onmicrosoft.com",
    )


def test_users_csv_overrules_everything() -> None:
    """What stands in users.csv is taken as it is."""
    names = named(
        chosen(TargetAddress="l@n.com", TargetSignIn="s@n.com", TargetAlias="lara"),
        present=lara_mail_user(),
        local_part="{last}",
    )
    assert names == TargetNames("l@n.com", "s@n.com", "lara", "lara@northwindtraders.onmicrosoft.com")


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("same", "Lara.Newton@northwindtraders.com"),
        ("{alias}", "LaraN@northwindtraders.com"),
        ("{first}.{last}", "Lara.Newton@northwindtraders.com"),
        ("{last}-{local}", "Newton-Lara.Newton@northwindtraders.com"),
    ],
)
def test_patterns(pattern: str, address: str) -> None:
    """The left side of the address is made by the pattern."""
    names = named(local_part=pattern)
    assert names is not None
    assert address == names.address


@pytest.mark.parametrize(
    ("first", "last", "local"),
    [
        ("José", "Núñez", "Jose.Nunez"),
        ("Łukasz", "Großmann", "Lukasz.Grossmann"),
        ("Søren", "Ærø", "Soren.Aero"),
        ("Mary Ann", "O'Neil", "MaryAnn.O'Neil"),
        ("J.", "de la Cruz", "J.delaCruz"),
        ("Jose\u0301", "Ng", "Jose.Ng"),
    ],
)
def test_persons_names_become_addresses(first: str, last: str, local: str) -> None:
    """Accents are taken off, letters that have none are spelled out, blanks left out; no two dots stand together."""
    person = exchange_user(lara_mailbox()) | {"FirstName": first, "LastName": last}
    names = named(person=person, local_part="{first}.{last}")
    assert names is not None
    assert f"{local}@northwindtraders.com" == names.address


@pytest.mark.parametrize("last", [None, "", "  ", "李"])
def test_missing_name_is_told(last: str | None) -> None:
    """A name that is not there, or of which an address can hold nothing, is missing, never left out silently."""
    person = exchange_user(lara_mailbox()) | {"LastName": last}
    project = make_project(target_addresses={"local_part": "{first}.{last}"})
    assert (None, ("last name",)) == names_for(
        EMPTY, lara_mailbox(), person, project, TargetDomains.of(DOMAINS, project)
    )


def test_domain_by_map_then_by_rule_then_by_default() -> None:
    """The map says which target domain stands for the source's; a single domain for the others; then the default."""
    mapped = named(domain_map={"contoso.com": "contoso.example"}, domain="other.example")
    single = named(domain_map={"fabrikam.com": "fabrikam.example"}, domain="other.example")
    assert mapped is not None
    assert single is not None
    assert ["contoso.example", "other.example"] == [n.address.partition("@")[2] for n in (mapped, single)]


def test_without_a_default_domain_the_initial_one() -> None:
    """Where Exchange names no default domain, the target's initial domain is taken."""
    names, _ = names_for(EMPTY, lara_mailbox(), None, make_project(), TargetDomains.of([], make_project()))
    assert names is not None
    assert "Lara.Newton@northwindtraders.onmicrosoft.com" == names.address


def test_sign_in_domain_by_rule() -> None:
    """The right side of the sign-in name can be chosen (SCR-08)."""
    names = named(sign_in_domain="northwindtraders.com")
    assert names is not None
    assert "LaraN@northwindtraders.com" == names.sign_in


def test_present_object_keeps_its_names() -> None:
    """A MailUser that is there already is not renamed by a rule: people may sign in with that name."""
    present = lara_mail_user(
        Alias="lnewton",
        UserPrincipalName="lnewton@northwindtraders.com",
        PrimarySmtpAddress="L.Newton@northwindtraders.com",
    )
    assert named(present=present) == TargetNames(
        "L.Newton@northwindtraders.com",
        "lnewton@northwindtraders.com",
        "lnewton",
        "lnewton@northwindtraders.onmicrosoft.com",
    )


def test_present_names_in_strange_domains_are_not_kept() -> None:
    """An address in the source's domain is never the primary one of the target (USR-12, USR-14)."""
    present = lara_mail_user(
        UserPrincipalName="LaraN@contoso.com", PrimarySmtpAddress="LaraN@contoso.onmicrosoft.com", Alias="LaraN"
    )
    assert named(present=present) == named()


def test_external_address_is_the_initial_one() -> None:
    """The target points at the address that stays when the vanity domain moves on (USR-13, doc trap D8)."""
    assert "LaraN@contoso.onmicrosoft.com" == external_address(lara_mailbox(), make_project())


def test_external_address_of_the_alias_comes_first() -> None:
    """Of several addresses in the initial domain the alias's is taken, in whatever order they were read."""
    for addresses in (["a@contoso.onmicrosoft.com", "LaraN@contoso.onmicrosoft.com"],) * 2:
        addresses.reverse()
        mailbox = lara_mailbox(SmtpAddresses=addresses)
        assert "LaraN@contoso.onmicrosoft.com" == external_address(mailbox, make_project())


def test_external_address_without_an_initial_one() -> None:
    """Where there is none, the primary address is better than nothing."""
    mailbox = lara_mailbox(SmtpAddresses=["Lara.Newton@contoso.com"])
    assert "Lara.Newton@contoso.com" == external_address(mailbox, make_project())


def _names(**changes: str) -> TargetNames:
    usual = {
        "address": "a.b@northwindtraders.com",
        "sign_in": "a_b'c@northwindtraders.com",
        "alias": "a.b",
        "delivery": "a.b@northwindtraders.onmicrosoft.com",
    }
    return TargetNames(**usual | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"alias": "a" * 64},
        {"address": "a" * 64 + "@northwindtraders.com"},
        {"address": "o'neil+x{y}@n.com"},
        {"sign_in": "a.b-c_d!e#f^g~h'i@n.com"},
        {"sign_in": "a" * 64 + "@" + "d" * 44 + ".com"},
    ],
)
def test_names_that_fit(changes: dict[str, str]) -> None:
    """What the reference allows is not complained about."""
    assert [] == list(unfit(_names(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"alias": "a" * 65},
        {"alias": "a b"},
        {"alias": ".a"},
        {"alias": "a..b"},
        {"alias": "å"},
        {"address": "a" * 65 + "@northwindtraders.com"},
        {"address": "a.@northwindtraders.com"},
        {"address": "ä@northwindtraders.com"},
        {"sign_in": "a+b@northwindtraders.com"},
        {"sign_in": "a&b@northwindtraders.com"},
        {"sign_in": "é@northwindtraders.com"},
        {"sign_in": ".a@northwindtraders.com"},
        {"sign_in": "a" * 65 + "@northwindtraders.com"},
        {"sign_in": "a@" + "d" * 45 + ".com"},
    ],
)
def test_names_that_do_not_fit(changes: dict[str, str]) -> None:
    """Exchange takes an alias of 64 characters, Entra a sign-in name of 64, @ and 48, both of few characters."""
    assert 1 == len(list(unfit(_names(**changes))))


@given(
    st.text(max_size=20), st.text(max_size=20), st.sampled_from(["{first}.{last}", "{last}{first}", "{first}-{last}"])
)
def test_names_made_of_any_person_fit(first: str, last: str, pattern: str) -> None:
    """Whatever a person is called, the address that is made is one, or a name is missing."""
    person = exchange_user(lara_mailbox()) | {"FirstName": first, "LastName": last}
    names = named(person=person, local_part=pattern)
    assert names is None or [] == list(unfit(names))
