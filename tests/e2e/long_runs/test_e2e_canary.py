"""A known secret on every way into xtmig: it arrives, and afterwards it stands nowhere."""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode, urlsafe_b64encode
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from e2e_expected import licensed
from e2e_runs import CONTROL, KEYRING_SECRET, OPERATOR_SECRET, PASSWORD_SERVICE
from e2e_workplace import (
    SECRETS,
    SIDES,
    TARGET_ID,
    TARGET_OPERATOR,
    Finished,
    Workplace,
    consent_to_everything,
    example,
    who_moves,
    workplace,
)
from secret_search import fingerprint, passwords_in, places_of, places_of_each, tokens_in

from xtmig_kernel.simulator.identifiers import client_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e_runs import Rehearsal, Walk

PROVIDED_SECRET = "Canary-given\"<&'\\+/=%~ d17c3350e9fa"
PASSPHRASE = "Canary-pass\"<&'\\+/=%~ 6a02bb8f41ce"
APPLICATION = "7a26e700-0000-4000-8000-0000000b00f1"


def secrets_at_sign_in(place: Workplace, side: str) -> list[Any]:
    """What the sign-in service of a tenant received as the operator's secret."""
    return [
        line["parameters"]["client_secret"]
        for line in place.record()
        if line["service"] == "login" and line["side"] == side and "client_secret" in line["parameters"]
    ]


def minted_secret(walk: Walk) -> str:
    """The secret that the simulator minted, derived again from its seed and proven by its fingerprint in the state."""
    tenant = walk.place.simulator.state("target")
    application = next(a for a in tenant["applications"] if a["sign_in_audience"] == "AzureADMultipleOrgs")
    name = application["passwords"][0]["display_name"]
    text = client_secret("0", f"secret:{application['object_id']}:{name}", 1)
    shown = application["passwords"][0]["secret"]
    assert fingerprint(walk.place.fingerprint_key(), text) == {"$expr": shown}
    return text


@pytest.fixture(scope="module")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workplace, Finished]]:
    """A section applied with somebody else's secret, by an operator who signs in with a protected certificate."""
    folder = tmp_path_factory.mktemp("provided")
    outside = tmp_path_factory.mktemp("certificate")
    tenants = example()
    tenants["target"]["dehydrated"] = False
    tenants["target"]["applications"][0]["certificate"] = certificate(outside / "operator.pfx")
    tenants["target"]["applications"].append(
        {
            "name": "Mover",
            "app_id": APPLICATION,
            "sign_in_audience": "AzureADMultipleOrgs",
            "redirect_uris": ["https://office.com"],
            "permissions": {"exchange": ["Mailbox.Migration"]},
            "secret_from_env": "E2E_PROVIDED",
        }
    )

    def change(settings: dict[str, Any]) -> None:
        settings["name"] = CONTROL
        settings["application_id"] = APPLICATION
        settings["secret"] = {"origin": "provided", "reference": "env:E2E_PROVIDED"}
        settings["target"]["sign_in"] = {
            "method": "certificate",
            "client_id": TARGET_OPERATOR,
            "certificate": str(outside / "operator.pfx"),
            "passphrase": "env:E2E_PASSPHRASE",
        }

    practice = {**SECRETS, "E2E_PROVIDED": PROVIDED_SECRET}
    variables = {**practice, "E2E_PASSPHRASE": PASSPHRASE}
    with workplace(folder, tenants, change, practice=practice, variables=variables) as place:
        consent_to_everything(place)
        place.simulator.advance(60)
        yield place, place.run("apply", "070")


def certificate(path: Path) -> str:
    """Make a certificate, keep it in a PFX file behind the passphrase, and give its public part as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"operator", key, made, None, lock))
    return made.public_bytes(Encoding.PEM).decode("ascii")


def test_a_secret_from_a_variable_arrives(walk: Walk) -> None:
    """The target's sign-in service was given the secret that the variable holds."""
    expected = fingerprint(walk.place.fingerprint_key(), OPERATOR_SECRET)
    received = secrets_at_sign_in(walk.place, "target")
    assert received
    assert all(expected == each for each in received)


def test_a_secret_from_the_keyring_arrives(walk: Walk) -> None:
    """The source's sign-in service was given the secret that the keyring holds."""
    expected = fingerprint(walk.place.fingerprint_key(), KEYRING_SECRET)
    received = secrets_at_sign_in(walk.place, "source")
    assert received
    assert all(expected == each for each in received)


def test_the_minted_secret_arrives_at_the_endpoint(walk: Walk) -> None:
    """The endpoint holds the very secret that Graph minted."""
    endpoint = walk.place.simulator.state("target")["migration_endpoints"][0]
    assert fingerprint(walk.place.fingerprint_key(), minted_secret(walk)) == {"$expr": endpoint["secret"]}


def test_a_provided_secret_arrives_at_the_endpoint(provided: tuple[Workplace, Finished]) -> None:
    """The endpoint holds the secret that somebody else provides, and none was minted."""
    place, _ = provided
    target = place.simulator.state("target")
    expected = fingerprint(place.fingerprint_key(), PROVIDED_SECRET)
    assert [expected] == [{"$expr": endpoint["secret"]} for endpoint in target["migration_endpoints"]]
    assert [1] == [len(a["passwords"]) for a in target["applications"] if a["app_id"] == APPLICATION]


def test_a_protected_certificate_is_opened(provided: tuple[Workplace, Finished]) -> None:
    """The target's operator signed in by certificate, which only the passphrase can open."""
    place, _ = provided
    sign_ins = [
        line
        for line in place.record()
        if line["path"] == f"/{TARGET_ID}/oauth2/v2.0/token" and "client_assertion" in line["parameters"]
    ]
    assert {200} == {line["status"] for line in sign_ins}
    assert [] == secrets_at_sign_in(place, "target")


def test_the_provided_endpoint_is_made(provided: tuple[Workplace, Finished]) -> None:
    """The run that handed over the provided secret says so."""
    _, finished = provided
    assert "applied" == finished.states()["070.2"], finished.done.stdout


@pytest.mark.parametrize("name", ["operator", "keyring", "minted"])
def test_no_secret_of_the_walk_is_left(walk: Walk, name: str) -> None:
    """Project, archives, ledger, logs, temp folder, home and the simulator's files hold none of them, in any form."""
    secret = {"operator": OPERATOR_SECRET, "keyring": KEYRING_SECRET}.get(name) or minted_secret(walk)
    assert set() == places_of(secret, [walk.place.folder])


@pytest.mark.parametrize("secret", [PROVIDED_SECRET, PASSPHRASE, *SECRETS.values()])
def test_no_secret_of_the_provided_run_is_left(provided: tuple[Workplace, Finished], secret: str) -> None:
    """Nor is a provided secret, a certificate's passphrase, or a plain secret that looks like an ordinary word."""
    place, _ = provided
    assert set() == places_of(secret, [place.folder])


def first_passwords(walk: Walk) -> dict[str, str]:
    """What the keyring holds for the new users, by sign-in name."""
    held = json.loads(walk.keyring.read_text(encoding="utf-8"))
    start = f"{PASSWORD_SERVICE}/"
    return {name.removeprefix(start): value for name, value in held.items() if name.startswith(start)}


def passwords_received(record: list[dict[str, Any]]) -> dict[str, Any]:
    """What Exchange received as the password of each new user, by sign-in name."""
    return {
        line["parameters"]["MicrosoftOnlineServicesID"]: line["parameters"]["Password"]
        for line in record
        if line["cmdlet"] == "New-MailUser"
    }


def test_first_passwords_arrive_where_they_belong(walk: Walk) -> None:
    """Each person who is created has in the keyring the very password that Exchange was given (SCR-07)."""
    received, key = passwords_received(walk.place.record()), walk.place.fingerprint_key()
    people = {f"{alias}@northwindtraders.onmicrosoft.com" for alias in licensed(example())}
    assert people == first_passwords(walk).keys()
    assert {name: fingerprint(key, value) for name, value in first_passwords(walk).items()} == {
        name: received[name] for name in people
    }


def test_nobody_gets_the_password_of_a_room(walk: Walk) -> None:
    """A room and a shared mailbox have a password of their own too, and the keyring does not hold it."""
    received = passwords_received(walk.place.record())
    alone = received.keys() - first_passwords(walk).keys()
    assert {f"{name}@northwindtraders.onmicrosoft.com" for name in ("boardroom", "reception")} == alone
    assert len(received) == len({str(value) for value in received.values()})


def test_first_passwords_keep_the_policy(walk: Walk) -> None:
    """Sixteen characters of at least three of four kinds (SCR-06)."""
    for password in first_passwords(walk).values():
        kinds = (str.islower, str.isupper, str.isdigit, lambda c: c in "!@#$%^&*")
        assert 16 == len(password)
        assert sum(any(kind(c) for c in password) for kind in kinds) >= 3


def test_no_first_password_is_left(walk: Walk) -> None:
    """Project, archives, ledger, logs, temp folder, home and the simulator's files hold none of them, in any form."""
    assert set() == places_of_each(first_passwords(walk).values(), [walk.place.folder])


def test_a_discarded_password_is_nowhere(walk: Walk, rehearsal: Rehearsal) -> None:
    """Nothing that a run left behind has the fingerprint of a password: whether discarded or kept, it is not there."""
    for record, key, folder in (
        (walk.place.record(), walk.place.fingerprint_key(), walk.place.folder),
        (rehearsal.record(), rehearsal.record_key, rehearsal.project),
    ):
        received = {str(value["$expr"]) for value in passwords_received(record).values()}
        assert len(who_moves(example())) == len(received)
        assert set() == passwords_in([folder], key, received)


def test_the_search_finds_a_discarded_password(walk: Walk, tmp_path: Path) -> None:
    """A password of the same kind that lies in a file is found by its fingerprint alone."""
    password = next(iter(first_passwords(walk).values()))
    (tmp_path / "leak.txt").write_text(f"xx{password}yy", encoding="utf-8")
    key = walk.place.fingerprint_key()
    assert {"leak.txt"} == passwords_in([tmp_path], key, {str(fingerprint(key, password)["$expr"])})


def test_no_token_is_left(walk: Walk, rehearsal: Rehearsal, provided: tuple[Workplace, Finished]) -> None:
    """Nothing of the shape of an access token lies anywhere after a run."""
    assert set() == tokens_in([walk.place.folder, rehearsal.project.parent, provided[0].folder])


def test_the_search_finds_what_is_there(walk: Walk) -> None:
    """A word that is no secret is found where it must be: in the ledger, the data, the page, and a planted file."""
    planted = walk.place.folder / "temp" / "planted.txt"
    planted.write_text(CONTROL, encoding="utf-8")
    found = places_of(CONTROL, [walk.place.folder])
    planted.unlink()
    wanted = {"planted.txt", "ledger.db", "ledger.jsonl", "result.json", "index.html", "project.yaml"}
    assert wanted <= {name for name, form in found if form == "raw"}


def _in_base64(before: str) -> bytes:
    return b64encode((before + OPERATOR_SECRET + "after").encode())


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("raw", OPERATOR_SECRET.encode()),
        ("reversed", OPERATOR_SECRET[::-1].encode()),
        ("url", quote(OPERATOR_SECRET, safe="").encode()),
        ("json", json.dumps({"a": OPERATOR_SECRET}).encode()),
        ("json", json.dumps(json.dumps({"a": OPERATOR_SECRET})).encode()),
        ("html", f"<p>{escape(OPERATOR_SECRET)}</p>".encode()),
        ("hex", OPERATOR_SECRET.encode().hex().encode()),
        ("utf-16", ("x" + OPERATOR_SECRET).encode("utf-16-le")),
        ("base64", _in_base64("")),
        ("base64", _in_base64("x")),
        ("base64", _in_base64("xx")),
        ("base64", urlsafe_b64encode(("x" + OPERATOR_SECRET).encode())),
    ],
)
def test_the_search_finds_each_form(tmp_path: Path, form: str, data: bytes) -> None:
    """A secret that is written down in one of the known forms is found by that form."""
    (tmp_path / "leak.bin").write_bytes(b"\0\1 before " + data + b" after")
    assert ("leak.bin", form) in places_of(OPERATOR_SECRET, [tmp_path])


def test_the_search_finds_a_token(tmp_path: Path) -> None:
    """Something of the shape of an access token is found."""
    token = ".".join(urlsafe_b64encode(json.dumps({part: "x" * 20}).encode()).decode().rstrip("=") for part in "abc")
    (tmp_path / "leak.txt").write_text(f"Bearer {token}", encoding="utf-8")
    assert {"leak.txt"} == tokens_in([tmp_path])


def test_homes_are_used(walk: Walk) -> None:
    """The folders that are searched are those that the command used: its home is not the tester's."""
    assert str(walk.place.folder / "home") == walk.place.environment()["HOME"]
    assert [] == [side for side in SIDES if not secrets_at_sign_in(walk.place, side)]
