"""What shapes may be: a slip in a file of shapes is told where it stands, before the engine passes over it or dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from golden_files import assert_golden
from onrecord.check import wellformed
from onrecord.check.reach import find_reach
from onrecord.check.wellformed import MAX_DEPTH, are_sound, find_faults, find_unknown
from onrecord.errors import Problem
from small_graph import write_graph

HEAD = """\
@prefix gar: <https://example.org/garden-terms#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def of_plots(constraint: str) -> str:
    return f"{HEAD}gar:Plots sh:targetClass gar:Plot ;\n  {constraint} ."


def of_names(constraint: str) -> str:
    return of_plots(f"sh:property [ sh:path gar:name ; {constraint} ]")


def under(text: str, problem: Problem) -> str:
    """What the caret underlines."""
    line = text.split("\n")[problem.place.line - 1]
    return line[problem.place.column - 1 :][: problem.place.length] if problem.place.line else ""


SLIPS = {
    "a misspelt parameter": of_names("sh:minCuont 1"),
    "a misspelt kind": of_plots("a sh:NodeShap"),
    "a count that is none": of_names('sh:minCount "one"'),
    "a count as text": of_names('sh:minCount "1"'),
    "a negative count": of_names("sh:maxCount -1"),
    "a count beyond all": of_names("sh:minCount 99999999999999999999"),
    "a truth that is none": of_names('sh:uniqueLang "yes"'),
    "a limit that is a node": of_names("sh:minInclusive gar:few"),
    "a class as text": of_names('sh:class "plot"'),
    "a property as text": of_names('sh:lessThan "label"'),
    "a datatype as text": of_names('sh:datatype "date"'),
    "another kind of node": of_names("sh:nodeKind gar:IRI"),
    "a message that is a node": of_names("sh:message gar:words"),
    "flags of another language": of_names('sh:pattern "a" ; sh:flags "q"'),
    "an open bracket": of_names('sh:pattern "("'),
    "a look ahead": of_names('sh:pattern "^(?!old)"'),
    "an expression too large": of_names('sh:pattern "(a{1000}){1000}{1000}"'),
    "a shape as text": of_plots('sh:node "it"'),
    "a shape in a list as text": of_plots('sh:and ( "it" )'),
    "a shape of values in place of nodes": of_plots("sh:node [ sh:path gar:name ]"),
    "a shape that is not there": of_plots("sh:node gar:Plot"),
    "no list": of_names('sh:in "a"'),
    "a list that leads to itself": of_names("sh:in gar:all") + " gar:all rdf:first 1 ; rdf:rest gar:all .",
    "a list of two ways": of_names("sh:in gar:all") + " gar:all rdf:first 1 , 2 ; rdf:rest () .",
    "languages that are none": of_names("sh:languageIn ( gar:en )"),
    "a path as text": of_plots('sh:property [ sh:path "name" ]'),
    "a path of nothing": of_plots("sh:property [ sh:path [] ]"),
    "a path of two kinds": of_plots("sh:property [ sh:path [ sh:inversePath gar:a ; sh:zeroOrMorePath gar:a ] ]"),
    "a path within, without end": of_plots(
        "sh:property [ sh:path [ sh:alternativePath _:a ] ] . _:a rdf:first gar:a ; rdf:rest _:a"
    ),
    "a path that is part of itself": of_plots("sh:property [ sh:path _:a ] . _:a sh:inversePath _:a"),
    "no path": of_plots("sh:property [ sh:minCount 1 ]"),
    "no path of its own": of_plots("a sh:PropertyShape"),
    "two paths": of_plots("sh:property [ sh:path gar:a , gar:b ]"),
    "two counts": of_names("sh:minCount 0 ; sh:minCount 1"),
    "two expressions": of_names('sh:pattern "a" ; sh:pattern "b"'),
    "a shape in itself": of_plots("sh:not gar:Plots"),
    "shapes in one another": of_plots("sh:or ( gar:A )")
    + " gar:A sh:property gar:B . gar:B sh:path gar:a ; sh:qualifiedValueShape gar:Plots .",
    "no Turtle": of_plots("sh:property [ sh:minCount 1"),
}


def test_each_slip_is_told_where_it_stands() -> None:
    told = []
    for name, text in SLIPS.items():
        found = find_faults(text, "it.shapes.ttl")
        lines = text.split("\n")
        told += [f"{name}:", *(problem.render(lambda _, line, lines=lines: lines[line - 1]) for problem in found), ""]
        assert [problem.code for problem in found] == ["S002"], name
    assert_golden("shapes/slips.txt", "\n".join(told))


@pytest.mark.parametrize("name", SLIPS)
def test_by_shapes_with_a_slip_nothing_is_judged(name: str) -> None:
    assert not are_sound(SLIPS[name])
    assert find_reach(SLIPS[name]) is None


SOUND = (
    of_names('sh:minCount 1 ; sh:maxCount "4"^^xsd:nonNegativeInteger ; sh:pattern "^A" ; sh:flags "i"'),
    of_names("sh:deactivated true ; sh:class gar:A, gar:B ; sh:hasValue gar:a, gar:b ; sh:in ()"),
    of_plots("sh:node gar:A , gar:B . gar:A sh:node gar:C . gar:B sh:node gar:C . gar:C sh:nodeKind sh:IRI"),
    of_plots("sh:property [ sh:path ( gar:a [ sh:zeroOrMorePath [ sh:alternativePath ( gar:b gar:c ) ] ] ) ]"),
    of_plots("sh:closed true ; sh:ignoredProperties ( rdf:type )"),
    of_plots('sh:sparql [ a sh:SPARQLConstraint ; sh:message "no" ; sh:select "SELECT $this { $this ?p ?o }" ]'),
    of_plots("sh:property gar:Named . gar:Named sh:path gar:name ; sh:group gar:G . gar:G a sh:PropertyGroup"),
    f"{HEAD}gar:report a sh:ValidationReport ; sh:result [ sh:sourceConstraintComponent sh:AndConstraintComponent ] .",
    "# nothing yet\n",
)


@pytest.mark.parametrize("text", SOUND)
def test_no_slip(text: str) -> None:
    assert find_faults(text, "it.shapes.ttl") == []


def test_the_shapes_of_this_repository_have_none() -> None:
    found = list(Path(__file__).parents[2].glob("ontology/*.shapes.ttl"))
    assert len(found) > 1
    for path in found:
        assert find_faults(path.read_text("utf-8"), path.name) == []


def test_what_is_not_run_is_said_and_the_rest_is_run() -> None:
    text = of_plots("sh:rule [ a sh:TripleRule ; sh:subject sh:this ]")
    (problem,) = find_faults(text, "it.shapes.ttl")
    assert (problem.code, problem.severity.value, under(text, problem)) == ("S003", "warning", "sh:rule")
    assert are_sound(text)


def chain(count: int, links: int = 1) -> str:
    """Shapes that each hold the next, ``links`` times over."""
    parts = [f"gar:n{at} sh:and ({f' gar:n{at + 1}' * links} ) ." for at in range(count)]
    return f"{HEAD}gar:n0 sh:targetClass gar:Plot .\n" + "\n".join(parts) + f"\ngar:n{count} sh:nodeKind sh:IRI .\n"


def test_how_deep_and_how_many() -> None:
    assert find_faults(chain(MAX_DEPTH - 1), "it") == []
    assert [problem.message for problem in find_faults(chain(MAX_DEPTH), "it")] == [
        "gar:n0 holds others more than 50 deep"
    ]
    assert find_faults(chain(8, 3), "it") == []
    assert [problem.message for problem in find_faults(chain(9, 3), "it")] == [
        "gar:n0 leads to more than 10,000 others"
    ]
    (problem,) = find_faults(chain(60_000), "it")
    assert problem.message.endswith("more than 50 deep")


def test_brackets_of_any_depth() -> None:
    text = of_plots("sh:not " + "[ sh:not " * 20_000 + "[]" + " ]" * 20_000)
    assert [problem.code for problem in find_faults(text, "it")] == ["S002"]
    assert find_reach(text) is None
    triples = of_plots("sh:not " + "<<( gar:a gar:b " * 2_000 + "gar:c" + " )>>" * 2_000)
    assert [problem.code for problem in find_faults(triples, "it")] == ["S002"]


def test_many_slips_are_all_told_and_the_first_have_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wellformed, "MAX_PLACED_FAULTS", 2)
    found = find_faults(of_plots(" ; ".join(f"sh:x{at} 1" for at in range(5))), "it")
    assert [bool(problem.place.line) for problem in found] == [True, True, False, False, False]


def run(folder: Path, shapes: str) -> subprocess.CompletedProcess[str]:
    write_graph(folder, **{"ontology/garden.shapes.ttl": shapes})
    call = [sys.executable, "-m", "onrecord", "check", str(folder)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)


def in_sparql(query: str) -> str:
    return of_plots(f'sh:sparql [ sh:message "told" ; sh:select """{query}""" ]')


def test_an_engine_that_falls_over_takes_nothing_with_it(tmp_path: Path) -> None:
    deep = "SELECT $this { " + "{ " * 30_000 + "$this ?p ?o" + " }" * 30_000 + " }"
    done = run(tmp_path / "garden", in_sparql(deep))
    assert done.returncode == 1
    assert "S002 these shapes cannot be run: the engine fell over them (signal" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_query_of_a_shape_finds_and_refuses(tmp_path: Path) -> None:
    assert "S001 told" in run(tmp_path / "a" / "garden", in_sparql("SELECT $this { $this ?p ?o }")).stdout
    done = run(tmp_path / "b" / "garden", in_sparql("SELECT $this { SERVICE <http://127.0.0.1:9/> { $this ?p ?o } }"))
    assert "S002 these shapes cannot be run:" in done.stdout and "SERVICE" in done.stdout


def test_an_interruption_ends_the_engine_too(tmp_path: Path) -> None:
    endless = in_sparql("SELECT $this { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . FILTER(?a = 'no') }")
    write_graph(tmp_path / "garden", **{"ontology/garden.shapes.ttl": endless})
    call = [sys.executable, "-m", "onrecord", "check", str(tmp_path / "garden")]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        while process.poll() is None and not (child := children.read_text().split()):
            pass
        assert process.poll() is None, "it is at work"
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert not Path(f"/proc/{child[0]}").exists()
    finally:
        process.kill()
        process.communicate()


def test_terms_that_no_ontology_has() -> None:
    garden = "https://example.org/garden-terms#"
    text = of_plots("sh:property [ sh:path gar:nam ] ; sh:node gar:Own ; sh:class rdf:Bag . gar:Own sh:class gar:Plot")
    (problem,) = find_unknown(text, "it", {f"{garden}Plot", f"{garden}name"})
    assert (problem.code, problem.fix, under(text, problem)) == (
        "S004",
        "did you mean gar:name or gar:Plot?",
        "gar:nam",
    )
    assert find_unknown(text, "it", set()) == []


def test_iris_without_a_beginning_get_that_of_the_graph(tmp_path: Path) -> None:
    body = f"{HEAD}<#Named> sh:targetClass gar:Plot ; sh:node <#Other> ; sh:message {{}} .\n"
    body += "<#Other> sh:class gar:Rake .\n"
    (problem,) = find_faults(body.format("<#text>"), "it", "https://example.org/garden/")
    assert (problem.message, under(body.format("<#text>"), problem)) == (
        "sh:message takes a text, not <https://example.org/garden/#text>",
        "<#text>",
    )
    for off in ("", " <#Off> sh:deactivated true ; sh:node <#Other> ."):
        done = run(tmp_path / f"with{len(off)}", body.format('"told"') + off)
        assert "S001 told" in done.stdout, done.stdout
