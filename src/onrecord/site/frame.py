"""Owns the frame of a site's pages: templates, policy, shared assets, and the bytes that come out.

Leaves what stands in a page to the modules that are named after them, and the colours to ``view.look``.

The styles and scripts of a site are files of its own, allowed by ``'self'`` (and ``file:``, where the
pages are read from disk). Data stand in JSON blocks that nothing executes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from onrecord.site.addresses import outward, resolve_root
from onrecord.site.page import SiteOptions
from onrecord.view.frame import asset as view_asset
from onrecord.view.frame import embed_json, line_mark, shape_mark, theme
from onrecord.view.look import LINES, SHAPES

_STYLES = ("site.css", "statement.css")
_SCRIPTS = ("search.js", "reading.js")


@cache
def asset(name: str) -> str:
    """The text of a file beside this module's templates."""
    return files("onrecord.site").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """The templates of a site, autoescaped."""
    found = Environment(
        loader=PackageLoader("onrecord.site"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    found.globals |= {
        "embed_json": embed_json, "line_mark": line_mark, "shape_mark": shape_mark, "outward": outward,
        "lines": LINES, "shapes": SHAPES,
    }  # fmt: skip
    found.filters["number"] = "{:,}".format
    found.filters["plural"] = plural
    return found


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> plural(1, "source"), plural(2, "source"), plural(0, "entity", "entities")
    ('1 source', '2 sources', '0 entities')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shared_assets(*, live: bool) -> dict[str, bytes]:
    """The files that every page uses, by path."""
    style = theme() + view_asset("palette.css") + "".join(map(asset, _STYLES))
    script = "\n".join([*map(view_asset, ("elements.js", "theme.js", "theme-button.js")), *map(asset, _SCRIPTS)])
    out = {
        "assets/site.css": style,
        "assets/theme.js": alone(view_asset("theme.js")),
        "assets/site.js": alone(script),
        "assets/minisearch.min.js": asset("vendor/minisearch.min.js"),
        "assets/THIRD_PARTY.txt": asset("vendor/THIRD_PARTY.txt"),
    }
    if live:
        out["assets/live.js"] = view_asset("live.js")
    return {path: text.encode("utf-8") for path, text in out.items()}


def alone(script: str) -> str:
    """The script with its names to itself."""
    return f"(function () {{\n'use strict';\n{script}\n}})();\n"


def policy(*, live: bool) -> str:
    """The Content Security Policy of a site's page."""
    own = "'self' file:"
    connect = "connect-src 'self'; " if live else ""
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own} data:; {connect}"
        "base-uri 'none'; form-action 'none'"
    )


class Frame:
    """Renders templates into pages of one site."""

    def __init__(self, options: SiteOptions, shell: dict[str, Any]) -> None:
        self.csp = policy(live=options.live)
        self._shell = {
            **shell,
            "csp": self.csp,
            "live": options.live,
            "base_url": options.base_url,
        }

    def page(self, template: str, path: str, *, title: str, here: str = "", **values: Any) -> bytes:
        """The page of ``template`` at ``path``; ``here`` is the entry of the navigation that it belongs to.

        ``values`` stand over what all pages share: ``csp`` gives the page a policy of its own.
        """
        values.setdefault("linked", None)
        values.setdefault("description", "")
        text = environment().get_template(template).render(
            **{**self._shell, "path": path, "title": title, "here": here, **values}
        )  # fmt: skip
        return resolve_root(text, path).encode("utf-8", "replace")


def piece(template: str, **values: Any) -> Markup:
    """A part of a page, to be put into others."""
    return Markup(environment().get_template(template).render(**values))  # autoescaped
