"""Owns the tests of ``onrecord.explain.disagreements``: what disagrees, what does not, and laws of both."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inline import MORE_TERMS, Notes, load_folder, notes
from onrecord.explain.disagreements import Disagreement, disagree, read_exclusions, same_value
from onrecord.lens import Lens, select
from onrecord.project import AssertPolicy
from onrecord.statuses import STATUSES
from onrecord.terms import XSD, literal
from small_graph import ENTITIES, write_graph

ROOT = Path(__file__).resolve().parents[2]
TERMS = (
    MORE_TERMS
    + """
gar:speaksFor a owl:ObjectProperty, onr:OriginLink ; rdfs:label "speaks for"@en .
gar:campaignsFor a owl:ObjectProperty, onr:Stance ; rdfs:label "campaigns for"@en ; rdfs:subPropertyOf gar:supports .
gar:isOpposedBy a owl:ObjectProperty ; rdfs:label "is opposed by"@en ; owl:inverseOf gar:opposes .
gar:partOf a owl:ObjectProperty ; rdfs:label "is part of"@en ; rdfs:subPropertyOf <http://purl.org/dc/terms/isPartOf> .
gar:beside2 a owl:ObjectProperty, owl:SymmetricProperty ; rdfs:label "lies beside"@en .
gar:owner a owl:ObjectProperty, owl:FunctionalProperty ; rdfs:label "is owned by"@en .
gar:buyer a owl:ObjectProperty ; rdfs:label "was bought by"@en ; rdfs:subPropertyOf gar:owner .
gar:weight a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:label "weighs"@en ; rdfs:range xsd:decimal .
gar:name a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:label "is named"@en ; rdfs:range rdf:langString .
"""
)
PEOPLE = (
    ENTITIES
    + """
- {id: ada, label: Ada, type: person, same as: [https://example.org/register/1]}
- {id: countess, label: the countess, type: person, same as: [https://example.org/register/1]}
- {id: plot-8, label: plot 8, type: plot}
- {id: rules, label: the rules, type: plan}
"""
)
NEGATION = "one side says that it is so, the other that it is not"
EXCLUDE = '"opposes" and "supports" exclude each other'


def says(triple: str, fields: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in fields.split("\n") if line)
    return f"- triple: [{triple}]\n  quote: so\n{lines}"


def papers(folder: Path, *statements: str) -> Notes:
    """One paper a statement."""
    files: dict[str, str | bytes | None] = {
        "statements/letter.yaml": None,
        "statements/minutes.yaml": None,
        "sources/letter.txt": None,
        "sources/minutes.txt": None,
        "ontology/garden.ttl": TERMS,
        "entities.yaml": PEOPLE,
    }
    for index, each in enumerate(statements):
        head = f"source:\n  id: p{index}\n  title: Paper {index}\n  published: 2024-06-01\n"
        files[f"statements/p{index}.yaml"] = notes(each, head)
    found = load_folder(write_graph(folder, **files))
    assert found.problems == []
    return found


def found_in(folder: Path, *statements: str) -> list[Disagreement]:
    found = papers(folder, *statements)
    return disagree(select(found.table, Lens(), AssertPolicy()), found.loaded.resolved)


def outline(found: list[Disagreement]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.kind, one.rule, tuple(side.text for side in one.sides)) for one in found]


TENDS = "Basil Thorn, tends, plot 7"
FOR = "Basil Thorn, supports, hose ban"
AGAINST = "Basil Thorn, opposes, hose ban"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (says(TENDS), says(TENDS, "not: true"), ("conflict", "negation", NEGATION)),
        (says(TENDS), says(TENDS, "status: denied\nsaid by: Ada"), ("conflict", "negation", NEGATION)),
        (
            says(TENDS, "status: expected"),
            says(TENDS, "status: denied\nsaid by: Ada"),
            ("conflict", "negation", NEGATION),
        ),
        (says(FOR), says(AGAINST), ("conflict", "exclusive", EXCLUDE)),
        (
            says("Basil Thorn, campaigns for, hose ban"),
            says(AGAINST),
            ("conflict", "exclusive", '"campaigns for" and "opposes" exclude each other'),
        ),
        (
            says(FOR),
            says("hose ban, is opposed by, Basil Thorn"),
            ("conflict", "exclusive", '"is opposed by" and "supports" exclude each other'),
        ),
        (
            says("Rose, chairs, Garden Society"),
            says("Rose, member of, Garden Society", "not: true"),
            ("conflict", "negation", f'{NEGATION}; "chairs" says "member of" too'),
        ),
        (
            says("plot 7, lies beside, plot 8"),
            says("plot 8, lies beside, plot 7", "not: true"),
            ("conflict", "negation", NEGATION),
        ),
        (
            says("plot 7, is owned by, Rose"),
            says("plot 7, is owned by, Ada"),
            ("conflict", "functional", '"is owned by" has one value'),
        ),
        (
            says("plot 7, was bought by, Rose"),
            says("plot 7, is owned by, Ada"),
            ("conflict", "functional", '"is owned by" has one value; "was bought by" says "is owned by" too'),
        ),
        (
            says("plot 7, weighs, 1.50"),
            says("plot 7, weighs, 1.85"),
            ("conflict", "functional", '"weighs" has one value'),
        ),
        (
            says(TENDS, "status: possible"),
            says(TENDS, "not: true"),
            ("possible", "negation", f"{NEGATION}; as firmly as it is put (possible, stated), both may be said"),
        ),
        (
            says(TENDS, "on condition: if it rains"),
            says(TENDS, "not: true"),
            ("possible", "negation", f"{NEGATION}; the sides stand on different conditions"),
        ),
        (
            says(TENDS, "on condition: if it rains"),
            says(TENDS),
            ("possible", "condition", "one side sets a condition, the other none"),
        ),
        (
            says(FOR),
            says("Ada, opposes, hose ban"),
            ("possible", "opposed", f"{EXCLUDE}; the holders differ: they disagree, the sources need not"),
        ),
    ],
)
def test_what_disagrees(tmp_path: Path, one: str, other: str, expected: tuple[str, str, str]) -> None:
    found = found_in(tmp_path, one, other)
    assert [(each.kind, each.rule, each.why) for each in found] == [expected]
    assert sorted(len(side.statements) for side in found[0].sides) == [1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (says(TENDS), says(TENDS)),
        (says(TENDS), says("Basil Thorn, tends, plot 8", "not: true")),
        (says(TENDS), says("Ada, tends, plot 7", "not: true")),
        (says(TENDS), says(TENDS, "status: mentioned\nnot: true")),
        (says(TENDS, "status: possible"), says(TENDS, "status: possible\nnot: true")),
        (says(TENDS, "status: unconfirmed"), says(TENDS, "status: possible\nnot: true")),
        (says(TENDS, "not: true"), says(TENDS, "status: denied\nsaid by: Ada")),
        (says("Rose, chairs, Garden Society", "not: true"), says("Rose, member of, Garden Society")),
        # other objects, other qualifiers
        (says(FOR), says("Basil Thorn, opposes, the rules")),
        (says(FOR, "for: Garden Society"), says(AGAINST)),
        (says(TENDS, "at: summer show"), says(TENDS, "not: true")),
        (says("plot 7, weighs, 1", "at: summer show"), says("plot 7, weighs, 2")),
        (says(FOR, "not: true"), says(AGAINST, "not: true")),
        (says(FOR), says(AGAINST, "not: true")),
        # other times
        (says(FOR, "when: 2023"), says(AGAINST, "when: 2024")),
        (says(TENDS, "when: ../2024-02"), says(TENDS, "not: true\nwhen: 2024-03-01/")),
        (says("plot 7, is owned by, Rose", "when: 1990/1999"), says("plot 7, is owned by, Ada", "when: 2000/..")),
        # other words for the same
        (says("plot 7, weighs, 1.50"), says("plot 7, weighs, 1.5")),
        (says("plot 7, weighs, 1.50"), says("plot 7, weighs, 1.85", "not: true")),
        (says("plot 7, is owned by, Ada"), says("plot 7, is owned by, the countess")),
        (says("plot 7, height in metres, 1"), says("plot 7, height in metres, 2")),
        # what is only a stance's content
        (says("Rose, believes, [Basil Thorn, opposes, hose ban]"), says(FOR)),
    ],
)
def test_no_false_alarm(tmp_path: Path, one: str, other: str) -> None:
    assert outline(found_in(tmp_path, one, other)) == []


def test_one_source_may_say_both_flat_and_on_a_condition(tmp_path: Path) -> None:
    assert outline(found_in(tmp_path, says(TENDS) + says(TENDS, "on condition: if it rains"))) == []


def test_a_value_and_its_negation_in_other_digits(tmp_path: Path) -> None:
    found = found_in(tmp_path, says("plot 7, weighs, 1.50"), says("plot 7, weighs, 1.5", "not: true"))
    assert outline(found) == [("conflict", "negation", ("plot 7 weighs 1.50", "not: plot 7 weighs 1.5"))]


def test_the_spokesman_and_the_one_he_speaks_for(tmp_path: Path) -> None:
    found = found_in(tmp_path, says(FOR), says("Ada, opposes, hose ban"), says("Ada, speaks for, Basil Thorn"))
    assert [(one.kind, one.rule, one.why) for one in found] == [
        ("possible", "linked", f"{EXCLUDE}; Ada speaks for Basil Thorn")
    ]
    denied = found_in(
        tmp_path / "b", says(FOR), says("Ada, supports, hose ban", "not: true"), says("Ada, speaks for, Basil Thorn")
    )
    assert [(one.kind, one.rule, one.why) for one in denied] == [
        ("possible", "linked", f"{NEGATION}; Ada speaks for Basil Thorn")
    ]


def test_a_broader_and_a_narrower_provision(tmp_path: Path) -> None:
    link = says("hose ban, is part of, the rules")
    found = found_in(tmp_path, says(FOR), says("Basil Thorn, opposes, the rules"), link)
    assert [(one.kind, one.rule, one.why) for one in found] == [
        ("possible", "narrower", f"{EXCLUDE}; hose ban is part of the rules")
    ]


def test_a_holder_on_both_sides_is_no_camp(tmp_path: Path) -> None:
    found = found_in(tmp_path, says(FOR), says(AGAINST), says("Ada, supports, hose ban"))
    assert outline(found) == [
        ("conflict", "exclusive", ("Basil Thorn opposes hose ban", "Basil Thorn supports hose ban")),
        ("possible", "opposed", ("Ada: supports hose ban", "Basil Thorn: opposes hose ban")),
    ]


def test_only_what_meets_in_time_is_evidence(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        says(TENDS, "when: 2023"),
        says(TENDS, "when: 2024"),
        says(TENDS, "not: true\nwhen: 2024-05"),
        says(TENDS, "not: true\nwhen: 2025"),
    )
    assert [[each.when for each in side.statements] for one in found for side in one.sides] == [["2024"], ["2024-05"]]


def test_evidence_stands_on_both_sides(tmp_path: Path) -> None:
    found = found_in(tmp_path, says(TENDS), says(TENDS, "status: denied\nsaid by: Ada"), says(TENDS, "said by: Rose"))
    (one,) = found
    assert [(each.source, each.status, each.path, each.quotes) for each in one.sides[0].statements] == [
        ("p0", "stated", "in its own voice", ("so",)),
        ("p2", "stated", "said by Rose Marsh", ("so",)),
    ]
    assert [each.path for each in one.sides[1].statements] == ["said by Ada"]
    assert one.as_dict()["sides"][1]["text"] == "not: Basil Thorn tends plot 7"


def test_what_the_lens_leaves_out_disagrees_with_nothing(tmp_path: Path) -> None:
    found = papers(tmp_path, says(TENDS), says(TENDS, "not: true"))
    rows = select(found.table, Lens(sources=frozenset({"p0"})), AssertPolicy())
    assert disagree(rows, found.loaded.resolved) == []


# --- the published table


def test_the_table_of_statuses_is_whole(tmp_path: Path) -> None:
    rules = read_exclusions(papers(tmp_path, says(TENDS)).loaded.resolved.names.ontology)
    firm = {"stated", "confirmed", "expected", "planned", "claimed"}
    weak = {"possible", "unconfirmed"}
    for one, other in product(STATUSES, STATUSES):
        pair = {one, other}
        if "mentioned" in pair or pair <= weak or pair == {"denied"}:
            expected = None
        elif pair & weak:
            expected = "possible"
        else:
            assert pair <= firm | {"denied"}
            expected = "conflict"
        assert (one, other, rules.kind(one, other)) == (one, other, expected)


@pytest.mark.slow
def test_every_pair_of_the_table_is_what_is_found(tmp_path: Path) -> None:
    rules = read_exclusions(papers(tmp_path, says(TENDS)).loaded.resolved.names.ontology)

    def fields(status: str) -> str:
        return f"status: {status}\nsaid by: Ada"

    for index, (one, other) in enumerate(product(STATUSES, STATUSES)):
        if one == "denied":
            continue
        against = fields(other) if other == "denied" else fields(other) + "\nnot: true"
        found = found_in(tmp_path / f"g{index}", says(TENDS, fields(one)), says(TENDS, against))
        kind = rules.kind(one, other)
        assert (one, other, [each.kind for each in found]) == (one, other, [kind] if kind else [])


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("<https://example.org/a>", "<https://example.org/a>"),
        (literal("1.50", datatype=f"{XSD}decimal"), "1.5"),
        (literal("100", datatype=f"{XSD}integer"), "100"),
        (literal("-0.0", datatype=f"{XSD}decimal"), "0"),
        (literal("x", datatype=f"{XSD}decimal"), literal("x", datatype=f"{XSD}decimal")),
        (literal("1e2", datatype=f"{XSD}double"), "100.0"),
        (literal("y", datatype=f"{XSD}double"), literal("y", datatype=f"{XSD}double")),
        (literal("1", datatype=f"{XSD}boolean"), "true"),
        (literal("010"), '"010"'),
        (literal("a", language="en"), '"a"@en'),
    ],
)
def test_same_value(term: str, expected: str) -> None:
    assert same_value(term) == expected


# --- laws

STATEMENT = st.tuples(
    st.sampled_from(["Basil Thorn", "Ada", "Rose"]),
    st.sampled_from(["supports", "opposes", "campaigns for"]),
    st.sampled_from(["hose ban", "the rules"]),
    st.sampled_from(["", "not: true", "status: expected", "status: denied\nsaid by: Ada", "status: possible"]),
    st.sampled_from(["", "when: 2023", "when: 2024"]),
)


@pytest.mark.slow
@settings(max_examples=30)  # each example writes and loads several graphs
@given(chosen=st.lists(STATEMENT, min_size=1, max_size=5), data=st.data())
def test_order_changes_nothing_and_a_new_statement_takes_nothing_away(
    tmp_path_factory: pytest.TempPathFactory,
    chosen: list[tuple[str, str, str, str, str]],
    data: st.DataObject,
) -> None:
    def run(order: list[int]) -> list[Disagreement]:
        """The statements in this order of rows, each in a paper of its own and its own day."""
        files: dict[str, str | bytes | None] = dict.fromkeys(
            ("statements/letter.yaml", "statements/minutes.yaml", "sources/letter.txt", "sources/minutes.txt")
        )
        head = "source,subject,predicate,object,not,quote,status,said by,when\n"
        lines = []
        for index in order:
            subject, predicate, obj, put, when = chosen[index]
            status = put.partition("status: ")[2].partition("\n")[0]
            negated, speaker = ("true" if put == "not: true" else ""), ("Ada" if "said by" in put else "")
            lines.append(f"p{index},{subject},{predicate},{obj},{negated},so,{status},{speaker},{when[6:]}\n")
        files["statements/all.csv"] = head + "".join(lines)
        files["sources.yaml"] = "".join(
            f"- {{id: p{index}, title: P, published: 2024-06-0{index + 1}}}\n" for index in order
        )
        files |= {"ontology/garden.ttl": TERMS, "entities.yaml": PEOPLE}
        loaded = load_folder(write_graph(tmp_path_factory.mktemp("garden") / "g", **files))
        assert loaded.problems == []
        return disagree(select(loaded.table, Lens(), AssertPolicy()), loaded.loaded.resolved)

    def bare(found: list[Disagreement]) -> list[object]:
        return [
            (
                one.kind,
                one.rule,
                one.why,
                [(side.text, [each.statement for each in side.statements]) for side in one.sides],
            )
            for one in found
        ]

    everything = list(range(len(chosen)))
    whole = run(everything)
    assert bare(run(list(data.draw(st.permutations(everything))))) == bare(whole)
    fewer = run(everything[:-1]) if len(everything) > 1 else []
    pairs = {
        (each.statement, other.statement)
        for one in whole
        for each in one.sides[0].statements
        for other in one.sides[1].statements
    }
    pairs |= {(b, a) for a, b in pairs}
    for one in fewer:
        for each in one.sides[0].statements:
            assert any((each.statement, other.statement) in pairs for other in one.sides[1].statements)
    for one in whole:
        assert one.kind in ("conflict", "possible")
        assert all(side.statements for side in one.sides)


# --- the graphs


def test_the_deliberate_conflicts_of_the_harbour_bridge() -> None:
    loaded = load_folder(ROOT / "graphs" / "harbour-bridge").loaded
    found = disagree(select(loaded.resolved.statements, Lens(), loaded.project.policy), loaded.resolved)
    memo = "Quillhaven works department receives memo on the cost of the bridge"
    june = "repair of the Gannet Bridge completion date 2024-06-17"
    award = "contract for the repair of the Gannet Bridge awarded to Brackwater Marine"
    attends = "Hesper Drall attends council meeting of 9 April 2024"
    lorries = "Gannet Bridge open to lorries"
    assert outline(found) == [
        ("conflict", "negation", (attends, f"not: {attends}")),
        ("conflict", "negation", (memo, f"not: {memo}")),
        ("conflict", "negation", (june, f"not: {june}")),
        (
            "conflict",
            "exclusive",
            (
                "Lomvifjell Rederi opposes repair of the Gannet Bridge",
                "Lomvifjell Rederi supports repair of the Gannet Bridge",
            ),
        ),
        ("conflict", "functional", (june, "repair of the Gannet Bridge completion date 2024-09-02")),
        (
            "conflict",
            "functional",
            (
                "repair of the Gannet Bridge cost in million crowns 1.50",
                "repair of the Gannet Bridge cost in million crowns 1.85",
            ),
        ),
        ("possible", "negation", (lorries, f"not: {lorries}")),
        (
            "possible",
            "exclusive",
            ("Harbour Hands' Union opposes night shifts", "Harbour Hands' Union supports night shifts"),
        ),
        ("possible", "condition", (award, award)),
        (
            "possible",
            "opposed",
            (
                "Harbour Hands' Union: supports repair of the Gannet Bridge",
                "Lomvifjell Rederi: opposes repair of the Gannet Bridge",
            ),
        ),
    ]
    crossing = {
        each.when for one in found if one.sides[0].text == lorries for side in one.sides for each in side.statements
    }
    assert crossing == {"2024-06", "2024-03-01/"}  # open until February meets neither


def test_the_miami_talks_hold_opposed_stances_and_no_conflict() -> None:
    loaded = load_folder(ROOT / "graphs" / "miami-talks").loaded
    found = disagree(select(loaded.resolved.statements, Lens(), loaded.project.policy), loaded.resolved)
    assert outline(found) == [
        (
            "possible",
            "opposed",
            (
                "Kremlin: rejects NATO-like collective defense guarantees",
                "Ukraine: seeks NATO-like collective defense guarantees",
            ),
        )
    ]
