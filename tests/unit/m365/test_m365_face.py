"""The public face, the certificates that are trusted, and where tokens are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import msal
import msal_extensions
import pytest
import truststore

import xtmig_kernel.m365 as face
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import hosts_for
from xtmig_kernel.m365.http import SystemTrust
from xtmig_kernel.m365.token_cache import token_cache, user_folder

TENANT = "11111111-1111-4111-8111-111111111111"


def test_the_public_face_is_what_it_says() -> None:
    """What is public and no module stands in __all__, and the other way round."""
    modules = {path.stem for path in Path(str(face.__file__)).parent.glob("*.py")}
    public = {name for name in vars(face) if not name.startswith("_")} - modules
    assert public == set(face.__all__)


def test_live_tenants_are_trusted_by_the_system() -> None:
    """The system's certificates are used for direct connections and through a proxy, and always verified."""
    adapter = SystemTrust()
    assert isinstance(adapter.poolmanager.connection_pool_kw["ssl_context"], truststore.SSLContext)
    proxied = adapter.proxy_manager_for("http://proxy.example:8080")
    assert isinstance(proxied.connection_pool_kw["ssl_context"], truststore.SSLContext)
    pool = adapter.poolmanager.connection_from_url("https://graph.microsoft.com")
    adapter.cert_verify(pool, "https://graph.microsoft.com", verify=False, cert=None)
    assert (pool.cert_reqs, pool.ca_certs) == ("CERT_REQUIRED", None)
    adapter.close()


def test_tokens_live_in_memory_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without keep_tokens nothing is written."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert type(token_cache("source", TENANT, keep=False)) is msal.TokenCache
    assert list(tmp_path.iterdir()) == []


def test_kept_tokens_are_encrypted_or_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system offers no encryption, keeping is refused rather than done in the clear."""

    def none(location: str) -> None:
        raise ImportError(location)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(msal_extensions, "build_encrypted_persistence", none)
    with pytest.raises(UsageError, match="cannot be kept"):
        token_cache("source", TENANT, keep=True)


def test_each_tenants_tokens_have_their_own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kept tokens lie in the person's folder, one store for each tenant."""
    places: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(msal_extensions, "build_encrypted_persistence", places.append)
    monkeypatch.setattr(msal_extensions, "PersistedTokenCache", lambda store: store)
    token_cache("source", TENANT, keep=True)
    assert places == [str(tmp_path / "xtmig" / f"tokens-{TENANT}.bin")]


def test_the_persons_folder_on_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On Windows the folder for local application data is used."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert user_folder() == tmp_path / "xtmig"


def test_hosts_are_part_of_the_face() -> None:
    """Rooms below take hosts from here and name none themselves."""
    assert hosts_for is face.hosts_for
