"""Section 110: from a failed test of the endpoint to its likeliest cause (failures 2.1, 2.2). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.rules import (
    application,
    connect,
    consent,
    endpoint,
    prepared_rules,
    relationship,
    release,
    scope,
    user_matches,
    users,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

ENDPOINT_TEST = "target.endpoint_test"
USER_TESTS = "target.migration_tests"


def _by_target_address(seen: Seen, _project: Project) -> Iterable[Judgement]:
    prepared = {str(r["PrimarySmtpAddress"]).casefold() for r in seen.rows("target.mail_users") if r["ExchangeGuid"]}

    def judge(row: Row) -> Iterable[Judgement]:
        if str(row["TestMailbox"]).casefold() not in prepared:
            yield Judgement(
                "fail",
                str(row["TestMailbox"]),
                seen="no prepared MailUser of the target has this as its primary address",
                expected="the primary address of a prepared MailUser",
                remedy="Look again; if it stays, correct TargetAddress in users.csv. The source's address cannot be "
                "tested.",
            )

    yield from judge_each(
        seen.rows(USER_TESTS), judge, of_what="users tested", expected="named by the target's primary address"
    )


BY_TARGET_ADDRESS = Rule(
    "sample-by-target-address",
    "Users are tested by their primary address in the target",
    ("VER-02",),
    "target",
    (USER_TESTS, "target.mail_users"),
    _by_target_address,
)
USERS_RULES: tuple[Rule, ...] = (
    *(rule for rule in scope.RULES if rule.id == "scope-members-complete"),
    *prepared_rules.RULES,
)
"""Rules about single users; for a test they count only where their subject is the user that was tested."""

CONNECTION_RULES: tuple[Rule, ...] = (
    *(rule for rule in connect.RULES if rule.id.endswith("domain-is-tenant") or rule.id == "one-cloud"),
    *application.RULES,
    *consent.RULES,
    *(rule for rule in endpoint.RULES if rule.id not in ("endpoint-tested", "secret-kept", "configuration-order")),
    *relationship.RULES,
    *(rule for rule in release.RULES if rule.id != "source-after-target"),
)
"""Rules about the way from the target to the source, which the endpoint's own test goes."""

TENANT_RULES: tuple[Rule, ...] = (
    *CONNECTION_RULES,
    *(rule for rule in scope.RULES if rule.id == "scope-group-found"),
)
"""Rules about the configuration of both tenants that may lie behind any user's failure."""

PREFLIGHT: tuple[Rule, ...] = (
    *CONNECTION_RULES,
    *(rule for rule in endpoint.RULES if rule.id == "configuration-order"),
    *users.RULES,
    *user_matches.RULES,
    *(rule for rule in scope.RULES if rule not in USERS_RULES),
    *USERS_RULES,
)
"""Every separate check that is repeated before anything moves, as Microsoft's validation script does (VER-03)."""

_SOURCE_RELATIONSHIP = tuple(
    f"source-relationship-{n}" for n in ("found", "enabled", "moves", "outbound", "application")
)
_SCOPE = ("source-relationship-scopes", "scope-group-found", "scope-members-complete")
_USER = tuple(rule.id for rule in USERS_RULES if rule.id not in _SCOPE)
_TARGET_RELATIONSHIP = tuple(f"target-relationship-{n}" for n in ("found", "by-id", "enabled", "moves", "inbound"))
_CONSENT = tuple(f"{s}-{n}" for s in ("source", "target") for n in ("application-present", "consent-granted"))
_ENDPOINT = ("endpoint-cross-tenant", "endpoint-server", "endpoint-remote-tenant", "endpoint-application")


@dataclass(frozen=True)
class Marker:
    """What a failed test may show, and what it points at.

    Args:
        name: An exception's type name without its namespace, an AADSTS code, or another part that is not translated.
        causes: Ids of the rules behind it, the likeliest first.
        passes: Whether the same answer is also given while right settings are not effective everywhere.
        remedy: What helps where every rule behind it holds and waiting does not.
        step: Id of the step that does it.
    """

    name: str
    causes: tuple[str, ...]
    passes: bool = True
    remedy: str = ""
    step: str | None = None


_RENEW = "Apply step 070.3, which gives the endpoint a new secret."
_PATIENCE = (
    "Microsoft: consent, scope and relationship can take hours until every server knows them; change nothing that is "
    "right. If it lasts longer than a day, look at what is not checked here and gives the same answer (holds, sizes "
    "against quotas, moves that are running), then ask Microsoft's support"
)
_PREPARE = "Look at this user in section 100: the target's MailUser is not as a move needs it."
MARKERS: tuple[Marker, ...] = (
    # signing in: failures 2.1 #5 to #8
    Marker("AADSTS7000215", ("secret-valid",), False, _RENEW, "070.3"),
    Marker("AADSTS7000222", ("secret-valid",), False, _RENEW, "070.3"),
    Marker(
        "AADSTS70011",
        ("endpoint-no-key-vault",),
        False,
        "The endpoint asks for a scope that is retired, as with a key vault: make one with credentials of its own.",
    ),
    Marker("AADSTS700016", ("endpoint-application", "application-registered", "application-multi-tenant", *_CONSENT)),
    Marker("AADSTS65001", _CONSENT),
    Marker("AADSTS90002", ("endpoint-remote-tenant", "source-domain-is-tenant"), False, "Compare both tenants' IDs."),
    # the user: failures 2.1 #3, 2.2 #16, #17, #19
    Marker("MissingExchangeGuidException", _USER, False, _PREPARE),
    Marker("TargetUserAlreadyHasPrimaryMailboxException", _USER, False, _PREPARE),
    Marker("NotAcceptedDomainException", _USER, False, _PREPARE),
    Marker("MigrationRecipientNotFoundException", (BY_TARGET_ADDRESS.id, *_USER)),
    Marker("ManagementObjectNotFoundException", (BY_TARGET_ADDRESS.id, *_USER)),
    Marker("MailboxNotInCrossTenantMigrationScopeException", (*_SCOPE, *_SOURCE_RELATIONSHIP)),
    # trust and connection: failures 2.1 #1, #2, #3, #9
    Marker("MigrationPermanentException", _TARGET_RELATIONSHIP),
    Marker("ProxyService", (*_SOURCE_RELATIONSHIP, *_SCOPE, *_CONSENT)),
    Marker("MRSRemotePermanentException", (*_SOURCE_RELATIONSHIP, *_SCOPE, *_CONSENT, *_ENDPOINT, *_USER)),
    Marker("MigrationServerConnectionFailedException", (*_ENDPOINT, *_CONSENT, *_SOURCE_RELATIONSHIP, *_SCOPE, *_USER)),
)


@dataclass(frozen=True)
class Explanation:
    """What a failed test means.

    Args:
        kind: `fail`, or `wait` where every setting is right and only time is missing.
        cause: In words.
        proof: Ids of the rules that show it.
        remedy: What to do; for `wait` who is waited for.
        step: Id of the step that does it.
    """

    kind: Literal["fail", "wait"]
    cause: str
    proof: tuple[str, ...]
    remedy: str
    step: str | None = None


Wrong = tuple[str, Judgement]


@dataclass(frozen=True)
class Checks:
    """The separate checks, judged once for all tests.

    Args:
        wrong: Rule id and judgement of everything that does not hold.
        unseen: Ids of the rules that could not be judged.
    """

    wrong: tuple[Wrong, ...]
    unseen: tuple[str, ...]

    def concerning(self, *names: str | None) -> list[Wrong]:
        """What is wrong in the tenants, and with one user.

        Args:
            names: The user's address in `users.csv` and in the target; none for the endpoint itself.
        """
        single = {rule.id for rule in (*USERS_RULES, BY_TARGET_ADDRESS)}
        return [(rule, found) for rule, found in self.wrong if rule not in single or found.subject in names]


def checks(rules: Sequence[Rule], seen: Seen, project: Project) -> Checks:
    """Judge every separate check for which there are facts.

    Args:
        rules: Which checks.
        seen: Holds as many facts as were observed.
        project: The project.
    """
    can = [rule for rule in rules if seen.has(*rule.needs)]
    return Checks(
        tuple(
            (rule.id, found) for rule in can for found in rule.judge(seen, project) if found.kind in ("fail", "wait")
        ),
        tuple(rule.id for rule in rules if rule not in can),
    )


def markers_in(text: str) -> list[Marker]:
    """The markers that an answer shows, the most telling first.

    Args:
        text: Message and detail of a failed test.
    """
    return [marker for marker in MARKERS if re.search(rf"(?<![A-Za-z0-9]){marker.name}(?![A-Za-z0-9])", text)]


def type_names(text: str) -> list[str]:
    """Exception types and AADSTS codes of an answer, in their order, each once.

    Args:
        text: Message and detail of a failed test.
    """
    return list(dict.fromkeys(re.findall(r"AADSTS\d+|[A-Z][A-Za-z0-9]*Exception(?![A-Za-z0-9])", text)))


def explain(text: str, judged: Checks, *names: str | None) -> Explanation:
    """Why a test failed: from its answer and the separate checks to the likeliest cause.

    The most telling marker decides: where the answer holds a sign-in code, the general error around it says nothing.

    Args:
        text: Message and detail of the failed test.
        judged: The separate checks.
        names: The tested user's address in `users.csv` and in the target; none for the endpoint itself.
    """
    marker = next(iter(markers_in(text)), None)
    causes = marker.causes if marker else ()
    wrong = judged.concerning(*names)
    behind = sorted((item for item in wrong if item[0] in causes), key=lambda item: causes.index(item[0]))
    if behind:
        return _because(behind, "")
    if marker is not None and not marker.passes:
        return Explanation("fail", marker.name, marker.causes, marker.remedy, marker.step)
    known = f"nothing behind {marker.name} is wrong" if marker else f"not known to xtmig ({_types(text)})"
    if wrong:
        return _because(wrong, f"{known}; what does not hold: ")
    if judged.unseen:
        return Explanation(
            "fail",
            f"{known}; {len(judged.unseen)} checks could not be judged",
            judged.unseen,
            "Sign in to both tenants and look again; until then nobody can say what it is.",
        )
    if marker is None:
        return Explanation(
            "fail",
            f"{known}; every separate check holds",
            (),
            "Read the answer; search for the exception type, or give it to Microsoft's support.",
        )
    return Explanation("wait", "configured, not yet effective: every separate check holds", causes, _PATIENCE)


def _because(wrong: Sequence[Wrong], introduction: str) -> Explanation:
    first = wrong[0][1]
    proof = tuple(dict.fromkeys(rule for rule, _ in wrong))
    remedy = f"Waits for {first.remedy}." if first.kind == "wait" else first.remedy
    cause = f"{introduction}{first.subject}: {first.seen}; expected {first.expected}"
    return Explanation("fail", cause, proof, remedy, first.step)


def _types(text: str) -> str:
    return ", ".join(type_names(text)) or "no exception type"


def answer(row: Row) -> str:
    """Message and detail of a test.

    Args:
        row: A row of `endpoint_test` or `migration_tests`.
    """
    return " ".join(str(row[column]) for column in ("Message", "ErrorDetail") if row[column]).strip()


def tested_user(seen: Seen, mailbox: str) -> str | None:
    """The address in `users.csv` of the user that was tested, found by address, else by ExchangeGuid.

    Args:
        seen: Holds as many facts as were observed.
        mailbox: The primary address in the target.
    """
    if not seen.has(*scope.USER_FACTS):
        return None
    pairs = source_holders(seen)
    named = [user for user, _ in pairs if str(user["TargetAddress"]).casefold() == mailbox.casefold()]
    if not named and seen.has("target.mail_users"):
        guids = {r["ExchangeGuid"] for r in seen.rows("target.mail_users") if _is_primary(r, mailbox)} - {None}
        named = [user for user, row in pairs if row is not None and row["ExchangeGuid"] in guids]
    return str(named[0]["SourceAddress"]) if len(named) == 1 else None


def _is_primary(row: Row, address: str) -> bool:
    return str(row["PrimarySmtpAddress"]).casefold() == address.casefold()
