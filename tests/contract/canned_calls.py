"""Changes of the sections, planned from the configured pair and sent by the client to the canned Microsoft 365."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from canned_reads import order
from canned_wire import Answer
from core_facts import APP_ID, planned
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from xtmig_kernel.changes import ExchangeCall, fill, later_values
from xtmig_kernel.credentials import Redactor, Secret
from xtmig_kernel.m365 import PSCredential
from xtmig_kernel.runbook.secrets import credential_in, with_credential, with_secrets

if TYPE_CHECKING:
    from canned_wire import Canned, Seen

    from xtmig_kernel.changes import Call
    from xtmig_kernel.m365 import TargetTenant

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def module_file() -> Answer:
    """A session's module file with our key."""
    modulus = b64encode(KEY.public_key().public_numbers().n.to_bytes(256, "big")).decode()
    text = f"$PublicKey = '<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>'"
    return Answer(body={"value": [{"fileContent": text, "exportedCmdlets": "New-MigrationEndpoint"}]})


def ready(call: Call) -> Call:
    """A planned call with its later values filled in, its credential and its password as the wire wants them."""
    known = {"Id": "the-principal", "AppId": APP_ID}
    call = fill(call, {later: known[later.attribute] for later in later_values(call)})
    credential = credential_in(call)
    if isinstance(call, ExchangeCall) and credential is not None:
        return with_credential(call, PSCredential(str(credential.user), Secret("s3cr3t-value")))
    return with_secrets(call, Redactor(), None)


def sent(target: TargetTenant, canned: Canned, step: str, given: Any = None, **world: Any) -> list[Seen]:
    """What the changes of a step look like on the wire, one request for each call."""
    before = len(canned.seen)
    for change in planned(step, given, **world):
        for call in change.calls:
            canned.queue(Answer(200, {"value": []}) if isinstance(call, ExchangeCall) else Answer(201, {"id": "x"}))
            target.run(ready(call))
    return [seen for seen in canned.seen[before:] if not seen.path.endswith("?Version=3.9.2")]


def sent_order(target: TargetTenant, canned: Canned, step: str, **world: Any) -> tuple[str, dict[str, Any]]:
    """Cmdlet and parameters of the only change of a step, as they are on the wire."""
    (seen,) = sent(target, canned, step, **world)
    return order(seen)


def decrypted(text: str) -> str:
    """A secret as the service reads it."""
    return KEY.decrypt(b64decode(text), padding.PKCS1v15()).decode("utf-8")


def credential(text: str) -> dict[str, str]:
    """A credential as the service reads it."""
    data: dict[str, str] = json.loads(decrypted(text))
    return data
