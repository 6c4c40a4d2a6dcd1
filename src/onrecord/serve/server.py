"""Owns a server's life: binds, builds the first edition, serves, and stops with what it began finished.

Leaves HTTP to uvicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn

from onrecord.errors import GraphBroken, OnRecordError, Place, Problem, Severity
from onrecord.serve.answers import Answers
from onrecord.serve.app import make_app
from onrecord.serve.connections import MAX_HEAD, Connection
from onrecord.serve.editions import Edition, Editions
from onrecord.serve.live import Watch
from onrecord.serve.log import Log
from onrecord.serve.metrics import Metrics
from onrecord.serve.service import Service
from onrecord.serve.settings import GRACE_SECONDS, IDLE_SECONDS, Settings

_SPARE_FILES = 200
_BACKLOG = 2048


def serve(settings: Settings, log: Log, ready: Callable[[str, Edition], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the address once there are answers.

    :raises OnRecordError: when the address cannot be had, or the graph cannot be built.
    :raises GraphBroken: when the graph has errors, before anything is served.
    """
    asyncio.run(_serve(settings, log, ready))


async def _serve(settings: Settings, log: Log, ready: Callable[[str, Edition], None]) -> None:
    log.take_warnings()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with _bind(settings) as bound:
        watch = Watch(settings.graph, settings.sources)  # before the first build reads the files: no change is missed
        first = await _unless(stop, Edition.start(settings))
        if first is None:
            return
        _require_ready(first)
        metrics = Metrics()
        service = Service(settings, Editions(settings, first), Answers(settings, metrics), metrics, log)
        server = _Server(_config(service))
        keeping = asyncio.create_task(watch.keep_current(service))
        keeping.add_done_callback(_tell_end)
        stopping = asyncio.create_task(_stop(stop, server, log))
        try:
            host, port = bound.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            bound.listen(_BACKLOG)  # who asks from now on waits for the loop to take it
            ready(address, first)
            await server.serve(sockets=[bound])
        finally:
            for task in (keeping, stopping):
                task.cancel()
            await asyncio.gather(keeping, stopping, return_exceptions=True)
            await service.editions.end()
            log.write("stopped")


class _Server(uvicorn.Server):
    """uvicorn's server; signals are taken by this module, so that a stop is a clean exit."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def _config(service: Service) -> uvicorn.Config:
    settings = service.settings
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = settings.connections + _SPARE_FILES
    if soft < most:
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    kind = type(
        "Connection", (Connection,), {"max_connections": max(1, min(settings.connections, soft - _SPARE_FILES))}
    )
    return uvicorn.Config(
        make_app(service),
        http=kind,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=int(GRACE_SECONDS),
    )


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sends without delay only on these
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise OnRecordError(
            f"{settings.host}:{settings.port} cannot be served at: {error.strerror or error}; --port takes another"
        ) from error
    return bound


def _tell_end(keeping: asyncio.Task[None]) -> None:
    """Tell the log of a mistake of ours after which nothing new is served any more."""
    error = None if keeping.cancelled() else keeping.exception()
    if error is not None:
        told = {"message": "the files are followed no more", "exception": error, "task": keeping}
        keeping.get_loop().call_exception_handler(told)


def _require_ready(edition: Edition) -> None:
    facts = edition.facts
    if facts["state"] == "broken":
        problems = [
            Problem(
                each["code"],
                Place(each["file"], each["line"], each["column"], each["length"]),
                each["message"],
                each["fix"],
                Severity(each["severity"]),
            )
            for each in facts["problems"]
        ]
        raise GraphBroken(facts["message"], problems)
    if facts["state"] != "ready":
        raise OnRecordError(facts["message"])


async def _unless(stop: asyncio.Event, starting: Awaitable[Edition]) -> Edition | None:
    """What is started, or None where the server is to stop before."""
    task, stopped = asyncio.ensure_future(starting), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None
    finally:
        stopped.cancel()


async def _stop(stop: asyncio.Event, server: uvicorn.Server, log: Log) -> None:
    await stop.wait()
    log.write("stopping")
    server.should_exit = True
