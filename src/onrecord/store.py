"""Owns the triple store on disk: builds it beside the old one, swaps it in, opens it read-only.

Leaves what is in it to ``assemble`` and queries on it to ``worker``. Nobody else opens a Store.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import pyoxigraph as ox

from onrecord.errors import StoreError
from onrecord.files import sync_folder

LINK = "store"
_OURS = re.compile(r"store-[0-9a-f]{16}-([0-9]+-)?[a-z0-9_]{8}|\.store-[0-9]+")


def build_store(folder: Path, nquads: bytes, key: str) -> None:
    """Load N-Quads into a new store below ``folder`` and point ``folder/store`` to it.

    The store's own folder is named after ``key``, 16 hexadecimal digits that say what it was built
    from (:func:`is_store_of` compares them), and the number of quads (:func:`open_store` counts
    them again). The link changes in one rename, after all data is on disk; what an interrupted run
    left behind is removed by the next one.

    :raises StoreError: when the disk is full or the folder cannot be written to.
    """
    fresh: Path | None = None
    link = folder / f".{LINK}-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"store-{key}-", dir=folder))
        store = ox.Store(str(fresh))
        store.bulk_load(nquads, ox.RdfFormat.N_QUADS)
        store.flush()
        count = len(store)
        del store
        fresh.chmod(0o755)
        fresh = fresh.rename(folder / f"store-{key}-{count}-{fresh.name[-8:]}")
        link.unlink(missing_ok=True)
        link.symlink_to(fresh.name)
        link.replace(folder / LINK)
        sync_folder(folder)
    except (OSError, RuntimeError, ValueError) as error:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        with contextlib.suppress(OSError):
            link.unlink(missing_ok=True)
        raise StoreError(f"{folder}: the store cannot be written: {error}") from error
    for old in folder.iterdir():
        if old.name == fresh.name or not _OURS.fullmatch(old.name):
            continue
        if old.is_symlink():
            old.unlink(missing_ok=True)
        else:
            shutil.rmtree(old, ignore_errors=True)


def is_store_of(folder: Path, key: str) -> bool:
    """Whether the store of a build was loaded from what ``key`` names.

    :raises OSError: when there is no store.
    """
    return (folder / LINK).resolve(strict=True).name.startswith(f"store-{key}-")


def open_store(folder: Path) -> ox.Store:
    """The store of a build, read-only.

    The quads are counted, because a damaged manifest of RocksDB may hide rows in silence.

    :raises StoreError: when there is none, or it is damaged.
    """
    path = folder / LINK
    if not path.exists():
        raise StoreError(f"{folder}: there is no store; run  onrecord build")
    found = path.resolve()
    try:
        store = ox.Store.read_only(str(found))
        count = len(store)
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{path}: the store cannot be opened ({error}); run  onrecord build") from error
    expected = found.name.split("-")[-2]
    if str(count) != expected:
        raise StoreError(f"{path}: the store holds {count} of {expected} quads; run  onrecord build")
    return store


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
