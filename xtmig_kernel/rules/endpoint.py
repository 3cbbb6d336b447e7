"""Sections 070 and 080: organization customization of both tenants, the migration endpoint and its secret."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import from_text
from xtmig_kernel.project.clouds import REMOTE_SERVERS
from xtmig_kernel.rules.objects import (
    CAPABILITY,
    credential_number,
    granted,
    our_application,
    our_credentials,
    our_endpoint,
    relationships_with_partner,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

ENDPOINTS = ("target.migration_endpoints",)
CUSTOMIZATION_STEP: dict[Side, str] = {"target": "070.1", "source": "080.1"}
MARGIN = timedelta(days=30)
SECRET_REFUSED = ("AADSTS7000215", "AADSTS7000222")  # wrong or unknown, and expired


def _customized(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    step = CUSTOMIZATION_STEP[side]

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        row = seen.one(f"{side}.organization_config")
        value = row["IsDehydrated"] if row else None
        words = {
            True: "dehydrated: the organisation shares Microsoft's default settings",
            False: "not dehydrated",
            None: "the service does not say",
        }
        yield Judgement(
            "pass" if value is False else "fail",
            project.side(side).domain,
            seen=words[value],
            expected="not dehydrated",
            remedy=f"Approve and apply step {step}."
            if value
            else "Look with: Get-OrganizationConfig | fl IsDehydrated",
            step=step if value else None,
        )

    return judge


def _of_endpoint(
    attribute: str,
    expected: Callable[[Seen, Project], str],
    is_right: Callable[[Any, Seen, Project], bool],
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        row, wanted = our_endpoint(seen, project), expected(seen, project)
        if row is None:
            yield Judgement("fail", project.endpoint_name, "no such endpoint", wanted, "Apply step 070.2.", "070.2")
            return
        yield Judgement(
            "pass" if is_right(row[attribute], seen, project) else "fail",
            str(row["Identity"]),
            seen="empty" if row[attribute] in (None, "") else str(row[attribute]),
            expected=wanted,
            remedy="This cannot be changed safely on an endpoint that batches may use. Choose another names.endpoint "
            "in project.yaml, and apply step 070.2.",
        )

    return judge


def _application_id(seen: Seen, project: Project) -> str:
    row = our_application(seen, project)
    return str(row["AppId"]) if row else "the migration application's ID"


def _tested(seen: Seen, project: Project) -> Iterable[Judgement]:
    row = seen.one("target.endpoint_test")
    if row is None:
        yield Judgement("fail", project.endpoint_name, "no endpoint to test", "Success", "Apply step 070.2.", "070.2")
        return
    text = " ".join(str(row[c] or "") for c in ("Message", "ErrorDetail")).strip()
    wrong_secret = secret_refused(text)
    yield Judgement(
        "pass" if row["Result"] == "Success" else "fail",
        project.endpoint_name,
        seen=f"{row['Result']}: {text}" if text else str(row["Result"]),
        expected="Success",
        remedy="Apply step 070.3, which gives the endpoint a new secret."
        if wrong_secret
        else "Read the service's answer; section 110 takes its causes apart.",
        step="070.3" if wrong_secret else None,
    )


def secret_refused(text: str) -> bool:
    """Whether a service's answer says that the secret is wrong, unknown or expired.

    Args:
        text: The answer.
    """
    return any(code in text for code in SECRET_REFUSED)


def _ends_at(row: Row) -> datetime:
    return from_text(str(row["EndsAt"]))


def needed_until(project: Project, now: datetime) -> datetime:
    """Until when the secret must be valid: 30 days beyond the last completion, or beyond now where none is planned.

    The last completion is what `last_completion` of project.yaml says, or the end of the last wave's window.

    Args:
        project: The project.
        now: The present moment, UTC.
    """
    last: date | None = project.last_completion
    end = datetime.combine(last, time(), UTC) if last else now
    waves = [wave.cutover + timedelta(hours=wave.window_hours) for wave in project.move.waves if wave.cutover]
    return max(end, now, *waves) + MARGIN


def _secret_valid(seen: Seen, project: Project) -> Iterable[Judgement]:
    if project.secret.origin == "provided":
        rows = list(seen.rows("target.application_credentials"))
        newest = max(rows, key=_ends_at, default=None)
    else:
        newest = next(reversed(our_credentials(seen, project)), None)
    expected = f"a secret with a description, valid until {needed_until(project, seen.now):%Y-%m-%d} at least"
    if newest is None:
        step = "070.3" if our_endpoint(seen, project) else "070.2"
        yield Judgement("fail", project.application_name, "no client secret", expected, f"Apply step {step}.", step)
        return
    right = bool(newest["DisplayName"]) and _ends_at(newest) >= needed_until(project, seen.now)
    right = right and (project.secret.origin == "provided" or credential_number(newest) >= project.secret.generation)
    yield Judgement(
        "pass" if right else "fail",
        str(newest["DisplayName"] or newest["KeyId"]),
        seen=f"ends {_ends_at(newest):%Y-%m-%d}",
        expected=expected,
        remedy="Apply step 070.3, which makes a new secret and gives it to the endpoint."
        if project.secret.origin == "minted"
        else "Make a new secret, put it where secret.reference points, remove the old one from the application, "
        "and apply step 070.3.",
        step="070.3",
    )


def _secret_kept(_seen: Seen, project: Project) -> Iterable[Judgement]:
    if project.secret.origin == "minted":
        yield Judgement(
            "skip",
            project.application_name,
            remedy="the secret is minted with the endpoint, given to it at once and kept nowhere; "
            "if it is ever needed again, step 070.3 makes a new one",
        )
    else:
        yield Judgement(
            "sign",
            project.application_name,
            remedy="The secret lies in a safe store: name the store, not the secret.",
        )


def _lets_out(seen: Seen, project: Project) -> bool:
    """Whether the source's relationship lets mailboxes out by way of this project's application."""
    application = our_application(seen, project)
    rows = relationships_with_partner(seen.rows("source.organization_relationships"), project.target.tenant_id)
    return application is not None and any(
        CAPABILITY["source"] in row["MailboxMoveCapability"]
        and str(row["OAuthApplicationId"]).casefold() == application["AppId"]
        for row in rows
    )


def _order(seen: Seen, project: Project) -> Iterable[Judgement]:
    stages = (
        ("the application", our_application(seen, project) is not None),
        ("the target's consent", granted(seen, "target")),
        ("the source's consent", granted(seen, "source")),
        ("the endpoint", our_endpoint(seen, project) is not None),
        ("the source's relationship", _lets_out(seen, project)),
    )
    reached = [there for _, there in stages]
    in_order = reached == sorted(reached, reverse=True)
    first_missing = next((name for name, there in stages if not there), "nothing")
    yield Judgement(
        "pass" if in_order else "fail",
        "order of the configuration",
        seen=", ".join(f"{name} is {'there' if there else 'missing'}" for name, there in stages),
        expected="application, target's consent, source's consent, endpoint, source's relationship, in this order",
        remedy=f"What is missing is {first_missing}; apply its section before you go on.",
    )


def _rule(
    rule_id: str,
    title: str,
    statements: tuple[str, ...],
    needs: tuple[str, ...],
    judge: Callable[[Seen, Project], Iterable[Judgement]],
) -> Rule:
    return Rule(rule_id, title, statements, "target", needs, judge)


CUSTOMIZED: tuple[Rule, ...] = tuple(
    Rule(
        f"{side}-customized",
        f"The {side} organisation is not dehydrated",
        ("EPT-07",),
        side,
        (f"{side}.organization_config",),
        _customized(side),
    )
    for side in CUSTOMIZATION_STEP
)
SECRET_VALID = _rule(
    "secret-valid",
    "The application's secret has a description and outlives the last completion by thirty days",
    ("APP-11", "APP-12", "APP-15"),
    ("target.application_credentials", *ENDPOINTS),
    _secret_valid,
)
ENDPOINT_TESTED = _rule(
    "endpoint-tested",
    "The service accepts the endpoint's credentials",
    ("APP-13", "EPT-08", "APP-15"),
    ("target.endpoint_test",),
    _tested,
)
ORDER = _rule(
    "configuration-order",
    "No part of the configuration is there without the parts that come before it",
    ("PRE-11",),
    (
        "target.applications",
        "target.granted_roles",
        "target.exchange_resource",
        "source.granted_roles",
        "source.exchange_resource",
        *ENDPOINTS,
        "source.organization_relationships",
    ),
    _order,
)

RULES: tuple[Rule, ...] = (
    *CUSTOMIZED,
    _rule(
        "endpoint-cross-tenant",
        "The project's endpoint exists once and is for moves between tenants",
        ("EPT-02", "EPT-05", "EPT-09"),
        ENDPOINTS,
        _of_endpoint(
            "EndpointType", lambda _s, _p: "ExchangeRemoteMove", lambda value, _s, _p: value == "ExchangeRemoteMove"
        ),
    ),
    _rule(
        "endpoint-server",
        "The endpoint's RemoteServer belongs to this Microsoft 365 cloud",
        ("EPT-04", "EPT-09"),
        ENDPOINTS,
        _of_endpoint(
            "RemoteServer",
            lambda _s, p: " or ".join(REMOTE_SERVERS[p.source.cloud]),
            lambda value, _s, p: str(value).casefold() in REMOTE_SERVERS[p.source.cloud],
        ),
    ),
    _rule(
        "endpoint-remote-tenant",
        "The endpoint's RemoteTenant is the source tenant's initial domain",
        ("EPT-06", "EPT-09"),
        ENDPOINTS,
        _of_endpoint(
            "RemoteTenant",
            lambda _s, p: p.source.domain,
            lambda value, _s, p: str(value).casefold() == p.source.domain,
        ),
    ),
    _rule(
        "endpoint-application",
        "The endpoint signs in as the migration application",
        ("EPT-03", "EPT-09"),
        (*ENDPOINTS, "target.applications"),
        _of_endpoint(
            "ApplicationId",
            _application_id,
            lambda value, s, p: str(value).casefold() == _application_id(s, p).casefold(),
        ),
    ),
    _rule(
        "endpoint-no-key-vault",
        "The endpoint does not use the retired key vault parameter",
        ("EPT-09",),
        ENDPOINTS,
        _of_endpoint("AppSecretKeyVaultUrl", lambda _s, _p: "empty", lambda value, _s, _p: not value),
    ),
    ENDPOINT_TESTED,
    SECRET_VALID,
    _rule(
        "secret-kept",
        "A secret that somebody must keep is kept in a safe store",
        ("APP-14", "EPT-03"),
        ("target.applications",),
        _secret_kept,
    ),
    ORDER,
)
