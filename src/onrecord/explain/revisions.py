"""Owns a folder of graphs as it stood at a git revision: its files, copied out of the repository.

Leaves reading them to ``states``. Files are read object by object (``ls-tree``, ``cat-file``): no
hook, filter, attribute or alias of the repository is run, and nothing is fetched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from onrecord.errors import OnRecordError

_LINK, _FILES = "120000", ("100644", "100755", "100664")
_SAFE = (
    "--no-pager",
    "--literal-pathspecs",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "protocol.allow=never",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """A folder and a commit; ``text`` is how the user wrote the two."""

    text: str
    folder: Path
    name: str


def split_revision(text: str) -> Revision | None:
    """The folder and the revision in ``FOLDER@REVISION``; None where there is no ``@``.

    The folder ends at the first ``@`` behind which no folder of that name goes on, so that
    ``graphs/a@HEAD@{1}`` and a folder with an ``@`` in its name are both understood.

    >>> split_revision("no-such-folder@v1.0").name
    'v1.0'
    """
    cuts = [at for at, char in enumerate(text) if char == "@" and 0 < at < len(text) - 1]
    if not cuts:
        return None
    there = [at for at in cuts if Path(text[:at]).is_dir()]
    plain = [at for at in cuts if text[at + 1] != "{"] or cuts
    at = there[0] if there else plain[-1]
    return Revision(text, Path(text[:at]), text[at + 1 :])


def extract(revision: Revision, target: Path) -> Path:
    """Copy the folder as of the revision below ``target``; returns the copy's folder.

    Archived texts (``sources/``) are left out, since no statement is read from them.

    :raises OnRecordError: when git, the repository, the revision or the folder in it is not there.
    """
    root, inside = _repository(revision)
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision.name}^{{commit}}")
    if commit is None:
        raise OnRecordError(f'{revision.text}: the repository has no revision "{revision.name}"')
    entries = [
        entry
        for entry in _tree(root, commit.decode("ascii").strip(), inside)
        if entry[2].parts[0] != "sources" and entry[0] in (_LINK, *_FILES)
    ]
    if not entries:
        raise OnRecordError(f'{revision.text}: there is no such folder in "{revision.name}"')
    folder = target / (inside.name or root.name)
    blobs = _blobs(root, [oid for _, oid, _ in entries])
    for mode, oid, path in sorted(entries, key=lambda entry: (entry[0] == _LINK, entry[2])):
        _check(path, revision)
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == _LINK:  # last of all, so that nothing is written through one
            place.symlink_to(os.fsdecode(blobs[oid]))
        else:
            with place.open("xb") as file:
                file.write(blobs[oid])
    return folder


def _repository(revision: Revision) -> tuple[Path, PurePosixPath]:
    """The root of the repository that holds the folder, and the folder's path in it."""
    folder = Path(os.path.abspath(revision.folder))  # noqa: PTH100  # the folder itself may be a link, or be gone
    there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    top = _git(there, "rev-parse", "--show-toplevel")
    if top is None:
        raise OnRecordError(f"{revision.text}: {revision.folder} does not lie in a git repository")
    root = Path(os.fsdecode(top.removesuffix(b"\n")))
    try:
        inside = (there.resolve() / folder.relative_to(there)).relative_to(root.resolve())
    except ValueError as error:
        raise OnRecordError(f"{revision.text}: {revision.folder} does not lie in its repository") from error
    return root, PurePosixPath(inside.as_posix())


def _tree(root: Path, commit: str, inside: PurePosixPath) -> Iterator[tuple[str, str, PurePosixPath]]:
    """Mode, object and path below ``inside`` of every file of a commit."""
    at = () if inside == PurePosixPath(".") else ("--", f"{inside.as_posix()}/")
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, *at) or b""
    for line in listed.split(b"\0"):
        head, tab, name = line.partition(b"\t")
        if tab:
            mode, _, oid = head.decode("ascii").split()
            yield mode, oid, PurePosixPath(os.fsdecode(name)).relative_to(inside)


def _check(path: PurePosixPath, revision: Revision) -> None:
    if path.is_absolute() or any(part in ("..", ".", "") or part.lower() == ".git" for part in path.parts):
        raise OnRecordError(f"{revision.text}: the path {path} leads out of the folder")


def _blobs(root: Path, oids: list[str]) -> dict[str, bytes]:
    wanted = sorted(set(oids))
    data = _git(root, "cat-file", "--batch", given="".join(f"{oid}\n" for oid in wanted).encode("ascii"))
    out: dict[str, bytes] = {}
    at = 0
    for oid in wanted:
        end = (data or b"").find(b"\n", at)
        head = (data or b"")[at:end].split()
        if data is None or end < 0 or len(head) != 3:
            raise OnRecordError(f"{root}: the object {oid} is not in the repository")
        size = int(head[2])
        out[oid] = data[end + 1 : end + 1 + size]
        at = end + 2 + size
    return out


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints, or None when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_SAFE, "-C", str(folder), *arguments],
            input=given,
            capture_output=True,
            env={**clean, **quiet},
            check=False,
        )
    except FileNotFoundError as error:
        raise OnRecordError("git is not installed, so no revision can be read") from error
    return done.stdout if done.returncode == 0 else None
