"""Where the simulated tenants listen, and their clock, for projects that practise.

`xtmig simulate` writes a connection file and names it to the project. Nothing else in this package knows
whether tenants are simulated: it is given other hosts and another clock.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from xtmig_kernel.clock import SystemClock, from_text
from xtmig_kernel.errors import ProjectFileError, Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.project import Project

_URLS = ("login", "graph", "exo", "portal", "control")
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Connection:
    """What the connection file of simulated tenants says.

    Args:
        login: Base URL of the sign-in service.
        graph: Base URL of Graph, without `/v1.0`.
        exo: Base URL of the Exchange admin service.
        portal: Base URL of the consent page.
        control: Base URL of the simulator's own controls.
        ca_file: Certificate authority that signed the simulator's certificates, PEM.
        control_token: Opens the controls.
        compliance: Base URL of Security & Compliance; empty where it is not simulated.
    """

    login: str
    graph: str
    exo: str
    portal: str
    control: str
    ca_file: Path
    control_token: str = field(repr=False)
    compliance: str = ""


def read_connection(path: Path) -> Connection:
    """The connection file of simulated tenants.

    Args:
        path: The JSON file that `xtmig simulate` wrote.

    Raises:
        ProjectFileError: It is missing or not such a file.
    """
    remedy = "Start the simulated tenants again with: xtmig simulate"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        urls = {name: str(data[name]).rstrip("/") for name in _URLS}
        compliance = str(data.get("compliance") or "").rstrip("/")
        return Connection(
            **urls, ca_file=Path(data["ca_file"]), control_token=str(data["control_token"]), compliance=compliance
        )
    except FileNotFoundError:
        raise ProjectFileError(f"The connection file {path} is not there.", remedy=remedy) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise ProjectFileError(f"{path} is not the connection file of simulated tenants.", remedy=remedy) from None


def connection_of(project: Project) -> Connection | None:
    """Where a project's simulated tenants listen; None for a live project.

    Args:
        project: A relative path in `simulation` counts from the project's folder.

    Raises:
        ProjectFileError: The connection file cannot be used.
    """
    return read_connection(project.folder / project.simulation) if project.simulation else None


class SimulatedClock:
    """The simulated tenants' time; it may run faster than real time.

    Args:
        control_url: Base URL of the simulator's controls.
        token: Opens them.
        ca_file: Certificate authority to trust, where the controls are served by HTTPS.
    """

    def __init__(self, control_url: str, token: str, ca_file: Path | None = None) -> None:
        self._url = f"{control_url.rstrip('/')}/clock"
        self._session = requests.Session()
        # A proxy or a CA named in the environment must not come between us and this machine.
        self._session.trust_env = False
        self._session.headers["X-Control-Token"] = token
        if ca_file is not None:
            self._session.verify = str(ca_file)

    def now(self) -> datetime:
        """The simulated moment, UTC.

        Raises:
            Unavailable: The simulator does not answer.
        """
        return from_text(str(self._ask("GET")["now"]))

    def sleep(self, seconds: float) -> None:
        """Wait until so many simulated seconds have passed.

        Args:
            seconds: In simulated time; a clock at speed 60 passes a minute in a real second.

        Raises:
            Unavailable: The simulator does not answer.
        """
        time.sleep(max(0.0, seconds) / max(float(self._ask("GET").get("speed", 1)), 1e-9))

    def advance(self, seconds: float) -> None:
        """Let so many simulated seconds pass at once; what was due in them happens.

        Args:
            seconds: In simulated time, not negative.

        Raises:
            Unavailable: The simulator does not answer.
        """
        self._ask("POST", {"advance_seconds": seconds})

    def _ask(self, method: str, body: dict[str, float] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url, json=body, timeout=_TIMEOUT_SECONDS)
            answer.raise_for_status()
            data: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError):
            raise Unavailable(
                "The simulated tenants do not answer.",
                cause=f"Nothing usable came back from {self._url}.",
                remedy="Start them again with: xtmig simulate",
            ) from None
        return data


def clock_for(project: Project) -> Clock:
    """The clock of a project: the simulated tenants', or this machine's.

    Args:
        project: Live or simulated.

    Raises:
        ProjectFileError: The connection file cannot be used.
    """
    connection = connection_of(project)
    if connection is None:
        return SystemClock()
    return SimulatedClock(connection.control, connection.control_token, connection.ca_file)
