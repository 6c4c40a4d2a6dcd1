"""Owns what the server's own pages share: their templates, styles and icon.

Leaves what stands on them to the modules that are named after their addresses.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response


@cache
def environment() -> Environment:
    """The templates of the server's own pages, autoescaped."""
    return Environment(
        loader=PackageLoader("onrecord.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


async def send_style(request: Request) -> Response:
    """The styles of the server's own pages."""
    style = files("onrecord.serve").joinpath("assets", "serve.css").read_text("utf-8")
    return Response(style, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def send_icon(request: Request) -> Response:
    """Browsers ask for one; there is none."""
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})
