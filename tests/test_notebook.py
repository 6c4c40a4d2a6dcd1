"""Owns the tests of what a notebook shows."""

from __future__ import annotations

import html
import re
from pathlib import Path

import onrecord
from onrecord.answers import Answer, Term
from onrecord.notebook import ROWS, frame, table
from small_graph import LETTER, write_graph


def test_a_graph_shows_its_network(graph_folder: Path) -> None:
    graph = onrecord.open(graph_folder)
    shown = graph._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts ')
    page = re.search(r'srcdoc="([^"]*)"', shown)
    assert page is not None
    graph.view(graph_folder / "page.html")
    assert html.unescape(page[1]) == (graph_folder / "page.html").read_text("utf-8")


def test_a_broken_graph_shows_what_is_wrong(tmp_path: Path) -> None:
    folder = write_graph(
        tmp_path / "g", **{"statements/letter.yaml": LETTER.replace("Rose Marsh, chairs", "<b>, chairs")}
    )
    shown = onrecord.open(folder)._repr_html_()
    assert shown.startswith("<pre>")
    assert 'R001 no entity is called "<b>"' in html.unescape(shown)
    assert "<b>" not in shown


def test_a_frame_holds_its_page_and_nothing_escapes() -> None:
    page = "<script>\"'&</script>"
    found = frame(page, '"><b>')
    assert found.count("<") == 2
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', found)[1]) == page  # type: ignore[index]


def test_a_long_table_says_how_much_more_there_is() -> None:
    rows = [(str(at), None) for at in range(ROWS + 1234)]
    found = table(("a", "b"), rows)
    assert found.count("<tr>") == ROWS + 1
    assert found.endswith("</table><p>1,234 more rows</p>")


def test_every_kind_of_answer_shows_itself() -> None:
    assert Answer("boolean", boolean=True)._repr_html_() == "<pre>true</pre>"
    assert Answer("graph", graph=b"<a> <b> <c> .\n")._repr_html_() == "<pre>&lt;a&gt; &lt;b&gt; &lt;c&gt; .\n</pre>"
    rows = Answer("rows", ("x",), ((Term("literal", "1"),),))
    assert rows._repr_html_() == "<table><thead><tr><th>x</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
