"""Owns a graph's folder: finds its files, reads ``onrecord.yaml``, guards its borders.

Leaves what stands in the other files to ``parse``, ``ontology`` and ``sources``.
"""

from __future__ import annotations

import hashlib
import os
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from onrecord.documents import Mapping, Scalar, Sequence, parse_yaml
from onrecord.errors import GraphNotFound, OutputError, Place, Problems
from onrecord.files import check_inside, is_file, read_text, sha256_file, shown_path
from onrecord.statuses import ASSERTABLE
from onrecord.terms import is_iri, is_language

SETTINGS = "onrecord.yaml"
RDF_SUFFIXES = (".ttl", ".trig")
STATEMENT_SUFFIXES = (".yaml", ".yml", ".csv", ".jsonl", ".parquet", *RDF_SUFFIXES)
ENTITY_FILES = ("entities.yaml", "entities.csv")
LOCK = "evidence.lock"
JUDGEMENTS = "judgements.yaml"
SOURCES_VARIABLE = "ONRECORD_SOURCES"
LOCAL_ID = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
MAX_LOCAL_ID = 120
_ID = re.compile(LOCAL_ID)
_KEYS = (
    "title",
    "description",
    "base",
    "ontologies",
    "language",
    "languages",
    "licence",
    "time zone",
    "curator",
    "assert policy",
    "quote limits",
)
_PROSE = ("title", "description", "licence", "curator")


def is_local_id(text: str) -> bool:
    """Whether ``text`` can be the id of an entity, a source or a statement.

    >>> is_local_id("miami-talks"), is_local_id("Miami talks")
    (True, False)
    """
    return bool(_ID.fullmatch(text)) and len(text) <= MAX_LOCAL_ID


@dataclass(frozen=True, slots=True)
class AssertPolicy:
    """Which statuses make a statement stand as fact: in the source's own voice, and by a speaker."""

    own_voice: frozenset[str] = frozenset({"stated", "confirmed"})
    speaker: frozenset[str] = frozenset({"confirmed"})


@dataclass(frozen=True, slots=True)
class QuoteLimits:
    """How much of a text the quotes may take: words a quote, share of the text in all."""

    words: int = 25
    share: float = 0.4


@dataclass(frozen=True, slots=True)
class Project:
    """A graph's folder and its settings."""

    folder: Path
    name: str
    title: str
    base: str
    description: str = ""
    languages: tuple[str, ...] = ("en",)
    licence: str = ""
    time_zone: str = "UTC"
    curator: str = ""
    policy: AssertPolicy = AssertPolicy()
    limits: QuoteLimits = QuoteLimits()
    ontology_files: tuple[Path, ...] = ()
    places: dict[str, Place] = field(default_factory=dict, compare=False)

    @property
    def language(self) -> str:
        """The language of labels and quotes where nothing else is said."""
        return self.languages[0]

    @property
    def as_read(self) -> str:
        """All settings, as they were when the graph was opened; the file may say something else by now."""
        policy = sorted(self.policy.own_voice), sorted(self.policy.speaker)
        named = self.name, self.title, self.base, self.description, self.licence, self.curator
        return repr((named, self.languages, self.time_zone, self.limits, policy))

    @property
    def lock_file(self) -> Path:
        """Where the verified spans are recorded."""
        return self.folder / LOCK

    @property
    def root(self) -> Path:
        """The folder that holds ``graphs/`` and ``build/``."""
        parent = self.folder.parent
        return parent.parent if parent.name == "graphs" else parent

    @property
    def build_folder(self) -> Path:
        """Where ``build`` writes unless it is told otherwise."""
        return self.root / "build" / self.name

    def name_of(self, path: Path) -> str:
        """A file of the graph as problems print it."""
        return shown_path(path)

    def relative(self, path: Path) -> str:
        """A file's name inside the graph, the same on every machine."""
        try:
            return path.relative_to(self.folder).as_posix()
        except ValueError:
            return path.name

    def require_apart(self, target: Path) -> None:
        """Whether a result may be written to ``target``: not over the graph's own files, nor where they are read from.

        Expected rows of questions are results, and may.

        :raises OutputError: where it may not.
        """
        here = Path(os.path.realpath(self.folder))
        for there in (Path(os.path.realpath(target)), Path(os.path.realpath(target.parent)) / target.name):
            parts = there.relative_to(here).parts if there.is_relative_to(here) else ("",)
            if not parts or parts[0] in (*_FILES, "statements", "sources", "ontology"):
                what = "is a part of" if parts else "is"
                raise OutputError(f"{target}: this {what} the graph, which is read, not written; choose another name")

    def source_folders(self, extra: tuple[Path, ...] = ()) -> list[Path]:
        """Where archived texts are looked up: the graph, ``$ONRECORD_SOURCES``, ``--sources``."""
        listed = os.environ.get(SOURCES_VARIABLE, "")
        folders = [self.folder / "sources", *(Path(part) for part in listed.split(os.pathsep) if part), *extra]
        return [folder for folder in folders if folder.is_dir()]


def open_project(path: str | Path, problems: Problems) -> Project:
    """The graph in the folder ``path``.

    :raises GraphNotFound: when there is no folder, or no ``onrecord.yaml`` in it.
    """
    folder = Path(path)
    try:
        found = folder.is_dir()
    except OSError:
        found = False
    if not found:
        raise GraphNotFound(f"{path}: there is no such folder")
    settings_file = folder / SETTINGS
    if not settings_file.exists():
        other = next((name for name in ("onrecord.yml", "Onrecord.yaml") if (folder / name).exists()), "")
        hint = f"; rename {other}" if other else ""
        raise GraphNotFound(f"{path}: this folder is no graph, it holds no {SETTINGS}{hint}")
    folder = folder.absolute()
    name = shown_path(folder / SETTINGS)
    default_base = f"https://example.org/{quote(os.fsencode(folder.name))}/"
    text = None
    if check_inside(settings_file, folder, name, problems):
        text = read_text(settings_file, name, problems)
    root = parse_yaml(text, name, problems) if text is not None else None
    if not isinstance(root, Mapping):
        if text is not None and (root is not None or not text.strip()):
            problems.error("G001", Place(name), "the settings are empty or not a mapping", "write  title: My graph")
        return Project(folder, folder.name, folder.name, default_base)
    return _Settings(root, folder, name, problems).project(default_base)


class _Settings:
    def __init__(self, root: Mapping, folder: Path, name: str, problems: Problems) -> None:
        self.root, self.folder, self.name, self.problems = root, folder, name, problems

    def project(self, default_base: str) -> Project:
        for key in self.root.key_nodes():
            if key.text not in _KEYS:
                self.problems.error(
                    "G002", key.place, f'unknown setting "{key.text}"', f"the settings are: {', '.join(_KEYS)}"
                )
        title = self._text("title") or self.folder.name
        base = self._text("base") or default_base
        if not is_iri(base) or not base.startswith(("http://", "https://", "urn:")) or base[-1] not in "/#:":
            self.problems.error(
                "G003",
                self._place("base"),
                f'the base "{base}" is no IRI that others can be built on',
                "write one like https://example.org/my-graph/ that ends in / or #",
            )
            base = default_base
        both = self.root.get("language")
        if both and self.root.get("languages"):
            self.problems.error("P026", both.place, '"languages" and "language" say the same thing', "keep one of them")
        languages = self._list("languages") or self._list("language") or ("en",)
        for language in languages:
            if not is_language(language):
                self.problems.error(
                    "G004",
                    self._place("languages"),
                    f'"{language}" is no language tag',
                    "write a tag of BCP 47, such as en or pt-BR",
                )
        zone = self._text("time zone") or "UTC"
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            self.problems.error(
                "G005", self._place("time zone"), f'"{zone}" is no time zone', "write one like Europe/London or UTC"
            )
            zone = "UTC"
        return Project(
            folder=self.folder,
            name=self.folder.name,
            title=title,
            base=base,
            description=self._text("description"),
            languages=tuple(language for language in languages if is_language(language)) or ("en",),
            licence=self._text("licence"),
            time_zone=zone,
            curator=self._text("curator"),
            policy=self._policy(),
            limits=self._limits(),
            ontology_files=tuple(self._ontologies()),
            places={key.text: node.place for key, node in self.root.items()},
        )

    def _place(self, key: str) -> Place:
        node = self.root.get(key)
        return node.place if node else Place(self.name)

    def _text(self, key: str) -> str:
        node = self.root.get(key)
        if node is None:
            return ""
        if isinstance(node, Scalar):
            if node.cut and key in _PROSE:
                self.problems.error(
                    "P028",
                    node.place,
                    f'" #" cuts this {key} short: what follows is a comment to YAML',
                    f"write the text on a line of its own:\n{key}: |-\n  {node.text} # ...",
                )
            return node.text.strip()
        self.problems.error("P022", node.place, f'"{key}" takes a text', f"write  {key}: ...")
        return ""

    def _list(self, key: str, root: Mapping | None = None) -> tuple[str, ...]:
        node = (root or self.root).get(key)
        if isinstance(node, Scalar):
            return (node.text,) if node.text else ()
        texts = []
        for item in node.items if isinstance(node, Sequence) else [node] if node else []:
            if isinstance(item, Scalar):
                texts += [item.text] if item.text else []
            else:
                self.problems.error("P022", item.place, f'"{key}" takes a list of texts', f"write  {key}: [a, b]")
        return tuple(texts)

    def _ontologies(self) -> list[Path]:
        node = self.root.get("ontologies")
        found: list[Path] = []
        names: list[tuple[str, Place]] = [("onrecord", Place(self.name))]
        for item in node.items if isinstance(node, Sequence) else [node] if node else []:
            if not isinstance(item, Scalar):
                self.problems.error("P022", item.place, '"ontologies" takes names', "write  ontologies: [diplomacy]")
            elif item.text != "onrecord":
                names.append((item.text, item.place))
        for name, place in names:
            path = self._ontology_file(name)
            if path is None:
                self.problems.error("G006", place, f'there is no ontology "{name}"', self._ontology_meant(name))
            elif path not in found and check_inside(
                path, path.parent if name in bundled_ontologies() else self.folder, place, self.problems
            ):
                found.append(path)
        return found

    def _ontology_meant(self, name: str) -> str:
        """What to write in place of a name that no ontology has."""
        folder = self.folder / "ontology"
        own = {path.stem for path in folder.glob("*.ttl") if not path.stem.endswith(".shapes") and _is_text(path.name)}
        known = sorted({*bundled_ontologies(), *own})
        meant = _meant(Path(name).stem, known)
        file = f"ontology/{Path(name).stem}.ttl"
        return f'did you mean "{meant}"?' if meant else f"write one of {', '.join(known)}, or make {file} in the graph"

    def _ontology_file(self, name: str) -> Path | None:
        if is_local_id(name) and name in bundled_ontologies():
            return bundled_ontologies()[name]
        path = self.folder / name
        candidates = [path, self.folder / "ontology" / f"{name}.ttl"]
        return next((candidate for candidate in candidates if candidate.suffix == ".ttl" and is_file(candidate)), None)

    def _policy(self) -> AssertPolicy:
        node = self.root.get("assert policy")
        if node is None:
            return AssertPolicy()
        default = AssertPolicy()
        if not isinstance(node, Mapping):
            self.problems.error(
                "P022",
                node.place,
                '"assert policy" takes two lists',
                "write  assert policy: {own voice: [stated, confirmed]}",
            )
            return default
        for key, value in node.items():
            if key.text not in ("own voice", "speaker"):
                self.problems.error(
                    "G002", key.place, f'unknown setting "{key.text}"', "the assert policy has: own voice, speaker"
                )
            for item in value.items if isinstance(value, Sequence) else [value]:
                if not isinstance(item, Scalar) or item.text not in ASSERTABLE:
                    self.problems.error(
                        "G007",
                        item.place,
                        "this is no status that can assert",
                        f"write some of {', '.join(ASSERTABLE)}",
                    )
        own = frozenset(self._list("own voice", node)) if node.get("own voice") else default.own_voice
        speaker = frozenset(self._list("speaker", node)) if node.get("speaker") else default.speaker
        return AssertPolicy(own, speaker)

    def _limits(self) -> QuoteLimits:
        node = self.root.get("quote limits")
        if node is None:
            return QuoteLimits()
        default = QuoteLimits()
        words, share = default.words, default.share
        if isinstance(node, Mapping):
            for key, value in node.items():
                number = value.text if isinstance(value, Scalar) else ""
                try:
                    if key.text == "words" and 0 < int(number) <= 1000:
                        words = int(number)
                        continue
                    if key.text == "share" and 0 < float(number) <= 1:
                        share = float(number)
                        continue
                except ValueError:
                    pass
                self.problems.error(
                    "G008", value.place, "this is no limit on quotes", "write  quote limits: {words: 25, share: 0.4}"
                )
        else:
            self.problems.error(
                "G008", node.place, "this is no limit on quotes", "write  quote limits: {words: 25, share: 0.4}"
            )
        return QuoteLimits(words, share)


def bundled_ontologies() -> dict[str, Path]:
    """The ontologies that come with onrecord, by name."""
    packaged = Path(str(resources.files("onrecord") / "ontology"))
    folder = packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "ontology"
    return {path.stem: path for path in sorted(folder.glob("*.ttl")) if not path.stem.endswith(".shapes")}


def shapes_beside(ontology: Path) -> Path | None:
    """The SHACL shapes that lie beside an ontology: ``NAME.shapes.ttl``."""
    path = ontology.with_suffix(".shapes.ttl")
    return path if os.path.lexists(path) else None


def find_files(project: Project, folder: str, suffixes: tuple[str, ...], problems: Problems) -> list[Path]:
    """The files of a subfolder with one of ``suffixes``, sorted, links that lead out reported.

    Hidden files and editors' back-ups (``~``) are passed over; any other file is a P007 warning.
    """
    start = project.folder / folder
    if not start.exists() and not start.is_symlink():
        return []
    if not start.is_dir():
        problems.error("P003", Place(project.name_of(start)), "this must be a folder", "make it a folder")
        return []
    if not start.resolve().is_relative_to(project.folder.resolve()):
        problems.error(
            "P001",
            Place(project.name_of(start)),
            "this link leads out of the graph's folder",
            "copy the folder into the graph instead of linking to it",
        )
        return []
    found = []

    def unreadable(path: Path, error: OSError) -> None:
        place = Place(project.name_of(path))
        problems.error("P002", place, f"this folder cannot be read: {error.strerror}", "mend or delete it")

    for path, is_plain in sorted(_walk(start, unreadable), key=lambda walked: walked[0].parts):
        if _is_passed_over(path):
            continue
        name = project.name_of(path)
        if not _is_text(name):
            place = Place(name.encode("utf-8", "backslashreplace").decode("utf-8"))
            problems.error("P002", place, "the name of this file is not UTF-8", "rename it")
        elif path.suffix.lower() not in suffixes:
            problems.warning(
                "P007",
                Place(name),
                f"this file is passed over: {folder}/ takes {', '.join(suffixes)}",
                "rename it or move it away",
            )
        elif is_plain or check_inside(path, project.folder, name, problems):
            found.append(path)
    return found


def _is_passed_over(path: Path) -> bool:
    """Whether a file is one of an editor's, or hidden: nobody means it as a part of the graph."""
    return path.name.startswith(".") or path.name.endswith("~")


def _is_text(name: str) -> bool:
    """Whether a file's name can be written as UTF-8: Linux allows any bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _walk(folder: Path, unreadable: Callable[[Path, OSError], None]) -> Iterator[tuple[Path, bool]]:
    """What stands below ``folder``, and whether it is an ordinary file: no link, nor reached through one.

    Folders are gone into, and given too where they are named like a file of statements.
    """
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        try:
            entries = list(os.scandir(inner))
        except OSError as error:
            unreadable(inner, error)
            continue
        for entry in entries:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False) or path.suffix.lower() in STATEMENT_SUFFIXES:
                yield path, entry.is_file(follow_symlinks=False)
            elif not entry.name.startswith("."):
                waiting.append(path)


_FILES = (SETTINGS, *ENTITY_FILES, "sources.yaml", JUDGEMENTS, "withdrawn.yaml", LOCK)
_FOLDERS = ("statements", "sources", "questions", "ontology")
_LIKENESS = 80
"""From this share of equal letters on (in per cent) a name is taken for a misspelt one."""


def report_strays(project: Project, problems: Problems) -> None:
    """Add a P009 for each file or folder at the top that seems to be one of a graph's under a wrong name.

    Others, such as a ``README.md``, are left alone. An ontology that no setting names is one too.
    """
    for entry in sorted(os.scandir(project.folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name in (*_FILES, *_FOLDERS) or not _is_text(entry.name):
            continue
        meant = _meant(entry.name, _FOLDERS if entry.is_dir() else _FILES)
        if meant:
            place = Place(project.name_of(project.folder / entry.name))
            what = f"this {'folder' if entry.is_dir() else 'file'} is passed over: a graph has {meant}"
            problems.warning("P009", place, what, f"rename it to {meant}, or move it away")
    read = {path.name for path in project.ontology_files}
    folder = project.folder / "ontology"
    settings = project.name_of(project.folder / SETTINGS)
    if any(problem.place.file == settings for problem in problems.items):
        return  # which ontologies are meant is known when the settings are mended
    for path in sorted(folder.glob("*.ttl")) if folder.is_dir() else ():
        if path.name.replace(".shapes.ttl", ".ttl") not in read and _is_text(path.name):
            place, name = Place(project.name_of(path)), path.name.removesuffix(".ttl").removesuffix(".shapes")
            problems.warning(
                "P009", place, "this ontology is passed over: no setting names it", f"write  ontologies: [{name}]"
            )


def _meant(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that ``name`` is most like, or nothing."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(name.lower(), known, scorer=fuzz.ratio, score_cutoff=_LIKENESS)
    return found[0] if found else ""


def input_files(project: Project, *, statements: bool = True) -> list[Path]:
    """Every file that a build depends on, questions and archived texts aside; the files of ``statements`` or not."""
    folder = project.folder
    files = [folder / SETTINGS, folder / LOCK, folder / "sources.yaml", folder / "withdrawn.yaml", folder / JUDGEMENTS]
    files += [folder / name for name in ENTITY_FILES]
    plain: list[Path] = []
    for path, is_plain in _walk(folder / "statements", lambda path, error: None) if statements else ():
        if path.suffix.lower() in STATEMENT_SUFFIXES and not _is_passed_over(path):
            (plain if is_plain else files).append(path)
    for ontology in project.ontology_files:
        shapes = shapes_beside(ontology)
        files += [ontology, shapes] if shapes else [ontology]
    return sorted((*plain, *(path for path in files if path.is_file())), key=lambda path: path.parts)


def input_digest(project: Project, *, statements: bool = True) -> str:
    """One hash over the graph's base and the names and bytes of its :func:`input_files`.

    A file that cannot be read counts as such: whoever reads it next says why.
    """
    total = hashlib.sha256(f"{project.base}\n".encode())
    for path in input_files(project, statements=statements):
        try:
            content = sha256_file(path)
        except OSError:
            content = "unreadable"
        total.update(os.fsencode(project.relative(path)) + f"\0{content}\n".encode())
    return total.hexdigest()
