"""Reads of tables, answered by the canned Microsoft 365 in the shapes of the wire facts.

Values are fictional. How a property is spelled and annotated is from recorded answers; what a cmdlet or list answers
where `$select` names properties is those alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from canned_wire import OPERATOR, Answer, project

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from canned_wire import Canned, NotingClock, Seen

    from xtmig_kernel.evidence import Observation, Row

BY_SECRET = {"method": "secret", "client_id": OPERATOR, "secret": "env:XTMIG_TEST_SECRET"}
NO_GUID = "00000000-0000-0000-0000-000000000000"


class Asking:
    """Reads tables of the target, answered by the canned server."""

    def __init__(self, folder: Path, canned: Canned, clock: NotingClock, sign_in: dict[str, str], **more: Any) -> None:
        self._project = project(folder, **sign_in).model_copy(update=more)
        self._tenant = connect(self._project, "target", redactor=Redactor(), clock=clock, show=lambda *_: None)
        self._clock = clock
        self._reader = Reader(self._project, {"target": self._tenant}, clock, {})
        self._canned = canned
        self._before = len(canned.seen)

    def rows(self, table: str, *answers: Answer) -> list[dict[str, Any]]:
        """The rows of a table of the target, given these answers of the service."""
        self._canned.queue(*answers)
        found = self.read(table)
        assert isinstance(found, Observed), found
        return [dict(row) for row in found.value]

    def read(self, table: str) -> Observation[tuple[Row, ...]]:
        """A table of the target, or why it was not read."""
        return self._reader.read(f"target.{table}")

    def in_moves(self, move: dict[str, Any]) -> None:
        """Read as a project that says this of its moves."""
        said = self._project.model_copy(update={"move": type(self._project.move).model_validate(move)})
        self._reader = Reader(said, {"target": self._tenant}, self._clock, {})

    @property
    def asked(self) -> list[Seen]:
        """The requests to Exchange and Graph since the sign-in."""
        return [seen for seen in self._canned.seen[self._before :] if "/oauth2/" not in seen.path]

    def answer(self, ending: str, *rows: dict[str, Any]) -> None:
        """Answer every request to that path with these rows, cut to what is selected."""
        self._canned.handlers[ending] = lambda seen: listed(*(selected(seen, row) for row in rows))

    def answer_cmdlets(self, **cmdlets: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
        """Answer cmdlets (`Get_Mailbox`) with the rows that each gives for its parameters, cut to what is selected."""

        def invoke(seen: Seen) -> Answer:
            name, parameters = order(seen)
            return listed(*(selected(seen, row) for row in cmdlets[name.replace("-", "_")](parameters)))

        def batch(seen: Seen) -> Answer:
            members = [(part["id"], *ordered(part["body"])) for part in seen.body["requests"]]
            return Answer(
                body={
                    "responses": [
                        {"id": number, "status": 200, "body": {"value": cmdlets[name.replace("-", "_")](parameters)}}
                        for number, name, parameters in members
                    ]
                }
            )

        self._canned.handlers["/InvokeCommand"] = invoke
        self._canned.handlers["/$batch"] = batch


def place(seen: Seen) -> str:
    """Path of a request, decoded."""
    return unquote(urlsplit(seen.path).path)


def query(seen: Seen) -> dict[str, str]:
    """Query options of a request, decoded."""
    return dict(parse_qsl(urlsplit(seen.path).query))


def order(seen: Seen) -> tuple[str, dict[str, Any]]:
    """Cmdlet and parameters of a request."""
    return ordered(seen.body)


def ordered(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Cmdlet and parameters of a request's body."""
    given = body["CmdletInput"]
    return given["CmdletName"], given["Parameters"]


def cmdlets(asking: Asking) -> list[tuple[str, dict[str, Any]]]:
    """The cmdlets that were run, alone or in a batch, with their parameters but for Confirm."""
    bodies = [seen.body for seen in asking.asked]
    orders = [ordered(part) for body in bodies for part in ([p["body"] for p in body.get("requests", [])] or [body])]
    return [(cmdlet, {n: v for n, v in given.items() if n != "Confirm"}) for cmdlet, given in orders]


def listed(*rows: dict[str, Any]) -> Answer:
    """A list as both services answer it."""
    return Answer(body={"@odata.context": "…", "value": list(rows)})


def selected(seen: Seen, row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is answered where `$select` names properties; their annotations go with them."""
    wanted = query(seen).get("$select")
    names = wanted.split(",") if wanted else None
    return row if names is None else {key: value for key, value in row.items() if key.partition("@")[0] in names}


def guid(name: str, value: str) -> dict[str, str]:
    """A GUID as Exchange writes it."""
    return {f"{name}@data.type": "System.Guid", f"{name}@odata.type": "#Guid", name: value}


def several(name: str, *values: str) -> dict[str, Any]:
    """A multi-valued property as Exchange writes it: a list, perhaps an empty one."""
    return {f"{name}@odata.type": "#Collection(String)", name: list(values)}


def number(name: str, value: int) -> dict[str, Any]:
    """A number as Exchange writes it."""
    return {f"{name}@data.type": "System.Int32", name: value}
