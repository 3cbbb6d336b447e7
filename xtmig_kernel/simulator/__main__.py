"""`python -m xtmig_kernel.simulator`: start the two simulated tenants."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from . import creation, faults_file, generate, server, tenants
from .clock import ServiceClock
from .faults import Faults
from .keys import TOKEN_SECONDS
from .record import Recorder


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("a number above zero is expected")
    return number


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    options = argparse.ArgumentParser(
        prog="python -m xtmig_kernel.simulator",
        description="Two simulated Microsoft 365 tenants on this computer, for practice and tests.",
    )
    what = options.add_mutually_exclusive_group()
    what.add_argument("--tenants", type=Path, metavar="FILE", help="tenants file (YAML); default: the shipped example")
    what.add_argument("--mailboxes", type=int, metavar="N", help="a generated pair of tenants with N mailboxes")
    options.add_argument("--seed", default="0", help="root of every derived id; the same seed gives the same ids")
    options.add_argument("--connection", type=Path, metavar="FILE", help="write addresses and the control token here")
    options.add_argument("--record", type=Path, metavar="FILE", help="write one JSON line per request here")
    options.add_argument("--latency-ms", type=float, default=0.0, help="what every request takes at least")
    options.add_argument("--cmdlet-ms", type=float, default=0.0, help="what every cmdlet takes, one after the other")
    options.add_argument("--page-rows", type=_positive, default=1000, help="rows of a page at most, whatever is asked")
    options.add_argument("--token-seconds", type=_positive, default=TOKEN_SECONDS, help="how long a token is valid")
    options.add_argument("--faults", type=Path, metavar="FILE", help="what goes wrong, and when (YAML)")
    options.add_argument("--speed", type=_positive, default=1.0, help="how much faster calendar and timers run")
    options.add_argument("--start", type=_moment, metavar="ISO", help="first moment of the calendar; default: now")
    for name in server.SERVICES:
        options.add_argument(f"--{name}-port", type=int, default=0, metavar="PORT", help=argparse.SUPPRESS)
    options.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    options.add_argument("--schema", action="store_true", help="print the JSON schema of tenants files, and stop")
    options.add_argument("--faults-schema", action="store_true", help="print the JSON schema of faults files, and stop")
    options.add_argument(
        "--write-tenants", type=Path, metavar="FILE", help="write the pair as a tenants file, and stop"
    )
    return options


def example_file() -> Path:
    """The shipped tenants file, in a wheel or in a checkout.

    Raises:
        TenantsFileError: Neither place has it.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_data" / "examples", package.parent / "examples"):
        file = place / "contoso-northwind.yaml"
        if file.is_file():
            return file
    raise tenants.TenantsFileError("The shipped example is missing; name a tenants file with --tenants.")


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator until it is stopped.

    Args:
        arguments: Command-line arguments; None takes the process's own.

    Returns:
        0 after a clean stop, 2 when an option, the tenants file or the faults file cannot be used.
    """
    options = parser().parse_args(arguments)
    if options.schema or options.faults_schema:
        schema = tenants.schema() if options.schema else faults_file.schema()
        sys.stdout.write(json.dumps(schema, indent=2) + "\n")
        return 0
    start = options.start or datetime.now(UTC)
    try:
        if options.mailboxes is not None:
            file, folder = generate.pair(options.mailboxes, options.seed), Path.cwd()
        else:
            path = options.tenants or example_file()
            file, folder = tenants.load(path), path.resolve().parent
        if options.write_tenants:
            options.write_tenants.write_text(tenants.text(file), encoding="utf-8")
            return 0
        planned = faults_file.load(options.faults) if options.faults else None
        ports = {name: getattr(options, f"{name}_port") for name in server.SERVICES}
        listening = server.listen(ports)
        world = creation.build(file, options.seed, listening.addresses, start, os.environ, folder)
    except (tenants.TenantsFileError, OSError, ValueError) as error:
        sys.stderr.write(f"The simulator cannot start: {error}\n")
        return 2
    world.keys.token_seconds = int(options.token_seconds)
    world.page_rows = int(options.page_rows)
    seed = options.seed if planned is None or planned.seed is None else str(planned.seed)
    faults = Faults(seed, planned.faults if planned else (), listening.regional)
    desk = server.new_desk(ServiceClock(start, options.speed), faults)
    latency, each = options.latency_ms / 1000, options.cmdlet_ms / 1000
    simulator = server.Simulator(world, desk, Recorder(options.record), latency=latency, cmdlet_seconds=each)
    asyncio.run(
        server.run(
            simulator, listening.sockets, options.connection, options.record, stop_with_stdin=options.stop_with_stdin
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
