"""Section 010: how the services are reached, what each tenant is, and what its policies forbid. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.connect import SIDES, is_application
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

MOST_SECONDS_APART = 300
"""By how much two clocks may differ: a certificate's sign-in is refused beyond about five minutes (fact F-95)."""
KNOWN_ISSUERS = ("Microsoft Corporation", "DigiCert Inc")
"""Who issues the certificates of Microsoft's services (fact F-94)."""
EXCHANGE_PERMISSION = "Exchange.ManageAsApp"

_INSPECTED = (
    "If your company's network inspects encrypted traffic, have its authority installed on this computer, or have this "
    "host excepted from the inspection. Otherwise do not go on: somebody else may be answering."
)
_OPEN = "Ask whoever runs the network to allow this host on port 443."
_PROXY = "Correct HTTPS_PROXY, or ask whoever runs the proxy to allow this host."
_UNREACHED: Mapping[str, tuple[str, str]] = {
    "untrusted certificate": ("the certificate that was shown is not trusted on this computer", _INSPECTED),
    "proxy": ("the proxy lets no connection through", _PROXY),
    "time-out": ("no answer in time", _OPEN),
    "no connection": ("no connection", _OPEN),
}


def _reached(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        for row in seen.rows(f"{side}.connections"):
            yield _connection(row, practice=project.simulation is not None)

    return judge


def _connection(row: Row, *, practice: bool) -> Judgement:
    host = f"{row['Service']} at {row['Host']}"
    through = f"through the proxy {row['Proxy']}" if row["Proxy"] else "without a proxy"
    if row["Problem"]:
        what, remedy = _UNREACHED[str(row["Problem"])]
        return Judgement("fail", host, seen=f"{what}, {through}", expected="an answer of the service", remedy=remedy)
    issuer = row["Issuer"]
    seen = f"answers {through}; its certificate was issued by {issuer or 'an authority that could not be seen'}"
    expected = "an answer, with a certificate that Microsoft or DigiCert issued"
    if practice or issuer is None or issuer in KNOWN_ISSUERS:
        return Judgement("pass", host, seen=seen, expected=expected)
    return Judgement(
        "warn",
        host,
        seen=seen,
        expected=expected,
        remedy=f"Find out who {issuer} is. Where a company inspects encrypted traffic, its own authority stands here, "
        "and what is sent, tokens included, can be read there; have this host excepted if that must not be.",
    )


def _clock(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        told = [row for row in seen.rows(f"{side}.connections") if row["SecondsAhead"] is not None]
        if not told:
            yield Judgement("skip", "this computer", remedy="no service told the time")
            return
        worst = max(told, key=lambda row: abs(int(row["SecondsAhead"])))
        seconds = int(worst["SecondsAhead"])
        way = "ahead of" if seconds > 0 else "behind"
        yield Judgement(
            "warn" if abs(seconds) > MOST_SECONDS_APART else "pass",
            "this computer",
            seen=f"{abs(seconds)} seconds {way} {worst['Host']}" if seconds else f"agrees with {worst['Host']}",
            expected=f"at most {MOST_SECONDS_APART} seconds apart",
            remedy="Set this computer's clock; sign-ins by certificate and times of batches depend on it.",
        )

    return judge


def _tenant(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        organization, lookup = seen.one(f"{side}.organization"), seen.one(f"{side}.domain_lookup")
        if organization is None:
            return
        fact = f"{side}.organization_config"
        config = seen.one(fact) if seen.has(fact) else None
        cloud = (
            " ".join(str(lookup[key]) for key in ("Cloud", "RegionScope", "RegionSubScope") if lookup[key])
            if lookup
            else ""
        )
        told = [
            f"ID {organization['TenantId']}",
            f"domains {', '.join(sorted(map(str, organization['Domains'])))}",
            f"cloud {cloud or 'unknown'}",
            "directory "
            + ("synchronised from on-premises" if organization["DirectorySynchronised"] else "in the cloud alone"),
            _customization(config),
        ]
        yield Judgement("pass", str(organization["DisplayName"] or side), seen="; ".join(told), expected="known")

    return judge


def _customization(config: Row | None) -> str:
    if config is None or config["IsDehydrated"] is None:
        return "whether it is enabled for customization was not seen"
    return "not enabled for customization (dehydrated)" if config["IsDehydrated"] else "enabled for customization"


def _uses_exchange(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        token = seen.one(f"{side}.signed_in")
        if token is None:
            return
        if not is_application(seen, side):
            seen_of = "a person, whose rights in Exchange are the cmdlets on offer"
            yield Judgement("pass", str(token["Name"]), seen=seen_of, expected="no permission of an application")
            return
        held = EXCHANGE_PERMISSION in token["Permissions"]
        yield Judgement(
            "pass" if held else "fail",
            str(token["Name"]),
            seen=f"its token {'holds' if held else 'lacks'} {EXCHANGE_PERMISSION}",
            expected=EXCHANGE_PERMISSION,
            remedy=f"Ask for the application permission {EXCHANGE_PERMISSION} of Office 365 Exchange Online, with "
            f"admin consent, in the {side} tenant.",
        )

    return judge


def _secrets(seen: Seen, project: Project) -> Iterable[Judgement]:
    fact, what = "target.secret_policy", "secrets of applications"
    if project.secret.origin == "provided":
        yield Judgement("skip", what, remedy="the secret is provided by reference, so none is made here")
        return
    policy = seen.one(fact) if seen.has(fact) else None
    if policy is None:
        why = "the policy was not read; it takes Policy.Read.All, and if secrets are forbidden, step 070.3 will tell"
        yield Judgement("skip", what, remedy=why)
        return
    most, days = policy["MostDays"], project.secret.valid_days
    exception = (
        f"an exception from the application management policy for {project.application_name!r}, whose secret the"
    )
    if policy["Forbidden"]:
        yield Judgement(
            "fail",
            what,
            seen="the tenant's policy forbids them",
            expected="a secret for the migration application",
            remedy=f"Ask for {exception} migration endpoint cannot do without: Exchange takes no certificate there.",
        )
        return
    short = most is not None and int(most) < days
    yield Judgement(
        "fail" if short else "pass",
        what,
        seen="allowed" if most is None else f"allowed for at most {most} days",
        expected=f"allowed for {days} days",
        remedy=f"Ask for {exception} migration endpoint needs for {days} days; or lower secret.valid_days to {most} in "
        "project.yaml, and plan to renew it.",
    )


def _of(side: Side) -> tuple[Rule, ...]:
    connections, signed_in = f"{side}.connections", f"{side}.signed_in"
    organization, lookup = f"{side}.organization", f"{side}.domain_lookup"
    return (
        Rule(
            f"{side}-services-reached",
            f"Sign-in, Graph and Exchange of the {side} answer from here, and a proxy or another issuer is named",
            (),
            side,
            (connections,),
            _reached(side),
        ),
        Rule(
            f"{side}-clock-agrees",
            f"This computer's clock agrees with the {side}'s services",
            (),
            side,
            (connections,),
            _clock(side),
        ),
        Rule(
            f"{side}-tenant-described",
            f"The {side} tenant's ID, domains, cloud and directory are known",
            ("PRE-10",),
            side,
            (organization, lookup),
            _tenant(side),
            helps=(f"{side}.organization_config",),
        ),
        Rule(
            f"{side}-may-use-exchange",
            "The account may use Exchange Online's administration",
            ("ROL-02",),
            side,
            (signed_in,),
            _uses_exchange(side),
        ),
    )


RULES: tuple[Rule, ...] = (
    *(rule for side in SIDES for rule in _of(side)),
    Rule(
        "target-secrets-allowed",
        "The target tenant allows the migration application a secret for as long as the project needs it",
        ("APP-11",),
        "target",
        ("target.signed_in",),
        _secrets,
        helps=("target.secret_policy",),
    ),
)
