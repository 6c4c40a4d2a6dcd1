"""Shapes that judge only what a change can reach find what judging the whole dataset finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onrecord
from inline import notes, write_notes
from onrecord import build as building
from onrecord import neighbourhood
from onrecord.build import Loaded, check
from onrecord.check.reach import find_reach
from onrecord.check.shapes import Near
from onrecord.delta import keep_for_next
from onrecord.errors import Problems
from onrecord.kept import write_kept
from onrecord.project import open_project
from onrecord.staging import CURRENT
from onrecord.tally import Tally

PREFIXES = """\
@prefix gar: <https://example.org/garden-terms#> .
@prefix ent: <https://example.org/garden/entity/> .
@prefix onr: <https://w3id.org/onrecord/ns#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
LOCAL = (
    "sh:targetClass gar:Person ; sh:property [ sh:path gar:tends ; sh:class gar:Society ]",
    "sh:targetClass prov:Agent ; sh:property [ sh:path gar:chairs ; sh:maxCount 0 ]",
    "sh:targetClass gar:Plot ; sh:property [ sh:path [ sh:inversePath gar:tends ] ; sh:maxCount 1 ]",
    "sh:targetSubjectsOf gar:tends ; sh:property"
    " [ sh:path ( gar:tends [ sh:inversePath gar:tends ] ) ; sh:maxCount 1 ]",
    "sh:targetObjectsOf gar:tends ; sh:property [ sh:path [ sh:inversePath gar:tends ] ; sh:maxCount 1 ]",
    "sh:targetNode ent:rose, ent:nobody ; sh:property [ sh:path gar:chairs ; sh:minCount 1 ]",
    "sh:targetClass onr:Statement ; sh:property [ sh:path ( onr:proposition rdf:subject ) ; sh:class gar:Plot ]",
    "sh:targetClass onr:Statement ; sh:property [ sh:path onr:proposition ; sh:node [ sh:property"
    " [ sh:path rdf:predicate ; sh:hasValue gar:chairs ] ] ]",
    "sh:targetClass onr:Proposition ; sh:property [ sh:path [ sh:inversePath onr:proposition ] ; sh:maxCount 1 ]",
    "sh:targetClass onr:Proposition ; sh:property [ sh:path ( rdf:object rdfs:label ) ; sh:maxLength 40 ]",
    "sh:targetClass onr:Source ; sh:property [ sh:path [ sh:inversePath prov:wasQuotedFrom ] ; sh:minCount 2 ]",
    "sh:targetClass onr:Statement ; sh:property [ sh:path prov:wasQuotedFrom ; sh:node [ sh:property"
    ' [ sh:path dcterms:title ; sh:pattern "e" ] ] ]',
    'sh:targetClass onr:UnnamedSpeaker ; sh:property [ sh:path rdfs:label ; sh:pattern "^the" ]',
    "sh:targetClass onr:Statement ; sh:property [ sh:path ( onr:saidBy rdfs:label ) ; sh:maxLength 11 ]",
    "sh:targetClass gar:Person ; sh:not [ sh:property [ sh:path gar:believes ; sh:minCount 1 ] ]",
    "sh:targetClass gar:Person ; sh:property [ sh:path gar:supports ; sh:disjoint gar:chairs ; sh:minCount 1 ]",
    "sh:targetClass gar:Person ; sh:xone ( [ sh:property [ sh:path gar:chairs ; sh:minCount 1 ] ]"
    " [ sh:property [ sh:path gar:tends ; sh:minCount 1 ] ] )",
    "sh:targetSubjectsOf gar:chairs ; sh:property [ sh:path [ sh:alternativePath ( gar:tends gar:believes ) ] ;"
    " sh:qualifiedValueShape [ sh:class gar:Plot ] ; sh:qualifiedMinCount 1 ]",
    "sh:targetClass gar:Plot ; sh:property [ sh:path gar:height ; sh:maxInclusive 1.0 ]",
    "sh:targetClass onr:Proposition ; sh:property"
    " [ sh:path ( [ sh:inversePath onr:condition ] onr:status ) ; sh:maxCount 0 ]",
    "sh:targetSubjectsOf onr:viaChain ; sh:property"
    " [ sh:path ( onr:viaChain rdf:rest rdf:first ) ; sh:class gar:Society ]",
)
WHOLE = (
    "sh:targetClass gar:Person ; sh:closed true",
    "sh:targetClass gar:Person ; sh:property"
    " [ sh:path ( [ sh:zeroOrMorePath gar:tends ] rdfs:label ) ; sh:maxCount 1 ]",
    "sh:targetClass gar:Person ; sh:property"
    " [ sh:path gar:tends ; sh:property [ sh:path gar:height ; sh:minCount 1 ] ]",
    'sh:targetClass gar:Person ; sh:sparql [ sh:select "SELECT $this WHERE { $this ?p ?o }" ]',
)


def shape(number: int, body: str) -> str:
    """A shape whose findings do not stop a build."""
    mild = body.replace("sh:property [", "sh:property [ sh:severity sh:Warning ; ")
    return f"gar:Shape{number} a sh:NodeShape ; sh:severity sh:Warning ; {mild} .\n"


def shapes_of(bodies: list[str]) -> str:
    return PREFIXES + "".join(shape(number, body) for number, body in enumerate(bodies))


HEAD = """\
source:
  id: {0}
  title: The {0}{1}
  published: 2024-06-10
  speakers:
    - {{id: n, label: {2}}}
"""
SNIPPETS = (
    "- triple: [Rose, chairs, Garden Society]\n  quote: one\n",
    "- triple: [Rose, chairs, Garden Society]\n  for: Basil Thorn\n  quote: three\n",
    "- triple: [Basil Thorn, tends, plot 7]\n  via: [Rose, n]\n  said by: Rose\n  quote: four\n",
    "- triple: [Basil Thorn, tends, plot 7]\n  quote: also four\n",
    "- triple: [Rose, tends, plot 7]\n  quote: she does\n",
    "- triple: [Rose, believes, [Basil Thorn, tends, plot 7]]\n  quote: five\n  said by: n\n",
    "- triple: [Basil Thorn, believes, [Rose, believes, [n, tends, plot 7]]]\n  quote: six\n  prefix: of\n",
    '- triple: [plot 7, height in metres, "1.50"]\n  quote: seven\n',
    "- triple: [Rose, supports, hose ban]\n  on condition: [Rose, chairs, Garden Society]\n  quote: nine\n",
    "- triple: [Rose, supports, hose ban]\n  quote: ten\n  in the words: so\n",
    "- triple: [n, attends, summer show]\n  status: expected\n  quote: eleven\n",
)
files = st.tuples(
    st.lists(st.sampled_from(SNIPPETS), max_size=4).map("".join),
    st.sampled_from(["", ", once more"]),
    st.sampled_from(["a neighbour", "the neighbour"]),
)
states = st.fixed_dictionaries({name: files | st.none() for name in ("letter", "minutes", "news")})
State = dict[str, tuple[str, str, str] | None]


def write_state(folder: Path, state: State) -> None:
    for name, given_ in state.items():
        path = folder / f"statements/{name}.yaml"
        path.unlink(missing_ok=True)
        if given_ is not None:
            head = HEAD.format(name, *given_[1:])
            path.write_text(notes(given_[0], head) if given_[0] else head + "statements: []\n", "utf-8")


def judge(folder: Path, built: Path) -> Loaded:
    return check(open_project(folder, Problems()), Problems(), evidence=False, built=built)


def keep(loaded: Loaded, out: Path, number: int) -> Path:
    """What a build would keep, without the build."""
    folder = out / str(number)
    (folder / CURRENT).mkdir(parents=True)
    around = loaded.surroundings
    loaded.keep.add(
        keep_for_next(loaded.resolved, Tally(), loaded.keep, surroundings=around, inference=False, store="")
    )
    write_kept(folder / CURRENT, loaded.keep)
    return folder


class Judged:
    """Notes whether shapes judged what changed, or all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.near: list[Near | None] = []
        inner = building.check_shapes

        def outer(data: object, *rest: object) -> object:
            self.near.append(data if isinstance(data, Near) else None)
            return inner(data, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(building, "check_shapes", outer)


def one_after_another(home: Path, bodies: list[str], several: list[State], share: float = 1000.0) -> list[int]:
    """How many problems there are at each state, found in either way."""
    more: dict[str, str | bytes | None] = {"ontology/garden.shapes.ttl": shapes_of(bodies)}
    folder = write_notes(home / "garden", "", **{"statements/letter.yaml": None}, **more)
    (folder / "statements").mkdir(exist_ok=True)
    built, counts = home / "none", []
    for number, state in enumerate(several):
        write_state(folder, state)
        with pytest.MonkeyPatch.context() as small:
            small.setattr(neighbourhood, "MOST_OF_ALL", share)
            found, whole = judge(folder, built), judge(folder, home / "none")
        assert found.problems == whole.problems
        assert [sorted(map(str, some)) for some in found.keep.facts["shape results"]] == [
            sorted(map(str, some)) for some in whole.keep.facts["shape results"]
        ]
        counts.append(sum(problem.code == "S001" for problem in found.problems))
        built = keep(found, home / "out", number)
    return counts


def state(letter: str, minutes: str | None = None, speaker: str = "a neighbour", title: str = "") -> State:
    return {"letter": (letter, title, speaker), "minutes": minutes and (minutes, "", "a neighbour"), "news": None}  # type: ignore[dict-item]


MANY = "".join(SNIPPETS)
EDITS = {
    "nothing": (state(MANY), state(MANY)),
    "a fact more": (state(MANY, SNIPPETS[0]), state(MANY, SNIPPETS[0] + SNIPPETS[2])),
    "a fact goes": (state(SNIPPETS[0], MANY), state(SNIPPETS[1], MANY)),
    "a source goes": (state(MANY, MANY), state(MANY)),
    "a source comes": (state(MANY), state(MANY, MANY)),
    "a speaker's name": (state(MANY, MANY), state(MANY, MANY, "the neighbour")),
    "a title": (state(MANY, MANY), state(MANY, MANY, title=" that was")),
    "all goes": (state(MANY, MANY), state("")),
}


@pytest.mark.parametrize(
    "name", [name if name < "a t" else pytest.param(name, marks=pytest.mark.slow) for name in EDITS]
)
def test_an_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    judged = Judged(monkeypatch)
    before, after = EDITS[name]
    counts = one_after_another(tmp_path, list(LOCAL[:-1]), [before, after])
    assert counts[0] > 10
    assert [near is None for near in judged.near][:2] == [True, True]
    assert judged.near[3] is None
    if name == "all goes":
        return
    assert judged.near[2] is not None
    if name == "nothing":
        assert judged.near[2].nodes == frozenset()


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(LOCAL + WHOLE), min_size=1, max_size=6, unique=True),
    st.lists(states, min_size=2, max_size=3),
)
def test_any_edit(tmp_path_factory: pytest.TempPathFactory, bodies: list[str], several: list[State]) -> None:
    one_after_another(tmp_path_factory.mktemp("any"), bodies, several)


def test_only_what_a_change_reaches_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = Judged(monkeypatch)
    one_after_another(tmp_path, [LOCAL[0], LOCAL[7]], [state(MANY), state(MANY, SNIPPETS[4])])
    near = judged.near[2]
    assert near is not None
    assert "<https://example.org/garden/entity/rose>" not in near.nodes, "she tends it as before"
    assert "<https://example.org/garden/source/minutes>" in near.nodes
    assert len([node for node in near.nodes if "/statement/" in node]) == 1


def test_what_reaches_most_of_a_graph_is_judged_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = Judged(monkeypatch)
    one_after_another(tmp_path, list(LOCAL), [state(MANY), state(MANY, SNIPPETS[4])], share=0.01)
    assert judged.near == [None] * 4


@pytest.mark.parametrize("body", WHOLE)
def test_shapes_without_bounds_judge_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    assert find_reach(shapes_of([body])) is None
    judged = Judged(monkeypatch)
    one_after_another(tmp_path, [LOCAL[0], body], [state(SNIPPETS[0]), state(SNIPPETS[0], SNIPPETS[3])])
    assert judged.near == [None] * 4


@pytest.mark.parametrize("body", LOCAL)
def test_other_shapes_have_bounds(body: str) -> None:
    assert find_reach(shapes_of([body]))


def test_bundled_shapes_have_bounds() -> None:
    for path in (Path(__file__).parents[1]).glob("**/ontology/*.shapes.ttl"):
        assert find_reach(path.read_text("utf-8")), path


def test_a_build_without_shapes_keeps_no_judgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = write_notes(tmp_path / "garden", SNIPPETS[0]), tmp_path / "out"
    graph = onrecord.open(folder)
    graph.examine(shapes=False, built=out)
    graph.build(out)
    judged = Judged(monkeypatch)
    onrecord.open(folder).examine(built=out)
    assert judged.near == [None]
