"""Section 170: what in the tenants proves why a move has failed. Pure.

A cause is proven by a present rule, judged for those users alone, or by a fact of this module. What was not read proves
nothing, and a cause that nothing proves is called so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xtmig_kernel.rules import archives, causes, endpoint, holds, licences, on_premises, previous, quotas
from xtmig_kernel.rules.batches import FAILED, MIGRATION_USERS, wave_names, wave_of_batch
from xtmig_kernel.rules.failures import ARCHIVES, BY_ID, CORE, REMOVE, failures
from xtmig_kernel.rules.rule import Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Observed, Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.failures import Failure, Kind
    from xtmig_kernel.rules.rule import Judgement

STATES, REQUESTS = "source.mailbox_states", "source.move_requests"
OVER = frozenset({"Completed", "CompletedWithWarning", "CompletedWithWarnings", "None", ""})
AT_ONCE = 150
"""Fewer than the judgements that a rule tells one by one (`rules/many.py`), so that no user's is summed up."""

TESTED = "endpoint-tested"

_TENANTS: tuple[Rule, ...] = (
    *causes.TENANT_RULES,
    *(rule for rule in endpoint.RULES if rule.id == TESTED),
)
_USERS: tuple[Rule, ...] = (
    *causes.USERS_RULES,
    *on_premises.RULES,
    *previous.RULES,
    *archives.RULES,
    *holds.RULES,
    *quotas.RULES,
)
PROVING: dict[str, Rule] = {rule.id: rule for rule in (*_TENANTS, *_USERS)}
_OF_TENANTS = frozenset(rule.id for rule in _TENANTS)
_ANY = "any"
SYNCHRONISED = "on-premises-shows"
"""The rule that says of a synchronised user what all others say of users in the cloud."""


@dataclass(frozen=True)
class Proof:
    """What shows why a move has failed.

    Args:
        kind: Id of the kind of failure.
        by: The rule or the fact that shows it.
        seen: What was seen, in words.
        expected: What was expected, in words.
        remedy: What to do; where it waits, who is waited for.
        step: Id of the step that does it.
        waits: Whether nothing but time, or another person, ends it.
        blocks: Whether it must be gone before the move is tried again.
    """

    kind: str
    by: str
    seen: str
    expected: str
    remedy: str
    step: str | None = None
    waits: bool = False
    blocks: bool = True


Proven = dict[tuple[str, str], list[Proof]]
"""Proofs by what tells a failure."""


def facts_of(kind: Kind) -> tuple[str, ...]:
    """The facts by which a kind of failure is proven, beside those that tell who has failed.

    Args:
        kind: The kind.
    """
    rules = [PROVING[rule] for rule in _rules_of(kind)]
    return tuple(dict.fromkeys((*(fact for rule in rules for fact in rule.needs), *_OWN_FACTS.get(kind.id, ()))))


def _rules_of(kind: Kind) -> tuple[str, ...]:
    return tuple(rule.id for rule in _TENANTS) if kind.id == "connection" else kind.rules


def proven(kind: Kind, seen: Seen, project: Project) -> Proven:
    """Who has failed in this way, with what proves it; nobody where its facts were not observed.

    Args:
        kind: The kind.
        seen: Holds `CORE`, and the kind's own facts.
        project: The project.
    """
    found: Proven = defaultdict(list)
    if not seen.has(*facts_of(kind)):
        return found
    looked_at = [item for item in failures(seen, project) if is_looked_at(kind, item)]
    for failure, proof in (*_by_rules(kind, looked_at, seen, project), *_by_facts(kind, looked_at, seen, project)):
        found[failure.key].append(proof)
    return found


def is_looked_at(kind: Kind, failure: Failure) -> bool:
    """Whether this kind may lie behind a failure: it is named, or nothing is, or it is one that no move survives.

    Args:
        kind: The kind.
        failure: The failure.
    """
    return failure.names(kind) or kind.always or not failure.is_named


def _by_rules(kind: Kind, looked_at: list[Failure], seen: Seen, project: Project) -> Iterator[tuple[Failure, Proof]]:
    rules = _rules_of(kind)
    if not rules or not looked_at:
        return
    prepared = any(rule.startswith("prepared-") for rule in rules)
    wrong = wrong_by_user((*rules, SYNCHRONISED) if prepared else rules, seen, project)
    for failure in looked_at:
        label = failure.moving.label if failure.moving else ""
        for rule, judgement in (*wrong.get(label, ()), *(wrong.get(_ANY, ()) if _tenants_count(kind, failure) else ())):
            # of a synchronised user one rule says all; it proves what the service names, and "directory" otherwise
            if rule in rules or failure.names(kind):
                yield failure, _proof(kind, rule, judgement)


def _tenants_count(kind: Kind, failure: Failure) -> bool:
    """Whether what is wrong in a tenant as a whole may be behind this user's failure."""
    return failure.names(kind) or not failure.is_named


def _proof(kind: Kind, rule: str, found: Judgement) -> Proof:
    # the answer of a test is translated, its exception types are not
    seen = f"the endpoint's test: {', '.join(causes.type_names(found.seen))}" if rule == TESTED else found.seen
    return Proof(kind.id, rule, seen, found.expected, found.remedy, found.step, waits=found.kind == "wait")


def wrong_by_user(rules: Iterable[str], seen: Seen, project: Project) -> dict[str, list[tuple[str, Judgement]]]:
    """What present rules find wrong with those whose move has failed: by label, and of the tenants under `any`.

    Args:
        rules: Ids of the rules.
        seen: Holds `CORE` and the facts of the rules.
        project: The project.
    """
    found: dict[str, list[tuple[str, Judgement]]] = defaultdict(list)
    for name in rules:
        rule = PROVING[name]
        whole = name in _OF_TENANTS
        for part in (seen,) if whole else _parts(seen, project):
            for judgement in rule.judge(_spared(rule, part), project):
                if judgement.kind in ("fail", "wait"):
                    found[_ANY if whole else judgement.subject].append((name, judgement))
    return found


def _spared(rule: Rule, seen: Seen) -> Seen:
    without = rule.spares(seen)
    return Seen({name: fact for name, fact in seen.facts.items() if name not in without}, seen.now)


def _parts(seen: Seen, project: Project) -> Iterator[Seen]:
    """The same facts, with those lines of `users.csv` alone whose moves have failed, some at a time."""
    for part in seen.derived(_cut, CORE, project):
        yield Seen({**seen.facts, "source.chosen_users": part}, seen.now)


def _cut(seen: Seen, project: Project) -> tuple[Observed[tuple[Row, ...]], ...]:
    whole = seen.facts["source.chosen_users"]
    rows = {id(item.moving.user): item.moving.user for item in failures(seen, project) if item.moving}
    lines = tuple(rows.values())
    return tuple(replace(whole, value=lines[start : start + AT_ONCE]) for start in range(0, len(lines), AT_ONCE))


# what no rule of another section says ---------------------------------------------------------------------------------


def _by_facts(kind: Kind, looked_at: list[Failure], seen: Seen, project: Project) -> Iterator[tuple[Failure, Proof]]:
    prove = _OWN.get(kind.id)
    if prove is None or not looked_at:
        return
    show = prove(seen, project)
    for failure in looked_at:
        yield from ((failure, proof) for proof in show(failure))


def _source_guid(failure: Failure) -> str:
    return str((failure.moving.source or {}).get("ExchangeGuid") or "") if failure.moving else ""


def _states(seen: Seen) -> dict[str, Row]:
    return {str(row["ExchangeGuid"]): row for row in seen.rows(STATES) if row["ExchangeGuid"]}


def _auxiliary(kind: str, words: str) -> Callable[[Seen, Project], Callable[[Failure], Iterable[Proof]]]:
    def prove(seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
        states = _states(seen)

        def show(failure: Failure) -> Iterator[Proof]:
            number = (states.get(_source_guid(failure)) or {}).get("AuxiliaryArchives") or 0
            if number and failure.names(BY_ID[kind]):
                yield Proof(
                    kind,
                    STATES,
                    f"{number} auxiliary archives in the source; {words}",
                    "as many auxiliary archives as when the batch began, and the user in scope by then",
                    f"Approve and apply step {REMOVE}, then 170.5.",
                    REMOVE,
                    blocks=False,
                )

        return show

    return prove


def _duplicate(seen: Seen, project: Project) -> Callable[[Failure], Iterable[Proof]]:
    names = wave_names(seen, project)
    sharing: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(MIGRATION_USERS):
        for value in {str(row[column] or "").casefold() for column in ("Identity", "MailboxGuid")} - {""}:
            sharing[value].append(row)

    def show(failure: Failure) -> Iterator[Proof]:
        keys = {failure.address.casefold(), str(failure.row["MailboxGuid"] or "").casefold(), _source_guid(failure)}
        others = {id(row): row for key in keys - {""} for row in sharing.get(key, ()) if row is not failure.row}
        if others:
            yield _which_keeps(failure, list(others.values()), project, names)

    return show


def _which_keeps(failure: Failure, others: list[Row], project: Project, names: tuple[str, ...]) -> Proof:
    """Which batch keeps a user who is in two: the one of the wave that `users.csv` names; never by chance (ERR-11)."""
    wave = str(failure.moving.user["Wave"] or "").casefold() if failure.moving else ""
    waves = {str(row["BatchId"]): wave_of_batch(str(row["BatchId"] or ""), project, names) for row in others}
    told = ", ".join(sorted(waves))
    proof = Proof(
        "duplicate",
        MIGRATION_USERS,
        f"in {failure.batch} and in {told}",
        f"in one batch: that of wave {wave}, as users.csv says" if wave else "in one batch",
        "",
    )
    foreign = sorted(name for name, found in waves.items() if found is None)
    if foreign:
        words = f"Batch {foreign[0]} is not of this project: its owner decides, and xtmig touches nobody in it."
        return replace(proof, remedy=words)
    if not wave:
        return replace(
            proof, remedy="Write into users.csv (Wave) the wave whose batch keeps the user, then look again."
        )
    kept = [row for row in others if str(waves[str(row["BatchId"])]).casefold() == wave]
    if kept and (failure.wave.casefold() != wave or any(row["Status"] not in FAILED for row in kept)):
        words = f"{kept[0]['BatchId']} keeps the user. Approve and apply step {REMOVE}, which takes it out of "
        return replace(proof, remedy=f"{words}{failure.batch}.", step=REMOVE, blocks=False)
    healthy = next((row for row in others if row["Status"] not in FAILED), None)
    if healthy is None:
        return replace(proof, remedy=f"Apply step {REMOVE}, which takes it out of {told}.", step=REMOVE)
    at = f"{healthy['BatchId']} holds the user ({healthy['Status']}) and users.csv says another wave. Write wave "
    stop = (
        f"{waves[str(healthy['BatchId'])]} into users.csv to keep that copy, or take the user out there (section 180)."
    )
    return replace(proof, remedy=at + stop)


def _moving(seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
    states = _states(seen)
    requests = {str(row["ExchangeGuid"]): row for row in seen.rows(REQUESTS) if row["ExchangeGuid"]}

    def show(failure: Failure) -> Iterator[Proof]:
        guid = _source_guid(failure)
        request, state = requests.get(guid), states.get(guid) or {}
        if request is not None and str(request["Status"] or "") not in OVER:
            yield Proof(
                "moving",
                REQUESTS,
                f"move request {request['Identity']} ({request['Status']}) in the source",
                "no other move of this mailbox",
                "Whoever began it in the source ends it or removes it (Remove-MoveRequest); xtmig removes no move that "
                f"it did not begin. Then steps {REMOVE} and 170.5.",
            )
        elif str(state.get("MailboxMoveStatus") or "") not in OVER:
            yield Proof(
                "moving",
                STATES,
                f"MailboxMoveStatus {state['MailboxMoveStatus']}, and no move request that the source's administrators "
                "can see",
                "no other move of this mailbox",
                "Microsoft, whose own move of this mailbox nobody in the tenant can see or end",
                waits=True,
            )

    return show


def _remote_host(seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
    states = _states(seen)

    def show(failure: Failure) -> Iterator[Proof]:
        state = states.get(_source_guid(failure)) or {}
        host = str(state.get("MailboxMoveRemoteHostName") or "")
        if host and str(state.get("MailboxMoveStatus") or "") in OVER:
            yield Proof(
                "remote-host",
                STATES,
                f"MailboxMoveRemoteHostName {host}, and no move",
                "no host of another move",
                "Ask Microsoft's support: its pages disagree on whether an administrator can clear it.",
            )

    return show


def _disabled_archive(_seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
    def show(failure: Failure) -> Iterator[Proof]:
        source = (failure.moving.source if failure.moving else None) or {}
        if source.get("DisabledArchiveGuid"):
            yield Proof(
                "disabled-archive",
                "source.mailboxes",
                f"disabled archive {source['DisabledArchiveGuid']}",
                "no disabled archive",
                f"Decide in move.disabled_archives of project.yaml, then step {ARCHIVES}.",
                ARCHIVES,
            )

    return show


def _licence(seen: Seen, project: Project) -> Callable[[Failure], Iterable[Proof]]:
    lacking = {match.label for part in _parts(seen, project) for match in licences.users_without_add_on(part, project)}
    step = {"source": "020.4", "target": "100.7"}.get(project.licences.add_on_side)

    def show(failure: Failure) -> Iterator[Proof]:
        # who has no MailUser yet has no licence there either, and that is not why the move failed
        there = failure.moving is not None and failure.moving.target is not None
        if failure.moving and failure.moving.label in lacking and (there or failure.names(BY_ID["licence"])):
            yield Proof(
                "licence",
                "directory_users, PersistedCapabilities",
                "the add-on is on neither side",
                "the add-on is on one of the two sides",
                f"Approve and apply step {step}." if step else "Assign it, as project.yaml says that xtmig does not.",
                step,
            )

    return show


def _row(_seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
    def show(failure: Failure) -> Iterator[Proof]:
        moving = failure.moving
        if moving and moving.address and failure.address.casefold() != moving.address.casefold():
            yield Proof(
                "row",
                "target.mail_users",
                f"{failure.batch} names the user {failure.address}",
                f"the primary address in the target, {moving.address}",
                f"Approve and apply step {REMOVE}, then 170.5, which names it rightly.",
                REMOVE,
                blocks=False,
            )

    return show


def _organization_hold(seen: Seen, _project: Project) -> Callable[[Failure], Iterable[Proof]]:
    states, every = _states(seen), holds.organization_holds(seen)

    def show(failure: Failure) -> Iterator[Proof]:
        state = states.get(_source_guid(failure))
        held = [hold for hold in every if state is not None and not holds.is_exempt(state, hold)]
        if held:
            yield Proof(
                "hold",
                holds.ORGANIZATION_HOLDS,
                f"held by the whole organisation: {', '.join(held)}",
                holds.EXPECTED,
                "The owner of the policy decides whether this mailbox is excluded from it; xtmig lifts no hold. Or "
                "exclude the user (users.exclude in project.yaml).",
            )

    return show


_OWN: Mapping[str, Callable[[Seen, Project], Callable[[Failure], Iterable[Proof]]]] = {
    "auxiliary-scope": _auxiliary("auxiliary-scope", "who was in scope when the batch began is not on record"),
    "auxiliary-new": _auxiliary("auxiliary-new", "how many there were when the batch began is not on record"),
    "duplicate": _duplicate,
    "moving": _moving,
    "remote-host": _remote_host,
    "disabled-archive": _disabled_archive,
    "licence": _licence,
    "row": _row,
    "hold": _organization_hold,
}
_OWN_FACTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("auxiliary-scope", "auxiliary-new", "remote-host"), (STATES,)),
    "moving": (STATES, REQUESTS),
    "licence": licences.FACTS,
    "hold": (STATES, holds.ORGANIZATION_HOLDS),
}
