"""Fields of the project form that take several lines: each way between their text and the value in `project.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Lines:
    """How a field of several lines is read and written.

    Args:
        form: What a line looks like, in words.
        text: The line of one entry of the value.
        entry: The entry that the parts of a line say; None where they say none.
        between: What stands between the parts of a line.
        pairs: Whether the value is a mapping instead of a list.
    """

    form: str
    text: Callable[[Any], str]
    entry: Callable[[Sequence[str]], Any]
    between: str = ";"
    pairs: bool = False

    def to_text(self, value: Any) -> str:
        """The field's text.

        Args:
            value: What `project.yaml` holds, valid or not.
        """
        if self.pairs:
            entries: Any = value.items() if isinstance(value, dict) else ()
        else:
            entries = value if isinstance(value, (list, tuple)) else ()
        return "\n".join(self.text(entry) for entry in entries)

    def to_value(self, text: str) -> Any:
        """The value that a text says.

        Args:
            text: The field's text.

        Raises:
            ValueError: A line is not of the form; quotes it.
        """
        entries = []
        for line in filter(str.strip, text.splitlines()):
            parts = [part.strip() for part in line.split(self.between)]
            entry = self.entry(parts)
            if entry is None:
                raise ValueError(f"“{line.strip()}” is not of the form: {self.form}")
            entries.append(entry)
        return dict(entries) if self.pairs else entries


def _pair(parts: Sequence[str]) -> tuple[str, str] | None:
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None  # noqa: PLR2004 - a pair


def _approver(parts: Sequence[str]) -> dict[str, str] | None:
    return dict(zip(("name", "upn", "side"), parts, strict=True)) if len(parts) == 3 else None  # noqa: PLR2004


def _wave(parts: Sequence[str]) -> dict[str, Any] | None:
    if not parts[0] or len(parts) > 3:  # noqa: PLR2004 - name, start, cutover
        return None
    name, start, cutover = (*parts, "", "")[:3]
    try:
        found: dict[str, Any] = {"name": name}
        if start:
            found["start"] = datetime.strptime(start, "%Y-%m-%d").replace(tzinfo=UTC).date()
        if cutover:
            found["cutover"] = datetime.strptime(cutover, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found


def _told(row: Any) -> str:
    cutover = row.get("cutover") if isinstance(row, dict) else None
    if not isinstance(row, dict):
        return str(row)
    when = cutover.astimezone(UTC).strftime(_TIME) if isinstance(cutover, datetime) else str(cutover or "")
    return "; ".join([str(row.get("name", "")), str(row.get("start") or ""), when]).rstrip("; ")


def _keys(*names: str) -> Callable[[Any], str]:
    return lambda row: "; ".join(str(row.get(name, "")) if isinstance(row, dict) else str(row) for name in names)


LINES: dict[str, Lines] = {
    "approvers": Lines("Name; sign-in name; source or target", _keys("name", "upn", "side"), _approver),
    "target_addresses.domain_map": Lines(
        "source domain = target domain", lambda pair: f"{pair[0]} = {pair[1]}", _pair, "=", pairs=True
    ),
    "users.exclude": Lines("source address; why it stays", lambda pair: f"{pair[0]}; {pair[1]}", _pair, pairs=True),
    "move.pilot": Lines("a source address", str, lambda parts: parts[0] if len(parts) == 1 else None),
    "move.waves": Lines("Name; start as YYYY-MM-DD; cutover as YYYY-MM-DD HH:MM in UTC", _told, _wave),
}
