"""The run's RSA keys and the tokens signed with them."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOKEN_SECONDS = 3599
EXPONENT = 65537
KEY_BITS = 2048


class TokenRefused(Exception):
    """A bearer token that a service does not take; the text says why."""


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Keys:
    """One key signs tokens, the other is the Exchange session's key for secrets (wire 1.4 [SRC]).

    Args:
        token_seconds: How long a token is valid, in wall time.
    """

    def __init__(self, token_seconds: int = TOKEN_SECONDS) -> None:
        self.token_seconds = token_seconds
        self._signing = rsa.generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
        self._session = rsa.generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
        self.key_id = _base64url(self._signing.public_key().public_numbers().n)[:27]

    def jwks(self) -> dict[str, Any]:
        """The public signing key as a JSON Web Key set."""
        numbers = self._signing.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id}
        return {"keys": [key | {"n": _base64url(numbers.n), "e": _base64url(numbers.e)}]}

    def session_key_xml(self) -> str:
        """The session's public key as the .NET XML that ends the module's text (wire 1.1 [SRC])."""
        numbers = self._session.public_key().public_numbers()
        modulus = base64.b64encode(numbers.n.to_bytes(KEY_BITS // 8, "big")).decode()
        return f"<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"

    def decrypt(self, text: str) -> str:
        """What a client encrypted for this session: base64 of RSA PKCS#1 v1.5 over UTF-8 (wire 1.4 [SRC]).

        Raises:
            ValueError: The text is not base64 or was not encrypted with this session's key.
        """
        return self._session.decrypt(base64.b64decode(text, validate=True), padding.PKCS1v15()).decode()

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token with these claims."""
        return jwt.encode(claims, self._signing, algorithm="RS256", headers={"kid": self.key_id})

    def verify(self, token: str, audience: str, wall: float) -> dict[str, Any]:
        """The claims of a token that this run signed.

        Args:
            token: The bearer token.
            audience: What its `aud` must be.
            wall: Present wall time, seconds since 1970.

        Raises:
            TokenRefused: It is foreign, changed, for somebody else, or no longer valid.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._signing.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError as error:
            raise TokenRefused(f"the token cannot be read: {error}") from None
        if claims["aud"] != audience:
            raise TokenRefused(f"the token is for {claims['aud']}")
        if not claims["nbf"] <= wall < claims["exp"]:
            raise TokenRefused("the token has expired")
        return claims


def client_info(object_id: str, tenant_id: str) -> str:
    """The account's home ids, as sign-in libraries read them from `client_info`."""
    text = json.dumps({"uid": object_id, "utid": tenant_id})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
