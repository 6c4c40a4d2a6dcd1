"""Owns the triple store on disk: builds it beside the old one, swaps it in, opens it read-only.

Leaves what is in it to ``assemble`` and queries on it to ``worker``. Nobody else opens a Store.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pyoxigraph as ox

from onrecord.errors import OutputError, StoreError
from onrecord.files import sha256_file, sync_folder, write_atomic
from onrecord.heap import give_back
from onrecord.progress import advance, stage
from onrecord.terms import RDFS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINK = "store"
SUMS = "SHA256SUMS"
"""The hash of each file of a store, as sha256sum prints and checks them."""
MAX_TABLES = 250
"""A store with more tables than this is loaded anew: each update adds some, and each costs a query time."""
_TABLE = ".sst"
_ALIKE = "there are quads that the store takes for one another"
_OURS = re.compile(r"store-[0-9a-f]{16}-([0-9]+-)?[a-z0-9_]{8}|\.store-[0-9]+")


def build_store(folder: Path, nquads: bytes | Iterable[bytes], key: str, quads: int | None = None) -> None:
    """Load N-Quads into a new store below ``folder`` and point ``folder/store`` to it.

    N-Quads come whole or in pieces that end with a line; their terms are taken as they are, because
    all that makes them has checked them. The store's own folder is named after ``key``, 16
    hexadecimal digits that say what it was built from (:func:`is_store_of` compares them).
    ``quads`` is about how many there will be: it is only shown. The link changes in one
    rename, after all data is on disk; what an interrupted run left behind is removed by the next one.

    :raises StoreError: when the disk is full or the folder cannot be written to.
    """
    with _new_store(folder, key) as fresh:
        store = ox.Store(str(fresh))
        _load(store, nquads, quads)
        store.flush()
        del store
        _publish(fresh, {})


@contextlib.contextmanager
def _new_store(folder: Path, key: str) -> Iterator[Path]:
    """A folder below ``folder`` to make a store in; removed when that goes wrong."""
    fresh: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"store-{key}-", dir=folder))
        yield fresh
    except BaseException as error:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        with contextlib.suppress(OSError):
            (folder / f".{LINK}-{os.getpid()}").unlink(missing_ok=True)
        if isinstance(error, (OSError, OutputError, RuntimeError, ValueError)):
            raise StoreError(f"{folder}: the store cannot be written: {error}") from error
        raise


def _publish(fresh: Path, known: Mapping[str, str]) -> None:
    """Write down the hashes of a store (but those that are ``known``) and point the link to it."""
    folder = fresh.parent
    sums = "".join(f"{known.get(name) or sha256_file(fresh / name)}  {name}\n" for name in _tables(fresh))
    write_atomic(fresh / SUMS, sums)
    fresh.chmod(0o755)
    link = folder / f".{LINK}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(fresh.name)
    link.replace(folder / LINK)
    sync_folder(folder)
    for old in folder.iterdir():
        if old.name == fresh.name or not _OURS.fullmatch(old.name):
            continue
        if old.is_symlink():
            old.unlink(missing_ok=True)
        else:
            shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of a dataset that is made anew: whole graphs, all of some subjects in a graph, and single quads.

    Terms are IRIs in N-Triples form; quads are N-Quads.
    """

    graphs: frozenset[str] = frozenset()
    subjects: tuple[tuple[str, frozenset[str]], ...] = ()
    quads: bytes = b""


@dataclass(frozen=True, slots=True)
class Difference:
    """How many quads each graph has more or less, and how many went and came."""

    graphs: Mapping[str, int]
    gone: int
    come: int


class StoreStale(Exception):
    """A store that cannot be brought up to date, for the reason given; never seen by a user."""


def update_store(
    folder: Path, old: Path, key: str, scope: Scope, nquads: bytes, count: int, *, counted: bool = False
) -> Difference:
    """A store below ``folder`` like the one of the build in ``old``, but with ``nquads`` for what is in ``scope``.

    The old store is not touched: the new one shares its tables, which the engine never writes to again once they are
    written, by hard links (on a file system without, by copies), and takes copies of the rest. ``count`` is how many
    quads the old one was made from; ``counted`` says that it holds so many, as one that was updated before does.

    :raises StoreStale: when the old store is not whole, or what it holds is not one quad for each of ``count``: two
        quads that the engine takes for one cannot be told apart once one of them goes.
    :raises StoreError: as :func:`build_store` does.
    """
    damage = find_store_damage(old)
    if damage:
        raise StoreStale(damage[0])
    source = _store_of(old)
    if sum(path.suffix == _TABLE for path in source.iterdir()) > MAX_TABLES:
        raise StoreStale("too many small tables")
    known = {name: digest for name, digest in _read_sums(source).items() if name.endswith(_TABLE)}
    with _new_store(folder, key) as fresh:
        for name in _tables(source):
            _link_or_copy(source / name, fresh / name)
        store = ox.Store(str(fresh))
        was, now = set(_in_scope(store, scope)), set(load_store(nquads))
        if len(now) != nquads.count(b"\n"):
            raise StoreStale(_ALIKE)
        gone, come = was - now, now - was
        if any(quad in store for quad in come):
            raise StoreStale(f"{_ALIKE} outside of what is made anew")
        for quad in gone:
            store.remove(quad)
        store.extend(come)
        for name in {str(quad.graph_name)[1:-1] for quad in gone}:
            graph = ox.NamedNode(name)
            if next(store.quads_for_pattern(None, None, None, graph), None) is None:
                store.remove_graph(graph)  # a graph without quads has a name until then
        store.flush()
        alike = not counted and len(store) != count - len(gone) + len(come)
        del store
        if alike:
            raise StoreStale(_ALIKE)
        _publish(fresh, known)
    graphs = Counter(str(quad.graph_name) for quad in come)
    graphs.subtract(str(quad.graph_name) for quad in gone)
    return Difference(dict(graphs), len(gone), len(come))


def _link_or_copy(source: Path, target: Path) -> None:
    if source.suffix == _TABLE:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)


def _in_scope(store: ox.Store, scope: Scope) -> Iterator[ox.Quad]:
    for graph in scope.graphs:
        yield from store.quads_for_pattern(None, None, None, ox.NamedNode(graph[1:-1]))
    for graph, subjects in scope.subjects:
        for subject in subjects:
            yield from store.quads_for_pattern(ox.NamedNode(subject[1:-1]), None, None, ox.NamedNode(graph[1:-1]))
    for quad in load_store(scope.quads):
        if quad in store:
            yield quad


def is_store_of(folder: Path, key: str) -> bool:
    """Whether the store of a build was loaded from what ``key`` names.

    :raises OSError: when there is no store.
    """
    (folder / LINK).stat()
    return store_name(folder).startswith(f"store-{key}-")


def store_name(folder: Path) -> str:
    """What names the store of a build, unlike any other; that of a link that leads nowhere means nothing."""
    return _store_of(folder).name


def _store_of(folder: Path) -> Path:
    """Where a build's link to its store leads; :meth:`Path.resolve` would fail on one that leads to itself."""
    return Path(os.path.realpath(folder / LINK))


def open_store(folder: Path) -> ox.Store:
    """The store of a build, read-only.

    Its files are compared with their hashes: the engine opens one with a damaged manifest or a cut log without a
    word, and without the rows; and one query on a damaged table goes on for ever.

    :raises StoreError: when there is none, or it is damaged.
    """
    path = folder / LINK
    while True:
        if not path.exists():
            raise StoreError(f"{folder}: there is no store; run  onrecord build")
        found = _store_of(folder)
        damage = _find_damage(found)
        try:
            if not damage:
                return ox.Store.read_only(str(found))
        except (OSError, RuntimeError) as error:
            damage = [f"{LINK}: cannot be opened ({error})"]
        if _store_of(folder) == found:  # else another build has taken its place meanwhile
            raise StoreError(f"{folder / damage[0]}; run  onrecord build")


def find_store_damage(folder: Path) -> list[str]:
    """What of the store of a build is not as it was written, a line each; nothing where it is whole."""
    return _find_damage(_store_of(folder))


def _find_damage(store: Path) -> list[str]:
    try:
        written = _read_sums(store)
        sizes = {name: (store / name).stat().st_size for name in _tables(store)}
        stage("verifying the store", sum(sizes.values()), "bytes")
        found: dict[str, str] = {}
        for name, size in sizes.items():
            found[name] = sha256_file(store / name)
            advance(size)
    except (OSError, ValueError) as error:
        return [f"{LINK}/{SUMS}: cannot be read ({error})"]
    damage = [f"{LINK}/{name}: is missing" for name in sorted(written.keys() - found.keys())]
    damage += [f"{LINK}/{name}: is not of this store" for name in sorted(found.keys() - written.keys())]
    changed = sorted(name for name in written.keys() & found.keys() if written[name] != found[name])
    return damage + [f"{LINK}/{name}: its bytes are not those that were written" for name in changed]


def _read_sums(folder: Path) -> dict[str, str]:
    """The hash of each file of a store as it was written."""
    lines = (folder / SUMS).read_text("utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _tables(folder: Path) -> list[str]:
    """The files that hold a store; its log of what it did and the hashes themselves aside."""
    kept = (path.name for path in folder.iterdir() if path.is_file())
    return sorted(name for name in kept if name not in (SUMS, "LOCK") and not name.startswith("LOG"))


def load_store(nquads: bytes | Iterable[bytes], quads: int | None = None) -> ox.Store:
    """A store in memory; ``quads`` as in :func:`build_store`."""
    store = ox.Store()
    _load(store, nquads, quads)
    return store


def _load(store: ox.Store, nquads: bytes | Iterable[bytes], quads: int | None = None) -> None:
    stage("loading the store", quads, "quads")
    source = nquads if isinstance(nquads, bytes) else io.BufferedReader(_Pieces(nquads), _READ_AT_ONCE)
    store.bulk_load(cast("IO[bytes]", source), ox.RdfFormat.N_QUADS, lenient=True)


_READ_AT_ONCE = 1 << 18
"""The store asks for two thousand bytes at a time, which the buffer hands out faster than we could."""

_BETWEEN_GIVING_BACK = 100_000_000
"""About half a million quads."""


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read once; a piece is let go of when it has been read.

    Each batch that the engine makes of them leaves holes in the heap: from time to time they are given back.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")
        self._passed = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` as far as a piece goes; nothing at the end."""
        while not self._piece:
            following = next(self._pieces, None)
            if following is None:
                return 0
            self._piece = memoryview(following)
            self._passed += len(following)
            if self._passed > _BETWEEN_GIVING_BACK:
                self._passed = 0
                give_back()
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._piece))
        room[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size


def graph_names(store: ox.Store) -> list[str]:
    """The IRIs of the store's named graphs, sorted."""
    return sorted(str(node.value) for node in store.named_graphs())


def is_mentioned(store: ox.Store, iri: str) -> bool:
    """Whether ``iri`` stands in any triple as subject or object, or is the name of a graph."""
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return False
    places = ((node, None, None, None), (None, None, node, None), (None, None, None, node))
    return any(next(store.quads_for_pattern(*place), None) is not None for place in places)


def labels_of(store: ox.Store, iri: str) -> list[str]:
    """Every ``rdfs:label`` of ``iri``, in no order."""
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return []
    quads = store.quads_for_pattern(node, ox.NamedNode(f"{RDFS}label"), None, None)
    return [quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)]
