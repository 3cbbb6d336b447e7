"""The control service: the calendar, the lasting state, statistics and faults."""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import faults_file
from .clock import ServiceClock, iso
from .http import Answer, Call
from .migration.passing import let_time_pass
from .state_view import state_view

if TYPE_CHECKING:
    from datetime import datetime

    from .faults import Faults
    from .world import World


@dataclass
class Desk:
    """What control sees and changes beside the tenants.

    Attributes:
        token: What callers must show in `X-Control-Token`.
        faults: What goes wrong.
        requests: Requests answered so far.
        unsupported: Requests that the simulator lacks, and how often they came.
        remembered: Name of a moment, to the moment and to what both tenants were then.
    """

    clock: ServiceClock
    token: str
    faults: Faults
    requests: int = 0
    unsupported: Counter[str] = field(default_factory=Counter)
    remembered: dict[str, tuple[datetime, World]] = field(default_factory=dict)


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
            injected = dict(sorted(desk.faults.injected.items()))
            return Answer(200, {"requests": desk.requests, "unsupported": lacking, "faults": injected})
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
            return Answer(200, {"planted": desk.faults.plan(faults_file.one({"kind": "answer"} | call.json()))})
    return Answer(404, {"error": f"Control has no {call.method} {call.path}."})
