"""Snapshots with other names (`xtmig_kernel.runs.pseudonymise`)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, configured, make_project, observed, world
from hostile_text import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from xtmig_kernel.evidence import Facts, Observed
from xtmig_kernel.rules import ALL_RULES, evaluate
from xtmig_kernel.runs.pseudonymise import Pseudonymised
from xtmig_kernel.runs.pseudonyms import Pseudonyms, base_of, bases
from xtmig_kernel.tables.personal import Personal, personal

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
OWN = {"contoso.com", "contoso.onmicrosoft.com"}
WHOLE = (Personal.NAME, Personal.ADDRESS, Personal.PROXY, Personal.DIRECTORY_NAME, Personal.ID, Personal.WORDS)


def names(*known: str, key: bytes = KEY) -> Pseudonyms:
    return Pseudonyms(key, known, OWN)


def texts(facts: Facts) -> Iterator[str]:
    """Every text that a person could be known by: names, addresses and ids, without what the project itself names."""
    for name, fact in facts.items():
        table = name.partition(".")[2]
        for row in fact.value if isinstance(fact, Observed) else ():
            for column, value in row.items():
                if personal(table, column) in WHOLE and row.get("TrusteeKind") not in ("Self", "Default", "Anonymous"):
                    yield from (str(item) for item in (value if isinstance(value, list) else [value]) if item)


def pseudonymised(tables: dict[str, Any] | None = None) -> tuple[Facts, Facts, Pseudonymised]:
    before = observed(tables or configured())
    made = Pseudonymised(before, make_project())
    return before, made.facts, made


def test_the_same_person_is_the_same_everywhere() -> None:
    """A word has one pseudonym in names, aliases, addresses and old directory names."""
    one = names("Lara Newton")
    first, _, last = one.text("Lara Newton").partition(" ")
    assert one.address("lara.newton@contoso.com") == f"{first.lower()}.{last.lower()}@contoso.com"
    assert one.directory_name("/o=ExchangeLabs/ou=x/cn=Recipients/cn=77-Lara").endswith(f"-{first}")
    assert one.proxy("SIP:Lara@contoso.com") == f"SIP:{first}@contoso.com"


def test_what_every_organisation_has_stays() -> None:
    """Of an old directory name only what is the organisation's or the person's is replaced."""
    name = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=Lara"
    assert names().directory_name(name).startswith(name.removesuffix("Lara"))


def test_a_domain_of_another_organisation_is_replaced() -> None:
    """Domains of the two organisations stay, so that rules on domains find what they found; others do not."""
    one = names()
    assert one.domain("Contoso.com") == "Contoso.com"
    assert one.domain("mail.contoso.com") == "mail.contoso.com"
    assert "fabrikam" not in one.domain("fabrikam.com")
    assert one.domain("fabrikam.com").endswith(".com")


def test_the_key_decides() -> None:
    """Under another key a name has another pseudonym, so a list of names cannot be tried without the key."""
    assert names(key=KEY).text("Newton") != names(key=OTHER_KEY).text("Newton")


def test_a_key_is_made_for_each_export() -> None:
    """Without a key given, two exports of one snapshot have different pseudonyms."""
    _, one, _ = pseudonymised()
    _, other, _ = pseudonymised()
    assert one["source.mailboxes"] != other["source.mailboxes"]


@pytest.mark.parametrize("text", ["Zoë", "ZOË", "Zoe\u0308", "Łukasz", "Дмитрий", "דנה", "O'Neil", "Anne-Marie 2"])
def test_a_pseudonym_looks_like_its_name(text: str) -> None:
    """Capitals, marks on letters, punctuation and length stay, for findings are about them."""
    made = names().text(text)
    assert made != text
    assert [c.isalpha() for c in made if not _mark(c)] == [c.isalpha() for c in text if not _mark(c)]
    assert [c.isupper() for c in made if not _mark(c)] == [c.isupper() for c in text if not _mark(c)]
    assert [c.isascii() for c in base_of(made)] == [c.isascii() for c in base_of(text)]


def _mark(char: str) -> bool:
    return "\u0300" <= char <= "\u036f"


def test_a_name_with_and_without_its_mark_belong_together() -> None:
    """What an address is made from, with its marks taken off, is still found in the address."""
    one = names()
    assert base_of(one.text("Zoë")) == one.text("zoe")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=2, max_size=12, unique=True))
def test_two_names_are_never_one(found: list[str]) -> None:
    """Different texts have different pseudonyms, and the same text has one."""
    one = names(*found)
    made = [one.text(text) for text in found]
    words = {base: base_of(one.text(base)) for text in found for base in bases(text) if base.isascii()}
    assert len(set(words.values())) == len(words)
    assert made == [one.text(text) for text in found]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="abcdefghijklmnop", min_size=4, max_size=8), min_size=1, max_size=12, unique=True))
def test_no_pseudonym_is_a_name(found: list[str]) -> None:
    """No word of a name is left, nor is the word of another person taken for it."""
    one = names(*found)
    assert not {one.text(text) for text in found} & set(found)


def test_nothing_personal_is_left() -> None:
    """No name, address or id of the snapshot stands anywhere in what comes out."""
    before, after, made = pseudonymised()
    kept = {"Organization Management", "users.csv", *make_project().scope_group_names}
    originals = {
        text for text in texts(before) if len(text) > 3 and text not in kept and not text.startswith("x500:/o=Ex")
    }
    written = json.dumps(
        {name: fact.value for name, fact in after.items() if isinstance(fact, Observed)}, ensure_ascii=False
    )
    left = sorted(text for text in originals if f'"{text}"' in written or ("@" in text and text in written))
    assert originals
    assert left == [], left
    assert made


def test_the_findings_are_the_same_but_for_the_names() -> None:
    """Every rule says as often the same of the pseudonyms as of the names."""
    before, after, _ = pseudonymised()
    assert _counted(before) == _counted(after)


@pytest.mark.parametrize("broken", [
    {"target__mail_users": {"ExchangeGuid": "0aa00000-0000-4000-8000-00000000aaaa"}},
    {"target__mail_users": {"X500Addresses": []}},
    {"target__mail_users": {"PrimarySmtpAddress": "somebody@contoso.com"}},
    {"source__mailbox_states": {"InPlaceHolds": ["UniH7e21"]}},
    {"source__mailbox_permissions": {"Trustee": "gone@contoso.com", "TrusteeKind": None}},
])  # fmt: skip
def test_a_defect_is_found_again(broken: dict[str, Any]) -> None:
    """A defect among the names is a defect among the pseudonyms."""
    before, after, _ = pseudonymised(world(**broken))
    assert _counted(before) == _counted(after)
    assert _counted(before) != _counted(observed(configured()))


def _counted(facts: Facts) -> Counter[tuple[str, str]]:
    return Counter((f.rule, f.verdict.kind) for f in evaluate(ALL_RULES, facts, make_project(), NOW))


def test_words_of_the_service_lose_the_names_in_them() -> None:
    """An error text keeps the words by which its cause is known, and no name or address."""
    tables = configured()
    row = tables["source.mailboxes"][0]
    _, _, made = pseudonymised(tables)
    told = made.message(f"The mailbox '{row['DisplayName']}' ({row['PrimarySmtpAddress']}) is on litigation hold.")
    assert told.startswith("The mailbox '")
    assert told.endswith(" is on litigation hold.")
    assert row["DisplayName"] not in told
    assert row["PrimarySmtpAddress"] not in told


def test_settings_name_the_same_people() -> None:
    """Who stays, who goes first and whose archive is destroyed are the same people in the rehearsal's project.yaml."""
    tables = configured()
    address = tables["source.mailboxes"][0]["PrimarySmtpAddress"]
    _, after, made = pseudonymised(tables)
    pseudonym = after["source.mailboxes"].value[0]["PrimarySmtpAddress"]  # type: ignore[union-attr]
    given_settings = {
        "users": {"exclude": {address: "she asked for it"}, "choose": "file"},
        "move": {"pilot": [address], "disabled_archives": {address: "enable"}, "stop": ["wave-1", address]},
    }
    changed = made.settings(given_settings)
    assert list(changed["users"]["exclude"]) == [pseudonym]
    assert changed["users"]["choose"] == "file"
    assert changed["move"] == {
        "pilot": [pseudonym], "disabled_archives": {pseudonym: "enable"}, "stop": ["wave-1", pseudonym],
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_worst_names_have_pseudonyms(name: str) -> None:
    """A name that is markup, a formula or a command keeps its shape and loses its words."""
    made = names(NAMES[name]).text(NAMES[name])
    assert "xhost" not in made
    assert [c for c in made if not c.isalnum() and not _mark(c)] == [
        c for c in NAMES[name] if not c.isalnum() and not _mark(c)
    ]
