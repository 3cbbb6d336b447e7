"""Section 120: what only persons can say of the content: encryption with own keys, labels, very large projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.movers import MOVER_FACTS, movers
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project

CHOSEN = "source.chosen_users"
MOST_WITHOUT_MICROSOFT = 50_000


def _very_many(seen: Seen, _project: Project) -> Iterable[Judgement]:
    number = len(seen.rows(CHOSEN))
    expected = f"at most {MOST_WITHOUT_MICROSOFT} mailboxes, or Microsoft's advice"
    if number <= MOST_WITHOUT_MICROSOFT:
        yield Judgement("pass", counted(number, "user"), counted(number, "user"), expected)
        return
    yield Judgement(
        "sign",
        counted(number, "user"),
        seen=counted(number, "user"),
        expected=expected,
        remedy="Confirm that Microsoft has advised on so many mailboxes: the name of the customer success account "
        "manager, or the number of the support request.",
    )


def _customer_key(what: str) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        found = movers(seen, project)
        unread = [mover.label for mover in found if mover.state is None]
        keyed = [m.label for m in found if m.state is not None and m.state["DataEncryptionPolicy"]]
        expected = "no mailbox with a DataEncryptionPolicy, or a security officer's word"
        if unread:
            yield Judgement("fail", named(unread), "the state of these mailboxes was not read", expected, "Look again.")
        elif keyed:
            yield Judgement("sign", counted(len(keyed), "mailbox", "mailboxes"), named(keyed), expected, what)
        else:
            yield Judgement(
                "pass", counted(len(found), "mailbox", "mailboxes"), "none has a DataEncryptionPolicy", expected
            )

    return judge


def _labels(seen: Seen, _project: Project) -> Iterable[Judgement]:
    yield Judgement(
        "sign",
        "sensitivity labels",
        seen=f"{counted(len(seen.rows(CHOSEN)), 'user')}; labels are not read",
        expected="the word of whoever owns information protection",
        remedy="Confirm that the labels which these users need are made again in the target, or that none are needed: "
        "labels can be neither exported nor shared between tenants.",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "very-many-mailboxes",
        "Microsoft has advised where more than 50,000 mailboxes move",
        ("BAT-14",),
        None,
        (CHOSEN,),
        _very_many,
    ),
    Rule(
        "customer-key-known",
        "A security officer knows which mailboxes are decrypted by the move",
        ("FAQ-02",),
        "source",
        MOVER_FACTS,
        _customer_key(
            "The security officer confirms: these mailboxes, encrypted with keys of the organisation's own, are "
            "decrypted before they move."
        ),
    ),
    Rule(
        "customer-key-target",
        "Where keys of one's own are still needed, the target has them",
        ("FAQ-03",),
        "target",
        MOVER_FACTS,
        _customer_key(
            "The security officer confirms that Customer Key is set up in the target and will be assigned after the "
            "move, or that it is no longer needed."
        ),
    ),
    Rule("labels-agreed", "Sensitivity labels are agreed for the target", ("FAQ-05",), "target", (CHOSEN,), _labels),
)
