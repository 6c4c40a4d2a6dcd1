"""Owns what may be chosen about a server, and the limits that hold by default.

Leaves asking for it to the command line.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from onrecord.errors import OnRecordError
from onrecord.limits import Limits

MAX_BODY = 1 << 20
"""Bytes of a request's body."""
MAX_URL = 64 << 10
"""Bytes of a request's target, query string included."""
MAX_HEADERS = 32 << 10
"""Bytes of all header fields of a request."""
HEAD_SECONDS = 10.0
"""In which the head of a request has to be there, from its connection or the answer before it."""
BODY_SECONDS = 20.0
"""In which the body has to be there, from the head."""
STALLED_SECONDS = 30.0
"""For which a client may take nothing of an answer that waits for it."""
IDLE_SECONDS = 60.0
"""For which a connection is kept after an answer."""
GRACE_SECONDS = 10.0
"""In which running requests may end when the server stops."""
BUSY_SECONDS = 20.0
"""For which a query waits for its turn before it is refused."""

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?(:\d{1,5})?|\[[0-9a-f:.]+\](:\d{1,5})?")
_ORIGIN = re.compile(r"https?://(?P<host>[^/?#@\s]+)")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that one server is told.

    :raises OnRecordError: for a host or an origin that is none, or a public address without an allowed host.
    """

    graph: Path
    host: str = "127.0.0.1"
    port: int = 8080
    allowed_hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(10.0, 1 << 30, 1_000_000, 256 << 20))
    workers: int = field(default_factory=lambda: max(8, 4 * (os.cpu_count() or 1)))
    connections: int = 2000
    cache: int = 64 << 20
    watch: bool = True
    store: str = ""
    """The address of the SPARQL server that answers the queries; empty where this machine does."""
    kind: str | None = None
    """What that server is, where it does not say so itself."""
    redact: bool | None = None
    """Whether what the graph marks as protected is taken out; None where nobody has said."""
    secret: bytes | None = field(default=None, repr=False)
    """Under which its IRIs are hashed anew."""

    def __post_init__(self) -> None:
        for name in self.allowed_hosts:
            if not _HOST.fullmatch(name.lower()):
                raise OnRecordError(f'"{name}" is no host; write one like graph.example or graph.example:8080')
        for origin in self.cors:
            match = _ORIGIN.fullmatch(origin)
            if origin != "*" and (match is None or not _HOST.fullmatch(match["host"].lower())):
                raise OnRecordError(f'"{origin}" is no origin; write one like https://reader.example, or *')
        if self.redact and self.store:
            raise OnRecordError("--redact takes nothing out of what the server at --store holds: leave one of them out")
        if not self.is_loopback and not self.allowed_hosts:
            raise OnRecordError(
                f"{self.host} can be reached from other machines: say with --allow-host under which name, "
                "as in  --allow-host graph.example"
            )

    def for_edition(self, out: Path) -> dict[str, Any]:
        """What an edition has to know, which keeps its files in ``out``."""
        return {
            "graph": str(self.graph),
            "sources": [str(each) for each in self.sources],
            "out": str(out),
            "workers": self.workers,
            "limits": asdict(self.limits),
            "store": self.store,
            "kind": self.kind,
            "redact": False if self.redact is None and self.is_private else self.redact,
            "secret": self.secret.hex() if self.redact and self.secret else None,
        }

    @property
    def is_private(self) -> bool:
        """Whether only who sits at this machine reads the answers: nobody has named a host or an origin for others."""
        return self.is_loopback and not self.allowed_hosts and not self.cors

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def hosts(self) -> frozenset[str]:
        """The names under which the server answers; one without a port stands for every port."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(
            name.lower() for name in (*_LOOPBACK, *self.allowed_hosts, *((own,) if self.is_loopback else ()))
        )
