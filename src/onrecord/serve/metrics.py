"""Owns the figures of a running server, in the text format that Prometheus reads.

Leaves writing that format to prometheus_client.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """What is counted, one of each a server."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "onrecord_http_requests", "Requests answered", ("route", "method", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "onrecord_http_request_seconds",
            "Time from a request's head to the end of its answer",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.queries = Counter("onrecord_queries", "Queries by how they ended", ("outcome",), registry=self._registry)
        self.remembered = Counter(
            "onrecord_answers_remembered", "Queries answered from memory", registry=self._registry
        )
        self.running = Gauge("onrecord_queries_running", "Queries that are being evaluated", registry=self._registry)
        self.waiting = Gauge("onrecord_queries_waiting", "Queries that wait for their turn", registry=self._registry)
        self.builds = Counter("onrecord_builds", "Rebuilds of the graph", ("outcome",), registry=self._registry)
        self.quads = Gauge("onrecord_quads", "Quads of the graph that is served", registry=self._registry)

    def text(self) -> bytes:
        """All figures as they stand."""
        return generate_latest(self._registry)
