"""Owns what kinds of SPARQL servers do otherwise than the standards say, as far as the words of a query tell.

Leaves sending queries and reading answers to ``remote``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from onrecord.errors import QueryError
from onrecord.sparql.tokens import Token

if TYPE_CHECKING:
    from onrecord.engine import Job


def prologue(job: Job, found: list[Token]) -> str:
    """What a server has to be told in the query that the engine here is told beside it; all on one line."""
    used = {token.text.partition(":")[0] for token in found if token.kind == "name"}
    return f"BASE <{job.base}> " + "".join(
        f"PREFIX {name}: <{address}> " for name, address in job.prefixes.items() if name in used
    )


def as_rows(query: str, found: list[Token]) -> str:
    """A CONSTRUCT as the SELECT of the solutions from which its triples are made."""
    start = next(index for index, token in enumerate(found) if token.text.upper() == "CONSTRUCT")
    end = found[start].start + len("CONSTRUCT")
    depth = 0
    for token in found[start + 1 :] if found[start + 1].text == "{" else ():
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            end = token.start + 1
            break
    return f"{query[: found[start].start]}SELECT * {query[end:]}"


def require_construct(kind: str, found: list[Token]) -> None:
    """Refuse a DESCRIBE where it gives other triples than here."""
    describes = any(token.kind == "word" and token.text.upper() == "DESCRIBE" for token in found)
    if describes and kind != "oxigraph":
        what = "what DESCRIBE gives is each server's own choice"
        raise QueryError(f"{what}; write  CONSTRUCT {{ <...> ?p ?o }} WHERE {{ <...> ?p ?o }}")


def doubts(kind: str, found: list[Token]) -> Iterator[str]:
    """Where a kind of server is known to lose rows without a word."""
    if kind != "virtuoso":
        return
    words = {token.text.upper() for token in found if token.kind == "word"}
    if {"VALUES", "UNION"} <= words:
        yield "Virtuoso may lose the rows of VALUES in a UNION; write BIND(... AS ?x) there"
    if any(_is_path(*three) for three in zip(found, found[1:], found[2:], strict=False)):
        yield (
            "Virtuoso may lose rows where a path of ? or * meets other patterns; "
            "write FILTER(?x = :a || EXISTS { ?x :p+ :a })"
        )


def _is_path(before: Token, token: Token, after: Token) -> bool:
    """Whether ``token`` lets a path have no step at all."""
    if token.kind != "sign" or token.text not in "?*":
        return False
    step = before.kind in ("iri", "name") or before.text in (")", "a")
    return step and (after.kind in ("variable", "name", "iri") or after.text in ("/", "|", ")"))
