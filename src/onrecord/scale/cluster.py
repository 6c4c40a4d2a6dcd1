"""Owns what a cluster needs before Spark starts on it, and what its failures mean to the one who builds.

Leaves the session to ``spark``. A stack of Java calls tells a user nothing: each failure that can be foreseen is one
line, with the machine, the path and the fix.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onrecord.errors import EngineError, OnRecordError
from onrecord.scale.base import Job

JAVA = 17
"""The oldest Java that PySpark 4 runs on."""

_MASTER = re.compile(r"local(\[(\*|\d+)(, *\d+)?\])?|(spark|sc|k8s)://.+|yarn")
_OURS = re.compile(r"^(?:pyspark\S*: )?onrecord\.errors\.\w+: (.+)$", re.MULTILINE)
_SECRETS = (
    (re.compile(r"(://)[^\s/@;,'\"]*@"), r"\1"),  # a user and a password before the host
    (re.compile(r"(\b(?:sc|spark|k8s)://[^\s;'\"]*);[^\s'\"]*"), r"\1"),  # parameters of Connect, a token among them
    (re.compile(r"(?i)\b(token=|bearer )[^\s;,'\"]+"), r"\1..."),
)
_SHARE = "let every machine of the cluster see the folders of the graph and of the output under the same paths"
_SAME = "install the same versions of Python and onrecord[spark] on every machine, and name that Python in"
_KNOWN = (
    (
        re.compile(r"No module named '([\w.]+)'"),
        f"a machine of the cluster has no {{0}}: {_SAME} PYSPARK_PYTHON",
    ),
    (
        re.compile(r"PYTHON_VERSION_MISMATCH"),
        f"the cluster runs another version of Python: {_SAME} PYSPARK_PYTHON",
    ),
    (
        re.compile(r'Cannot run program "([^"]+)"'),
        f"a machine of the cluster has no {{0}}: {_SAME} PYSPARK_PYTHON",
    ),
    (
        re.compile(r"(?:Path does not exist:|File) (?:file:)?(/\S+?)[.]?(?: does not exist|\s|$)"),
        f"{{0}} is not seen by a machine of the cluster: {_SHARE}",
    ),
)


def read_master(master: str) -> None:
    """Refuse what cannot be the address of a cluster.

    :raises EngineError: with the forms that can.
    """
    if not _MASTER.fullmatch(master):
        raise EngineError(
            f"{shown_master(master)}: no address of a cluster; "
            "write local[*], spark://host:7077 or sc://host:15002 (Connect)"
        )


def shown_master(master: str) -> str:
    """The address of a cluster as messages print it: without a user, a password and parameters.

    >>> shown_master("sc://ada:secret@host:15002/;token=secret;use_ssl=true")
    'sc://host:15002/'
    """
    head, _, rest = master.partition(";")
    scheme, mark, place = head.rpartition("://")
    if "@" in rest and "/" not in place:  # a password may hold the semicolon
        return f"{scheme}{mark}..."
    return f"{scheme}{mark}{place.rpartition('@')[2]}"


def without_secrets(text: str) -> str:
    """What a library says, without what lets somebody into the cluster."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def reach(master: str) -> None:
    """Whether anybody answers at the address of a cluster: Spark itself would try for many minutes.

    :raises EngineError: when nobody does.
    """
    if not master.startswith(("spark://", "sc://")):
        return
    for place in master.partition("://")[2].split("/")[0].split(";")[0].split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, ValueError):
            continue
        return
    raise EngineError(
        f"{shown_master(master)}: nobody answers there; write the cluster's address as spark://host:7077 or sc://host:15002"
    )


def find_java() -> None:
    """Refuse to start without a Java that is new enough.

    :raises EngineError: with what was found, and where another one is named.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    fix = f"install Java {JAVA} or newer, and name its folder in JAVA_HOME"
    if java is None:
        where = f"in JAVA_HOME, {home}" if home else "here"
        raise EngineError(f"Spark runs on Java, and there is none {where}: {fix}")
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{java}: does not start ({error}): {fix}") from error
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    if told.returncode:
        raise EngineError(f"{java}: does not start: {fix}")
    if found and int(found[1]) < JAVA:
        raise EngineError(f"{java} is Java {found[1]}, and Spark needs {JAVA}: {fix}")


@contextmanager
def on_this_machine(job: Job) -> Iterator[None]:
    """Around a step on a machine of a cluster: what it lacks is said with the machine's name.

    :raises EngineError: for files that cannot be read or written.
    """
    try:
        if not Path(job.work).is_dir():
            raise FileNotFoundError(2, "is not there", job.work)
        yield
    except EngineError:
        raise
    except (OSError, OnRecordError) as error:
        told = f"{error.filename} {error.strerror}" if isinstance(error, OSError) and error.filename else error
        raise EngineError(f"{socket.gethostname()}: {told}; {_SHARE}") from error


@contextmanager
def explained() -> Iterator[None]:
    """Around what Spark is asked for: its failure is one line.

    :raises EngineError: for every failure.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise EngineError(f"Spark gave up: {reason(str(error))}") from error


def reason(text: str) -> str:
    """What went wrong, of all that Spark prints."""
    text = without_secrets(text)
    ours = _OURS.search(text)
    if ours:
        return ours[1].strip()
    for pattern, meaning in _KNOWN:
        found = pattern.search(text)
        if found:
            return meaning.format(*found.groups())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    named = [line for line in lines if "Error" in line or "Exception" in line]
    return (named or lines or ["no reason given"])[-1][:300]
