"""Section 040: which rules are judged before the first byte moves, and what is known of each of them.

They need nothing but what reading both tenants and `users.csv` gives. Not among them: what only a person can say, what
is judged of batches that this project has made, and what holds after the move.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import yaml

from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.statements import statements
from xtmig_kernel.statements.sections import link, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.rules.rule import Rule

Severity = Literal["blocks", "warns"]


@dataclass(frozen=True)
class Entry:
    """What is known of a rule of the preflight beside the rule itself.

    Args:
        severity: `blocks`, where the move fails or does harm until it is mended; `warns`, where it is worth a decision.
        failures: Which known causes of failing moves it sees beforehand, such as `"F16"`; see `known_failures`.
        script_checks: Which checks of Microsoft's validation script it covers; see `script_checks`.
        steps: The steps of the runbook that mend what it finds, where steps can.
        section: The part of Microsoft's document that it rests on, by our short name.
    """

    severity: Severity
    failures: tuple[str, ...]
    script_checks: tuple[str, ...]
    steps: tuple[str, ...]
    section: str

    @property
    def link(self) -> str:
        """The address of that part of the document."""
        return link(self.section)


@dataclass(frozen=True)
class KnownFailure:
    """Why moves are known to fail.

    Args:
        number: Such as `"F16"`.
        cause: In our words.
        answer: Exception types and codes by which the service answers; an empty text where none is known.
        seen_before: What shows it before the move; an empty text where nothing does.
        why_not: Why nothing shows it before; an empty text where something does.
    """

    number: str
    cause: str
    answer: str
    seen_before: str
    why_not: str


@cache
def known_failures() -> Mapping[str, KnownFailure]:
    """The known causes of failing moves by number."""
    rows = {number: {"answer": "", "seen_before": "", "why_not": ""} | row for number, row in _data("known_failures")}
    return MappingProxyType({number: KnownFailure(number, **row) for number, row in rows.items()})


@cache
def script_checks() -> Mapping[str, str]:
    """The checks of Microsoft's validation script, by our short names, in our words."""
    return MappingProxyType(dict(_data("script_checks")))


@cache
def left_out() -> Mapping[str, str]:
    """Statements of the document that no rule of the preflight answers, and why, by id."""
    return MappingProxyType(dict(_data("preflight_left_out")))


def _data(name: str) -> list[tuple[str, Any]]:
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text).items())


def _entry(rule: Rule, row: Mapping[str, Any]) -> Entry:
    section = row.get("part") or parts(statements()[rule.statements[0]])[0]
    causes, checks, steps = (tuple(row.get(key, ())) for key in ("failures", "script", "steps"))
    return Entry(row["severity"], causes, checks, steps, section)


_BY_ID = {rule.id: rule for rule in ALL_RULES}
_ROWS = _data("preflight")
PREFLIGHT_RULES: tuple[Rule, ...] = tuple(_BY_ID[rule] for rule, _ in _ROWS)
"""In the order in which they are told."""
CATALOGUE: Mapping[str, Entry] = MappingProxyType({rule: _entry(_BY_ID[rule], row) for rule, row in _ROWS})
"""What is known of each of them, by the id of the rule."""
