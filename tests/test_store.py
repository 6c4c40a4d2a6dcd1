"""The store on disk: swapped whole, opened read-only, damage told, nothing of others removed."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from onrecord.errors import StoreError
from onrecord.store import build_store, graph_names, is_store_of, load_store, open_store

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


def lines(count: int, graph: str = "urn:g") -> bytes:
    """So many quads."""
    return "".join(f'<urn:s{i}> <urn:p> "{i}" <{graph}> .\n' for i in range(count)).encode()


def stores(folder: Path) -> list[str]:
    """The names of the store folders."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def test_what_is_built_is_there_and_read_only(tmp_path: Path) -> None:
    build_store(tmp_path / "deep" / "out", lines(10), KEY)
    store = open_store(tmp_path / "deep" / "out")
    assert len(store) == 10 and graph_names(store) == ["urn:g"]
    with pytest.raises((RuntimeError, OSError)):
        store.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.NamedNode("urn:c")))


def test_a_second_build_replaces_the_first_and_leaves_one_store(tmp_path: Path) -> None:
    build_store(tmp_path, lines(10), KEY)
    old = open_store(tmp_path)
    build_store(tmp_path, lines(3), OTHER)
    assert len(open_store(tmp_path)) == 3
    assert len(list(old)) == 10, "who has the old store open goes on reading it"
    assert len(stores(tmp_path)) == 1
    assert is_store_of(tmp_path, OTHER) and not is_store_of(tmp_path, KEY)


def test_no_store_belongs_to_no_key(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="store"):
        is_store_of(tmp_path, KEY)


def test_what_a_killed_build_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (f"store-{KEY}-abcdefgh", f"store-{KEY}-9-abcdefgh", "store-room", "store-0", f"store-{KEY}", "stores"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("a")
    (tmp_path / ".store-123").symlink_to("nowhere")
    build_store(tmp_path, lines(1), KEY)
    kept = [name for name in stores(tmp_path) if name != (tmp_path / "store").readlink().name]
    assert kept == ["store-0", f"store-{KEY}", "store-room", "stores"]
    assert not (tmp_path / ".store-123").is_symlink()


def test_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store; run  onrecord build"):
        open_store(tmp_path)
    (tmp_path / "store").symlink_to("gone")
    with pytest.raises(StoreError, match="there is no store"):
        open_store(tmp_path)


@pytest.mark.parametrize("victim", ["CURRENT", "MANIFEST-*", "*.sst"])
@pytest.mark.parametrize("damage", ["cut", "gone", "noise"])
def test_a_damaged_store_is_told(tmp_path: Path, victim: str, damage: str) -> None:
    build_store(tmp_path, lines(2000), KEY)
    files = list((tmp_path / "store").resolve().glob(victim))
    assert files
    for path in files:
        data = path.read_bytes()
        match damage:
            case "gone":
                path.unlink()
            case "cut":
                path.write_bytes(data[: len(data) // 2])
            case "noise":
                path.write_bytes(b"\xff" * len(data))
    with pytest.raises(StoreError, match="run  onrecord build"):
        open_store(tmp_path)


def test_hidden_rows_are_noticed(tmp_path: Path) -> None:
    """RocksDB opens a store whose manifest was cut, without a word and without the rows."""
    build_store(tmp_path, lines(2000), KEY)
    (manifest,) = (tmp_path / "store").resolve().glob("MANIFEST-*")
    manifest.write_bytes(manifest.read_bytes()[: manifest.stat().st_size // 2])
    assert len(ox.Store.read_only(str((tmp_path / "store").resolve()))) == 0
    with pytest.raises(StoreError, match=r"MANIFEST-[0-9]+: its bytes are not those that were written; run  onrecord"):
        open_store(tmp_path)


def test_literals_that_the_store_makes_one_are_counted_once(tmp_path: Path) -> None:
    number = "^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:g> .\n"
    build_store(tmp_path, f'<urn:s> <urn:p> "1.50"{number}<urn:s> <urn:p> "1.5"{number}'.encode(), KEY)
    assert len(open_store(tmp_path)) == 1


def test_a_lost_log_is_told_and_loses_no_row(tmp_path: Path) -> None:
    """The store is flushed: RocksDB takes a cut log for a short one, and would answer with half the rows."""
    build_store(tmp_path, lines(2000), KEY)
    store = (tmp_path / "store").resolve()
    for path in store.glob("*.log"):
        path.write_bytes(b"")
    assert len(list(ox.Store.read_only(str(store)))) == 2000
    with pytest.raises(StoreError, match=r"\.log: its bytes are not those that were written"):
        open_store(tmp_path)


def test_one_flipped_bit_is_told(tmp_path: Path) -> None:
    """The engine may go round for ever on such a table."""
    build_store(tmp_path, lines(2000), KEY)
    largest = max((tmp_path / "store").resolve().glob("*.sst"), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[20] ^= 1
    largest.write_bytes(data)
    with pytest.raises(StoreError, match=r"\.sst: its bytes are not those that were written; run  onrecord build"):
        open_store(tmp_path)


@pytest.mark.parametrize("block", ["file", "store"])
def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path, block: str) -> None:
    folder = tmp_path / "out"
    if block == "file":
        folder.write_text("I am a file")
    else:
        (folder / "store").mkdir(parents=True)
        (folder / "store" / "mine").write_text("I am not a link")
    with pytest.raises(StoreError, match="the store cannot be written"):
        build_store(folder, lines(1), KEY)
    if block == "store":
        assert sorted(path.name for path in folder.iterdir()) == ["store"], "nothing half made is left"


def test_a_failing_load_leaves_the_old_store(tmp_path: Path) -> None:
    build_store(tmp_path, lines(5), KEY)
    with pytest.raises(SyntaxError):
        build_store(tmp_path, b"this is not N-Quads\n", OTHER)
    assert len(open_store(tmp_path)) == 5 and is_store_of(tmp_path, KEY)


def test_a_store_in_memory(tmp_path: Path) -> None:
    store = load_store(lines(3, "urn:b") + lines(2, "urn:a"))
    assert len(store) == 5 and graph_names(store) == ["urn:a", "urn:b"]
    assert len(load_store(b"")) == 0
