"""The control service: the calendar, the lasting state, statistics and planted failures."""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clock import ServiceClock, iso
from .http import Answer, Call
from .migration.passing import let_time_pass
from .state_view import state_view

if TYPE_CHECKING:
    from datetime import datetime

    from .world import World


@dataclass
class Injection:
    """An answer to give instead of the real one.

    Attributes:
        service: `login`, `graph`, `exo` or `portal`.
        cmdlet: The Exchange cmdlet it is for, or None.
        path: The path it is for, without query, or None.
        status: HTTP status to answer.
        body: What to send.
        times: How many requests it is still for.
    """

    service: str
    cmdlet: str | None
    path: str | None
    status: int
    body: Any
    times: int


@dataclass
class Desk:
    """What control sees and changes beside the tenants.

    Attributes:
        token: What callers must show in `X-Control-Token`.
        requests: Requests answered so far.
        unsupported: Requests that the simulator lacks, and how often they came.
        injections: Planted failures that are still to come.
        remembered: Name of a moment, to the moment and to what both tenants were then.
    """

    clock: ServiceClock
    token: str
    requests: int = 0
    unsupported: Counter[str] = field(default_factory=Counter)
    injections: list[Injection] = field(default_factory=list)
    remembered: dict[str, tuple[datetime, World]] = field(default_factory=dict)

    def injected(self, service: str, path: str, cmdlet: str | None) -> Answer | None:
        """The planted answer for a request or a member of a batch, used up by asking."""
        for injection in self.injections:
            named = (injection.cmdlet or "").lower() == (cmdlet or "").lower() if injection.cmdlet else False
            if injection.service == service and (named or injection.path == path):
                injection.times -= 1
                if injection.times == 0:
                    self.injections.remove(injection)
                return Answer(injection.status, injection.body)
        return None


def serve(world: World, desk: Desk, call: Call) -> Answer:
    """Answer one request to control."""
    if not hmac.compare_digest(call.headers.get("x-control-token", ""), desk.token):
        return Answer(401, {"error": "The header X-Control-Token is missing or wrong."})
    try:
        return _serve(world, desk, call)
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, {"error": f"The request cannot be used: {error}"})


def _serve(world: World, desk: Desk, call: Call) -> Answer:
    match call.method, call.path:
        case "GET", "/clock":
            return Answer(200, {"now": iso(desk.clock.now()), "speed": desk.clock.speed})
        case "POST", "/clock":
            moment = desk.clock.advance(float(call.json()["advance_seconds"]))
            return Answer(200, {"now": iso(moment), "speed": desk.clock.speed})
        case "GET", "/state":
            now = desk.clock.now()
            let_time_pass(world, now)
            return Answer(200, state_view(world, now))
        case "GET", "/record-key":
            return Answer(200, {"key": world.record_key.hex()})
        case "GET", "/stats":
            lacking = [{"request": what, "times": n} for what, n in sorted(desk.unsupported.items())]
            return Answer(200, {"requests": desk.requests, "unsupported": lacking})
        case "POST", "/remember":
            name = str(call.json()["name"])
            desk.remembered[name] = desk.clock.now(), world.copied()
            return Answer(200, {"remembered": sorted(desk.remembered)})
        case "POST", "/return":
            moment, then = desk.remembered[str(call.json()["name"])]
            world.go_back(then)
            desk.clock.go_back(moment)
            return Answer(200, {"now": iso(desk.clock.now()), "speed": desk.clock.speed})
        case "POST", "/inject":
            desk.injections.append(_injection(call.json()))
            return Answer(200, {"planted": len(desk.injections)})
    return Answer(404, {"error": f"Control has no {call.method} {call.path}."})


def _injection(wish: dict[str, Any]) -> Injection:
    if not (wish.get("cmdlet") or wish.get("path")):
        raise ValueError("an injection names a cmdlet or a path")
    times = int(wish.get("times", 1))
    if times < 1:
        raise ValueError("times is 1 or more")
    return Injection(
        str(wish["service"]), wish.get("cmdlet"), wish.get("path"), int(wish["status"]), wish.get("body"), times
    )
