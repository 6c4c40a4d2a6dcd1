"""Owns look-ups on behalf of a row: each distinct name once, a failed one reported at its place.

Leaves which names there are to ``names`` and the columns that are filled to ``columns`` and ``propositions``.
"""

from __future__ import annotations

from pathlib import PurePath

import polars as pl

from onrecord.errors import Problems
from onrecord.names import Names, report_name
from onrecord.nearest import did_you_mean
from onrecord.ontology import Property
from onrecord.parse import Parsed
from onrecord.parse.records import REFERENCE
from onrecord.project import RDF_SUFFIXES, Project
from onrecord.terms import iri


class Lookup:
    """What every step of resolving needs to know."""

    def __init__(self, parsed: Parsed, names: Names, project: Project, problems: Problems) -> None:
        self.parsed, self.names, self.project, self.problems = parsed, names, project, problems
        self.places = parsed.places
        self.by_id = self._ids()
        known = names.ontology.properties.values()
        self.literal_properties = {iri(prop.iri): prop for prop in known if prop.takes_literal}
        self._terms: dict[tuple[str, str], str | None] = {}
        self._own = sorted({name for mine in names.by_source.values() for name in mine})

    def _ids(self) -> dict[str, int]:
        """The row of every statement id; one that stands twice is an R004, but in RDF: a node may be several rows."""
        named = self.parsed.statements.filter(pl.col("id").is_not_null() & ~pl.col("nested"))
        rows: dict[str, int] = {}
        for text, row, file in named.select("id", "row", "file").iter_rows():
            if text in rows and PurePath(file).suffix.lower() not in RDF_SUFFIXES:
                self.problems.error(
                    "R004",
                    self.places.of(row, "id"),
                    f'the statement id "{text}" stands twice; the first is in {self.places.of(rows[text], "id")}',
                    "give each statement its own id",
                )
            else:
                rows.setdefault(text, row)
        return rows

    def takes_reference(self, predicate: str | None) -> bool:
        """Whether ``statement:ID`` after a property means that statement, and is not the text of a value."""
        return predicate is not None and predicate not in self.literal_properties

    def term(self, written: str, source: str) -> str | None:
        """The term of a name as one source uses it; None where it is unknown or ambiguous."""
        key = (source, written)
        if key not in self._terms:
            choices = self.names.choices(written, source)
            self._terms[key] = iri(choices[0]) if len(choices) == 1 else None
        return self._terms[key]

    def terms(self, names: pl.DataFrame) -> pl.Series:
        """The term of each ``text`` as its ``source`` uses it; null where it is unknown or ambiguous.

        A name is looked up once, and once for each source where some source has a speaker of that name.
        """
        own = pl.col("text").is_in(self._own)
        common = names.filter(~own)["text"].unique()
        shared = {text: self.term(text, "") for text in common}
        term = pl.col("text").replace_strict(shared, default=None, return_dtype=pl.String) if shared else pl.lit(None)
        found = names.select("source", "text", term.cast(pl.String).alias("term"))
        pairs = names.filter(own).unique()
        if pairs.is_empty():
            return found["term"]
        local = pairs.with_columns(
            pl.Series("local", [self.term(text, source) for source, text in pairs.iter_rows()], dtype=pl.String)
        )
        joined = found.join(local, on=["source", "text"], how="left", maintain_order="left")
        return joined.select(pl.coalesce("local", "term")).to_series()

    def named(self, written: str, source: str, row: int, name: str) -> str | None:
        """The term of a name in a list; a failed look-up is reported."""
        term = self.term(written, source)
        if term is None:
            self.no_entity(written, source, row, name)
        return term

    def no_entity(self, written: str, source: str, row: int, name: str) -> None:
        """Report a failed look-up; under a source that is not known it may mean one of its speakers."""
        if source in self.parsed.sources:
            found = self.names.entity(written, source)
            report_name(found, written, "entities", self.places.of(row, name), self.names, self.problems)

    def referred(self, written: str, row: int, name: str) -> int | None:
        """The row of the statement that ``statement:ID`` means."""
        target = self.by_id.get(written.removeprefix(REFERENCE))
        if target is None:
            near = did_you_mean(written, [REFERENCE + known for known in self.by_id])
            self.problems.error(
                "R006", self.places.of(row, name), f'no statement has the id of "{written}"', near or "write  id: on it"
            )
        return target

    def no_value(self, prop: Property, row: int, field: str) -> None:
        """Report a triple where a property takes a value."""
        self.problems.error(
            "R007",
            self.places.of(row, field),
            f'"{prop.label}" takes a value, not a triple',
            "write the value as text, or use another property",
        )
