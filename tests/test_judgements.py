"""Owns the tests of judgements: reading them, what they merge, and that taking them back leaves no trace."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onrecord
from inline import BASE, Notes, load_folder, notes, render, rich_files, sound, write_notes
from onrecord.errors import OnRecordError
from onrecord.judgements import find_classes, merge
from onrecord.terms import ONR, OWL
from small_graph import ENTITIES, write_graph

GRAPHS = Path(__file__).resolve().parents[1] / "graphs"
E = f"{BASE}entity/"
MORE = (
    ENTITIES
    + """
- id: mrs-marsh
  label: Mrs M.
  type: [person, show]
  aliases: [the chairwoman]
  same as: [http://www.wikidata.org/entity/Q42]
  note: The minutes call her so.

- id: zoe
  label: Zoe Fern
  type: person
"""
)


def entry(left: str, right: str, judgement: str = "same") -> str:
    return (
        f"- left: {left}\n  right: {right}\n  judgement: {judgement}\n"
        "  who: Ada\n  when: 2024-06-10\n  why: the handwriting\n"
    )


def garden(folder: Path, statements: str, judgements: str | None = None) -> Notes:
    """The garden with ``statements``, a second Rose and a Zoe, and judgements; nothing is wrong."""
    return sound(folder, statements, **{"entities.yaml": MORE, "judgements.yaml": judgements})


# --- what is wrong


PROBLEMS = {
    "J001": (
        entry("rose", "mrs-marsh") + entry("mrs-marsh", "zoe") + entry("zoe", "rose", "different"),
        'judgements.yaml:13:3: J001 "zoe" and "rose" are judged different, and the same through '
        '"zoe" = "mrs-marsh" (line 7), "mrs-marsh" = "rose" (line 1)\n'
        "    - left: zoe\n      ^\n    fix: take back one of these judgements\n",
    ),
    "J002": (
        entry("rose", "Zoe Fern"),
        'judgements.yaml:2:10: J002 no entity has the id "Zoe Fern"\n'
        '    right: Zoe Fern\n           ^^^^^^^^\n    fix: write its id, "zoe"\n',
    ),
    "J002 near": (
        entry("rose", "zo"),
        'judgements.yaml:2:10: J002 no entity has the id "zo"\n'
        '    right: zo\n           ^^\n    fix: did you mean "zoe"?\n',
    ),
    "J003 twice": (
        entry("rose", "zoe") + entry("zoe", "rose"),
        'judgements.yaml:7:3: J003 "zoe" and "rose" are judged again, and same on line 1\n'
        "    - left: zoe\n      ^\n    fix: keep one of the two entries\n",
    ),
    "J003": (
        entry("rose", "zoe") + entry("rose", "zoe", "different"),
        'judgements.yaml:7:3: J003 "rose" and "zoe" are judged different here, and same on line 1\n'
        "    - left: rose\n      ^\n    fix: keep one of the two entries\n",
    ),
    "J004": (
        entry("rose", "zoe").replace("2024-06-10", "10 June"),
        'judgements.yaml:5:9: J004 "10 June" is no day\n'
        "    when: 10 June\n          ^^^^^^^\n    fix: write a day, such as 2025-12-17\n",
    ),
    "J005": (
        entry("rose", "zoe", "sane"),
        'judgements.yaml:3:14: J005 "sane" is no judgement\n'
        '    judgement: sane\n               ^^^^\n    fix: did you mean "same"?\n',
    ),
    "J006": (
        entry("rose", "rose"),
        'judgements.yaml:2:10: J006 "rose" is judged against itself\n'
        "    right: rose\n           ^^^^\n    fix: write the id of the other entity\n",
    ),
    "J007": (
        entry("rose", "mrs-marsh") + entry("zoe", "mrs-marsh") + entry("rose", "zoe", "unsure"),
        'judgements.yaml:13:3: warning J007 "rose" and "zoe" are judged unsure, and the same through '
        '"rose" = "mrs-marsh" (line 1), "mrs-marsh" = "zoe" (line 7)\n'
        "    - left: rose\n      ^\n    fix: delete this entry, or take back one of the others\n",
    ),
    "P020": (
        entry("rose", "zoe") + "  whi: so\n",
        'judgements.yaml:7:3: P020 unknown field "whi" in a judgement\n'
        '    whi: so\n    ^^^\n    fix: did you mean "who" or "why"?\n',
    ),
    "P022": (
        "left: rose\n",
        "judgements.yaml:1:1: P022 this file is a list of judgements\n"
        "    left: rose\n    ^\n    fix: write  - left: ...\n",
    ),
    "P028": (
        entry("rose", "zoe").replace("the handwriting", "she is #1"),
        'judgements.yaml:6:8: P028 " #" cuts this why short: what follows is a comment to YAML\n'
        "    why: she is #1\n         ^^^^^^\n"
        "    fix: write the text on a line of its own:\n         why: |-\n           she is # ...\n",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_printed_with_place_and_fix(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected = PROBLEMS[name]
    monkeypatch.chdir(tmp_path)
    write_notes(tmp_path / "garden", "", **{"entities.yaml": MORE, "judgements.yaml": text})
    found = [problem for problem in load_folder(tmp_path / "garden").problems if problem.code[0] in "JP"]
    assert render([each for each in found if each.code != "P032"]).replace("garden/", "") == expected


@pytest.mark.parametrize("key", ["left", "right", "judgement", "who", "when", "why"])
def test_every_field_is_needed(key: str, tmp_path: Path) -> None:
    lines = [line.lstrip("- ") for line in entry("rose", "zoe").splitlines()]
    text = "- " + "\n  ".join(line for line in lines if not line.startswith(f"{key}:")) + "\n"
    write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": text})
    found = [(problem.code, problem.message) for problem in load_folder(tmp_path).problems]
    assert found == [("P021", f'this judgement has no "{key}"')]


def test_a_link_that_leads_out_is_a_problem(tmp_path: Path) -> None:
    folder = write_graph(tmp_path / "garden")
    (tmp_path / "other.yaml").write_text(entry("rose", "basil"))
    (folder / "judgements.yaml").symlink_to("../other.yaml")
    assert load_folder(folder).codes == ["P001"]
    with pytest.raises(OnRecordError, match="leads out"):
        onrecord.open(folder).judge("rose", "same", "basil", why="so", who="Ada")


# --- classes


def classes(tmp_path: Path, text: str) -> dict[str, str]:
    found = garden(tmp_path / "garden", "- triple: [Zoe Fern, tends, plot 7]\n  quote: x\n", text)
    merged = found.loaded.resolved.names.merged
    return {old.removeprefix(E): new.removeprefix(E) for old, new in merged.items()}


def test_classes_are_transitive_and_the_smallest_id_stands_for_them(tmp_path: Path) -> None:
    text = entry("zoe", "rose") + entry("mrs-marsh", "zoe") + entry("basil", "rose", "different")
    assert classes(tmp_path, text) == {"rose": "mrs-marsh", "zoe": "mrs-marsh"}


def test_different_and_unsure_merge_nothing(tmp_path: Path) -> None:
    assert classes(tmp_path, entry("zoe", "rose", "different") + entry("basil", "rose", "unsure")) == {}


def test_a_torn_class_is_not_merged_and_others_are(tmp_path: Path) -> None:
    text = entry("rose", "zoe") + entry("zoe", "basil") + entry("rose", "basil", "different")
    write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": text + entry("mrs-marsh", "society")})
    found = load_folder(tmp_path)
    assert found.codes == ["J001"]
    assert found.loaded.resolved.names.merged == {f"{E}society": f"{E}mrs-marsh"}


def test_an_entity_stands_for_an_unnamed_speaker_whatever_their_ids(tmp_path: Path) -> None:
    folder = write_graph(tmp_path, **{"judgements.yaml": entry("letter:neighbour", "rose")})
    resolved = load_folder(folder).loaded.resolved
    assert resolved.names.merged == {f"{E}letter:neighbour": f"{E}rose"}
    rose = next(each for each in resolved.entities if each.iri == f"{E}rose")
    assert rose.types == ("https://example.org/garden-terms#Person",)
    assert rose.entity.aliases == (("Rose", "en"), ("Mrs Marsh", "en"), ("a neighbour", "en"))
    assert resolved.names.entity("a neighbour", "letter").iri == f"{E}rose"
    tending = resolved.statements.filter(resolved.statements["id"] == "tending")
    assert tending["said_by"].to_list() == [["a neighbour"]]
    assert tending["said_by_terms"].to_list() == [[f"<{E}rose>"]]


# --- merging


def quads(found: Notes, graph: str) -> list[tuple[str, ...]]:
    rows = found.graph().quads()
    return sorted(rows.filter(rows["graph"] == f"<{BASE}graph/{graph}>").iter_rows())


EVERYWHERE = """\
- triple: [NAME, chairs, Garden Society]
  quote: a
- triple:
    - Basil Thorn
    - believes
    - triple: [Zoe Fern, believes, {triple: [NAME, supports, hose ban], for: NAME}]
      at: plot 7
  quote: b
- triple: [Basil Thorn, attends, summer show]
  said by: [NAME, Basil Thorn]
  via: [Zoe Fern, NAME]
  said to: [NAME, plot 7]
  said at: plot 7
  origin: NAME
  beside: NAME
  at: [NAME, plot 7]
  on condition: [NAME, attends, summer show]
  status: claimed
  quote: c
- id: tending
  triple: [NAME, tends, plot 7]
  quote: d
- triple: [Basil Thorn, opposes, statement:tending]
  quote: e
"""


def test_propositions_are_those_of_a_graph_that_was_written_with_one_name(tmp_path: Path) -> None:
    merged = garden(tmp_path / "merged", EVERYWHERE.replace("NAME", "Rose Marsh"), entry("rose", "mrs-marsh"))
    written = garden(tmp_path / "written", EVERYWHERE.replace("NAME", "Mrs M."))
    for graph in ("propositions", "asserted"):
        assert quads(merged, graph) == quads(written, graph)
    columns = ["subject", "object", "restrictive", "additive", "said_by_terms", "via_terms", "said_to_terms"]
    columns += ["said_at_term", "origin_terms", "condition", "proposition"]
    assert merged.table.select(columns).equals(written.table.select(columns))


def test_statements_keep_their_words_and_their_iris(tmp_path: Path) -> None:
    text = EVERYWHERE.replace("NAME", "Rose Marsh")
    before, after = garden(tmp_path / "a", text), garden(tmp_path / "b", text, entry("rose", "mrs-marsh"))
    assert after.column("statement") == before.column("statement")
    written = [
        name for name in before.table.columns if name.endswith("_text") or name in ("said_by", "qualifiers", "row")
    ]
    assert after.table.select(written).equals(before.table.select(written))


def test_the_one_that_goes_is_nowhere_in_the_dataset(tmp_path: Path) -> None:
    found = garden(tmp_path, EVERYWHERE.replace("NAME", "Rose Marsh"), entry("rose", "mrs-marsh"))
    text = found.graph().serialize("nq").decode()
    assert f"<{E}rose>" not in text
    assert f"{OWL}sameAs" not in text
    assert f"<{E}mrs-marsh>" in text


def test_statements_about_one_thing_meet_in_one_proposition(tmp_path: Path) -> None:
    text = "- triple: [Rose Marsh, tends, plot 7]\n  quote: a\n- triple: [Zoe Fern, tends, plot 7]\n  quote: b\n"
    assert garden(tmp_path / "a", text).own["proposition"].n_unique() == 2
    found = garden(tmp_path / "b", text, entry("rose", "zoe"))
    assert (found.own["proposition"].n_unique(), found.own["statement"].n_unique()) == (1, 2)


def test_qualifiers_and_speakers_that_become_one_stand_once(tmp_path: Path) -> None:
    text = """\
    - triple: [Basil Thorn, attends, summer show]
      for: [Rose Marsh, Zoe Fern]
      beside: [Zoe Fern, Rose Marsh]
      said by: [Zoe Fern, Rose Marsh]
      via: [Zoe Fern, Garden Society, Rose Marsh]
      status: claimed
      quote: a
    """
    row = garden(tmp_path, text, entry("rose", "zoe")).own.row(0, named=True)
    rose = f"<{E}rose>"
    assert [each["value"] for each in row["restrictive"]] == [rose]
    assert [each["value"] for each in row["additive"]] == [rose]
    assert row["said_by_terms"] == [rose]
    assert row["via_terms"] == [rose, f"<{E}society>", rose]  # a chain may come back to somebody


def test_the_one_that_stays_takes_names_types_ids_and_notes(tmp_path: Path) -> None:
    found = garden(tmp_path, "- triple: [Zoe Fern, tends, plot 7]\n  quote: a\n", entry("rose", "mrs-marsh"))
    resolved = found.loaded.resolved
    assert [each.entity.id for each in resolved.entities] == [
        "basil", "society", "plot-7", "summer-show", "hose-ban", "mrs-marsh", "zoe",
    ]  # fmt: skip
    merged = next(each for each in resolved.entities if each.entity.id == "mrs-marsh")
    terms = "https://example.org/garden-terms#"
    assert merged.types == (f"{terms}Person", f"{terms}Show")
    assert merged.entity.labels == (("Mrs M.", "en"),)
    assert [text for text, _ in merged.entity.aliases] == ["the chairwoman", "Rose Marsh", "Rose", "Mrs Marsh"]
    assert merged.entity.same_as == ("http://www.wikidata.org/entity/Q42",)
    assert merged.entity.note == "The minutes call her so."
    for name in ("Rose", "rose", "Mrs M.", ":rose", f"<{E}rose>", "mrs-marsh"):
        assert resolved.names.entity(name).iri == f"{E}mrs-marsh"
    assert f'"Rose Marsh"@en <{BASE}graph/entities>' in found.graph().serialize("nq").decode()


def test_merging_changes_nothing_that_was_there(tmp_path: Path) -> None:
    found = garden(tmp_path, EVERYWHERE.replace("NAME", "Rose Marsh"))
    resolved = found.loaded.resolved
    before = (resolved.statements.clone(), list(resolved.entities), dict(resolved.names.types))
    merge(resolved, {f"{E}rose": f"{E}mrs-marsh"})
    assert resolved.statements.equals(before[0])
    assert (resolved.entities, resolved.names.types, resolved.names.merged) == (*before[1:], {})
    assert merge(resolved, {}) is resolved


def test_a_query_finds_what_was_said_under_either_name(tmp_path: Path) -> None:
    text = (
        "- triple: [Rose Marsh, tends, plot 7]\n  quote: a\n- triple: [Zoe Fern, chairs, Garden Society]\n  quote: b\n"
    )
    found = garden(tmp_path, text, entry("rose", "zoe")).graph()
    rows = found.query("SELECT ?what { :rose gar:tends ?plot ; gar:chairs ?what }").rows
    assert [row[0].value for row in rows if row[0]] == [f"{E}society"]


def test_every_field_comes_back(tmp_path: Path) -> None:
    folder = write_notes(tmp_path, "", **rich_files())
    graph = onrecord.open(folder)
    before = graph.serialize("nq")
    for left, right in (("rose", "basil"), ("hut", "plot-7"), ("letter:neighbour", "minutes:neighbour")):
        graph.judge(left, "same", right, why="a trial", who="Ada")
    after = graph.serialize("nq").decode()
    for gone in ("rose", "plot-7", "minutes:neighbour"):
        assert f"<{E}{gone}>" not in after
    assert "owl#sameAs> <https://example.org/garden" not in after
    for left, right in (("plot-7", "hut"), ("rose", "basil"), ("letter:neighbour", "minutes:neighbour")):
        graph.judge(left, "same", right, undo=True)
    assert graph.serialize("nq") == before


# --- properties


PEOPLE = ("rose", "basil", "mrs-marsh", "zoe", "letter:neighbour")
PAIRS = list(itertools.combinations(PEOPLE, 2))
HEAD = """\
source:
  id: letter
  title: A letter to the members
  published: 2024-06-01
  speakers:
    - id: neighbour
      label: a neighbour
"""
STATEMENTS = """\
- triple: [Rose Marsh, believes, {triple: [Mrs M., supports, hose ban], for: Basil Thorn}]
  said by: [Zoe Fern, a neighbour]
  quote: a
- triple: [Zoe Fern, tends, plot 7]
  beside: [Mrs M., Basil Thorn]
  via: [a neighbour, Basil Thorn]
  quote: b
- triple: [Basil Thorn, believes, [Zoe Fern, believes, [a neighbour, tends, plot 7]]]
  quote: c
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_notes(tmp_path_factory.mktemp("people") / "garden", "", **{"entities.yaml": MORE})
    (folder / "statements/letter.yaml").write_text(notes(STATEMENTS, HEAD))
    return folder


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from(PAIRS), unique=True, max_size=4).flatmap(
        lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))
    ),
    st.randoms(),
)
def test_the_order_of_judgements_changes_no_byte(people: Path, found: tuple[list, list], random) -> None:  # type: ignore[no-untyped-def,type-arg]
    texts = []
    for pairs in found:
        turned = [pair if random.random() < 0.5 else pair[::-1] for pair in pairs]
        (people / "judgements.yaml").write_text("".join(entry(*pair) for pair in turned))
        texts.append(onrecord.open(people).serialize("nq"))
    assert texts[0] == texts[1]


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.sampled_from(PAIRS), unique=True, min_size=1, max_size=4), st.data())
def test_taking_judgements_back_in_any_order_restores_every_byte(
    people: Path, pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    path = people / "judgements.yaml"
    path.unlink(missing_ok=True)
    graph = onrecord.open(people)
    before = graph.serialize("nq")
    for left, right in pairs:
        graph.judge(left, "same", right, why="so", who="Ada", when=dt.date(2024, 6, 10))
    assert graph.serialize("nq") != before
    for left, right in data.draw(st.permutations(pairs)):
        graph.judge(right, "same", left, undo=True)
    assert not path.exists()
    assert graph.serialize("nq") == before == onrecord.open(people).serialize("nq")


@settings(max_examples=30)
@given(st.lists(st.sampled_from(PAIRS), unique=True, max_size=6))
def test_classes_are_what_graph_theory_says(people: Path, pairs: list[tuple[str, str]]) -> None:
    import networkx as nx

    from onrecord.errors import Problems
    from onrecord.judgements import parse_judgements

    names = onrecord.open(people).names
    found = find_classes(
        parse_judgements("".join(entry(*pair) for pair in pairs), "j", names, Problems()), names, Problems()
    )
    web = nx.Graph(pairs)
    assert {frozenset({new, *(old for old in found if found[old] == new)}) for new in found.values()} == {
        frozenset(E + name for name in group) for group in nx.connected_components(web)
    }
    assert not set(found) & set(found.values())


# --- writing


FILES = {
    "missing": None,
    "entries": entry("rose", "zoe") + "\n# later\n" + entry("zoe", "basil", "different"),
    "comments": "# who is who\n\n",
    "no newline": entry("rose", "zoe").rstrip("\n"),
    "comment without newline": "# who is who",
    "windows": ("# who\n" + entry("rose", "zoe")).replace("\n", "\r\n"),
    "mark": "\ufeff" + entry("rose", "zoe"),
    "only a mark and a comment": "\ufeff# who\n",
    "indented": "".join(f"  {line}\n" for line in entry("rose", "zoe").splitlines()),
    "block at the end": entry("rose", "zoe").replace(
        "why: the handwriting", "why: |-\n    the hand\n    # and the pen\n"
    ),
    "braces": "- {left: rose, right: zoe, judgement: unsure, who: Ada, when: 2024-06-10, why: so}  # hm\n",
    "document": "---\n" + entry("rose", "zoe"),
    "dash alone": "-\n  " + entry("rose", "zoe").removeprefix("- ") + "\n\n",
}


@pytest.mark.parametrize("name", FILES)
def test_undo_restores_the_file_byte_for_byte(name: str, tmp_path: Path) -> None:
    folder = write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": FILES[name]})
    path = folder / "judgements.yaml"
    before = path.read_bytes() if path.exists() else None
    graph = onrecord.open(folder)
    count = len(graph.judgements())
    found = graph.judge(
        "Mrs M.", "same", "plot 7", why='so: "it" #1 says\nhe\x85re — 😀 ', who="  Ada ", when=dt.date(2024, 6, 11)
    )
    assert len(graph.judgements()) == count + 1
    assert (found.left, found.right, found.who, found.when) == ("mrs-marsh", "plot-7", "Ada", "2024-06-11")
    assert graph.judgements()[-1] == found
    assert found.why == 'so: "it" #1 says\nhe\x85re — 😀'
    added = path.read_bytes()
    assert before is None or added.startswith(before)
    assert name != "windows" or added.count(b"\n") == added.count(b"\r\n")
    graph.judge("plot-7", "same", "mrs-marsh", undo=True)
    assert (path.read_bytes() if path.exists() else None) == before
    assert list(folder.glob(".*")) == []


@pytest.mark.parametrize(
    "name", ["entries", "no newline", "windows", "mark", "indented", "block at the end", "dash alone"]
)
def test_an_entry_is_cut_out_and_the_rest_stays(name: str, tmp_path: Path) -> None:
    text = FILES[name]
    assert text is not None
    folder = write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": text})
    graph = onrecord.open(folder)
    others = [each.why for each in graph.judgements()[1:]]
    graph.judge("zoe", "same", "rose", undo=True)
    assert [each.why for each in graph.judgements()] == others
    left = (folder / "judgements.yaml").read_text() if (folder / "judgements.yaml").exists() else ""
    assert ("# later\n" in left) == (name == "entries")


REFUSED = {
    "nobody": (("rosa", "same", "zoe"), 'no entity is called "rosa": did you mean'),
    "itself": (("Rose Marsh", "same", "rose"), '"rose" is judged against itself'),
    "a source": (("source:letter", "same", "zoe"), '"source:letter" is no entity'),
    "no judgement": (("rose", "equal", "zoe"), '"equal" is no judgement'),
    "again": (("zoe", "same", "basil"), '"zoe" and "basil" are judged again, and same on line 1'),
    "against a chain": (("zoe", "different", "mrs-marsh"), '"zoe" = "basil" .line 1., "basil" = "mrs-marsh" .line 7.'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_stand_is_not_written(name: str, tmp_path: Path) -> None:
    call, message = REFUSED[name]
    text = entry("basil", "zoe") + entry("basil", "mrs-marsh")
    folder = write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": text})
    with pytest.raises(OnRecordError, match=message):
        onrecord.open(folder).judge(*call, why="so", who="Ada")
    assert (folder / "judgements.yaml").read_text() == text


@pytest.mark.parametrize("text", ["[]\n", "- left: [\n"])
def test_a_file_that_cannot_take_an_entry_stays(text: str, tmp_path: Path) -> None:
    folder = write_graph(tmp_path, **{"judgements.yaml": text})
    with pytest.raises(OnRecordError, match="add the entry by hand"):
        onrecord.open(folder).judge("rose", "same", "basil", why="so", who="Ada")
    assert (folder / "judgements.yaml").read_text() == text


@pytest.mark.parametrize("why", ["", " ", "a\x07b", "a\udc80b"])
def test_words_that_cannot_be_written_are_refused(why: str, graph_folder: Path) -> None:
    with pytest.raises(OnRecordError, match="why"):
        onrecord.open(graph_folder).judge("rose", "same", "basil", why=why, who="Ada")
    assert not (graph_folder / "judgements.yaml").exists()


def test_undo_of_what_was_never_judged_is_a_wrong_call(graph_folder: Path) -> None:
    with pytest.raises(OnRecordError, match=r'"basil" and "rose" are not judged same in .*judgements\.yaml'):
        onrecord.open(graph_folder).judge("rose", "same", "basil", undo=True)


def test_a_contradiction_can_be_taken_back(tmp_path: Path) -> None:
    text = entry("rose", "zoe") + entry("zoe", "rose", "different")
    folder = write_graph(tmp_path, **{"entities.yaml": MORE, "judgements.yaml": text})
    graph = onrecord.open(folder)
    graph.judge("rose", "different", "zoe", undo=True)
    assert (folder / "judgements.yaml").read_text() == entry("rose", "zoe")


def test_a_build_is_stale_after_a_judgement(tmp_path: Path) -> None:
    from onrecord.manifest import is_fresh

    graph = onrecord.open(write_graph(tmp_path / "garden"))
    graph.build(tmp_path / "out")
    assert is_fresh(graph.project, tmp_path / "out")
    graph.judge("rose", "different", "basil", why="so", who="Ada")
    assert not is_fresh(graph.project, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("miami-talks", "Steve Witkoff", "Jared Kushner"),
        ("harbour-bridge", "Brackwater Marine", "an engineer who asked not to be named"),
    ],
)
def test_the_curated_graphs_come_back_unchanged(name: str, left: str, right: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / name
        shutil.copytree(GRAPHS / name, folder)
        graph = onrecord.open(folder)
        before = graph.serialize("nq")
        assert before == onrecord.open(GRAPHS / name).serialize("nq")
        graph.judge(left, "same", right, why="a trial")
        gone = next(iter(graph.names.merged))
        text = graph.serialize("nq").decode()
        assert f"<{gone}>" in before.decode()
        assert f"<{gone}>" not in text
        assert text.count(f"<{ONR}Statement>") == before.decode().count(f"<{ONR}Statement>")
        assert [each.code for each in graph.check() if each.severity == "error" and each.code[0] == "J"] == []
        graph.judge(left, "same", right, undo=True)
        assert graph.serialize("nq") == before
