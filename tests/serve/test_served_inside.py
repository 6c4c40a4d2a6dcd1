"""The desk and the application in this process, without sockets: what each job gives, and how it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from onrecord.errors import GraphBroken
from onrecord.serve.answers import Answers
from onrecord.serve.app import make_app
from onrecord.serve.desk import Desk
from onrecord.serve.editions import EditionLost, Reply
from onrecord.serve.log import Log
from onrecord.serve.metrics import Metrics
from onrecord.serve.negotiation import TRIPLES, by_name
from onrecord.serve.openapi import describe_api
from onrecord.serve.service import Service
from onrecord.serve.settings import Settings
from small_graph import ENTITIES, LETTER, write_graph

HEADS = "SELECT ?who WHERE { ?who gar:chairs ?what }"
ROSE = "https://example.org/garden/entity/rose"
FERNS = ENTITIES + "\n- id: fern.nt\n  label: fern notes\n  type: plot\n"
QUESTION = "#+ title: Tended?\n#+ defaults:\n#+   - plot: plot 7\nSELECT ?p WHERE { ?p rdf:object ?_plot_iri }\n"
NOW = "#+ title: When is this?\nSELECT (NOW() AS ?now) (STRUUID() AS ?id) WHERE {}\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("inside") / "garden"
    questions = {"questions/tended.rq": QUESTION, "questions/now.rq": NOW}
    return Settings(write_graph(folder, **questions, **{"entities.yaml": FERNS}), cors=("https://reader.example",))


@pytest.fixture(scope="module")
def desk(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    out = tmp_path_factory.mktemp("edition")
    found = Desk({**settings.for_edition(out), "workers": 2})
    yield found
    found.cancel_all()


def put(desk: Desk, job: str, **more: Any) -> tuple[dict[str, Any], bytes]:
    return desk.reply({"id": 1, "job": job, **more})


def test_the_facts_of_an_edition(desk: Desk) -> None:
    assert (desk.facts["name"], desk.facts["title"]) == ("garden", "The garden society")
    assert desk.facts["base"] == "https://example.org/garden/"
    assert [question["name"] for question in desk.facts["questions"]] == ["now", "tended"]
    assert sum(desk.facts["graphs"].values()) > 100


@pytest.mark.parametrize(
    ("job", "head", "body"),
    [
        ({"job": "query", "query": HEADS, "formats": {"rows": "csv"}}, {"kind": "rows"}, f"who\r\n{ROSE}\r\n"),
        (
            {"job": "query", "query": "ASK {}", "formats": {"boolean": "csv", "rows": "csv"}},
            {"kind": "boolean"},
            "true",
        ),
        ({"job": "address", "iri": ROSE}, {"path": "entity/rose.html"}, ""),
        ({"job": "address", "iri": "urn:none"}, {"path": ""}, ""),
        (
            {"job": "query", "query": HEADS, "formats": {"graph": "ttl"}},
            {"error": "unacceptable", "message": "this query gives rows, in no format that you accept"},
            "",
        ),
        (
            {"job": "thing", "iri": "urn:none", "formats": {"graph": "nt"}},
            {"error": "unknown", "message": "nothing is known of that"},
            "",
        ),
        (
            {"job": "thing", "iri": "> ?x", "formats": {"graph": "nt"}},
            {"error": "unknown", "message": "nothing has that address"},
            "",
        ),
        ({"job": "page", "path": "none.html"}, {"error": "unknown", "message": "there is no such page"}, ""),
        (
            {"job": "ask", "name": "none", "parameters": {}, "formats": {"rows": "csv"}},
            {"error": "unknown", "message": "there is no such question"},
            "",
        ),
    ],
)
def test_a_job(desk: Desk, job: dict[str, Any], head: dict[str, Any], body: str) -> None:
    assert desk.reply({"id": 1, **job}) == (head, body.encode())


def test_jobs_that_give_graphs_and_pages(desk: Desk) -> None:
    head, body = put(desk, "thing", iri=ROSE, formats={"graph": "nt"})
    assert head == {"kind": "graph"}
    assert all(f"<{ROSE}>" in line for line in body.decode().splitlines())
    head, body = put(desk, "graph", graph="https://example.org/garden/graph/asserted", formats={"graph": "nt"})
    assert b"<https://example.org/garden-terms#chairs>" in body
    head, body = put(desk, "page", path="entity/rose.html")
    assert (head["kind"], len(head["hash"])) == ("page", 32)
    head, body = put(desk, "ask", name="tended", parameters={"plot": "plot-7"}, formats={"rows": "csv"})
    assert (head, len(body.splitlines())) == ({"kind": "rows"}, 2)


def test_a_store_that_changes_meanwhile_is_told_of_a_thing_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"error": "changed", "message": "the store holds something else than before"}
    monkeypatch.setattr(desk, "_evaluate", lambda *given, **more: (changed, b""))
    assert put(desk, "thing", iri=ROSE, formats={"graph": "nt"}) == (changed, b"")


def test_a_page_that_cannot_be_made_is_no_missing_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> bytes:
        raise KeyError("a mistake of ours")

    monkeypatch.setitem(desk._pages, "entity/rose.html", make)
    with pytest.raises(KeyError):
        put(desk, "page", path="entity/rose.html")


def test_a_mistake_has_its_place(desk: Desk) -> None:
    head, _ = put(desk, "query", query="SELECT * {\n?a", formats={"rows": "json"})
    assert (head["error"], head["message"].splitlines()[0]) == ("query", "query:1:10: Q010 this { is not closed")


def test_a_broken_graph_has_no_desk(settings: Settings, tmp_path: Path) -> None:
    broken = write_graph(tmp_path / "garden", **{"statements/letter.yaml": LETTER.replace("[Rose Marsh,", "[Rosa,")})
    with pytest.raises(GraphBroken):
        Desk({**settings.for_edition(tmp_path / "out"), "graph": str(broken)})


class Inside:
    """An edition that is answered from a desk in this process."""

    is_running = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.facts = {**desk.facts, "problems": []}
        self.build = desk.facts["build"]
        self.asked = 0
        self.failure: EditionLost | None = None
        self.reply: Reply | None = None

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[Inside]:
        yield self

    async def ask(self, job: str, **more: Any) -> Reply:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        if self.reply is not None:
            return self.reply
        head, body = await asyncio.to_thread(self._desk.reply, {"id": self.asked, "job": job, **more})
        return Reply(head, body)


class Current:
    """The editions of a server that has one."""

    trouble: dict[str, Any] | None = None
    is_building = False
    withheld = False

    def __init__(self, edition: Inside) -> None:
        self.current = edition


@pytest.fixture
def service(settings: Settings, desk: Desk) -> Service:
    metrics = Metrics()
    log = Log(as_json=True, stream=io.StringIO())
    editions: Any = Current(Inside(desk))
    return Service(settings, editions, Answers(settings, metrics), metrics, log)


Answered = tuple[int, dict[str, str], bytes]


def ask(service: Service, method: str, target: str, body: bytes = b"", **headers: str) -> Answered:
    """One request to the application: status, header fields, body."""
    return asyncio.run(_ask(service, method, target, body, headers))


async def _ask(service: Service, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answered:
    path, _, query = target.partition("?")
    named = {"host": "localhost", **{name.replace("_", "-").lower(): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), each.encode()) for name, value in named.items() for each in value.split("\n")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }
    sent: list[Any] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await make_app(service)(scope, receive, send)
    given = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], given, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", f"/sparql?query={HEADS.replace(' ', '+').replace('?', '%3F')}", {}, 200),
        ("GET", "/sparql", {"accept": "text/turtle"}, 200),
        ("GET", "/sparql", {"accept": "text/html"}, 200),
        ("GET", "/sparql?format=ttl", {"accept": "text/html"}, 200),
        ("GET", "/sparql?format=csv", {}, 400),
        ("GET", "/sparql?query=x", {}, 400),
        ("GET", "/sparql?update=x", {}, 403),
        ("PUT", "/sparql", {}, 405),
        ("GET", "/graphs?default", {}, 200),
        ("GET", "/graphs?graph=urn:none", {}, 404),
        ("GET", "/graph/asserted", {}, 200),
        ("GET", "/entity/rose", {"accept": "text/html"}, 303),
        ("GET", "/entity/rose.ttl", {}, 200),
        ("GET", "/entity/nobody", {}, 404),
        ("GET", "/entity/rose.html", {"accept_encoding": "gzip"}, 200),
        ("GET", "/none", {"accept": "text/html"}, 404),
        ("GET", "/none", {}, 404),
        ("GET", "/api", {}, 200),
        ("GET", "/api/questions", {}, 200),
        ("GET", "/api/questions/tended", {}, 200),
        ("GET", "/api/questions/tended?plot=none", {}, 400),
        ("GET", "/api/questions/none", {}, 404),
        ("GET", "/openapi.json", {}, 200),
        ("GET", "/problems", {"accept": "text/html"}, 200),
        ("GET", "/problems", {"accept": "application/json"}, 200),
        ("GET", "/live", {}, 200),
        ("GET", "/health", {}, 200),
        ("GET", "/metrics", {}, 200),
        ("GET", "/assets/serve.css", {}, 200),
        ("GET", "/favicon.ico", {}, 204),
        ("GET", "/", {"host": "evil.example"}, 421),
        ("GET", "/live", {"origin": "https://evil.example"}, 403),
        ("GET", "/live", {"origin": "https://reader.example"}, 200),
        ("GET", "/live?" + "a" * 70_000, {}, 414),
        ("GET", "/live", {"x": "a" * 40_000}, 431),
        ("POST", "/sparql", {"content_length": "2000000"}, 413),
    ],
)
def test_an_address(service: Service, method: str, target: str, headers: dict[str, str], status: int) -> None:
    found, given, _ = ask(service, method, target, **headers)
    assert found == status
    assert given["x-content-type-options"] == "nosniff"


def test_an_answer_is_remembered_and_known(service: Service) -> None:
    edition: Any = service.edition
    target = "/sparql?query=ASK+%7B%7D"
    first = ask(service, "GET", target)
    assert ask(service, "GET", target)[2] == first[2]
    assert edition.asked == 1
    assert ask(service, "GET", target, if_none_match=first[1]["etag"])[0] == 304
    service.answers.forget()
    ask(service, "GET", target)
    assert edition.asked == 2


def test_those_who_ask_the_same_at_once_share_the_answer(service: Service) -> None:
    edition: Any = service.edition

    async def together() -> list[Answered]:
        return await asyncio.gather(*(_ask(service, "GET", "/sparql?query=ASK+%7B%7D", b"", {}) for _ in range(5)))

    assert {status for status, _, _ in asyncio.run(together())} == {200}
    assert edition.asked == 1


def test_trouble_is_told(service: Service) -> None:
    editions: Any = service.editions
    problem = {"code": "R001", "file": "a.yaml", "line": 3, "severity": "error", "text": "a.yaml:3:1: R001 <b>"}
    editions.trouble = {"message": "garden has errors", "problems": [problem]}
    assert json.loads(ask(service, "GET", "/live")[2])["problems"] == 1
    page = ask(service, "GET", "/problems", accept="text/html")[2].decode()
    assert "a.yaml:3:1: R001 &lt;b&gt;" in page
    assert "What is served is the last good state of the graph." in page


def test_a_build_that_could_not_begin_is_told(service: Service) -> None:
    editions: Any = service.editions
    editions.trouble = {"message": "this machine cannot begin to build the graph: no space", "problems": []}
    assert json.loads(ask(service, "GET", "/live")[2])["problems"] == 1
    page = ask(service, "GET", "/problems", accept="text/html")[2].decode()
    assert "cannot be served as they are: this machine cannot begin to build the graph: no space." in page
    assert json.loads(ask(service, "GET", "/problems", accept="application/json")[2])["state"] == "broken"


WARNING = {"code": "E010", "file": "a.yaml", "line": 3, "severity": "warning", "message": "Rose", "text": "a.yaml:3"}
TOLD = (
    "they have errors",
    "no graph could be built of them",
    "garden has errors",
    "Files with errors do not tell for certain",
    "This graph holds what is protected",
    "a.yaml:3",
)
TROUBLE = {"message": "garden has errors", "problems": [WARNING]}


@pytest.mark.parametrize(
    ("redact", "marked", "trouble", "words"),
    [
        (False, False, None, ["a.yaml:3"]),
        (True, False, None, ["a.yaml:3"]),
        (True, True, None, ["This graph holds what is protected"]),
        (False, False, TROUBLE, ["garden has errors", "a.yaml:3"]),
        (True, False, TROUBLE, ["they have errors", "Files with errors do not tell for certain"]),
        (True, True, TROUBLE, ["they have errors", "Files with errors do not tell for certain"]),
        (True, False, {**TROUBLE, "problems": []}, ["no graph could be built of them"]),
    ],
)
def test_what_problems_tell_of_what_is_protected(
    settings: Settings, desk: Desk, redact: bool, marked: bool, trouble: dict[str, Any] | None, words: list[str]
) -> None:
    """All where nothing is marked; codes alone where something is, or where files with errors may mark it."""
    chosen = Settings(settings.graph, redact=redact, secret=b"a secret of the garden")
    edition: Any = Inside(desk)
    edition.facts |= {"problems": [WARNING], "redacted": marked}
    editions: Any = Current(edition)
    editions.trouble = trouble
    here = Service(chosen, editions, Answers(chosen, Metrics()), Metrics(), Log(as_json=True, stream=io.StringIO()))
    page = ask(here, "GET", "/problems", accept="text/html")[2].decode()
    assert [word for word in TOLD if word in page] == words
    problems = json.loads(ask(here, "GET", "/problems", accept="application/json")[2])["problems"]
    assert [(each["code"], each["file"] != "") for each in problems] == (
        [("E010", "a.yaml:3" in words)] if not trouble or trouble["problems"] else []
    )


def test_the_log_for_people_and_for_programs() -> None:
    for as_json in (True, False):
        stream = io.StringIO()
        Log(as_json=as_json, stream=stream).write("request", method="GET", path="/\x1b[2J", status=200, query=None)
        line = stream.getvalue()
        assert "\x1b" not in line
        assert ("query" in line, "200" in line) == (False, True)


EVERYWHERE = (
    "/sparql?query=ASK+%7B%7D",
    "/graphs?default",
    "/entity/rose",
    "/entity/rose.ttl",
    "/api/questions/tended",
    "/",
)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_an_edition_that_is_gone_is_a_503_everywhere(service: Service, path: str) -> None:
    edition: Any = service.edition
    edition.failure = EditionLost("the process that answers has ended; ask again")
    status, given, body = ask(service, "GET", path)
    assert (status, given["retry-after"], body) == (503, "1", b"the process that answers has ended; ask again\n")


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(("kind", "status"), [("bug", 500), ("store", 503), ("full", 503), ("limit", 422)])
def test_what_is_no_answer_has_its_status_everywhere(service: Service, path: str, kind: str, status: int) -> None:
    edition: Any = service.edition
    edition.reply = Reply({"error": kind, "message": "what went wrong", "detail": "and where"})
    found, given, body = ask(service, "GET", path, accept="text/turtle, text/html, application/json;q=0.1")
    assert (found, body, given["content-type"]) == (status, b"what went wrong\n", "text/plain; charset=utf-8")
    log: Any = service.log
    assert f'"outcome": "{kind}", "message": "and where"' in log._stream.getvalue()


def test_a_question_that_changes_is_evaluated_each_time(service: Service) -> None:
    edition: Any = service.edition
    first, second = (ask(service, "GET", "/api/questions/now") for _ in range(2))
    assert (first[0], "etag" in first[1], edition.asked) == (200, False, 2)
    assert first[2] != second[2]
    assert "etag" in ask(service, "GET", "/api/questions/tended")[1]


@pytest.mark.parametrize(
    "host",
    ['localhost:"', "localhost:80.", "localhost:8o", "localhost:80:80", '[::1]"', "[::1]x:80", "localhost/", "[::1"],
)
def test_a_host_that_is_none_is_misdirected(service: Service, host: str) -> None:
    assert ask(service, "GET", "/sparql", host=host, accept="text/turtle")[0] == 421


@pytest.mark.parametrize("origin", ["http://[", "http://localhost/evil", "ftp://localhost", "//localhost", "localhost"])
def test_an_origin_that_is_none_is_refused(service: Service, origin: str) -> None:
    assert ask(service, "GET", "/live", origin=origin)[0] == 403


def test_a_packed_body_is_refused(service: Service) -> None:
    kind = {"content_type": "application/sparql-query"}
    status, given, body = ask(service, "POST", "/sparql", b"\x1f\x8b", content_encoding="gzip", **kind)
    assert (status, given["accept-encoding"]) == (415, "identity")
    assert body == b"a body packed by gzip is not read; send it as it is\n"
    assert ask(service, "POST", "/sparql", b"ASK {}", content_encoding="identity", **kind)[0] == 200


def test_the_api_says_what_another_server_may_do(service: Service) -> None:
    def statuses(**more: Any) -> list[set[str]]:
        paths = describe_api(service.edition.facts, **more)["paths"]
        places = (("/sparql", "get"), ("/sparql", "post"), ("/graphs", "get"), ("/api/questions/tended", "get"))
        return [set(paths[path][method]["responses"]) for path, method in places]

    behind = [there - here for here, there in zip(statuses(), statuses(behind=True), strict=True)]
    assert behind == [{"502", "504"}, {"502", "504"}, {"502", "504"}, {"501", "502", "504"}]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/entity/rose", "303"), ("/sparql", "text/html"), ("/problems", "text/html"), ("/none", "text/html")],
)
def test_an_accept_in_several_fields_is_one(service: Service, path: str, kind: str) -> None:
    status, given, _ = ask(service, "GET", path, accept="application/n-triples;q=0.1\ntext/html")
    assert (str(status) if status == 303 else given["content-type"].partition(";")[0]) == kind


def test_an_id_that_ends_like_a_format_is_an_id(service: Service) -> None:
    for path, kind in (("/entity/fern.nt", "text/turtle"), ("/entity/fern.nt.nt", "application/n-triples")):
        status, given, body = ask(service, "GET", path, accept="text/turtle")
        assert (status, given["content-type"].partition(";")[0]) == (200, kind)
        assert b"fern notes" in body
    assert ask(service, "GET", "/entity/fern.nt", accept="text/html")[1]["location"] == "/entity/fern.nt.html"
    assert ask(service, "GET", "/entity/fern")[0] == 404


@pytest.mark.parametrize(
    ("codings", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("br\ngzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("xgzip", False),
    ],
)
def test_what_is_packed_for_whom(service: Service, codings: str, packed: bool) -> None:
    given = ask(service, "GET", "/entity/rose.html", accept_encoding=codings)[1]
    assert ("content-encoding" in given, "Accept-Encoding" in given["vary"]) == (packed, True)


def test_a_method_that_nothing_has_and_an_address_that_is_none(service: Service) -> None:
    status, given, body = ask(service, "GET", "*")
    assert (status, "allow" in given, body) == (404, False, b"there is nothing at that address\n")
    assert "Accept," in ask(service, "GET", "/none", accept="text/html")[1]["vary"]


def test_the_console_is_one_of_two_answers(service: Service) -> None:
    status, given, _ = ask(service, "GET", "/sparql", accept="text/html")
    assert (status, given["vary"].split(", ")[0]) == (200, "Accept")
    status, given, _ = ask(service, "GET", "/sparql", accept="text/html", if_none_match=given["etag"])
    assert (status, given["vary"].split(", ")[0]) == (304, "Accept")
    assert ask(service, "GET", "/sparql", accept="text/turtle")[1]["vary"].split(", ")[0] == "Accept"


@pytest.mark.parametrize("path", ["/none.html", "/entity/nobody.html", "/entity/none/", "//a/b/c.html"])
def test_a_missing_page_finds_its_styles_at_any_depth(service: Service, path: str) -> None:
    status, _, body = ask(service, "GET", path, accept="text/html")
    links = re.findall(r'(?:href|src)="([^"#]+)"', body.decode())
    found = {urlsplit(urljoin(f"http://localhost{path}", link)).path for link in links}
    assert (status, {"/assets/site.css", "/assets/site.js", "/index.html"} <= found) == (404, True)
    assert {address: ask(service, "GET", address)[0] for address in found} == dict.fromkeys(found, 200)
    data = json.loads(re.findall(r'id="data">([^<]*)<', body.decode())[0])
    assert urljoin(f"http://localhost{path}", data["root"]) == "http://localhost/"


@pytest.mark.parametrize("name", ["ttl", "nt"])
def test_a_format_stands_over_what_is_accepted_without_a_query_too(service: Service, name: str) -> None:
    status, given, body = ask(service, "GET", f"/sparql?format={name}", accept="text/html")
    assert (status, given["content-type"]) == (200, by_name(name, TRIPLES).media_type)  # type: ignore[union-attr]
    assert b"sparql-service-description" in body
