"""The documented contract of every cmdlet on offer, read from cmdlets.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ANY_SET = "__AllParameterSets"
COMMON = {
    name.lower(): name
    for name in (
        "Debug", "Verbose", "ErrorAction", "WarningAction", "InformationAction", "ProgressAction", "ErrorVariable",
        "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable",
    )
}  # fmt: skip

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first reads a thousand lines in no time


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        kind: PowerShell type name.
        many: Whether it takes several values.
        sets: Parameter sets it belongs to.
        mandatory: Those of them where it must be given.
    """

    name: str
    kind: str
    many: bool
    sets: frozenset[str]
    mandatory: frozenset[str]


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet. `impact` is None where it supports neither Confirm nor WhatIf."""

    name: str
    impact: str | None
    sets: tuple[str, ...]
    parameters: dict[str, Parameter]


@cache
def served() -> dict[str, Cmdlet]:
    """The cmdlets that the simulator answers, by name in lower case."""
    return {name.lower(): _cmdlet(name, data) for name, data in _data()["served"].items()}


@cache
def offered_only() -> dict[str, Cmdlet]:
    """Cmdlets that a caller with the rights for them is offered, and that answer 501, by name in lower case."""
    return {name.lower(): _cmdlet(name, data) for name, data in _data()["offered_only"].items()}


def contract_of(name: str) -> Cmdlet | None:
    """The contract of a cmdlet that can be on offer."""
    return served().get(name.lower()) or offered_only().get(name.lower())


@cache
def not_served() -> frozenset[str]:
    """Real cmdlets of Exchange Online that it does not answer, in lower case."""
    return frozenset(name.lower() for name in _data()["not_served"])


@cache
def _data() -> dict[str, Any]:
    text = Path(__file__).with_name("cmdlets.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one
    return data


def _cmdlet(name: str, data: dict[str, Any]) -> Cmdlet:
    sets = tuple(data.get("sets", [ANY_SET]))
    parameters = {}
    for parameter, facts in data["parameters"].items():
        own = frozenset(facts.get("sets", sets))
        mandatory = facts.get("mandatory", [])
        needed = own if mandatory is True else frozenset(mandatory)
        kind = facts["type"]
        many = facts.get("many", False) or (kind.endswith("[]") and kind != "Byte[]")
        parameters[parameter.lower()] = Parameter(parameter, kind, many, own, needed)
    return Cmdlet(name, data["impact"], sets, parameters)
