"""Owns literals as columns: texts to N-Triples terms, a whole column at once.

Leaves single terms to ``terms``. Texts are without control characters other than tab and line ends.
"""

from __future__ import annotations

import polars as pl

from onrecord.terms import XSD

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def quoted(text: pl.Expr) -> pl.Expr:
    """The string of a text, without datatype or language; null stays null."""
    special = text.str.contains(r'[\\"\n\r\t]')
    escaped = text
    for char, escape in _ESCAPES:
        escaped = escaped.str.replace_all(char, escape, literal=True)
    return pl.concat_str(pl.lit('"'), pl.when(special).then(escaped).otherwise(text), pl.lit('"'))


def typed(text: pl.Expr, datatype: str) -> pl.Expr:
    """A literal of one datatype."""
    return pl.concat_str(quoted(text), pl.lit("" if datatype == f"{XSD}string" else f"^^<{datatype}>"))


def tagged(text: pl.Expr, language: pl.Expr) -> pl.Expr:
    """A text in a language."""
    return pl.concat_str(quoted(text), pl.lit("@"), language)
