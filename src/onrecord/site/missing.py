"""Owns the page that a host serves at every address that has none, however deep.

Leaves what other pages share to ``frame``. Relative links would lead from wherever it is served, so it holds all it
needs, and its links lead from the address at which the site stands, or from the folder that its script finds.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from markupsafe import Markup

from onrecord.site.frame import Frame, alone, asset
from onrecord.site.page import SiteOptions
from onrecord.view.frame import asset as view_asset
from onrecord.view.frame import hashed_policy

PATH = "404.html"
_TITLE = "There is no such page"


def missing_page(frame: Frame, options: SiteOptions) -> bytes:
    """The page; it is as the others are where a server of ours gives it, because there the site is the host's top.

    Elsewhere that is a guess, made where no script runs and nobody has said where the site stands.
    """
    if options.live:
        return frame.page("missing.html.j2", PATH, title=_TITLE, root="/")
    style = view_asset("palette.css") + asset("missing.css")
    script = alone(view_asset("theme.js")) + alone(asset("missing.js"))
    return frame.page(
        "missing_alone.html.j2",
        PATH,
        title=_TITLE,
        csp=hashed_policy((script,), (style,), connect=True),
        style=Markup(style),  # our own files, no data in them
        script=Markup(script),
        root=quote(urlsplit(options.base_url).path, safe="/%") or "/",
    )
