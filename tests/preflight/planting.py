"""Plants: one defect each, put into a clean pair, and what the preflight must say of it. One YAML file for each rule.

A file says `why` (the defect in words, with the statement or the known failure), what is changed, and under `findings`
everything that must be found, by rule and verdict; `everybody` stands for all users of the clean pair. What can be
changed:

- `tenants`: the tenants file. A mapping goes into what is there; members of a list are named by alias, name, sign-in
  name or part number; null takes out; `+` adds members, `-` takes out plain ones by pattern.
- `project`: what `project.yaml` says, the same way. `users`: lines of `users.csv` by source address.
- `environment`: secrets that the simulator finds there.
- `facts`: what was read, changed in memory, for defects `not_in_the_simulator`: rows of a fact that fit `where` are
  altered by `set`, taken out by `remove: true`, or repeated by `repeat: N`; `add` brings further ones.
- `alone`: why this rule alone is judged.
"""

from __future__ import annotations

import copy
import csv
import io
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xtmig_kernel.evidence import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.project.users import UserRow

FOLDER = Path(__file__).with_name("plants")
EVERYBODY = "everybody"
ADD, TAKE_OUT = "+", "-"
NAMES = ("alias", "name", "upn", "part_number", "SourceAddress")
RIGHT = ("pass", "skipped")
KEYS = {"why", "tenants", "project", "users", "environment", "facts", "not_in_the_simulator", "alone", "findings"}

Told = set[tuple[str, str, str]]
"""Rule, verdict and subject of findings."""


@dataclass(frozen=True)
class Plant:
    """One file.

    Args:
        rule: The rule that it is for, by which the file is named.
        says: Its content.
    """

    rule: str
    says: dict[str, Any]

    def tenants(self, clean: dict[str, Any]) -> dict[str, Any]:
        """The tenants file with the defect."""
        return _merged(clean, self.says.get("tenants", {}))

    def users(self, clean: Iterable[UserRow]) -> str:
        """The text of `users.csv` with the defect."""
        rows: list[Any] = [
            {"SourceAddress": row.source_address, "TargetAddress": row.target_address, "Wave": row.wave}
            for row in clean
        ]
        changes = dict(self.says.get("users", {}))
        if EVERYBODY in changes:
            change = changes.pop(EVERYBODY)
            changes |= {row["SourceAddress"]: change for row in rows}
        out = io.StringIO(newline="")
        columns = ("SourceAddress", "TargetAddress", "TargetSignIn", "TargetAlias", "Wave")
        writer = csv.DictWriter(out, columns, restval="")
        writer.writeheader()
        writer.writerows(_merged(rows, changes))
        return out.getvalue()

    def facts(self, read: Facts) -> dict[str, Any]:
        """What was read, with what is changed in memory."""
        facts: dict[str, Any] = dict(read)
        for change in self.says.get("facts", ()):
            name = change["fact"]
            assert isinstance(facts[name], Observed), f"{name} was not read"
            facts[name] = replace(facts[name], value=tuple(_rows(facts[name].value, change)))
        return facts

    def expected(self, everybody: Iterable[str]) -> Told:
        """What must be found."""
        people = list(everybody)
        return {
            (rule, verdict, subject)
            for rule, verdicts in self.says["findings"].items()
            for verdict, subjects in verdicts.items()
            for named in subjects
            for subject in (people if named == EVERYBODY else [named])
        }


def all_plants() -> list[Plant]:
    """Every file."""
    return [Plant(p.stem, yaml.safe_load(p.read_text(encoding="utf-8"))) for p in sorted(FOLDER.glob("*.yaml"))]


def told(findings: Iterable[Finding]) -> Told:
    """What is not right, or was not seen."""
    return {(f.rule, f.verdict.kind, f.subject) for f in findings if f.verdict.kind not in RIGHT}


def _merged(there: Any, changes: dict[str, Any]) -> Any:
    """A copy with changes; see the module's first words."""
    there = copy.deepcopy(there)
    for key, value in changes.items():
        if isinstance(there, list):
            _change_list(there, key, value)
        elif value is None:
            there[key] = None
        elif isinstance(value, dict) and isinstance(value_there := there.get(key, _empty(value)), (dict, list)):
            there[key] = _merged(value_there, value)
        else:
            there[key] = value
    return there


def _empty(changes: dict[str, Any]) -> list[Any] | dict[str, Any]:
    return [] if {ADD, TAKE_OUT} & set(changes) else {}


def _change_list(there: list[Any], key: str, value: Any) -> None:
    if key == ADD:
        there += value
    elif key == TAKE_OUT:
        gone = [item for item in there if any(fnmatchcase(item, pattern) for pattern in value)]
        assert gone, f"nothing fits {value}"
        there[:] = [item for item in there if item not in gone]
    else:
        (place,) = [n for n, item in enumerate(there) if key in [item.get(name) for name in NAMES]]
        there[place : place + 1] = [] if value is None else [_merged(there[place], value)]


def _rows(rows: tuple[Any, ...], change: dict[str, Any]) -> Iterable[Any]:
    where = change.get("where", {})
    fitting = [all(row[column] == value for column, value in where.items()) for row in rows]
    assert any(fitting) or "add" in change, f"no row of {change['fact']} fits"
    for row, fits in zip(rows, fitting, strict=True):
        if not fits:
            yield row
        elif not change.get("remove"):
            yield row | change.get("set", {})
    yield from change.get("add", ())
    if "repeat" in change:
        yield from [rows[0]] * (change["repeat"] - len(rows))
