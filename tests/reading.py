"""Owns the door that tests use to read a graph's folder: everything up to the statement table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from onrecord.errors import Problem, Problems, sort_problems
from onrecord.ontology import Ontology, load_ontologies
from onrecord.parse import Parsed, parse
from onrecord.project import Project, open_project


@dataclass(frozen=True, slots=True)
class Read:
    """What came out of a folder."""

    project: Project
    ontology: Ontology
    parsed: Parsed
    problems: list[Problem]

    @property
    def codes(self) -> list[str]:
        """The codes of the problems, in the order in which they are shown."""
        return [problem.code for problem in self.problems]

    @property
    def places(self) -> list[str]:
        """``file:line:column code`` of each problem."""
        return [f"{problem.place} {problem.code}" for problem in self.problems]

    def column(self, name: str) -> list[object]:
        """A column of the statement table."""
        return self.parsed.statements[name].to_list()


def read(folder: Path) -> Read:
    """Open the folder, load its ontologies and parse its files."""
    problems = Problems()
    project = open_project(folder, problems)
    ontology = load_ontologies(project, problems)
    parsed = parse(project, ontology, problems)
    return Read(project, ontology, parsed, sort_problems(problems.items))


def rendered(problems: Iterable[Problem]) -> str:
    """The problems as ``onrecord check`` prints them, one after the other."""
    return "\n".join(problem.render(line_of) for problem in problems)


def line_of(file: str, line: int) -> str | None:
    """A line of a file as it is now, the file named from the working directory."""
    try:
        lines = Path(file).read_bytes().decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    except OSError:
        return None
    return lines[line - 1] if 0 < line <= len(lines) and not file.endswith(".parquet") else None
