"""The faults file: what shall go wrong between a client and the two simulated organisations.

Validated strictly: an unknown key is an error that names its place. `python -m xtmig_kernel.simulator --faults-schema`
prints the JSON schema that docs/reference/faults.schema.json publishes. `POST /inject` takes one such fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

TRANSIENT = "Microsoft.Exchange.Data.Directory.ADTransientException"
HELP = "Each kind and its keys are in docs/reference/simulator.md under Faults."


class FaultsFileError(ValueError):
    """The faults file cannot be used; the text names each place and what is wrong there."""


class Fault(BaseModel):
    """Which requests it is for, and which of them it hits. Every key that is given must fit."""

    model_config = ConfigDict(extra="forbid", strict=True)

    service: Literal["login", "graph", "exo"]
    cmdlet: str | None = Field(default=None, description="name of a cmdlet, * for any letters; Exchange only")
    path: str | None = Field(default=None, description="path without query, * for any letters")
    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"] | None = None
    nth: int = Field(default=1, ge=1, description="the first of the matching requests that it may hit")
    probability: float | None = Field(default=None, gt=0, le=1, description="chance of each; without it each is hit")
    times: int | None = Field(default=None, ge=1, description="hits at most; default 1, with probability unlimited")

    @model_validator(mode="after")
    def _cmdlets_are_exchanges(self) -> Fault:
        if self.cmdlet is not None and self.service != "exo":
            raise ValueError(f"cmdlet is for service exo alone; name requests to {self.service} by their path")
        return self

    @property
    def most(self) -> float:
        """How many requests it hits at most."""
        return self.times or (float("inf") if self.probability is not None else 1)


class Broken(Fault):
    """Faults that any service may have and that need no more words."""

    kind: Literal["request-timeout", "gateway-timeout", "reset-before", "reset-after", "truncated"]


class Refused(Fault):
    """Refusals of the two services that take tokens. `page-expired` is for page links alone."""

    kind: Literal["claims-challenge", "forbidden", "not-found", "page-expired"]
    service: Literal["graph", "exo"]


class Busy(Fault):
    """A service that asks to come back later."""

    kind: Literal["throttled", "unavailable"]
    retry_after: float | None = Field(default=None, ge=0, description="seconds in Retry-After; without it no header")


class BusyMember(Fault):
    """A member of a `$batch` that is throttled by itself."""

    kind: Literal["throttled-member"]
    service: Literal["graph", "exo"]
    retry_after: float | None = Field(default=None, ge=0, description="seconds in Retry-After; without it no header")


class ServerError(Fault):
    """HTTP 500."""

    kind: Literal["server-error"]
    exception: str = Field(default=TRANSIENT, description="full name of the .NET exception; Exchange only")


class Slow(Fault):
    """The real answer, late."""

    kind: Literal["slow"]
    seconds: float = Field(gt=0, le=3600)


class Redirect(Fault):
    """Another host of the region answers."""

    kind: Literal["redirect"]
    service: Literal["exo"]
    status: Literal[301, 302, 303, 307, 308] = 302


class Warned(Fault):
    """The real answer of a cmdlet, with one warning more."""

    kind: Literal["warning"]
    service: Literal["exo"]
    text: str = "The command completed successfully but no settings of the object have been modified."


class NearLimit(Fault):
    """The real answer, whose headers say that little is left of the service's limit."""

    kind: Literal["near-limit"]
    service: Literal["graph", "exo"]
    left: float = Field(default=0.05, ge=0, le=1, description="part of the limit that is left")


class Localised(Fault):
    """A cmdlet's object that is not there, told in another language than English."""

    kind: Literal["localised"]
    service: Literal["exo"]
    language: Literal["pt-BR", "zh-TW"] = "pt-BR"


class Answered(Fault):
    """An answer in the file's own words."""

    kind: Literal["answer"]
    status: int = Field(ge=200, le=599)
    body: Any = None
    headers: dict[str, str] = {}


AnyFault: TypeAlias = Annotated[
    Broken | Refused | Busy | BusyMember | ServerError | Slow | NearLimit | Redirect | Warned | Localised | Answered,
    Field(discriminator="kind"),
]
_ONE: TypeAdapter[AnyFault] = TypeAdapter(AnyFault)


class FaultsFile(BaseModel):
    """What goes wrong. Without `seed`, the simulator's own seed decides what probability hits."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1] = 1
    seed: str | int | None = None
    faults: list[AnyFault] = Field(min_length=1)


def _line(detail: ErrorDetails) -> str:
    """One complaint: `fault 3 (throttled), retry_after: …`, counted as a person counts."""
    place = list(detail["loc"])
    if place[:1] == ["faults"] and len(place) > 1:
        place = [f"fault {int(place[1]) + 1}", *place[2:]]
        if len(place) > 1:
            place[:2] = [f"{place[0]} ({place[1]})"]
    elif place and place[0] != "faults":
        place = place[-1:]
    what = {"extra_forbidden": "this key is not known here", "missing": "this key is missing"}.get(detail["type"])
    what = what or detail["msg"].removeprefix("Value error, ")
    return f"{', '.join(str(part) for part in place) or 'file'}: {what}"


def _told(place: str, error: ValidationError) -> FaultsFileError:
    lines = "\n  ".join(_line(detail) for detail in error.errors())
    return FaultsFileError(f"{place} cannot be used:\n  {lines}\n{HELP}")


def parse(data: Any, place: str) -> FaultsFile:
    """Check what a faults file says.

    Args:
        data: The file's content as plain data.
        place: How to name the file in an error.

    Raises:
        FaultsFileError: Something is unknown, missing or contradictory.
    """
    try:
        return FaultsFile.model_validate(data)
    except ValidationError as error:
        raise _told(place, error) from None


def one(data: Any) -> AnyFault:
    """Check one fault.

    Args:
        data: As an item of `faults` in the file.

    Raises:
        FaultsFileError: Something is unknown, missing or contradictory.
    """
    try:
        return _ONE.validate_python(data)
    except ValidationError as error:
        raise _told("the fault", error) from None


def load(path: Path) -> FaultsFile:
    """Read a faults file.

    Args:
        path: A YAML file in UTF-8.

    Raises:
        FaultsFileError: The file is missing, is not YAML, or says something unknown.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FaultsFileError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultsFileError(f"{path} is not YAML: {error}") from None
    return parse(data, str(path))


def schema() -> dict[str, Any]:
    """The JSON schema of a faults file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xtmig simulator: faults file",
    } | FaultsFile.model_json_schema()
