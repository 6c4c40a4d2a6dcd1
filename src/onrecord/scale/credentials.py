"""Owns who asks a SPARQL server: a user and a password, or a token, which come from the environment only.

Leaves the requests to ``server``. Nothing secret goes unencrypted to another machine, nor into a message.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onrecord.errors import OnRecordError, printable

if TYPE_CHECKING:
    import requests

    Signer = Callable[[requests.PreparedRequest], requests.PreparedRequest]

USER = "ONRECORD_STORE_USER"
PASSWORD = "ONRECORD_STORE_PASSWORD"
TOKEN = "ONRECORD_STORE_TOKEN"
CLEARTEXT = "ONRECORD_STORE_CLEARTEXT"
"""Set to 1, a password or token may travel unencrypted to another machine."""

HIDDEN = "…"
"""Stands for a secret that a server says back."""


class Credentials:
    """What the environment says of who asks.

    :raises OnRecordError: for what no request can carry.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._user, self._password = environment.get(USER), environment.get(PASSWORD)
        self._token = environment.get(TOKEN)
        self._is_open = environment.get(CLEARTEXT) == "1"
        for name, value in ((USER, self._user), (PASSWORD, self._password)):
            if value and any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in value):
                raise OnRecordError(f"{name} holds a line break or another character that no request carries")
        if self._token and not all("!" <= char <= "~" for char in self._token):
            raise OnRecordError(f"{TOKEN} holds a space, a line break or a letter that no token has")

    def sign(self, url: str) -> Signer:
        """What puts a token into every request; without one nobody asks, else a ``.netrc`` would speak for the user.

        :raises OnRecordError: where the token would travel unencrypted.
        """
        if not self._token:
            return lambda request: request
        self._require_private(url)
        token = self._token

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        return sign

    def answer(self, url: str, challenge: str) -> requests.auth.AuthBase | None:
        """What answers a server's challenge (RFC 7617, RFC 7616); None where there is nothing to answer with.

        :raises OnRecordError: where a password would travel unencrypted.
        """
        from requests.auth import HTTPBasicAuth, HTTPDigestAuth

        if self._user is None or self._password is None:
            return None
        schemes = challenge.lower()
        if "digest" in schemes:
            if not self._user.isascii():
                raise OnRecordError(f"{USER} holds a letter that Digest does not carry everywhere; take an ASCII one")
            return HTTPDigestAuth(self._user, self._password)
        if "basic" in schemes:
            self._require_private(url)
            return HTTPBasicAuth(self._user.encode("utf-8"), self._password.encode("utf-8"))
        return None

    def hide(self, text: str) -> str:
        """``text`` without anything secret, as a server may say it back."""
        pair = f"{self._user}:{self._password}".encode() if self._password else b""
        for secret in (self._token, base64.b64encode(pair).decode("ascii"), self._password):
            text = text.replace(secret, HIDDEN) if secret else text
        return text

    def _require_private(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" or is_loopback(parts.hostname or "") or self._is_open:
            return
        raise OnRecordError(
            f"{printable(url)}: a password or token would travel unencrypted; "
            f"use https, or set {CLEARTEXT}=1 if the network is yours"
        )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine.

    >>> is_loopback("::1"), is_loopback("store.example")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
