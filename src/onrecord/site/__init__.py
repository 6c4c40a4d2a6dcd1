"""Owns the door to the site: all pages of a graph, for a folder or for a server.

Leaves writing them to ``publish`` and serving them to ``serve``.
"""

from __future__ import annotations

from collections.abc import Iterator

from onrecord.build import Loaded
from onrecord.site.page import Page, SiteOptions
from onrecord.site.pages import Site, is_view

__all__ = ["Page", "Site", "SiteOptions", "is_view", "site_pages"]


def site_pages(loaded: Loaded, options: SiteOptions) -> Iterator[Page]:
    """Every page of the graph's site, in the order of their paths; :class:`Site` makes one at a time.

    :raises GraphBroken: when the graph holds errors.
    """
    return iter(Site(loaded, options))
