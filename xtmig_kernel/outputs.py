"""What a step shows and hands out besides changes: tables and charts for the report, files for people. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Exhibit:
    """A table, or bars, that a step shows on its card and in the report.

    Args:
        name: Short, stable, unique among the exhibits of all steps, such as `"users"`; also its file's name.
        caption: One sentence that says what it shows.
        columns: Headings; of bars the first names the bar and the others are quantities.
        rows: One tuple for each line, as long as `columns`; of bars, a text and then numbers.
        kind: `table`, or `bars` for stacked bars beside the table.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    kind: Literal["table", "bars"] = "table"

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.name}: a row has {len(wrong[0])} cells for {len(self.columns)} columns")

    def as_data(self) -> dict[str, Any]:
        """The exhibit as JSON-able data."""
        return asdict(self)


@dataclass(frozen=True)
class ProjectFile:
    """A file that a step writes into the project folder; never a secret.

    Args:
        name: Path below the project folder, with `/`.
        text: Its whole content.
        about: One sentence: what it is, and for whom.
    """

    name: str
    text: str
    about: str

    def __post_init__(self) -> None:
        if not stays_inside(self.name):
            raise ValueError(f"{self.name!r} is no path inside the project folder")


def stays_inside(name: str) -> bool:
    """Whether a path with `/` names something below the folder that it is read in, on any system.

    Args:
        name: The path.
    """
    return not any(part in ("", ".", "..") for part in name.split("/")) and ":" not in name and "\\" not in name
