"""onrecord builds knowledge graphs in which every edge is on the record.

>>> import onrecord
>>> graph = onrecord.open("graphs/miami-talks")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from onrecord.graph import Graph

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(path: str | PathLike[str]) -> Graph:  # noqa: A001  # onrecord.open reads as it should
    """Open the graph in the folder ``path``.

    :raises onrecord.errors.GraphNotFound: when the folder is no graph.
    """
    from onrecord.graph import Graph

    return Graph(path)
