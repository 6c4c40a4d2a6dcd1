"""Owns the tests of a view before a browser sees it: the pyvis network, the layout, the page's text."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.util
import itertools
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pyvis.network

from onrecord.errors import OnRecordError
from onrecord.view.frame import embed_json
from onrecord.view.layout import Box, place
from onrecord.view.look import LINES, line_of, text_width, wrap_label
from onrecord.view.model import ViewEdge, ViewGraph, ViewNode
from onrecord.view.network import Network, network
from onrecord.view.page import render_page

ROOT = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("view_sample", Path(__file__).with_name("view_sample.py"))
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028{{ 7*7 }}\"'&"


def node(name: str, shape: str = "person", label: str | None = None) -> ViewNode:
    return ViewNode(name, name if label is None else label, "entity", "", shape, shape)


def edge(name: str, source: str, target: str, **fields: Any) -> ViewEdge:
    return ViewEdge(name, source, target, fields.pop("label", "meets"), "p", fields.pop("kind", "statement"), **fields)


class Page(HTMLParser):
    """What a parser of HTML finds in a page: elements, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self._open: tuple[str, dict[str, str | None]] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs)) if tag in {"script", "style"} else None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.raw.append((*self._open, data))

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    @property
    def payload(self) -> dict[str, Any]:
        (text,) = ["".join(part[2] for part in self.raw if part[1].get("id") == "data")]
        return json.loads(text)


# ---- the network ----


def test_one_edge_for_each_statement_and_link():
    story = sample.harbour()
    net = network(story)
    assert isinstance(net, pyvis.network.Network)
    assert net.num_nodes() == len(story.nodes)
    assert net.num_edges() == len(story.edges) == 84
    statements = [edge for edge in story.edges if edge.kind == "statement"]
    assert {edge.iri for edge in statements} == {drawn["id"] for drawn in net.edges} - {
        drawn["id"] for drawn in net.edges if drawn["line"] == "link"
    }
    assert sum(drawn["line"] == "link" for drawn in net.edges) == 4


def test_parallel_edges_stay_and_each_takes_a_way_of_its_own():
    graph = ViewGraph(
        "t", "", (node("a"), node("b")), (*(edge(f"s{n}", "a", "b") for n in range(4)), edge("back", "b", "a"))
    )
    drawn = network(graph).edges
    assert len(drawn) == 5

    def bend(e: dict[str, Any]) -> float:
        if not e["smooth"]:
            return 0.0
        side = 1 if e["smooth"]["type"] == "curvedCW" else -1
        return side * e["smooth"]["roundness"] * (1 if e["from"] == "a" else -1)

    assert len({bend(e) for e in drawn}) == 5


def test_loops_lie_apart():
    graph = ViewGraph("t", "", (node("a"),), tuple(edge(f"s{n}", "a", "a") for n in range(3)))
    assert len({(e["selfReference"]["size"], e["selfReference"]["angle"]) for e in network(graph).edges}) == 3


def test_the_same_statement_twice_is_drawn_twice_with_ids_of_its_own():
    graph = ViewGraph("t", "", (node("a"), node("b")), (edge("s", "a", "b"), edge("s", "a", "b", label="knows")))
    assert sorted(e["id"] for e in network(graph).edges) == ["s", "s~2"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"status": "stated", "asserting": True}, "fact"),
        ({"status": "confirmed", "asserting": True}, "fact"),
        ({"status": "stated"}, "said"),
        ({"status": "expected"}, "expected"),
        ({"status": "planned"}, "expected"),
        ({"status": "claimed"}, "claimed"),
        ({"status": "possible"}, "claimed"),
        ({"status": "unconfirmed"}, "claimed"),
        ({"status": "denied"}, "denied"),
        ({"status": "stated", "negated": True}, "denied"),
        ({"status": "expected", "negated": True}, "denied"),
        ({"status": "mentioned"}, "mentioned"),
        ({"kind": "link"}, "link"),
    ],
)
def test_a_line_tells_how_firmly_it_is_put(fields: dict[str, Any], line: str):
    assert line_of(edge("s", "a", "b", **fields)).name == line


def test_lines_differ_by_more_than_colour():
    forms = {name: (line.dashes, line.arrow, line.bar) for name, line in LINES.items()}
    assert len(set(forms.values())) == len(forms)


def test_an_edge_to_nowhere_is_refused():
    with pytest.raises(OnRecordError, match="'c', which is no node"):
        network(ViewGraph("t", "", (node("a"),), (edge("s", "a", "c"),)))
    net = Network()
    net.add_node("a")
    with pytest.raises(OnRecordError, match="'b', which is no node"):
        net.add_edge("a", "b")


def test_an_empty_label_stays_empty_and_none_becomes_the_id():
    net = Network()
    net.add_node("a", label="")
    net.add_node("b")
    net.add_node("b", label="later")
    assert [n["label"] for n in net.nodes] == ["", "b"]


def test_undirected_networks_keep_parallel_edges():
    net = Network(directed=False)
    net.add_nodes(["a", "b"])
    net.add_edges([("a", "b"), ("b", "a"), ("a", "b", 3)])
    assert [e.get("arrows") for e in net.edges] == [None, None, None]


def test_adding_takes_constant_time():
    net = Network()
    for number in range(20_000):
        net.add_node(number)
    for number in range(30_000):
        net.add_edge(number % 20_000, (number * 7) % 20_000)
    assert net.num_edges() == 30_000


def test_options_keep_their_spaces():
    net = Network()
    net.set_options('var options = {"nodes": {"font": {"face": "Liberation Sans"}}}')
    assert net.options["nodes"]["font"]["face"] == "Liberation Sans"
    net.set_options({"physics": {"enabled": False}})
    assert json.loads(net.get_network_data()[-1]) == {"physics": {"enabled": False}}
    with pytest.raises(OnRecordError, match="not JSON"):
        net.set_options("{alert(1)}")


def test_pyvis_switches_still_work():
    net = network(sample.harbour())
    assert json.loads(net.get_network_data()[-1])["physics"]["enabled"] is False
    net.toggle_physics(True)
    net.toggle_drag_nodes(False)
    net.barnes_hut(gravity=-1234)
    options = json.loads(net.get_network_data()[-1])
    assert options["physics"]["enabled"] is True
    assert options["physics"]["barnesHut"]["gravitationalConstant"] == -1234
    assert options["interaction"]["dragNodes"] is False
    assert options["interaction"]["hover"] is True


def test_what_pyvis_changes_is_on_the_page(tmp_path: Path):
    net = network(sample.harbour())
    net.add_node("mine", label="By hand", color="red")
    net.get_node(sample.BASE + "lind")["color"] = "#123456"
    net.add_edge("mine", sample.BASE + "lind", title="a remark")
    net.write_html(str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [tmp_path / "page.html"]
    payload = Page(text).payload
    assert [n for n in payload["nodes"] if n["id"] == "mine"] == [
        {"id": "mine", "label": "By hand", "shape": "dot", "color": "red"}
    ]
    assert any(n.get("color") == "#123456" for n in payload["nodes"])
    assert any(e.get("title") == "a remark" for e in payload["edges"])


def test_a_network_made_by_hand_has_a_page_and_a_frame():
    net = Network(heading="<b>bold</b>")
    net.add_node(1)
    net.add_node(2)
    net.add_edge(1, 2)
    assert "&lt;b&gt;bold&lt;/b&gt;" in net.generate_html()
    frame = net._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts allow-popups ')
    assert "allow-same-origin" not in frame
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1]) == net.generate_html()


def test_importing_the_page_does_not_import_pyvis():
    code = "import onrecord.view.page, sys; assert not {'pyvis', 'IPython', 'networkx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "src")})


# ---- the layout ----


def overlaps(net: Network) -> list[tuple[str, str]]:
    boxes = []
    for n in net.nodes:
        lines = n["label"].split("\n")
        width = max(map(text_width, lines))
        if n["shape"] == "box":
            half = len(lines) * 7 + 7
            boxes.append((n["label"], n["x"] - width / 2, n["x"] + width / 2, n["y"] - half, n["y"] + half))
            continue
        half = max(width / 2, n["size"])
        bottom = n["y"] + n["size"] + 4 + 15 * len(lines)
        boxes.append((n["label"], n["x"] - half, n["x"] + half, n["y"] - n["size"], bottom))
    return [
        (a[0], b[0])
        for a, b in itertools.combinations(boxes, 2)
        if a[1] < b[2] and b[1] < a[2] and a[3] < b[4] and b[3] < a[4]
    ]


@pytest.mark.parametrize("graph", [sample.harbour(), sample.crowd(120, 260), sample.crowd(60, 40)])
def test_no_node_or_label_covers_another(graph: ViewGraph):
    assert overlaps(network(graph)) == []


def test_a_layout_lies_across_the_page():
    net = network(sample.harbour())
    width = max(n["x"] for n in net.nodes) - min(n["x"] for n in net.nodes)
    height = max(n["y"] for n in net.nodes) - min(n["y"] for n in net.nodes)
    assert 1.2 < width / height < 2.6


def test_a_hub_stands_in_the_middle():
    star = (node("hub", "event"), *(node(f"n{k:02}") for k in range(24)))
    edges = tuple(edge(f"s{k}", f"n{k:02}", "hub") for k in range(24))
    placed = {n["id"]: (n["x"], n["y"]) for n in network(ViewGraph("t", "", star, edges)).nodes}
    xs, ys = zip(*placed.values(), strict=True)
    x, y = placed["hub"]
    assert abs(x - (min(xs) + max(xs)) / 2) < 0.2 * (max(xs) - min(xs))
    assert abs(y - (min(ys) + max(ys)) / 2) < 0.2 * (max(ys) - min(ys))


def test_small_and_odd_graphs_are_placed():
    assert place([], []) == ()
    assert len(place([Box(10, 5, 5)], [(0, 0)])) == 1
    assert len(set(place([Box(80, 10, 30)] * 5, []))) == 5
    assert len(set(place([Box(80, 10, 30)] * 3, [(0, 1), (1, 0), (0, 1), (2, 2)]))) == 3


def test_1500_nodes_are_placed_apart():
    net = network(sample.crowd(1500, 3500))
    assert len(overlaps(net)) < 15


def test_labels_are_wrapped_and_cut():
    assert wrap_label("") == ()
    assert wrap_label("Ida Lind") == ("Ida Lind",)
    assert all(text_width(line) < 170 for line in wrap_label("x" * 500))
    long = wrap_label("the harbour " * 40)
    assert len(long) == 4
    assert long[-1].endswith("…")


# ---- the page ----


def test_the_same_graph_gives_the_same_bytes():
    story = sample.harbour()
    shuffled = replace(story, nodes=story.nodes[::-1], edges=story.edges[::-1])
    first, second = network(story), network(story)
    assert render_page(first, story) == render_page(second, story) == first.generate_html()
    assert network(shuffled).nodes == first.nodes
    assert network(shuffled).edges == first.edges


def test_the_same_bytes_in_another_process():
    code = (
        "import sys; sys.path.insert(0, 'tests'); import view_sample, hashlib; "
        "from onrecord.view.network import network; "
        "print(hashlib.sha256(network(view_sample.harbour()).generate_html().encode()).hexdigest())"
    )
    run = lambda seed: subprocess.run(  # noqa: E731
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed, "LC_ALL": "C"},
    ).stdout  # fmt: skip
    assert run("1") == run("2")


def test_the_page_loads_nothing():
    page = Page(network(sample.harbour()).generate_html())
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "data", "action", "style", "background"} & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        if "href" in attributes:
            assert (attributes["href"] or "").startswith("#")
        assert tag not in {"link", "iframe", "object", "embed", "base", "img", "form"}
    style = "".join(text for tag, _, text in page.raw if tag == "style")
    assert "@import" not in style
    assert "url(" not in style


def test_the_policy_allows_by_hash_alone():
    text = network(sample.harbour()).generate_html()
    page = Page(text)
    (policy,) = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == ["'none'"]
    assert rules["img-src"] == ["data:"]
    assert rules["base-uri"] == rules["form-action"] == ["'none'"]

    def hashes(kind: str) -> list[str]:
        contents = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digests = (hashlib.sha256(content.encode()).digest() for content in contents)
        return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

    assert rules["script-src"] == hashes("script")
    assert rules["style-src"] == hashes("style")
    assert len(rules["script-src"]) == 2


def test_hostile_text_stays_text():
    bad = ViewGraph(
        HOSTILE,
        HOSTILE,
        (ViewNode(HOSTILE, HOSTILE, "entity", "javascript:alert(1)", HOSTILE, HOSTILE, (HOSTILE,), HOSTILE), node("b")),
        (edge(HOSTILE, HOSTILE, "b", label=HOSTILE, quotes=(HOSTILE,), source_url="javascript:alert(1)"),),
        language='en" onload="alert(1)',
    )
    text = network(bad).generate_html()
    page, clean = Page(text), Page(network(sample.harbour()).generate_html())
    count = lambda found, tag: sum(t == tag for t, _ in found.elements)  # noqa: E731
    for tag in ("script", "img", "style"):
        assert count(page, tag) == count(clean, tag)
    assert page.payload["title"] == HOSTILE
    assert page.payload["nodes"][0]["id"] in {HOSTILE, "b"}
    assert "\u2028" not in text.split('id="data">')[1].split("</script>")[0]
    assert "onload" not in dict(page.elements[0][1])


def test_json_survives_and_cannot_leave_its_block():
    value = {"a": HOSTILE, "b": ["<!--", "]]>", "\ud800"]}
    text = str(embed_json(value))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value
    text.encode("utf-8")


def test_evidence_reaches_the_page():
    payload = Page(network(sample.harbour()).generate_html()).payload
    record = payload["statements"][sample.BASE + "statement/11"]
    assert record["quotes"] == ["Kestria is expected to send six people"]
    assert record["qualifiers"] == [["on behalf of", "Kestrian Ministry of Ports"]]
    assert (record["file"], record["line"]) == ("statements/aster-gazette.yaml", 54)
    assert "translation" not in record


def test_counts_are_shown():
    text = network(sample.harbour()).generate_html()
    assert "<b>42</b> nodes" in text
    assert "<b>80</b> statements" in text
    assert "<b>3</b> sources" in text


# ---- what is shipped ----


def vendored(name: str) -> bytes:
    return files("onrecord.view").joinpath("assets", "vendor", name).read_bytes()


def test_vendored_scripts_are_as_recorded_and_cannot_close_their_element():
    record = json.loads(vendored("vendor.json"))
    script = vendored("vis-network.min.js")
    assert hashlib.sha256(script).hexdigest() == record["sha256"]["vis-network.min.js"]
    for path in files("onrecord.view").joinpath("assets").iterdir():
        if path.name.endswith((".js", ".css")):
            assert not re.search("</(script|style)", path.read_text(encoding="utf-8"), re.IGNORECASE)
    assert b"</script" not in script.lower()
    assert b"sourceMappingURL" not in script


def test_versions_are_those_of_package_json_and_its_lock():
    record = json.loads(vendored("vendor.json"))["packages"]
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert record.items() <= {**package["dependencies"], **package["devDependencies"]}.items()
    for name, version in record.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock[f"node_modules/{name}"]["version"] == version
    assert f"@version {record['vis-network']}".encode() in vendored("vis-network.min.js")
    assert not [entry for entry in lock.values() if "resolved" in entry]


def test_every_bundled_package_has_its_licence_in_the_file_and_in_the_page():
    licences = vendored("THIRD_PARTY.txt").decode()
    for name, version in json.loads(vendored("vendor.json"))["packages"].items():
        assert f"\n{name} {version} (" in licences
    assert licences in html.unescape(network(sample.harbour()).generate_html())
