"""Worlds in which the rules of section 010 on connections, tenants and policies do not pass, or do."""

from __future__ import annotations

from typing import Any

from rule_case import Case

HOSTS = {
    "sign-in": "login.microsoftonline.com",
    "graph": "graph.microsoft.com",
    "exchange": "outlook.office365.com",
}


def connections(side: str, service: str, **changes: Any) -> dict[str, Any]:
    """All services are reached as they should be, but for one."""
    rows = [
        {"Service": name, "Host": host, "SecondsAhead": 0, "Proxy": None, "Issuer": "DigiCert Inc", "Problem": None}
        | (changes if name == service else {})
        for name, host in HOSTS.items()
    ]
    return {f"{side}__connections": rows}


def _of(side: str) -> dict[str, list[Case]]:
    application = {f"{side}__signed_in": {"Kind": "application", "Permissions": ["Directory.Read.All"]}}
    return {
        f"{side}-services-reached": [
            Case(
                "another authority",
                ["pass", "warn", "pass"],
                connections(side, "graph", Issuer="Contoso Web Gateway"),
            ),
            Case(
                "not trusted",
                ["fail", "pass", "pass"],
                connections(side, "sign-in", Problem="untrusted certificate", Issuer=None),
            ),
            Case(
                "the proxy refuses",
                ["pass", "pass", "fail"],
                connections(side, "exchange", Problem="proxy", Proxy="proxy.contoso.com:8080", Issuer=None),
            ),
            Case("no answer", ["pass", "fail", "pass"], connections(side, "graph", Problem="time-out", Issuer=None)),
            Case("closed", ["pass", "fail", "pass"], connections(side, "graph", Problem="no connection", Issuer=None)),
        ],
        f"{side}-clock-agrees": [
            Case("ahead", ["warn"], connections(side, "graph", SecondsAhead=301)),
            Case("behind", ["warn"], connections(side, "exchange", SecondsAhead=-3600)),
            Case("nobody told the time", ["skipped"], {f"{side}__connections": []}),
        ],
        f"{side}-tenant-described": [Case("Graph tells nothing", ["skipped"], {f"{side}__organization": []})],
        f"{side}-may-use-exchange": [
            Case("an application without it", ["fail"], application),
            Case("an application without it in PowerShell", ["fail"], application, {"transport": "powershell"}),
        ],
    }


def _well(side: str) -> dict[str, list[Case]]:
    application = {f"{side}__signed_in": {"Kind": "application", "Permissions": ["Exchange.ManageAsApp"]}}
    return {
        f"{side}-services-reached": [
            Case("through a proxy", ["pass"] * 3, connections(side, "graph", Proxy="proxy.contoso.com:8080")),
            Case("the issuer could not be seen", ["pass"] * 3, connections(side, "graph", Issuer=None)),
            Case(
                "practice tenants have an authority of their own",
                ["pass"] * 3,
                connections(side, "graph", Issuer="trustme"),
                {"simulation": "simulation.json"},
            ),
        ],
        f"{side}-clock-agrees": [Case("five minutes", ["pass"], connections(side, "graph", SecondsAhead=-300))],
        f"{side}-may-use-exchange": [Case("an application with it", ["pass"], application)],
    }


IN_SOURCE = {"consent": {"source": "xtmig"}}
NOT_PASSING: dict[str, list[Case]] = {
    **_of("source"),
    **_of("target"),
    "source-may-write-directory": [Case("neither of two", ["fail", "fail"], {}, IN_SOURCE)],
    "target-may-write-directory": [
        Case("not in the token", ["fail"], {"target__signed_in": {"Permissions": ["User.Read"]}}),
    ],
    "source-may-name-holds": [
        Case("neither", ["skipped"], {"source__compliance_access": {"Policies": False, "Cases": False}}),
        Case("policies alone", ["skipped"], {"source__compliance_access": {"Cases": False}}),
        Case(
            "refused",
            ["skipped"],
            {"source__compliance_access": {"Policies": None, "Cases": None, "Problem": "It was refused."}},
        ),
        Case("not asked", ["skipped"], {"source__compliance_access": []}),
    ],
    "target-secrets-allowed": [
        Case("forbidden", ["fail"], {"target__secret_policy": {"Forbidden": True}}),
        Case("shortened", ["fail"], {"target__secret_policy": {"MostDays": 179}}),
        Case("no policy told", ["skipped"], {"target__secret_policy": []}),
        Case(
            "nobody makes one",
            ["skipped"],
            {"target__secret_policy": {"Forbidden": True}},
            {"secret": {"origin": "provided", "reference": "env:MIGRATION_SECRET"}},
        ),
    ],
}
PASSING: dict[str, list[Case]] = {
    "target-may-write-directory": [
        Case(
            "an application is judged by what it may consent to",
            ["pass"],
            {"target__signed_in": {"Kind": "application", "Permissions": []}},
        ),
    ],
    **_well("source"),
    **_well("target"),
    "target-secrets-allowed": [Case("just long enough", ["pass"], {"target__secret_policy": {"MostDays": 180}})],
}
