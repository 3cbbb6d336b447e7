"""Tables of thousands of rows in a notebook: sorted, filtered and paged where scripts run, plain where they do not.

DataTables comes with itables and is put into the notebook itself: nothing is loaded from elsewhere. Every cell is text
that itables has escaped; what a tenant calls itself is never markup. The first rows stand there as a plain table too:
that is what an auditor's page, a notebook that nobody trusts, and paper show.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtmig_kernel.jupyter.cards import render
from xtmig_kernel.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtmig_kernel.report.words import Word

FIRST_ROWS = 50
PAGE = 15
LIBRARY = "xtmigTables"
_PAGES = (15, 50, 200)
# Loads the library once for a notebook. It is packed; what tables hold is not, so that the kernel can redact it.
_LOAD = """<script>(() => {
  if (window.LIBRARY) return;
  const text = async packed => {
    const bytes = Uint8Array.from(atob(packed), one => one.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  window.LIBRARY = (async () => {
    const style = document.createElement("style");
    style.textContent = await text("@CSS@");
    document.head.append(style);
    const address = URL.createObjectURL(new Blob([await text("@JS@")], {type: "text/javascript"}));
    const library = await import(address);
    URL.revokeObjectURL(address);
    return library;
  })();
})()</script>"""
# Puts the sorted and paged table in the place of the plain one, which stays where the library is not there.
_SHOW = """<script>(async () => {
  const place = document.getElementById("@ID@");
  const {ITable, set_or_remove_dark_class} = await window.LIBRARY;
  const table = document.createElement("table");
  table.setAttribute("aria-label", @LABEL@);
  place.replaceChildren(table);
  set_or_remove_dark_class();
  new ITable(table, @ARGUMENTS@);
  if (table.tFoot) table.tBodies[0].before(table.tFoot);
  place.dataset.ready = "yes";
})()</script>"""
# A word of ours has its colour by its symbol; the text of the cell stays text.
_COLOUR = "function (cell, data, row) { cell.classList.add('v', (COLOURS)[cell.textContent[0]] || 'none'); }"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        title: Its heading.
        words: Of a column of words with symbols: these words in the order in which they sort.
        few: Whether many rows say the same, so that each text is written once.
        long: Whether its cells hold whole sentences.
        side: Whether its cells name a tenant, symbol and word on one line.
    """

    title: str
    words: tuple[Word, ...] = ()
    few: bool = False
    long: bool = False
    side: bool = False


@dataclass(frozen=True)
class DataTable:
    """A table of any length.

    Args:
        id: Unique among the tables of a notebook.
        caption: One sentence that says what it shows.
        columns: Its columns.
        rows: One tuple for each line: texts, numbers, and the words of `columns`.
        elsewhere: Where all rows are, told where only the first ones are shown.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    elsewhere: str = ""


@cache
def library() -> str:
    """DataTables as one script without an address, for the first cell that shows tables."""
    import itables.options

    bundle = Path(itables.options.dt_bundle)
    packed = {kind: _packed(bundle.with_suffix(f".{kind}")) for kind in ("js", "css")}
    return _LOAD.replace("LIBRARY", LIBRARY).replace("@CSS@", packed["css"]).replace("@JS@", packed["js"])


def _packed(path: Path) -> str:
    return b64encode(gzip.compress(path.read_bytes(), 9, mtime=0)).decode("ascii")


def table_html(table: DataTable) -> str:
    """A table as HTML.

    Args:
        table: The table.
    """
    place = f"xtmig-{table.id}"
    plain = render("assess_table", table=table, place=place, rows=table.rows[:FIRST_ROWS], is_word=_is_word)
    if len(table.rows) <= 1:
        return plain
    script = (
        _SHOW.replace("LIBRARY", LIBRARY)
        .replace("@ID@", place)
        .replace("@LABEL@", json.dumps(table.caption))
        .replace("@ARGUMENTS@", _arguments(table))
    )
    return plain + script


def _is_word(cell: Any) -> bool:
    return hasattr(cell, "symbol")


def _arguments(table: DataTable) -> str:
    """What DataTables is told, as JSON that can stand in a script."""
    import itables.javascript

    given: Mapping[str, Any] = itables.javascript.get_itable_arguments(
        _frame(table),
        table_id=f"xtmig-{table.id}-table",
        allow_html=False,
        classes="compact",
        style="width:100%",
        column_filters="footer",
        text_in_header_can_be_selected=False,
        columnDefs=[*_colours(table.columns), *_classes(table.columns)],
        order=[],
        pageLength=PAGE,
        lengthMenu=list(_PAGES),
        showIndex=False,
        maxBytes=0,
        maxRows=0,
        maxColumns=0,
        autoWidth=False,
        connected=False,
        dt_url="",
    )
    left_out = ("connected", "dt_url", "display_logo_when_loading")
    data = {name: value for name, value in given.items() if name not in left_out}
    data |= {"classes": ["compact"], "style": {"width": "100%"}}
    data["data_json"] = json.dumps(json.loads(data["data_json"]), separators=(",", ":"))
    return json.dumps(data, separators=(",", ":")).replace("</", "<\\/")


def _frame(table: DataTable) -> Any:
    import pandas as pd

    values: dict[str, Any] = {}
    for number, column in enumerate(table.columns):
        cells = [_text(row[number]) for row in table.rows]
        if column.words:
            values[column.title] = pd.Categorical(cells, [_text(word) for word in column.words], ordered=True)
        elif column.few:
            values[column.title] = pd.Categorical(cells, sorted(set(cells), key=str), ordered=True)
        else:
            values[column.title] = cells
    return pd.DataFrame(values)


def _text(cell: Any) -> Any:
    return f"{cell.symbol} {cell.text}" if _is_word(cell) else visible(cell)


def _classes(columns: Sequence[Column]) -> list[dict[str, Any]]:
    long = [number for number, column in enumerate(columns) if column.long]
    side = [number for number, column in enumerate(columns) if column.side]
    targets = (("long", long), ("nowrap", side))
    return [{"targets": numbers, "className": name} for name, numbers in targets if numbers]


def _colours(columns: Sequence[Column]) -> list[dict[str, Any]]:
    from itables import JavascriptFunction

    return [
        {
            "targets": [number],
            "createdCell": JavascriptFunction(
                _COLOUR.replace("COLOURS", json.dumps({word.symbol: word.colour for word in column.words}))
            ),
        }
        for number, column in enumerate(columns)
        if column.words
    ]
