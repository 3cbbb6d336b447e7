"""`project.yaml` as data: both tenants, names, approvers. It never holds a secret."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Side = Literal["source", "target"]
OTHER_SIDE: dict[Side, Side] = {"source": "target", "target": "source"}
CloudName = Literal["worldwide", "gcc", "gcc-high", "dod", "china"]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INITIAL_DOMAIN = re.compile(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.(onmicrosoft\.com|onmicrosoft\.us|partner\.onmschina\.cn)"
)
_REFERENCE = re.compile(r"prompt|env:[A-Za-z_][A-Za-z0-9_]*|keyring:[^/\s][^/]*/\S+")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$"
LOCAL_PART_FIELDS = frozenset({"alias", "first", "last", "local"})
_NAME = re.compile(r"[^\x00-\x1f\x7f*?\"<>|/\\;]+")


def _guid(value: str) -> str:
    text = value.strip().strip("{}").lower()
    if not _GUID.fullmatch(text):
        if "." in text:
            raise ValueError(
                "this is a domain, not a tenant ID; a tenant ID is a GUID. "
                "Notebook 010 looks it up from the domain, or: Entra admin center, Overview, Tenant ID"
            )
        raise ValueError("this is not a GUID (8-4-4-4-12 hexadecimal digits)")
    if set(text) <= {"0", "-"}:
        raise ValueError("the all-zero GUID names nothing; give the real one")
    return text


def _initial_domain(value: str) -> str:
    text = value.strip().lower()
    if "<" in text or ">" in text:
        raise ValueError("remove the angle brackets; they only mark the place in the document's sample")
    if not _INITIAL_DOMAIN.fullmatch(text):
        raise ValueError("give the tenant's initial domain, the one that ends in .onmicrosoft.com (EPT-06, CON-06)")
    return text


def _object_name(value: str) -> str:
    text = value.strip()
    if not text or len(text) > 64 or not _NAME.fullmatch(text):  # noqa: PLR2004 - Exchange's own limit for names
        raise ValueError('a name has 1 to 64 characters, none of * ? " < > | / \\ ; or control characters')
    return text


def _domain(value: str) -> str:
    text = value.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(text):
        raise ValueError("this is not a domain such as contoso.com")
    return text


def _host_address(value: str) -> str:
    parts = urlsplit(value.strip().lower())
    host = parts.hostname or ""
    if f"https://{host}" != value.strip().lower().rstrip("/") or not _DOMAIN.fullmatch(host):
        raise ValueError("give https:// and a host alone, such as https://outlook.office365.cn")
    return f"https://{host}"


def _local_part(value: str) -> str:
    text = value.strip()
    fields = set(re.findall(r"\{([^{}]*)\}", text))
    rest = re.sub(r"\{[^{}]*\}", "", text)
    if text != "same" and (not fields or fields - LOCAL_PART_FIELDS or not re.fullmatch(r"[A-Za-z0-9._-]*", rest)):
        raise ValueError(
            "give same, or a pattern such as {first}.{last} made of " + ", ".join(sorted(LOCAL_PART_FIELDS))
        )
    return text


def _password_route(value: str) -> str:
    if value != "discard" and not re.fullmatch(r"keyring:[^/\s][^/]*", value):
        raise ValueError("give discard, or keyring: and the name of a service, such as keyring:northwind-passwords")
    return value


def _country(value: str) -> str:
    if not re.fullmatch("[A-Z]{2}", value):
        raise ValueError("give the two capital letters of a country, such as NL")
    return value


def _secret_reference(value: str) -> str:
    # never echoes the text: somebody may have pasted the secret itself
    if not _REFERENCE.fullmatch(value):
        raise ValueError("give a reference (env:NAME, keyring:SERVICE/USER or prompt), never the secret itself")
    return value


Guid = Annotated[str, AfterValidator(_guid)]
InitialDomain = Annotated[str, AfterValidator(_initial_domain)]
ObjectName = Annotated[str, AfterValidator(_object_name)]
Domain = Annotated[str, AfterValidator(_domain)]
HostAddress = Annotated[str, AfterValidator(_host_address)]
SecretReferenceText = Annotated[str, AfterValidator(_secret_reference)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+$")]


class Strict(BaseModel):
    """Base of every file's model: an unknown key is an error, and values are never echoed in messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=False)


class SignInSettings(Strict):
    """How the operator signs in to one tenant; never as the migration application.

    `method` is `browser` (the default), `device_code` (only where it is set, for many tenants block it),
    `certificate` or `secret` (an application of the organisation's own, registered in that tenant alone).
    """

    method: Literal["browser", "device_code", "certificate", "secret"] = "browser"
    client_id: Guid | None = None
    certificate: Path | None = None
    passphrase: SecretReferenceText | None = None
    secret: SecretReferenceText | None = None
    keep_tokens: bool = False

    @model_validator(mode="after")
    def _complete(self) -> SignInSettings:
        if self.method in ("certificate", "secret") and self.client_id is None:
            raise ValueError(f"client_id: sign-in by {self.method} needs the application's client ID")
        if self.method == "certificate" and self.certificate is None:
            raise ValueError("certificate: sign-in by certificate needs the path of the PEM or PFX file")
        if self.method == "secret" and self.secret is None:
            raise ValueError("secret: sign-in by secret needs a reference such as env:NAME; never the secret itself")
        return self


class HostSettings(Strict):
    """Hosts of a tenant's services that are not those of its cloud; None takes the cloud's (F-01)."""

    login: HostAddress | None = None
    graph: HostAddress | None = None
    exchange: HostAddress | None = None
    compliance: HostAddress | None = None


class SideSettings(Strict):
    """One tenant: its ID (a GUID, PRE-08), initial domain, cloud, other hosts than the cloud's, and how to sign in."""

    tenant_id: Guid
    domain: InitialDomain
    cloud: CloudName = "worldwide"
    hosts: HostSettings = HostSettings()
    sign_in: SignInSettings = SignInSettings()


class Names(Strict):
    """Names of what xtmig creates; a None is filled from the project's id.

    `scope_groups` are the mail-enabled security groups that say who may leave the source tenant, in the order in
    which they are filled (PRE-04, PRE-06).
    """

    application: ObjectName | None = None
    endpoint: ObjectName | None = None
    target_relationship: ObjectName | None = None
    source_relationship: ObjectName | None = None
    scope_groups: tuple[ObjectName, ...] = ()


class SecretSettings(Strict):
    """The migration application's secret: minted with the endpoint and stored nowhere, or provided by reference.

    Raising `generation` makes step 070.3 mint a new one, for a secret that must be reset (APP-15).
    """

    origin: Literal["minted", "provided"] = "minted"
    reference: SecretReferenceText | None = None
    valid_days: Annotated[int, Field(ge=60, le=730)] = 180
    generation: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _complete(self) -> SecretSettings:
        if (self.origin == "provided") != (self.reference is not None):
            raise ValueError(
                "reference: give one (env:NAME, keyring:SERVICE/USER or prompt) exactly if origin is provided"
            )
        return self


class Consent(Strict):
    """Who gives admin consent in the target tenant: a person in the browser, or xtmig through Graph."""

    target: Literal["person", "xtmig"] = "person"
    source: Literal["person", "xtmig"] = "person"


class UserChoice(Strict):
    """Where the list of users comes from (SCR-02, PRE-05).

    `file`: `users.csv` is written by hand. `attribute`: every source mailbox whose custom attribute has the value, as
    in the document's sample. `group`: every mailbox in a mail-enabled group of the source.
    `tag` lets xtmig write the attribute's value to the mailboxes that `users.csv` lists. `exclude` says who stays, by
    source address, and why: they are in no step, and in every account of the project.
    """

    choose: Literal["file", "attribute", "group"] = "file"
    attribute: Annotated[str, Field(pattern=r"^CustomAttribute([1-9]|1[0-5])$")] = "CustomAttribute1"
    value: Text = "Cross-Tenant-Project"
    group: ObjectName | None = None
    tag: bool = False
    exclude: dict[Address, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> UserChoice:
        if (self.choose == "group") != (self.group is not None):
            raise ValueError("group: name a mail-enabled group of the source exactly if choose is group")
        return self


class TargetAddresses(Strict):
    """Rules that make the target's names from the source's, where `users.csv` gives none (USR-11, USR-12, SCR-08).

    `local_part` is the left side of the primary address: `same` keeps the source's, otherwise a pattern such as
    `{first}.{last}` of `{alias}`, `{first}`, `{last}` and `{local}`. `domain_map` says which target domain stands for
    which source domain; `domain` is for all others, by default the target's default domain. `sign_in_domain` is the
    right side of the user principal name, by default the target's initial domain.
    """

    local_part: Annotated[str, AfterValidator(_local_part)] = "same"
    domain: Domain | None = None
    domain_map: dict[Domain, Domain] = Field(default_factory=dict)
    sign_in_domain: Domain | None = None


class TargetUsers(Strict):
    """How users come to be in the target tenant.

    `made`: `cloud` (xtmig creates MailUsers) or `on-premises` (a change file for the administrator of a synchronised
    directory; KNI-03, SCR-12). `passwords` says where the first password of a new user goes: `discard` (nobody
    learns it; the service desk resets it before the first sign-in) or `keyring:SERVICE` (the system's protected store,
    one entry for each user principal name; SCR-07). `delivery_domain` is the domain of the proxy address to which the
    source will forward, by default the target's initial domain (MFL-02).
    """

    made: Literal["cloud", "on-premises"] = "cloud"
    passwords: Annotated[str, AfterValidator(_password_route)] = "discard"
    password_length: Annotated[int, Field(ge=12, le=128)] = 16
    delivery_domain: Domain | None = None


class Licences(Strict):
    """Which licences xtmig assigns, where and when (LIC-04, LIC-13, LIC-16).

    `add_on_side`: who holds the Cross Tenant User Data Migration licence of each user, `none` where somebody else
    assigns it. `exchange`: `after move` leaves the target's Exchange licence to section 190; `before move` assigns
    `exchange_sku` (a part number) once everything is stamped. `strip_source_plans` lets section 190 switch the Exchange
    plans off for users whose source object has become a MailUser, so that it keeps an address of the target (KNI-08).
    """

    add_on_side: Literal["target", "source", "none"] = "target"
    exchange: Literal["after move", "before move"] = "after move"
    exchange_sku: Text | None = None
    strip_source_plans: bool = False
    usage_location: Annotated[str, AfterValidator(_country)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Licences:
        if self.exchange == "before move" and self.exchange_sku is None:
            raise ValueError("exchange_sku: name the subscription (its part number) that is assigned before the move")
        return self


class Wave(Strict):
    """One wave, which is one batch: when it starts to synchronise, and when it is cut over (BAT-12, TMS-04).

    `name` is what column `Wave` of `users.csv` says. `cutover` is UTC; without it the wave is never completed.
    `window_hours` is how long after `cutover` the completion may still begin.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,19}$")]
    start: date | None = None
    cutover: AwareDatetime | None = None
    window_hours: Annotated[int, Field(ge=1, le=168)] = 24


class Move(Strict):
    """The batches: their names, their size, who goes first, and when (BAT-01, BAT-04, BAT-11).

    A batch is called `batch_prefix`, a hyphen and its wave; `batch_prefix` is by default the project's id. `pilot`
    names the source addresses of the first wave. `notify` gets the service's reports of every batch. `stop` names whole
    batches that are to be stopped, by their names, and users who are to be taken out of theirs, by their primary
    addresses in the target; nothing and nobody in it is started. `disabled_archives` says by source address what
    becomes of a disabled archive, which stops a move: `enable` brings it back, `remove` destroys it for ever (ERR-15 to
    ERR-17).
    """

    batch_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")] | None = None
    batch_size: Annotated[int, Field(ge=1, le=2000)] = 2000
    pilot: tuple[Address, ...] = ()
    notify: tuple[Address, ...] = ()
    stop: tuple[Text, ...] = ()
    waves: tuple[Wave, ...] = ()
    disabled_archives: dict[Address, Literal["enable", "remove"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _waves_once(self) -> Move:
        names = [wave.name.casefold() for wave in self.waves]
        if len(set(names)) != len(names):
            raise ValueError("waves: each wave is listed once")
        return self


class Approver(Strict):
    """A person who may approve: where they sign in, and optionally the public key with which they sign files."""

    name: Text
    upn: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    side: Side
    public_key: str | None = None


class FourEyes(Strict):
    """A second person for what cannot be undone; switching it off needs a reason, shown in every report."""

    off_because: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)] | None = None


class Project(Strict):
    """The whole of `project.yaml`.

    `id` is part of the names of everything xtmig creates; `folder` is where the file lies (not part of the file);
    `simulation` is the connection file of simulated tenants, None for a live project. `back_from` is the id of the
    project whose moves this one takes back (BCK-01); source and target are that one's target and source.
    `allow_synced_folder` says that both organisations agreed to keep personal data in a folder that is synchronised or
    on a network drive.
    `requests_at_once` bounds the requests that are in flight to one tenant.
    """

    format: Literal[1]
    id: Annotated[str, Field(pattern=ID_PATTERN)]
    name: Text
    source: SideSettings
    target: SideSettings
    names: Names = Names()
    application_id: Guid | None = None
    secret: SecretSettings = SecretSettings()
    consent: Consent = Consent()
    users: UserChoice = UserChoice()
    target_addresses: TargetAddresses = TargetAddresses()
    target_users: TargetUsers = TargetUsers()
    licences: Licences = Licences()
    move: Move = Move()
    last_completion: date | None = None
    back_from: Annotated[str, Field(pattern=ID_PATTERN)] | None = None
    transport: Literal["rest", "powershell"] | None = None
    allow_synced_folder: bool = False
    requests_at_once: Annotated[int, Field(ge=1, le=10)] = 3
    approvers: tuple[Approver, ...] = ()
    four_eyes: FourEyes = FourEyes()
    simulation: Path | None = None
    folder: Annotated[Path, Field(exclude=True)] = Path()

    @model_validator(mode="after")
    def _two_tenants(self) -> Project:
        if self.source.tenant_id == self.target.tenant_id:
            raise ValueError("target.tenant_id: source and target have the same tenant ID; a move needs two tenants")
        if self.source.domain == self.target.domain:
            raise ValueError("target.domain: source and target have the same domain; one domain belongs to one tenant")
        if self.source.cloud != self.target.cloud:
            raise ValueError(
                f"target.cloud: source is in {self.source.cloud}, target in {self.target.cloud}; "
                "Microsoft does not support moves between two clouds (FAQ-09)"
            )
        if self.simulation is None and self.transport is None:
            raise ValueError(
                "transport: choose rest (an interface that Microsoft does not document for others) "
                "or powershell (an installed PowerShell with the module ExchangeOnlineManagement)"
            )
        return self

    def side(self, side: Side) -> SideSettings:
        """The settings of one tenant.

        Args:
            side: `"source"` or `"target"`.
        """
        return self.source if side == "source" else self.target

    def licenses_on(self, side: Side) -> bool:
        """Whether xtmig assigns licences to users of a tenant (LIC-04, LIC-16).

        Args:
            side: The tenant.
        """
        exchange = side == "target" and self.licences.exchange_sku is not None
        strips = side == "source" and self.licences.strip_source_plans
        return exchange or strips or self.licences.add_on_side == side

    def partner(self, side: Side) -> SideSettings:
        """The settings of the other tenant, as seen from one of them.

        Args:
            side: `"source"` or `"target"`.
        """
        return self.side(OTHER_SIDE[side])

    @property
    def application_name(self) -> str:
        """Display name and unique name of the migration application."""
        return self.names.application or f"xtmig mailbox migration {self.id}"

    @property
    def endpoint_name(self) -> str:
        """Name of the migration endpoint in the target tenant (EPT-05)."""
        return self.names.endpoint or f"xtmig-{self.id}"

    def relationship_name(self, side: Side) -> str:
        """Name for a new organization relationship, if none points at the partner yet (REL-06).

        Args:
            side: The tenant in which it is made.
        """
        given = self.names.source_relationship if side == "source" else self.names.target_relationship
        return given or f"xtmig-{self.id}"

    @property
    def scope_group_names(self) -> tuple[str, ...]:
        """Names of the scope groups in the source tenant, in the order in which they are filled (PRE-04, PRE-06)."""
        return self.names.scope_groups or (f"xtmig-{self.id}-scope",)

    def batch_name(self, wave: str) -> str:
        """Name of a wave's batch (BAT-01).

        Args:
            wave: Name of the wave, as column `Wave` of `users.csv` says it.
        """
        return f"{self.move.batch_prefix or self.id}-{wave}"

    @property
    def delivery_domain(self) -> str:
        """The target's domain to which the source forwards after the move (MFL-02)."""
        return self.target_users.delivery_domain or self.target.domain

    @property
    def credential_prefix(self) -> str:
        """How the display name of every secret that this project mints begins."""
        return f"xtmig {self.id} "
