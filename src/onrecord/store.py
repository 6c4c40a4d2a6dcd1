"""Owns the triple store on disk: builds it beside the old one, swaps it in, opens it read-only.

Leaves what is in it to ``assemble`` and queries on it to ``worker``. Nobody else opens a Store.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pyoxigraph as ox

from onrecord.errors import StoreError
from onrecord.files import sync_folder

LINK = "store"


def build_store(folder: Path, nquads: bytes) -> None:
    """Load N-Quads into a new store below ``folder`` and point ``folder/store`` to it.

    The link changes in one rename, after all data is on disk; what an interrupted run left behind
    is removed by the next one.

    :raises StoreError: when the disk is full or the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="store-", dir=folder))
    try:
        store = ox.Store(str(fresh))
        store.bulk_load(nquads, ox.RdfFormat.N_QUADS)
        store.flush()
        del store
    except (OSError, ValueError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise StoreError(f"{folder}: the store cannot be written: {error}") from error
    fresh.chmod(0o755)
    link = folder / f".{LINK}-{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(fresh.name)
    link.replace(folder / LINK)
    sync_folder(folder)
    for old in folder.glob("store-*"):
        if old.name != fresh.name:
            shutil.rmtree(old, ignore_errors=True)


def open_store(folder: Path) -> ox.Store:
    """The store of a build, read-only.

    :raises StoreError: when there is none, or it is damaged.
    """
    path = folder / LINK
    if not path.exists():
        raise StoreError(f"{folder}: there is no store; run  onrecord build")
    try:
        return ox.Store.read_only(str(path.resolve()))
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be opened ({error}); run  onrecord build") from error


def load_store(nquads: bytes) -> ox.Store:
    """A store in memory."""
    store = ox.Store()
    store.bulk_load(nquads, ox.RdfFormat.N_QUADS)
    return store


def graph_names(store: ox.Store) -> list[str]:
    """The IRIs of the store's named graphs, sorted."""
    return sorted(str(node.value) for node in store.named_graphs())


def convert_results(body: bytes, format_: str) -> bytes:
    """SPARQL JSON results in another of the W3C formats: ``xml``, ``csv`` or ``tsv``."""
    formats = {"xml": ox.QueryResultsFormat.XML, "csv": ox.QueryResultsFormat.CSV, "tsv": ox.QueryResultsFormat.TSV}
    found = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
    return found.serialize(format=formats[format_]) or b""
