"""Fixtures around the canned Microsoft 365."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme
from canned_wire import OPERATOR, TARGET, Canned, CannedServer, Login, NotingClock, NumberedTokens, handler_of

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.m365.clouds import Hosts
from xtmig_kernel.m365.exchange import ExchangeClient
from xtmig_kernel.m365.exchange_errors import transience
from xtmig_kernel.m365.graph import GraphClient
from xtmig_kernel.m365.http import Http, new_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests import Session


@pytest.fixture(scope="session")
@pytest.fixture(scope="session")
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
@pytest.fixture
