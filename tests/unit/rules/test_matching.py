"""Who becomes whom: the reason that counts, what is made of several, and what never happens."""

from __future__ import annotations

import random
from typing import Any

import pytest
from core_facts import NOW, judged, make_project, observed, seen, world
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_worlds import NOBODY_THERE, STRANGER, beside, mail_user, stranger, two_lines
from user_facts import LARA_TARGET_ID, chosen, exchange_user, lara_mail_user, lara_mailbox, recipient

from xtmig_kernel.rules import Seen
from xtmig_kernel.rules.matching import FACTS, Match, matches, source_holders
from xtmig_kernel.rules.user_matches import CODES

EMPTY = {"TargetAddress": "", "TargetSignIn": "", "TargetAlias": ""}


def matched(project: Any = None, **changes: Any) -> tuple[Match, ...]:
    return matches(seen(world(**changes)), project or make_project())


def one(project: Any = None, **changes: Any) -> Match:
    (match,) = matched(project, **changes)
    return match


def codes(match: Match) -> list[str]:
    return [problem.code for problem in match.problems]


def test_the_documents_pair_is_adopted() -> None:
    """Lara's mailbox and the MailUser with its ExchangeGuid are one user (USR-17)."""
    match = one()
    assert ("adopt", LARA_TARGET_ID, ()) == (match.action, match.target and match.target["ObjectId"], match.problems)
    assert "ExchangeGuid" in match.reason


def test_who_is_not_there_is_created() -> None:
    """Where nothing in the target stands for the user, a new MailUser is due."""
    match = one(**NOBODY_THERE)
    assert ("create", None, ()) == (match.action, match.target, match.problems)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "ExchangeGuid"),
        ({"ExchangeGuid": None}, "user principal name"),
        ({"ExchangeGuid": None, "UserPrincipalName": "x@northwindtraders.com"}, "has the address"),
        (
            {
                "ExchangeGuid": None,
                "UserPrincipalName": "x@northwindtraders.com",
                "SmtpAddresses": ["x@northwindtraders.com"],
                "PrimarySmtpAddress": "x@northwindtraders.com",
            },
            "ExternalEmailAddress",
        ),
    ],
)
def test_reasons_in_their_order(changes: dict[str, Any], words: str) -> None:
    """GUID, then sign-in name, then address, then where it points: the strongest reason counts, and is told."""
    row = lara_mail_user(**changes)
    world_of = {"target__mail_users": [row], "target__recipients": [recipient(row)]}
    match = one(**world_of, target__exchange_users=[exchange_user(row)])
    assert match.target is not None
    assert words in match.reason


def test_users_csv_names_the_object() -> None:
    """TargetObject overrules every other reason, in whatever letter case."""
    other = lara_mail_user(ObjectId=STRANGER, ExchangeGuid=None, ExternalEmailAddress="x@elsewhere.example")
    match = one(
        source__chosen_users=[chosen(TargetObject=STRANGER.upper())],
        target__mail_users=[lara_mail_user(), other],
        target__recipients=[recipient(lara_mail_user()), recipient(other)],
    )
    assert STRANGER == (match.target or {})["ObjectId"]
    assert "users.csv names it" == match.reason
    assert "user-guid-free" in codes(match)


def test_new_overrules_the_object_that_is_there() -> None:
    """`new` adopts no object of another name; that names are taken is then a problem, found before anything is made."""
    changes = mail_user(UserPrincipalName="lnewton@northwindtraders.com")
    match = one(source__chosen_users=[chosen(TargetObject="new")], **changes)
    assert ("blocked", None) == (match.action, match.target)
    assert {"user-guid-free", "user-address-free", "user-alias-free"} <= set(codes(match))


def test_new_finds_what_it_has_led_to() -> None:
    """The MailUser that was made for a line with `new` is its object from then on, so that it is stamped."""
    match = one(source__chosen_users=[chosen(TargetObject="new")])
    assert ("adopt", LARA_TARGET_ID) == (match.action, (match.target or {})["ObjectId"])


def test_present_object_keeps_its_names() -> None:
    """An adopted MailUser keeps its sign-in name where users.csv does not say otherwise."""
    changes = mail_user(UserPrincipalName="lnewton@northwindtraders.com", Alias="lnewton")
    match = one(source__chosen_users=[chosen(**EMPTY)], **changes)
    assert match.names is not None
    assert ("lnewton@northwindtraders.com", "lnewton") == (match.names.sign_in, match.names.alias)


def test_objects_without_an_id_are_strangers() -> None:
    """Two groups of which Exchange tells no object ID are never taken for the user's own object."""
    rows = [stranger("MailUniversalDistributionGroup", ObjectId=None, Alias="LaraN", Name=name) for name in ("a", "b")]
    match = one(**NOBODY_THERE | {"target__recipients": rows})
    assert ["user-alias-free"] == codes(match)


def test_domain_of_the_source_is_told_as_such() -> None:
    """A sign-in name with the source's suffix, as in the sample, names the tenant to which the domain belongs."""
    match = one(source__chosen_users=[chosen(TargetSignIn="LaraN@contoso.onmicrosoft.com")])
    assert "belongs to the source tenant" in next(p.seen for p in match.problems if p.code == "user-domain-accepted")


def test_warnings_do_not_block() -> None:
    """A contact that points at the mailbox is worth a look, and keeps nobody from being prepared."""
    match = one(**beside(SmtpAddresses=["lara.newton@contoso.com"]))
    assert ("adopt", ["user-no-pointer"]) == (match.action, codes(match))


def test_both_lines_of_a_double_are_blocked() -> None:
    """Nobody is preferred: whoever wants the same is told whom they share it with."""
    pair = matched(**two_lines(TargetAlias="LaraN"))
    assert ["blocked", "blocked"] == [match.action for match in pair]
    assert all(
        other.label in problem.seen
        for match, other in (pair, reversed(pair))
        for problem in match.problems
        if problem.code == "user-no-doubles"
    )


def test_many_doubles_stay_readable() -> None:
    """When hundreds want one name, each problem names a few of them and counts the rest."""
    mailboxes = [_mailbox(number) for number in range(200)]
    lines = [chosen(SourceAddress=row["PrimarySmtpAddress"], TargetAlias="all", Line=2) for row in mailboxes]
    found = matched(source__mailboxes=mailboxes, source__chosen_users=lines, **NOBODY_THERE)
    problem = next(p for p in found[0].problems if p.code == "user-no-doubles")
    assert "and 196 more" in problem.seen
    assert len(problem.seen) < 1000


def test_rule_tells_few_and_counts_the_rest() -> None:
    """Of 200 users of one problem 25 are told one by one, and one finding stands for the other 175."""
    lines = [chosen(SourceAddress=f"nobody{number}@contoso.com", Line=number + 2) for number in range(200)]
    findings = judged("user-source-one", source__chosen_users=lines)
    assert (26, "175 more users") == (len(findings), findings[-1].subject)
    assert {"fail"} == {finding.verdict.kind for finding in findings}


def test_user_is_not_judged_by_what_was_not_found() -> None:
    """Of a user without a source mailbox no rule says that a name is free: there is no name yet."""
    others = [code.id for code in CODES if code.id != "user-source-one"]
    kinds = {finding.verdict.kind for rule in others for finding in judged(rule, source__mailboxes=[])}
    assert {"skipped"} == kinds


def test_moved_mailbox_still_answers_for_its_line() -> None:
    """After the move a line is answered by the MailUser that the mailbox has become."""
    gone = lara_mail_user(SmtpAddresses=["Lara.Newton@contoso.com"], PrimarySmtpAddress="Lara.Newton@contoso.com")
    ((_, holder),) = source_holders(seen(world(source__mailboxes=[], source__mail_users=[gone])))
    assert "MailUser" == (holder or {})["RecipientTypeDetails"]


def test_matching_is_worked_out_once() -> None:
    """All rules of one look share one matching, and a new look makes its own."""
    facts = observed(world())
    project = make_project()
    first = matches(Seen(facts, NOW), project)
    assert matches(Seen({name: facts[name] for name in FACTS}, NOW), project) is first
    assert matches(Seen(observed(world()), NOW), project) is not first
    changed = facts | {"target.recipients": observed(world(target__recipients=[]))["target.recipients"]}
    assert matches(Seen(changed, NOW), project) is not first
    assert matches(Seen(facts, NOW), make_project()) is not first


def _mailbox(number: int, **changes: Any) -> dict[str, Any]:
    return lara_mailbox(
        ObjectId=f"77777777-0000-4000-8000-{number:012}",
        Alias=f"user{number}",
        PrimarySmtpAddress=f"user{number}@contoso.com",
        SmtpAddresses=[f"user{number}@contoso.com", f"user{number}@contoso.onmicrosoft.com"],
        ExchangeGuid=f"77777777-0001-4000-8000-{number:012}",
        **changes,
    )


# few objects and few names, so that they collide often, and not always
numbers = st.integers(0, 4)
words = st.sampled_from([*"abcdefgh", "A", "a.b", "user0", "user1", "user2"])
blank = st.just("")
ids = st.sampled_from([None, *(f"77777777-0002-4000-8000-{number:012}" for number in range(4))])
guids = st.sampled_from([None, None, *(f"77777777-0001-4000-8000-{number:012}" for number in range(3))])
kinds = st.sampled_from(["MailUser", "MailUser", "UserMailbox", "MailContact", "GuestMailUser"])
in_target = st.builds(
    "{}@{}".format, words, st.sampled_from(["northwindtraders.com", "northwindtraders.onmicrosoft.com"])
)
in_source = st.builds("user{}@{}".format, numbers, st.sampled_from(["contoso.com", "contoso.onmicrosoft.com"]))


def _rows(make: Any, most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(columns).map(lambda values: make(**values)), max_size=most)


def _target_tables(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {
        "target__mail_users": [row for row in rows if row["RecipientTypeDetails"] == "MailUser"],
        "target__recipients": [recipient(row) for row in rows],
        "target__exchange_users": [exchange_user(row) for row in rows],
    }


tenants = st.tuples(
    st.fixed_dictionaries(
        {
            "source__mailboxes": st.lists(numbers, min_size=3, max_size=6)
            .map(set)
            .map(lambda some: [_mailbox(number) for number in sorted(some)]),
            "source__chosen_users": _rows(
                chosen,
                4,
                SourceAddress=in_source,
                TargetAddress=blank | blank | in_target,
                TargetSignIn=blank | blank | in_target,
                TargetAlias=blank | blank | words,
                TargetObject=blank | blank | st.just("new") | ids.map(lambda value: value or ""),
            ),
        }
    ),
    _rows(
        lara_mail_user,
        3,
        ObjectId=ids,
        Alias=words,
        Name=words,
        RecipientTypeDetails=kinds,
        UserPrincipalName=in_target,
        PrimarySmtpAddress=in_target | in_source,
        ExternalEmailAddress=in_source | st.none(),
        SmtpAddresses=st.lists(in_target, max_size=2),
        ExchangeGuid=guids,
    ).map(_target_tables),
).map(lambda both: both[0] | both[1])


def _said(found: tuple[Match, ...]) -> list[Any]:
    return sorted(
        (str(m.user), m.action, str(m.names), str(m.target and m.target["ObjectId"]), sorted(codes(m))) for m in found
    )


@settings(max_examples=200)
@given(tenants)
def test_no_two_users_that_go_on_share_anything(changes: dict[str, Any]) -> None:
    """Whatever the tenants hold, matching never raises, and users that may be prepared share no name and no object."""
    going = [match for match in matched(**changes) if match.action != "blocked"]
    for name in ("address", "sign_in", "alias", "delivery"):
        values = [str(getattr(match.names, name)).casefold() for match in going]
        assert len(set(values)) == len(values)
    targets = [match.target["ObjectId"] for match in going if match.target]
    assert len(set(targets)) == len(targets)


@settings(max_examples=200)
@given(tenants, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(changes: dict[str, Any], chance: random.Random) -> None:
    """The order in which a tenant gives its rows, and that of users.csv, decides nothing."""
    shuffled = {fact: chance.sample(rows, len(rows)) for fact, rows in changes.items()}
    assert _said(matched(**changes)) == _said(matched(**shuffled))
