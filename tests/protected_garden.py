"""Owns a garden with a protected person, speaker and source, and the words that must not be found of them."""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from urllib.parse import unquote

from small_graph import ENTITIES, SETTINGS

THINGS = ENTITIES.replace(
    "  label: Basil Thorn\n  type: person\n",
    "  label: Basil Thorn\n  type: person\n  aliases: [the tall gardener, Ocimum]\n"
    "  same as: [http://www.wikidata.org/entity/Q424242]\n  note: lives in Quince Lane\n  protected: true\n",
) + (
    "\n- id: beehive\n  label: beehive of Basil Thorn\n  type: plot\n  note: Thorn keeps it\n"
    "  aliases: [the Thorn hive]\n"
    "  same as: [https://en.wikipedia.org/wiki/Hive_of_basil_thorn, http://www.wikidata.org/entity/Q77]\n"
    "\n- id: pond\n  label: the pond\n  type: plot\n  note: see the papers on Q424242, or https://example.org/memos/7#end\n"
    "  aliases: [pool of Ba\u00adsil Tho\u200brn, cafe\u0301 of Bas\u0131l Thorn]\n"
)
"""The pond's aliases hide the name behind characters that nobody sees."""

LETTER = """\
source:
  id: letter
  title: A letter to the members on Mr Thorn
  published: 2024-06-01
  text: letter.txt
  licence: CC0-1.0
  url: https://news.example/2024/thorn-speaks-out
  retrieved: 2024-06-03
  note: Basil Thorn wrote in the margin
  speakers:
    - id: lodger
      label: the lodger with the Green Hat
      protected: true
    - id: neighbour
      label: a neighbour
  left out:
    - quote: Basil Thorn is a fine man
      reason: no news
statements:
  - triple: [Rose Marsh, chairs, Garden Society]
    quote: our chairwoman, Rose Marsh
  - id: thorn-tends
    triple: [Basil Thorn, tends, plot 7]
    said by: a neighbour
    quote: the man who tends plot 7
    note: it is he, Ocimum
    hedge: as they whisper
  - triple: [Rose Marsh, believes, [Basil Thorn, opposes, hose ban]]
    quote: she thinks that he is against it
  - triple: [Rose Marsh, attends, summer show]
    said by: the lodger with the Green Hat
    said when: 2024-05-30
    said to: Rose Marsh
    status: expected
    quote: she said that at the fence
    in the words: over the fence
  - triple: [Rose Marsh, supports, hose ban]
    quote: unlike Mr THORN, Rose Marsh wants the hose ban
  - triple: [Rose Marsh, tends, beehive of Basil Thorn]
    on condition: if Mr. Thorn lets her
    quote: she looks after the hive
  - triple: [plot 7, motto, "Thorn was here"]
    quote: carved into the fence
  - triple: [Basil Thorn, motto, "ring 0171 555 0199"]
    on condition: when the lamp is lit
    quote: on his card
  - triple: [Rose Marsh, tends, the pond]
    locator: https://news.example/scans/b%61silthorn.png
    note: more in memo-7
    quote: Rose Marsh and the pond
"""
PAPERS = """\
source:
  id: papers
  title: Papers of the Society
  published: 2024-06-05
  licence: by kind leave of basil thorn
statements:
  - triple: [Rose Marsh, attends, summer show]
    quote: she came to the show
"""
SLIP = """\
source:
  id: slip-9
  title: Slip of the night watchman
  published: 2024-06-07
  protected: true
statements:
  - triple: [Rose Marsh, attends, summer show]
    quote: she will not have it
"""
WITHDRAWN = "- source: slip-9\n  on: 2024-06-11\n  who: Ivo Larkspur\n  why: the watchman begged for it\n"
MEMO = """\
source:
  id: memo-7
  title: Internal memo number seven
  publisher: Quince Press
  author: Ivo Larkspur
  published: 2024-06-09
  url: https://example.org/memos/7
  text: memo-7.txt
  sha256: 0f343b0931126a20f133d67c2b018a3b5b2b5fa4a6bd3c4a1d5b3a3c4d5e6f70
  protected: true
  speakers:
    - id: clerk
      label: a clerk of the Society
statements:
  - triple: [Rose Marsh, opposes, hose ban]
    said by: a clerk of the Society
    quote: she is dead against any ban of hoses
"""
QUESTION = "#+ title: What does {} do?\nSELECT ?what WHERE {{ {} ?property ?what }}\n"

FILES = {
    "entities.yaml": THINGS,
    "statements/letter.yaml": LETTER,
    "statements/minutes.yaml": None,
    "statements/memo-7.yaml": MEMO,
    "statements/thorn-files.yaml": PAPERS,
    "statements/slip.yaml": SLIP,
    "withdrawn.yaml": WITHDRAWN,
    "onrecord.yaml": SETTINGS.replace("curator: Ada\n", "licence: by leave of Basil Thorn\n"),
    "sources/letter.txt": "Basil Thorn is a fine man. our chairwoman, Rose Marsh, met the man who tends plot 7.\n",
    "questions/rose.rq": QUESTION.format("Rose", ":rose"),
    "questions/basil.rq": QUESTION.format("he", ":basil"),
    "questions/by-name.rq": QUESTION.format("Basil Thorn", "?who"),
    "questions/thorn-likes.rq": QUESTION.format("one of them", "?who"),
    "questions/lower.rq": QUESTION.format("one of them", "?who") + '# FILTER(CONTAINS(LCASE(?label), "thorn"))\n',
    "questions/escaped.rq": QUESTION.format("one of them", "?who") + '# "\\u0054horn"\n',
}
BANNED = (
    *("basil", "thorn", "tall gardener", "ocimum", "q424242", "quince", "lodger", "green hat", "memo-7", "memo number"),
    *("larkspur", "/memos/", "0f343b0931126a20", "clerk", "2024-06-09", "the man who tends", "he is against it"),
    *("at the fence", "over the fence", "carved", "dead against", "as they whisper", "2024-05-30", "looks after"),
    *("0171 555", "lamp is lit", "on his card", "slip-9", "watchman", "2024-06-11", "2024-06-07", "will not have it"),
)


def layers(data: bytes) -> list[str]:
    """The text of a file and of whatever is packed inside it."""
    out = [data.decode("utf-8", "replace")]
    if len(data) < 1 << 20:
        out += [unquote(out[0]), html.unescape(out[0])]
    out.append(re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), out[0]))
    packed = [data] if data[:2] == b"\x1f\x8b" else []
    for blob in re.findall(rb"[A-Za-z0-9+/]{24,}={0,2}", data):
        try:
            packed.append(base64.b64decode(blob + b"=" * (-len(blob) % 4)))
        except (binascii.Error, ValueError):
            continue
    for blob in packed:
        out.append(blob.decode("utf-8", "replace"))
        if blob[:2] == b"\x1f\x8b":
            out.append(zlib.decompressobj(31).decompress(blob).decode("utf-8", "replace"))
    return out


def named_everywhere(words: str) -> dict[str, str]:
    """A garden whose every field that takes a text names somebody protected in these ``words``."""

    def said(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    among = said(f"then {words} came")
    source = "".join(f"  {key}: {among}\n" for key in ("publisher", "author", "licence", "retrieved", "note"))
    fields = ("translation", "when text", "hedge", "curator", "note")
    more = "".join(f"    {key}: {among}\n" for key in fields)
    plain = "SELECT ?s WHERE { ?s ?p ?o }\n"
    return {
        "onrecord.yaml": SETTINGS.replace("The garden society", among)
        .replace("Who tends what, and who says so.", among)
        .replace("curator: Ada", f"curator: {among}\nlicence: {among}"),
        "entities.yaml": ENTITIES.replace("  label: Basil Thorn\n", "  label: Basil Thorn\n  protected: true\n")
        + f"\n- id: pond\n  label: {among}\n  type: plot\n  aliases: [{said(words)}]\n  note: {among}\n",
        "statements/letter.yaml": f"source:\n  id: letter\n  title: {among}\n  published: 2024-06-01\n"
        f"  url: {said(words)}\n  text: {said(words)}\n{source}"
        f"  speakers:\n    - id: neighbour\n      label: {among}\n      note: {among}\n"
        f"  left out:\n    - quote: {among}\n      reason: {among}\n"
        f"statements:\n  - triple: [rose, chairs, Garden Society]\n    quote: {among}\n    prefix: {among}\n"
        f"    suffix: {among}\n    locator: {said(words)}\n{more}"
        f"  - triple: [rose, attends, summer show]\n    quote: the show\n    on condition: {among}\n"
        f"    in the words: {among}\n    locator: {among}\n{more}"
        f"  - triple: [plot-7, motto, {among}]\n    said by: neighbour\n    quote: its motto\n"
        "  - triple: [rose, tends, pond]\n    quote: the pond\n",
        "statements/minutes.yaml": "source:\n  id: minutes\n  title: Minutes\n  published: 2024-06-02\n"
        "statements:\n  - triple: [rose, supports, hose ban]\n    quote: yes\n",
        "withdrawn.yaml": f"- source: minutes\n  on: 2024-06-11\n  who: {among}\n  why: {among}\n",
        "questions/title.rq": f"#+ title: {among}\n{plain}",
        "questions/description.rq": f"#+ description: {among}\n{plain}",
        "questions/default.rq": f"#+ defaults:\n#+   - name: {among}\nSELECT ?s WHERE {{ ?s ?p ?_name }}\n",
        "questions/remark.rq": f"{plain}# {words}\n",
        "questions/the-thorn.rq": plain,
        "sources/letter.txt": f"then {words} came\n",
    }
