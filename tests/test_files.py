"""Reading the user's files safely, and writing so that nothing is ever half there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from onrecord import files
from onrecord.errors import OutputError, Place, Problems
from onrecord.files import (
    check_inside,
    decode_text,
    find_control,
    locked,
    read_bytes,
    read_text,
    sha256_file,
    sha256_hex,
    shown_path,
    write_atomic,
)
from reading import read
from small_graph import ENTITIES, LETTER, write_graph, write_only

AS_ROOT = os.geteuid() == 0


def decoded(data: bytes) -> tuple[str | None, list[tuple[str, int, int]]]:
    problems = Problems()
    text = decode_text(data, "a", problems)
    return text, [(item.code, item.place.line, item.place.column) for item in problems.items]


# Decoding


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a\r\nb\rc\n", "a\r\nb\rc\n"),
        (b"\xef\xbb\xbfa", "a"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
        ("\t🌹 é\u2028\u0085".encode(), "\t🌹 é\u2028\u0085"),
    ],
)
def test_text_is_kept_as_written_but_for_the_byte_order_mark(data: bytes, text: str) -> None:
    assert decoded(data) == (text, [])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\xff", ("P005", 1, 1)),
        (b"ab\n\xc3\xa9\xe9", ("P005", 2, 2)),
        (b"a\xed\xa0\x80", ("P005", 1, 2)),
        (b"a\n\xf0\x9f\x8c", ("P005", 2, 1)),
        (b"a\0", ("P006", 1, 2)),
        (b"ab\ncd\x1b", ("P006", 2, 3)),
        (b"\x7f", ("P006", 1, 1)),
        ("a\ufffe".encode(), ("P006", 1, 2)),
        ("🌹\uffff".encode(), ("P006", 1, 2)),
        (b"\xef\xbb\xbf\x01", ("P006", 1, 1)),
        (b"\x0c", ("P006", 1, 1)),
    ],
)
def test_what_is_no_text_is_a_problem_with_its_place(data: bytes, found: tuple[str, int, int]) -> None:
    assert decoded(data) == (None, [found])


def test_find_control() -> None:
    assert find_control("a\tb\r\n") is None
    assert find_control("a\x1fb\0") == 1


# Opening


def opened(path: Path) -> tuple[bytes | None, list[str]]:
    problems = Problems()
    return read_bytes(path, "a", problems), [f"{item.code} {item.message}" for item in problems.items]


def test_a_file_is_read_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 1024 * 1024)
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1024 * 1024)
    assert opened(path) == (b"x" * 1024 * 1024, [])
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    assert opened(path) == (None, ["P004 this file is larger than 1 MiB"])


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert opened(tmp_path / "pipe") == (None, ["P003 this is not an ordinary file"])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/dev/zero", "P003 this is not an ordinary file"),
        ("gone", "P002 this file cannot be read: No such file or directory"),
        (".", "P002 this file cannot be read: Is a directory"),
        ("a" * 300, "P002 this file cannot be read: File name too long"),
    ],
)
def test_what_is_no_file_is_a_problem(path: str, found: str, tmp_path: Path) -> None:
    assert opened(tmp_path / path) == (None, [found])


@pytest.mark.skipif(AS_ROOT, reason="root reads every file")
def test_an_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0)
    assert opened(tmp_path / "a") == (None, ["P002 this file cannot be read: Permission denied"])


def test_read_text_gives_none_where_bytes_are_missing(tmp_path: Path) -> None:
    problems = Problems()
    assert read_text(tmp_path / "gone", "gone", problems) is None
    assert [item.code for item in problems.items] == ["P002"]


def prepared(root: Path) -> Path:
    """A folder with everything in it that a graph should not have."""
    inside = root / "graph"
    inside.mkdir()
    (root / "secret").write_text("x")
    (inside / "plain").write_text("x")
    (inside / "folder").mkdir()
    (inside / "link").symlink_to(inside / "plain")
    (inside / "out").symlink_to(root / "secret")
    (inside / "dots").symlink_to("../secret")
    (inside / "self").symlink_to("self")
    (inside / "broken").symlink_to("gone")
    (inside / "device").symlink_to("/dev/null")
    os.mkfifo(inside / "pipe")
    return inside


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("plain", None),
        ("link", None),
        ("folder/../plain", None),
        ("out", "P001"),
        ("dots", "P001"),
        ("../secret", "P001"),
        ("/etc/hostname", "P001"),
        ("device", "P001"),
        ("self", "P002"),
        ("broken", "P002"),
        ("gone", "P002"),
        ("a" * 300, "P002"),
        ("folder", "P003"),
        ("pipe", "P003"),
    ],
)
def test_check_inside(name: str, code: str | None, tmp_path: Path) -> None:
    inside = prepared(tmp_path)
    problems = Problems()
    good = check_inside(inside / name, inside, Place("a.yaml", 3, 4), problems)
    assert (good, [item.code for item in problems.items]) == (code is None, [code] if code else [])
    assert all(item.place == Place("a.yaml", 3, 4) for item in problems.items)


def test_check_inside_a_folder_that_is_a_link_itself(tmp_path: Path) -> None:
    inside = prepared(tmp_path)
    (tmp_path / "alias").symlink_to(inside)
    assert check_inside(tmp_path / "alias" / "plain", tmp_path / "alias", "a", Problems())


def test_shown_path_is_relative_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b") == "a/b"
    assert shown_path(Path("a/b")) == "a/b"
    assert shown_path(Path("/usr/a")) == "/usr/a"
    assert shown_path(Path("/usr/a"), Path("/usr")) == "a"


# A graph's folder as a whole: no file hides the problems of another one


def test_a_graph_refuses_what_is_no_file_and_reads_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write_graph(tmp_path / "garden", **{"statements/letter.yaml": None, "statements/z.yaml": LETTER})
    inside = folder / "statements"
    (tmp_path / "secret.yaml").write_text(LETTER)
    os.mkfifo(inside / "pipe.yaml")
    (inside / "device.csv").symlink_to("/dev/zero")
    (inside / "folder.jsonl").mkdir()
    (inside / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "loop.yaml").symlink_to("loop.yaml")
    (inside / "twin").symlink_to(".")
    (inside / "latin.yaml").write_bytes(b"\xe9")
    (inside / "bad.yaml").write_text("source: letter\nstatements:\n  - triple: [a\n")
    (inside / "odd.txt").write_text("hello")
    (inside / ".hidden.yaml").write_text("a: [")
    (inside / "old.yaml~").write_text("a: [")
    found = read(folder)
    assert found.places == [
        "garden/statements/bad.yaml:3:13 P010",
        "garden/statements/device.csv P001",
        "garden/statements/folder.jsonl P003",
        "garden/statements/latin.yaml:1:1 P005",
        "garden/statements/loop.yaml P002",
        "garden/statements/odd.txt P007",
        "garden/statements/out.yaml P001",
        "garden/statements/pipe.yaml P003",
        "garden/statements/twin P007",
    ]
    assert sorted(found.parsed.sources) == ["letter", "minutes"]


def test_a_graph_without_entities_and_statements_is_empty(tmp_path: Path) -> None:
    found = read(write_only(tmp_path / "garden"))
    assert (found.problems, found.parsed.entities, found.parsed.statements.height) == ([], [], 0)


@pytest.mark.parametrize("name", ["entities.yaml", "entities.csv", "sources.yaml", "onrecord.yaml", "statements"])
def test_a_pipe_in_the_place_of_a_file_is_refused(name: str, tmp_path: Path) -> None:
    folder = write_only(tmp_path / "garden")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert read(folder).codes == ["P003"]


def test_a_folder_deeper_than_the_stack_is_read(tmp_path: Path) -> None:
    folder = write_only(tmp_path / "garden", **{"statements/a.yaml": "source: letter\nstatements: []\n"})
    before = Path.cwd()
    try:
        os.chdir(folder / "statements")
        for _ in range(1200):
            os.mkdir("d")  # noqa: PTH102  # a path of 1200 parts, made step by step
            os.chdir("d")
    finally:
        os.chdir(before)
    assert read(folder).problems == []
    subprocess.run(["rm", "-rf", folder], check=True)


# Hashes


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_hex(b"abc") == sha256_file(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


# Writing


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "out" / "a.txt"
    write_atomic(path, "old")
    return path


def beside(path: Path) -> list[str]:
    return sorted(item.name for item in path.parent.iterdir())


def test_write_atomic_takes_text_bytes_and_writers(target: Path) -> None:
    write_atomic(target, "größe")
    assert target.read_bytes() == "größe".encode()
    write_atomic(target, b"\0\xff")
    assert target.read_bytes() == b"\0\xff"
    write_atomic(target, lambda file: file.write(b"written"))
    assert target.read_bytes() == b"written"
    assert beside(target) == ["a.txt"]


def test_write_atomic_makes_missing_folders(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b" / "c", "x")
    assert (tmp_path / "a" / "b" / "c").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_old_file(target: Path, error: BaseException) -> None:
    def write(file: object) -> None:
        file.write(b"half of")  # type: ignore[attr-defined]
        raise error

    with pytest.raises(type(error)):
        write_atomic(target, write)
    assert (target.read_text(), beside(target)) == ("old", ["a.txt"])


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_full_disk_leaves_the_old_file(target: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OutputError, match=r"a\.txt: the disk is full; nothing was changed$"):
        write_atomic(target, "new")
    assert (target.read_text(), beside(target)) == ("old", ["a.txt"])


def test_a_disk_that_fails_at_the_rename_leaves_the_old_file(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(files.Path, "replace", refuse)
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written: Input/output error$"):
        write_atomic(target, "new")
    assert (target.read_text(), beside(target)) == ("old", ["a.txt"])


def test_a_write_that_the_kernel_cuts_leaves_the_old_file(tmp_path: Path) -> None:
    """The kernel's bound on the size of a file stops the writing in the middle, as a full disk does."""
    script = (
        "import resource, signal, sys; from onrecord.errors import OutputError\n"
        "from onrecord.files import write_atomic\n"
        "from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: write_atomic(Path(sys.argv[1]), b'x' * 10000)\n"
        "except OutputError as error: print(error)\n"
    )
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert done.stdout == f"{path}: cannot be written: File too large\n"
    assert (path.read_text(), beside(path)) == ("old", ["a.txt"])


def test_a_folder_cannot_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomic(tmp_path / "a", "x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomic(Path("/proc/onrecord/a"), "x")
    assert beside(tmp_path / "a") == ["a"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_the_mode_of_a_file_follows_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "a", "x")
        after = os.umask(umask)
    finally:
        os.umask(before)
    assert after == umask
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask


def test_a_second_writer_waits(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with locked(tmp_path / "out"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locked(tmp_path / "out"):
        thread.start()
        waiting.wait(5)
        thread.join(0.2)
        order.append("first")
        assert thread.is_alive()
    thread.join(5)
    assert order == ["first", "second"]


def test_a_lock_ends_with_an_exception_and_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours"), locked(tmp_path / "out"):
        raise ValueError("ours")
    with locked(tmp_path / "out"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "file"):
        pass


def test_entities_are_found_beside_a_broken_file(tmp_path: Path) -> None:
    folder = write_only(tmp_path / "garden", **{"entities.csv": "id,id\n", "entities.yaml": ENTITIES})
    found = read(folder)
    assert (found.codes, len(found.parsed.entities)) == (["P044"], 6)


def test_a_device_or_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomic(pipe, "through the pipe")
        assert os.read(reader, 100) == b"through the pipe"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    link = tmp_path / "nowhere"
    link.symlink_to(os.devnull)
    write_atomic(link, b"gone")
    assert link.is_symlink() and stat.S_ISCHR(Path(os.devnull).stat().st_mode)
