"""Owns the tests of ``onrecord.explain.corroboration``: origins counted by hand, and laws of counting."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inline import MORE_TERMS, Notes, load_folder, notes
from onrecord.errors import OnRecordError
from onrecord.explain.corroboration import Corroboration, corroborate, count_words, read_weights
from onrecord.explain.links import origin_links
from onrecord.explain.origins import _apart, _many, _most
from onrecord.lens import Lens, select
from onrecord.project import AssertPolicy
from onrecord.statuses import STATUSES
from small_graph import ENTITIES, write_graph

TERMS = (
    MORE_TERMS.replace("gar:memberOf a owl:ObjectProperty", "gar:memberOf a owl:ObjectProperty, onr:OriginLink")
    + """
gar:speaksFor a owl:ObjectProperty, onr:OriginLink ; rdfs:label "speaks for"@en .
gar:pressOf a owl:ObjectProperty ; rdfs:label "is the press office of"@en ; rdfs:subPropertyOf gar:speaksFor .
"""
)
PEOPLE = (
    ENTITIES
    + """
- {id: ada, label: Ada, type: person}
- {id: cato, label: Cato, type: person}
- {id: wire, label: The Wire, type: society}
- {id: memo, label: a memo, type: plan}
"""
)
CLAIM = "[Basil Thorn, tends, plot 7]"


def paper(name: str, statements: str, *, day: str = "2024-06-01", more: str = "") -> tuple[str, str]:
    """A statement file of a paper called ``name``, with one unnamed speaker."""
    head = (
        f"source:\n  id: {name}\n  title: Paper {name}\n  published: {day}\n"
        f"  speakers:\n    - {{id: hidden, label: somebody}}\n    - {{id: other, label: somebody else}}\n"
    )
    head += "".join(f"  {line}\n" for line in more.split("\n") if line)
    return f"statements/{name}.yaml", notes(statements, head)


def says(fields: str = "", triple: str = CLAIM) -> str:
    """A statement of the claim, with further fields one a line."""
    lines = "".join(f"  {line}\n" for line in fields.split("\n") if line)
    return f"- triple: {triple}\n  quote: so\n{lines}"


def papers(folder: Path, *files: tuple[str, str]) -> Notes:
    plain: dict[str, str | bytes | None] = {
        "statements/letter.yaml": None,
        "statements/minutes.yaml": None,
        "sources/letter.txt": None,
        "sources/minutes.txt": None,
        "ontology/garden.ttl": TERMS,
        "entities.yaml": PEOPLE,
    }
    found = load_folder(write_graph(folder, **{**plain, **dict(files)}))
    assert found.problems == []
    return found


def weigh(found: Notes, **parts: str) -> list[Corroboration]:
    rows = select(found.table, Lens(), AssertPolicy())
    return corroborate(rows, found.loaded.resolved, **parts)


def phrases(folder: Path, *statements: str, extra: str = "") -> dict[str, str]:
    """One paper a statement; the phrase of each proposition about Basil."""
    files = [paper(f"p{index}", each) for index, each in enumerate(statements)]
    if extra:
        files.append(paper("x", extra))
    return {one.text: one.phrase for one in weigh(papers(folder, *files), subject="basil")}


def phrase(folder: Path, *statements: str, extra: str = "") -> str:
    (found,) = phrases(folder, *statements, extra=extra).values()
    return found


OWN = says()
ADA = says("said by: Ada\nstatus: confirmed")
ROSE = says("said by: Rose\nstatus: confirmed")
WIRE = says("origin: The Wire")
SOMEBODY = says("said by: somebody")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([OWN], "1 article, 1 origin"),
        ([OWN, OWN], "2 articles, 2 origins"),
        ([WIRE, WIRE], "2 articles, 1 origin"),
        ([WIRE, says("via: The Wire")], "2 articles, 1 origin"),
        ([WIRE, says("said by: The Wire")], "2 articles, 1 origin"),
        ([WIRE, OWN], "2 articles, 2 origins"),
        ([ADA, ADA], "2 articles, 1 origin"),
        ([ADA, ROSE], "2 articles, 2 origins"),
        ([ADA, ROSE, OWN, WIRE, WIRE], "5 articles, 4 origins"),
        ([ADA + ROSE], "1 article, 2 origins"),
        ([says("said by: [Ada, Rose]")], "1 article, 2 origins"),
        ([says("said by: [Ada, Rose]\nvia: The Wire")], "1 article, 1 origin"),
        ([says("origin: [The Wire, a memo]")], "1 article, 2 origins"),
        ([says("said by: Ada\nvia: The Wire"), says("said by: Ada\nvia: Cato")], "2 articles, 1 origin"),
        ([says("said by: Ada\nvia: The Wire"), says("said by: Rose\nvia: The Wire")], "2 articles, 1 origin"),
        ([ADA, says("said by: Ada\nvia: The Wire"), WIRE], "3 articles, 1 to 2 origins"),
        ([says("origin: source:p1"), OWN], "2 articles, 1 origin"),
        # somebody unnamed may be anybody
        ([SOMEBODY], "1 article, 1 origin"),
        ([SOMEBODY, SOMEBODY], "2 articles, 1 to 2 origins"),
        ([SOMEBODY, ADA], "2 articles, 1 to 2 origins"),
        ([SOMEBODY, ADA, ROSE], "3 articles, 2 to 3 origins"),
        ([SOMEBODY, WIRE, WIRE], "3 articles, 1 to 2 origins"),
        ([says("said by: [somebody, somebody else]")], "1 article, 1 to 2 origins"),
        ([says("said by: somebody\norigin: a memo"), says("origin: a memo"), ADA], "3 articles, 1 to 2 origins"),
        ([says("said by: Ada\nvia: somebody"), ROSE], "2 articles, 1 to 2 origins"),
        ([ADA, says("said by: Ada\nvia: somebody"), ROSE], "3 articles, 2 origins"),
        # an article that says it itself and names somebody too
        ([OWN + ADA], "1 article, 1 to 2 origins"),
        ([OWN + ADA, OWN], "2 articles, 2 to 3 origins"),
    ],
)
def test_origins_counted_by_hand(tmp_path: Path, statements: list[str], expected: str) -> None:
    assert phrase(tmp_path, *statements) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[Cato, speaks for, Ada]", "2 articles, 1 origin"),
        ("[Ada, speaks for, Cato]", "2 articles, 1 origin"),
        ("[Cato, is the press office of, Ada]", "2 articles, 1 origin"),
        ("[Cato, tends, plot 7]", "2 articles, 2 origins"),
    ],
)
def test_the_spokesman_and_the_one_he_speaks_for_are_one_origin(tmp_path: Path, link: str, expected: str) -> None:
    assert phrase(tmp_path, ADA, says("said by: Cato"), extra=says(triple=link)) == expected


def test_two_spokesmen_of_one_principal_are_one_origin(tmp_path: Path) -> None:
    links = says(triple="[Cato, speaks for, Ada]") + says(triple="[Rose, chairs, Garden Society]")
    links += says(triple="[Ada, member of, Garden Society]")
    assert phrase(tmp_path, says("said by: Cato"), says("said by: Rose"), extra=links) == "2 articles, 1 origin"


@pytest.mark.parametrize("fields", ["not: true", "status: expected", "said by: Rose", "at: summer show"])
def test_a_link_that_is_not_asserted_as_it_stands_joins_nothing(tmp_path: Path, fields: str) -> None:
    link = says(fields, "[Cato, speaks for, Ada]")
    assert phrase(tmp_path, ADA, says("said by: Cato"), extra=link) == "2 articles, 2 origins"


def test_links_say_their_steps(tmp_path: Path) -> None:
    links = says(triple="[Cato, speaks for, Ada]") + says(triple="[Ada, member of, Garden Society]")
    found = papers(tmp_path, paper("x", links))
    resolved = found.loaded.resolved
    seen = origin_links(select(found.table, Lens(), AssertPolicy()), resolved)
    cato, society = (f"<{resolved.names.entity(name).iri}>" for name in ("Cato", "Garden Society"))
    assert seen.steps(cato, society) == ["Cato speaks for Ada", "Ada member of Garden Society"]
    assert seen.steps(society, cato) == []


def test_an_unnamed_speaker_of_somebody_named_is_that_origin(tmp_path: Path) -> None:
    first = paper("a", says("said by: somebody") + says(triple="[somebody, speaks for, Rose]"))
    (found,) = weigh(papers(tmp_path, first, paper("b", ADA)), subject="basil")
    assert found.phrase == "2 articles, 2 origins"


def test_the_origin_of_a_source_is_that_of_its_statements_unless_they_say_otherwise(tmp_path: Path) -> None:
    wired = paper("a", OWN, more="origin: [The Wire]")
    own = paper("b", says("origin: a memo"), more="origin: [The Wire]")
    (found,) = weigh(papers(tmp_path, wired, own, paper("c", WIRE)))
    assert found.phrase == "3 articles, 2 origins"
    assert [(group.origin, len(group.statements)) for group in found.origins] == [("The Wire", 2), ("a memo", 1)]


def test_an_agency_and_those_who_repeat_it_are_one_origin(tmp_path: Path) -> None:
    wire = paper("dispatch", OWN, more="publisher: The Wire")
    (found,) = weigh(papers(tmp_path, wire, paper("b", WIRE)))
    assert found.phrase == "2 articles, 1 origin"
    (group,) = found.origins
    assert "dispatch is published by The Wire" in group.why


def test_two_articles_of_one_publisher_may_be_one_origin(tmp_path: Path) -> None:
    both = [paper(name, OWN, more="publisher: The Daily") for name in "ab"]
    (found,) = weigh(papers(tmp_path, *both))
    assert found.phrase == "2 articles, 1 to 2 origins"
    assert found.origins[1].doubt == ("another article of The Daily says so too",)


def test_for_and_against_are_counted_apart(tmp_path: Path) -> None:
    denial = says("status: denied\nsaid by: Ada")
    assert phrases(tmp_path, OWN, says("not: true"), denial) == {
        "Basil Thorn tends plot 7": "1 article, 1 origin",
        "not: Basil Thorn tends plot 7": "2 articles, 2 origins",
    }


def test_what_is_only_mentioned_backs_nothing(tmp_path: Path) -> None:
    believed = says(triple=f"[Rose, believes, {CLAIM}]")
    assert phrases(tmp_path, says("status: mentioned"), believed) == {}


def test_classes_of_status_are_counted_apart(tmp_path: Path) -> None:
    statuses = ["stated", "confirmed", "expected", "planned", "possible", "unconfirmed"]
    files = [paper(status, says(f"status: {status}")) for status in statuses]
    files.append(paper("claimed", says("status: claimed\nsaid by: Ada")))
    found = weigh(papers(tmp_path, *files))
    assert [(one.status_class, one.status, one.articles) for one in found] == [
        ("weak", "claimed", ("claimed", "possible", "unconfirmed")),
        ("expected", "planned", ("expected", "planned")),
        ("firm", "confirmed", ("confirmed", "stated")),
    ]


def test_what_hangs_on_a_condition_backs_nothing_flat(tmp_path: Path) -> None:
    files = [
        paper("a", OWN),
        paper("b", says("on condition: if it rains")),
        paper("c", says("on condition: if it rains")),
    ]
    found = weigh(papers(tmp_path, *files))
    assert [(one.condition, one.phrase) for one in found] == [
        ("if it rains", "2 articles, 2 origins"),
        ("", "1 article, 1 origin"),
    ]


def test_first_and_last_day_on_record(tmp_path: Path) -> None:
    files = [
        paper(name, OWN, day=day) for name, day in zip("abc", ["2024-03-02", "2023-01-05", "2024-05-09"], strict=True)
    ]
    (found,) = weigh(papers(tmp_path, *files))
    assert (found.first, found.last) == ("2023-01-05", "2024-05-09")


def test_the_same_claim_with_two_quotes_is_one_statement(tmp_path: Path) -> None:
    twice = paper("a", says() + f"- triple: {CLAIM}\n  quote: indeed\n")
    (found,) = weigh(papers(tmp_path, twice))
    assert [each.quotes for each in found.origins[0].statements] == [("so", "indeed")]


def test_reasons_say_what_joins_and_what_is_doubtful(tmp_path: Path) -> None:
    files = [
        paper("a", says("said by: Ada\nvia: The Wire")),
        paper("b", says("said by: Cato")),
        paper("c", SOMEBODY),
        paper("x", says(triple="[Cato, speaks for, Ada]")),
    ]
    (found,) = weigh(papers(tmp_path, *files), subject="basil")
    assert [(group.origin, group.certain, group.why, group.doubt) for group in found.origins] == [
        ("Ada", True, ("2 statements come from or through Ada", "Cato speaks for Ada"), ()),
        ("somebody", False, (), ("unnamed, may be one of the others",)),
    ]
    assert [each.path for each in found.origins[0].statements] == ["said by Ada, via The Wire", "said by Cato"]


def test_a_proposition_is_found_by_the_names_of_its_parts(tmp_path: Path) -> None:
    more = says(triple="[plot 7, height in metres, 1.50]") + says(triple="[Rose, tends, plot 7]")
    found = papers(tmp_path, paper("a", OWN + more))
    texts = {
        "basil": [one.text for one in weigh(found, subject="basil")],
        "tended": [one.text for one in weigh(found, predicate="tended", subject="Mrs Marsh")],
        "1.50": [one.text for one in weigh(found, obj="1.50")],
        "plot-7": len(weigh(found, obj="plot-7")),
    }
    assert texts == {
        "basil": ["Basil Thorn tends plot 7"],
        "tended": ["Rose Marsh tends plot 7"],
        "1.50": ["plot 7 height in metres 1.50"],
        "plot-7": 2,
    }


def test_some_are_told_in_the_words_of_all(tmp_path: Path) -> None:
    """What a condition or another proposition mentions is told too, whatever was asked for."""
    nested = "[Rose, tends, [Ada, tends, [Cato, tends, plot 7]]]"
    more = says("on condition: [Ada, tends, [Cato, tends, plot 7]]") + says(triple="[Cato, tends, plot 7]")
    found = papers(tmp_path, paper("a", more), paper("b", says(triple=nested)))
    whole = weigh(found)
    assert [one.text for one in whole] == [
        "Basil Thorn tends plot 7",
        "Cato tends plot 7",
        "Rose Marsh tends (Ada tends (Cato tends plot 7))",
    ]
    for subject in ("basil", "Rose", "Cato"):
        (some,) = weigh(found, subject=subject)
        assert some in whole


@pytest.mark.parametrize("parts", [{"subject": "Basil Torn"}, {"predicate": "tnds"}])
def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path, parts: dict[str, str]) -> None:
    with pytest.raises(OnRecordError, match=r"is called .*: did you mean"):
        weigh(papers(tmp_path, paper("a", OWN)), **parts)


def test_every_status_but_mentioned_has_a_class_and_each_has_a_strength(tmp_path: Path) -> None:
    weights = read_weights(papers(tmp_path, paper("a", OWN)).loaded.resolved.names.ontology)
    assert sorted(weights.classes) == sorted(set(STATUSES) - {"mentioned"})
    assert len(set(weights.strength.values())) == len(STATUSES) == len(weights.strength)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1, 1), "1 article, 1 origin"),
        ((2, 1, 3), "2 articles, 1 to 3 origins"),
        ((3, 2, 2), "3 articles, 2 origins"),
    ],
)
def test_count_words(counts: tuple[int, int, int], expected: str) -> None:
    assert count_words(*counts) == expected


# --- laws

SETS = st.lists(st.frozensets(st.sampled_from("abcdefg"), min_size=1, max_size=3), min_size=1, max_size=7)


def best(sets: list[frozenset[str]]) -> int:
    """The most that share nothing, by trying all choices."""
    sizes = [
        len(choice)
        for size in range(1, len(sets) + 1)
        for choice in combinations(sets, size)
        if all(not a & b for a, b in combinations(choice, 2))
    ]
    return max(sizes)


@given(SETS)
def test_the_most_that_share_nothing_is_found(sets: list[frozenset[str]]) -> None:
    found = _apart(sets)
    assert all(not a & b for a, b in combinations(found, 2))
    assert len(found) == best(sets)
    clashes = {one: {other for other in set(sets) if one & other} - {one} for one in sets}
    assert len(_most(set(sets), clashes)) == best(sets)
    many = _many(sets)
    assert all(not a & b for a, b in combinations(many, 2))
    assert 1 <= len(many) <= len(found)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "said by": st.lists(st.sampled_from(["Ada", "Rose", "Cato", "somebody"]), min_size=1, max_size=2, unique=True),
        "via": st.lists(st.sampled_from(["The Wire", "Cato"]), min_size=1, max_size=2, unique=True),
        "origin": st.lists(st.sampled_from(["The Wire", "a memo"]), min_size=1, max_size=2, unique=True),
    },
)


def range_of(folder: Path, names: list[str], fields: list[dict[str, list[str]]]) -> tuple[int, int]:
    files = [
        paper(name, says("".join(f"{key}: [{', '.join(values)}]\n" for key, values in each.items())))
        for name, each in zip(names, fields, strict=True)
    ]
    (found,) = weigh(papers(folder, *files))
    assert len(found.articles) == len(names)
    assert 1 <= found.certainly <= found.possibly
    listed = {each.statement for group in found.origins for each in group.statements}
    assert len(listed) == len(names)
    return found.certainly, found.possibly


@pytest.mark.slow
@settings(max_examples=30)  # each example writes and loads several graphs
@given(fields=st.lists(FIELDS, min_size=1, max_size=4), data=st.data())
def test_counting_laws(
    tmp_path_factory: pytest.TempPathFactory, fields: list[dict[str, list[str]]], data: st.DataObject
) -> None:
    def count(chosen: list[dict[str, list[str]]], names: str) -> tuple[int, int]:
        return range_of(tmp_path_factory.mktemp("garden") / "g", [f"p{name}" for name in names[: len(chosen)]], chosen)

    certainly, possibly = count(fields, "abcdefg")
    shuffled = data.draw(st.permutations(fields))
    assert count(list(shuffled), "gfedcba") == (certainly, possibly)
    repeated = data.draw(st.sampled_from(fields))
    again = count([*fields, repeated], "abcdefg")
    if repeated and "somebody" not in repeated.get("said by", []):
        assert again == (certainly, possibly)  # an article that repeats adds nothing
    fresh = count([*fields, {}], "abcdefg")
    assert fresh[1] == possibly + 1  # a source of its own may be one more
    assert fresh[0] in (certainly, certainly + 1)


def test_those_who_speak_for_each_other_are_one(tmp_path: Path) -> None:
    circle = says(triple="[Cato, speaks for, Ada]") + says(triple="[Ada, speaks for, Rose]")
    circle += says(triple="[Rose, speaks for, Cato]")
    found = weigh(
        papers(tmp_path, paper("a", ADA), paper("b", ROSE), paper("c", OWN), paper("x", circle)), subject="basil"
    )
    assert [one.phrase for one in found] == ["3 articles, 2 origins"]
    assert found[0].origins[0].why == (
        "2 statements come from or through Ada",
        "Cato speaks for Ada",
        "Rose Marsh speaks for Cato",
    )


def test_very_many_statements_of_one_proposition(tmp_path: Path) -> None:
    hub = [frozenset({f"p{index}", "agency"}) for index in range(20_000)]
    assert len(_apart(hub)) == 1
    assert len(_apart([*hub, *(frozenset({f"p{index}"}) for index in range(5000))])) == 5001
