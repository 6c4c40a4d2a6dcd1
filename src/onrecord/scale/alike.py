"""Owns which triples a server may hold as one: a value in two written forms, a text in ``en-GB`` and ``en-gb``.

Leaves the forms of values to ``written``. A server that keeps values holds fewer triples than were sent, and loses
both forms when one is deleted; what another one keeps apart is no mistake either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

import polars as pl

from onrecord.assemble import QUADS
from onrecord.written import canonical_forms

KEY = "key"
"""The column of what two quads have in common that a server may hold as one."""

PART = "part"
"""The column of the part in which a quad stands."""

_TAG = re.compile(r'"@[A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*\Z')
_IS_TAGGED = r'"@[A-Za-z0-9-]+$'

Read = Callable[[str], pl.LazyFrame]
"""The quads of a part."""


def shared_forms(objects: Iterable[str]) -> dict[str, str]:
    """The literals among ``objects`` that a server may hold in another form, each with the one for all its forms.

    >>> shared_forms(['"gate"@en-GB', '"gate"@en-gb', "<urn:gate>"])
    {'"gate"@en-GB': '"gate"@en-gb'}
    """
    terms = list(objects)
    tagged = {term: _lower_tag(term) for term in terms if _TAG.search(term)}
    return tagged | canonical_forms(terms)


def count_distinct(lines: Iterable[str]) -> int:
    """How many triples of N-Triples are left where a server holds those of one value as one."""
    triples = [_split(line) for line in lines]
    forms = shared_forms({term for _, _, term in triples})
    return len({(subject, predicate, forms.get(term, term)) for subject, predicate, term in triples})


def find_kept_alike(gone: Iterable[str], kept: Iterable[str]) -> list[str]:
    """Of the lines that are kept, those that leave a server together with one that is deleted.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> gone, kept = (f'<urn:a> <urn:b> "{text}"^^<{xsd}decimal> .' for text in ("1.50", "1.5"))
    >>> find_kept_alike([gone], [kept, kept.replace("urn:b", "urn:c")]) == [kept]
    True
    """
    out = [triple for triple in map(_split, gone) if triple[2].startswith('"')]
    about = {triple[:2] for triple in out}
    if not about:
        return []
    near = [(line, triple) for line, triple in ((line, _split(line)) for line in kept) if triple[:2] in about]
    forms = shared_forms({triple[2] for triple in out} | {triple[2] for _, triple in near})
    keys = {(*triple[:2], forms.get(triple[2], triple[2])) for triple in out}
    return [line for line, triple in near if (*triple[:2], forms.get(triple[2], triple[2])) in keys]


def find_alike(names: Collection[str], read: Read, graphs: Collection[str] | None = None) -> pl.DataFrame:
    """The quads, of all or of some graphs, that a server may hold as one with another: columns of QUADS, KEY, PART.

    The parts are read one at a time, up to three times: most datasets hold one form of each value, and are read once.
    """
    tags: set[str] = set()
    rewritten: list[pl.Series] = []
    for name in names:
        quads = _literals(read(name), graphs)
        tags |= set(quads["object"].str.extract(r"@([A-Za-z0-9-]+)$").drop_nulls().unique().to_list())
        rewritten.append(_keyed(quads.filter(~pl.col("object").str.contains(_IS_TAGGED)), only=True)[KEY])
    spelt = [tag for tag in tags if len({other for other in tags if other.lower() == tag.lower()}) > 1]
    keys = pl.concat(rewritten).unique() if rewritten else pl.Series(KEY, [], dtype=pl.UInt64)
    if keys.is_empty() and not spelt:
        return _none()

    def near(name: str) -> pl.DataFrame:
        found = _keyed(_literals(read(name), graphs))
        tag = pl.col("object").str.extract(r"@([A-Za-z0-9-]+)$")
        return found.filter(tag.is_in(spelt).fill_null(False) | pl.col(KEY).is_in(keys.implode()))

    every = pl.concat([near(name)[KEY] for name in names])
    twice = every.filter(every.is_duplicated()).unique()
    if twice.is_empty():
        return _none()
    found = [
        near(name).filter(pl.col(KEY).is_in(twice.implode())).with_columns(pl.lit(name).alias(PART)) for name in names
    ]
    return pl.concat(found)


def find_where(quads: pl.DataFrame, names: Collection[str], read: Read) -> pl.DataFrame:
    """Which of these quads stand in parts of another build, with the PART that they stand in there."""
    mine = quads.drop(PART).lazy()
    found = [
        read(name).select(QUADS.names()).join(mine, on=QUADS.names(), how="inner").collect().select(*QUADS.names(), KEY)
        for name in names
    ]
    named = [part.with_columns(pl.lit(name).alias(PART)) for name, part in zip(names, found, strict=True)]
    return pl.concat([_none(), *named])


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={**QUADS, KEY: pl.UInt64, PART: pl.String})


def _literals(quads: pl.LazyFrame, graphs: Collection[str] | None) -> pl.DataFrame:
    """The quads with a literal that has a datatype or a language."""
    term = pl.col("object")
    found = quads.select(QUADS.names()).filter(term.str.starts_with('"') & ~term.str.ends_with('"'))
    return (found if graphs is None else found.filter(pl.col("graph").is_in(list(graphs)))).collect()


def _keyed(quads: pl.DataFrame, *, only: bool = False) -> pl.DataFrame:
    """Quads with their KEY; with ``only`` those whose literal has another form."""
    forms = shared_forms(quads["object"].unique())
    if only:
        quads = quads.filter(pl.col("object").is_in(list(forms)))
    term = pl.col("object").replace(forms)
    return quads.with_columns(pl.concat_str("graph", "subject", "predicate", term, separator=" ").hash().alias(KEY))


def _lower_tag(term: str) -> str:
    text, at, tag = term.rpartition("@")
    return f"{text}{at}{tag.lower()}"


def _split(line: str) -> tuple[str, str, str]:
    subject, predicate, rest = line.split(" ", 2)
    return subject, predicate, rest[:-2]
