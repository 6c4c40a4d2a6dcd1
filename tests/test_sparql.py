"""SPARQL as text: tokens, what is refused on any reading, and where a mistake is shown."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.errors import QueryRefused
from onrecord.sparql.guard import guard, has_from, may_call
from onrecord.sparql.mistakes import explain_syntax
from onrecord.sparql.tokens import bind_parameters, is_ordered, tokens

PREFIXES = {
    "": "https://example.org/garden/entity/",
    "ex": "https://example.org/",
    "gar": "https://example.org/garden-terms#",
    "service": "https://example.org/service/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
GRAPHS = ["https://example.org/garden/graph/asserted", "https://example.org/service/one"]


def code_of(query: str) -> str | None:
    try:
        guard(query, GRAPHS, PREFIXES)
    except QueryRefused as refused:
        return refused.problem.code
    return None


BODY = "<http://127.0.0.1:9/>{?a ?b ?c}"
SERVICES = {
    "plain": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } }",
    "lower case": "select * { service <http://127.0.0.1:9/> { ?a ?b ?c } }",
    "silent": "SELECT * { SERVICE SILENT <http://127.0.0.1:9/> { ?a ?b ?c } }",
    "no space": "SELECT*{SERVICE" + BODY + "}",
    "silent, no space": "SELECT*{SERVICESILENT" + BODY + "}",
    "variable": "SELECT * { ?a ?b ?u SERVICE?u{?a ?b ?c} }",
    "values": "SELECT * { VALUES ?u { <http://127.0.0.1:9/> } SERVICE ?u { ?a ?b ?c } }",
    "limit 0": "SELECT * { SERVICE" + BODY + " } LIMIT 0",
    "subselect": "SELECT * { { SELECT * { SERVICE" + BODY + " } LIMIT 0 } }",
    "exists": "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE" + BODY + " } }",
    "not exists": "SELECT * { ?s ?p ?o FILTER(NOT EXISTS{SERVICE" + BODY + "}) }",
    "optional": "SELECT * { OPTIONAL{SERVICE" + BODY + "} }",
    "union": "SELECT * { {} UNION {SERVICE" + BODY + "} }",
    "minus": "SELECT * { MINUS{SERVICE" + BODY + "} }",
    "graph": "SELECT * { GRAPH service:one {SERVICE" + BODY + "} }",
    "lateral": "SELECT * { LATERAL{SERVICE" + BODY + "} }",
    "construct": "CONSTRUCT { ?a ?b ?c } { SERVICE" + BODY + " }",
    "describe": "DESCRIBE ?a { SERVICE" + BODY + " }",
    "ask": "ASK { SERVICE" + BODY + " }",
    "prefixed name": "ASK { ?a ?b ?c SERVICE ex:a { ?a ?b ?c } }",
    "glued to a name": "ASK { ?a ?b ?c SERVICEex:a{?a ?b ?c} }",
    "glued to the empty prefix": "ASK { ?a ?b ?c SERVICE:a{?a ?b ?c} }",
    "glued, silent": "ASK { ?a ?b ?c SERVICESILENTex:a{?a ?b ?c} }",
    "glued, then a comment": "ASK { ?a ?b ?c SERVICEex:a#\n{?a ?b ?c} }",
    "after a comment ended by CR": "ASK { # note\rSERVICE" + BODY + " }",
    "before a comment": "ASK { SERVICE#\n" + BODY + " }",
    "after a number": "ASK { ?a ?b 1SERVICE" + BODY + " }",
    "after a number and a dot": "ASK { ?a ?b 1.SERVICE" + BODY + " }",
    "after true": "ASK { ?a ?b trueSERVICE" + BODY + " }",
    "after a true": "ASK { ?a atrueSERVICE" + BODY + " }",
    "after a number without a space": "ASK { ?a a1SERVICE" + BODY + " }",
    "after a number and a dot without a space": "ASK { ?a a1.5e3.SERVICEex:a{?a ?b ?c} }",
    "after true and a dot": "ASK { ?a ?b true.SERVICEex:a{?a ?b ?c} }",
    "after a true and a dot": "ASK { ?a atrue.SERVICEex:a{?a ?b ?c} }",
    "after a false": "ASK { ?a ?b false.SERVICE:a{?a ?b ?c} }",
    "after a name that ends in a colon": "ASK { ?a ?b ex:.SERVICE" + BODY + " }",
    "after a string": "ASK { ?a ?b 'x'SERVICE" + BODY + " }",
    "after less than": "ASK { ?a ?c ?b FILTER(1<?b)SERVICE#>\n" + BODY + " }",
    "after less than and a dot": "ASK { ?a ?c ?b FILTER(1<?b).SERVICE#>\n" + BODY + " }",
    "after at most": "ASK { ?a ?c ?b FILTER(1<=?b)SERVICE#>\n" + BODY + " }",
    "after less than a sum": "ASK { ?a ?c ?b FILTER(1<(2+?b))SERVICE#>\n" + BODY + " }",
    "after less than a call": "ASK { ?a ?c ?b FILTER(1<abs(?b))SERVICE#>\n" + BODY + " }",
    "after less than a cast": "ASK { ?a ?c ?b FILTER(1<xsd:int(?b))SERVICE#>\n" + BODY + " }",
    "after less than a glued cast": "PREFIXu:<urn:> ASK { ?a ?c ?b FILTER('a'<u:f('>'))SERVICE" + BODY + "#'\n }",
    "quotes inside what looks like an IRI": "ASK { ?a ?c ?b FILTER('='<'>')SERVICE" + BODY + "#'\n }",
    "quotes behind what looks like an IRI": "ASK { ?a ?c ?b FILTER(1<?b#>'''\n)SERVICE" + BODY + "#'''\n }",
    "quotes behind a call": "ASK { ?a ?c ?b FILTER(1<abs#>'''\n(?b))SERVICE" + BODY + "#'''\n }",
    "quotes behind a comment": "ASK { ?a ?c ?b FILTER(1<#>'''\n3)SERVICE" + BODY + "#'''\n }",
    "long quotes": 'ASK { ?a ?c ?b FILTER(1<?b#>"""\n)SERVICE' + BODY + '#"""\n }',
    "less than false": "ASK { ?a ?c ?b FILTER(true<false-'>'||true)SERVICE" + BODY + "#'\n }",
}

ANSWERED = {
    "string": "ASK { ?s ?p 'SERVICE <a> {}' }",
    "long string": "ASK { ?s ?p '''it's\nSERVICE <a> {}''' }",
    "string with an escape": 'ASK { ?s ?p "\\" SERVICE <a> {} \\"" }',
    "IRI": "ASK { ?s <http://example.org/service/a> ?o }",
    "IRI with brackets": "ASK { ?s <http://example.org/(band)service> ?o }",
    "IRI with a bracket": "ASK { ?s <http://example.org/a)service> ?o }",
    "relative IRI": "ASK { ?s <entity/secret-service> ?o }",
    "IRI in a list": "ASK { VALUES (?a ?b) { (<http://x/a> <http://x/b)service>) } }",
    "URN": "ASK { ?s <urn:x:service> ?o }",
    "fragment": "ASK { ?s <#service> ?o }",
    "comment": "# SERVICE <a> {}\nASK { ?s ?p ?o } # service",
    "variable": "SELECT ?service { ?service ?p $SERVICE }",
    "prefix": "ASK { ?s service:a service:b }",
    "declared prefix": "PREFIX service: <http://service/> ASK { ?s service:a ?o . ?o service:b service:c }",
    "graph name": "ASK { GRAPH service:one { ?s ?p ?o } }",
    "from": "SELECT * FROM service:one { ?s ?p ?o }",
    "from named": "SELECT * FROM NAMED service:one { ?s ?p ?o }",
    "describe": "DESCRIBE service:one { ?s ?p ?o }",
    "local name": "ASK { ?s ex:service ex:a.service }",
    "language": "ASK { ?s ?p 'a'@service }",
    "blank node": "ASK { _:service ?p ?o }",
    "compared": "ASK { ?s ?p ?o FILTER(?a<?b&&?c>1&&CONTAINS(?o,'service')) }",
    "update words": "ASK { ?load ex:insert 'DELETE', <http://x/drop> } # CLEAR",
}


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_refused(name: str) -> None:
    assert code_of(SERVICES[name]) == "Q001"


@pytest.mark.parametrize("name", ANSWERED)
def test_the_word_service_is_not_refused(name: str) -> None:
    assert code_of(ANSWERED[name]) is None


def test_the_caret_stands_under_service() -> None:
    query = "ASK {\n  ?a ?b true.SERVICEex:a{?a ?b ?c} }"
    with pytest.raises(QueryRefused) as caught:
        guard(query, [], PREFIXES)
    place = caught.value.problem.place
    assert (place.line, place.column, place.length) == (2, 14, 7)


PIECES = [
    *(
        "SERVICE",
        "service",
        "SILENT",
        "<urn:x>",
        "ex:a",
        ":a",
        "ex:",
        "?b",
        "true",
        "false",
        "a",
        "1",
        "1.",
        ".5",
        "'x'",
    ),
    *(
        '"y"',
        "'''",
        '"""',
        "'",
        "#",
        "\n",
        "\r",
        "\t",
        " ",
        ".",
        ";",
        ",",
        "{",
        "}",
        "(",
        ")",
        "<",
        ">",
        "<=",
        "=",
        "||",
    ),
    *(
        "FILTER(",
        "1<",
        ")",
        "[]",
        "@en",
        "^^",
        "xsd:int(",
        "abs(",
        "UNDEF",
        "GRAPH ?g",
        "OPTIONAL",
        "\\",
        "%41",
        "-",
        "_:n",
    ),
]
CALL = "<urn:nowhere>{?x ?y ?z}"


def reaches_out(query: str) -> bool:
    """Whether the engine itself tries to call a service."""
    store = ox.Store()
    store.update("INSERT DATA { <urn:s> <urn:p> 1, true, 'x', <urn:o> ; a true, 1 }")
    try:
        found = store.query(query, prefixes=PREFIXES)
        if not isinstance(found, ox.QueryBoolean):
            list(found)
    except SyntaxError:
        return False
    except (OSError, RuntimeError):
        return True
    return False


def test_the_oracle_sees_a_call() -> None:
    assert reaches_out("SELECT * { SERVICE" + CALL + " }")
    assert not reaches_out("SELECT * { ?s ?p 'SERVICE' }")


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.lists(st.sampled_from(PIECES), max_size=4))
@settings(max_examples=400)
def test_whatever_the_engine_would_send_is_refused(before: list[str], after: list[str]) -> None:
    for head in ("SELECT*{", "SELECT*{?s ?p ", "SELECT*{?s ?p ?b FILTER(1<"):
        query = head + "".join(before) + "SERVICE" + CALL + "".join(after) + "}"
        if reaches_out(query):
            assert code_of(query) == "Q001", query


@pytest.mark.parametrize("word", ["INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"])
def test_updates_are_refused(word: str) -> None:
    assert code_of(f"{word} DATA {{ }}") == "Q002"
    assert code_of(f"PREFIX ex: <http://x/>\nBASE <http://y/>\n{word.lower()} <http://x/>") == "Q002"


def test_from_names_graphs_that_exist() -> None:
    assert code_of(f"SELECT * FROM <{GRAPHS[0]}> {{ ?s ?p ?o }}") is None
    assert code_of(f"SELECT * FROM NAMED <{GRAPHS[0]}> {{ ?s ?p ?o }}") is None
    assert code_of("SELECT * FROM service:one FROM NAMED service:one { ?s ?p ?o }") is None
    assert code_of("PREFIX mine: <https://example.org/service/> SELECT * FROM mine:one { ?s ?p ?o }") is None
    assert code_of("SELECT * FROM <https://example.org/other> { ?s ?p ?o }") == "Q003"
    assert code_of("SELECT * FROM NAMED <file:///etc/passwd> { ?s ?p ?o }") == "Q003"
    assert code_of(f"SELECT * FROM <{GRAPHS[0]}> FROM service:two {{ ?s ?p ?o }}") == "Q003"
    assert code_of("SELECT * from named service:two { ?s ?p ?o }") == "Q003"


def test_a_long_query_is_refused() -> None:
    assert code_of("#" * (256 * 1024)) is None
    assert code_of("#" * (256 * 1024 + 1)) == "Q004"
    assert code_of("é" * (128 * 1024 + 1)) == "Q004"


@pytest.mark.parametrize(
    "unit", ["a.", "a-", "'", '"""\\"', "<'>", "<'''>", "(", ":", "a:.", "x<1 ", "<#a>\n", "@a-", "?", ".", "#\n", "{"]
)
def test_reading_takes_time_that_grows_with_the_length(unit: str) -> None:
    query = unit * (60_000 // len(unit))
    started = time.process_time()
    code_of(query)
    explain_syntax(query, "error at 1:1: expected WHERE", PREFIXES)
    assert time.process_time() - started < 6  # a quadratic reading takes minutes


@given(st.text(st.sampled_from(list("ab:.<>?#'\"\\\n\r\t {}()@^_-1é\u00a0")), max_size=60))
def test_tokens_stand_where_they_say(query: str) -> None:
    for token in tokens(query):
        assert query[token.start : token.start + len(token.text)] == token.text


def test_tokens() -> None:
    query = 'PREFIX a: <b#> SELECT ?x { ?x a:b.c \'d\\\'e\'@en-GB, """f"g""", 1.5e3 ; a:\\,x%41 _:n . } # }'
    assert [(token.kind, token.text) for token in tokens(query)] == [
        ("word", "PREFIX"),
        ("name", "a:"),
        ("iri", "<b#>"),
        ("word", "SELECT"),
        ("variable", "?x"),
        ("sign", "{"),
        ("variable", "?x"),
        ("name", "a:b.c"),
        ("string", "'d\\'e'"),
        ("language", "@en-GB"),
        ("sign", ","),
        ("string", '"""f"g"""'),
        ("sign", ","),
        ("number", "1.5e3"),
        ("sign", ";"),
        ("name", "a:\\,x%41"),
        ("blank", "_:n"),
        ("sign", "."),
        ("sign", "}"),
    ]


def texts(query: str) -> list[str]:
    return [token.text for token in tokens(query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ASK{?s<urn:p>?o FILTER(?o<RAND()&&?o>-1)}", "ASK { ?s <urn:p> ?o FILTER ( ?o < RAND ( ) && ?o > - 1 ) }"),
        ("ASK{?s<urn:p>?o FILTER(?o<=?a&&?a>0)}", "ASK { ?s <urn:p> ?o FILTER ( ?o <= ?a && ?a > 0 ) }"),
        ("ASK{FILTER(?a IN(<u:a>,?b<?a&&?b>0))}", "ASK { FILTER ( ?a IN ( <u:a> , ?b < ?a && ?b > 0 ) ) }"),
        ("ASK{FILTER regex(?a<?b&&?b>0)?s<urn:p>?o}", "ASK { FILTER regex ( ?a < ?b && ?b > 0 ) ?s <urn:p> ?o }"),
        ("ASK{FILTER<u:f>(?a<?b&&?b>0)<u:s><u:p><u:o>}",
         "ASK { FILTER <u:f> ( ?a < ?b && ?b > 0 ) <u:s> <u:p> <u:o> }"),
        ("ASK{FILTER(EXISTS{?s<u:p>?o}<?b&&?b>0)}", "ASK { FILTER ( EXISTS { ?s <u:p> ?o } < ?b && ?b > 0 ) }"),
        ("ASK{FILTER('a'^^<u:d><?b&&'b'@en<?c||?c>0)}",
         "ASK { FILTER ( 'a' ^^ <u:d> < ?b && 'b' @en < ?c || ?c > 0 ) }"),
        ("ASK{VALUES(?a?b){(1<u:x>)}?a(<u:p>|<u:q>)<u:o>}",
         "ASK { VALUES ( ?a ?b ) { ( 1 <u:x> ) } ?a ( <u:p> | <u:q> ) <u:o> }"),
        ("SELECT('='<'>'AS?a)FROM<u:g>{}", "SELECT ( '=' < '>' AS ?a ) FROM <u:g> { }"),
        ("ASK{{SELECT?a(?a<?b&&?b>0AS?c){?a<u:p>(1<u:x>)}}}",
         "ASK { { SELECT ?a ( ?a < ?b && ?b > 0 AS ?c ) { ?a <u:p> ( 1 <u:x> ) } } }"),
        ("ASK{}ORDER BY(?a<?b&&?b>0)<u:f>(?b)", "ASK { } ORDER BY ( ?a < ?b && ?b > 0 ) <u:f> ( ?b )"),
        ("ASK{BIND(<<(?s<u:p>?o)>>AS?t)<<?s?p?o>>?a?b}",
         "ASK { BIND ( < < ( ?s <u:p> ?o ) > > AS ?t ) < < ?s ?p ?o > > ?a ?b }"),
        ("ASK{FILTER(?a<<u:b>)?s?p trueFILTER(1<?a&&?a>0)}",
         "ASK { FILTER ( ?a < <u:b> ) ?s ?p trueFILTER ( 1 < ?a && ?a > 0 ) }"),
        ("ASK{FILTER(?a<http://x/y>)}", "ASK { FILTER ( ?a <http://x/y> ) }"),
    ],
)  # fmt: skip
def test_a_smaller_sign_is_known_by_what_stands_before_it(query: str, found: str) -> None:
    assert " ".join(texts(query)) == found


VALUES = ("?s", "?y", "1", "'a'", "'b'@en", "<urn:o>", "ex:x", "RAND()", "(?y)", "abs(?y)", "true", "?y IN(<urn:o>,?s)")
EXPRESSIONS = st.lists(
    st.tuples(st.sampled_from(VALUES), st.sampled_from(["<", "<=", ">", "&&", "||", "=", "-", "!="])),
    min_size=1,
    max_size=5,
).map(lambda pairs: "".join(value + sign for value, sign in pairs) + "?y")
PLACES = (
    "SELECT*{?s<urn:p>?y FILTER(@)}",
    "SELECT?y(@ AS?z)FROM<urn:g>{?s<urn:p>?y}",
    "SELECT*{?s<urn:p>?y.BIND(@ AS?z)?s<urn:p>?w}",
    "SELECT*{VALUES(?s?y){(<urn:s>1)(1<urn:s>)}FILTER(@)}",
    "SELECT*{?s<urn:p>(1<urn:x>?z)FILTER(EXISTS{?s<urn:p>?y FILTER(@)}||@)}",
    "SELECT?y{{SELECT?y(@ AS?z){?s<urn:p>?y}}}ORDER BY?y(@)<urn:f>(@)LIMIT 1",
    "SELECT?y{?s(<urn:p>|<urn:q>)?y}GROUP BY?y HAVING(@)",
    "SELECT*{?s<urn:p>trueFILTER(@)FILTER regex('a',STR(@))}",
    "SELECT*{?s<urn:p>?y FILTER(?s=<<(?s<urn:p>?y)>>||@)}",
)


def parses(query: str) -> bool:
    try:
        ox.Store().query(query, prefixes={"ex": "https://example.org/"}, base_iri="https://example.org/")
    except SyntaxError:
        return False
    except RuntimeError:  # no such function: it parses
        return True
    return True


@given(st.sampled_from(PLACES), EXPRESSIONS)
@settings(max_examples=300, deadline=None)
def test_the_engine_reads_the_same_tokens(place: str, expression: str) -> None:
    query = place.replace("@", expression)
    if parses(query):  # then it does with any other IRI in the place of each, and with spaces between all tokens
        spaced = " ".join("<urn:z>" if token.kind == "iri" else token.text for token in tokens(query))
        assert parses(spaced.replace("< < (", "<<(").replace(") > >", ")>>").replace(" @", "@")), spaced


def test_a_parameter_is_seen_without_spaces_around_it() -> None:
    query = "ASK { ?s ?p ?y FILTER(?y<?_max_integer&&?y>-1) }"
    assert bind_parameters(query, {"_max_integer": "7"}) == "ASK { ?s ?p ?y FILTER(?y<7&&?y>-1) }"
    address = "ASK { ?s<http://x/?_max_integer&&?y>-1 }"
    assert bind_parameters(address, {"_max_integer": "7"}) == address


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?y { ?s ?p ?y FILTER(?y<RAND()&&?y>-1) }",
        "SELECT ?y { ?s ?p ?y FILTER(?y<ex:f(rand())&&?y>-1) }",
        "SELECT ?y { ?s ?p ?y FILTERRAND() }",
        "SELECT (SUM(DISTINCTRAND()) AS ?n) { ?s ?p ?y }",
        "SELECT ?y { ?s ?p ?y }ORDERBYRAND()",
    ],
)
def test_a_call_is_seen_on_any_reading(query: str) -> None:
    assert may_call(query, ["NOW", "RAND"])


def test_what_is_no_call() -> None:
    assert not may_call("SELECT ?rand { ?rand <http://x/rand()/now> 'RAND()' ; ex:rand ?now } # NOW()", ["NOW", "RAND"])


def test_an_iri_behind_a_value_is_told_as_one() -> None:
    problem = explain_syntax("ASK { ?a ?b ?c FILTER(?c <urn:y>) }", "error at 1:31: expected [_]", PREFIXES).problem
    assert (problem.place.column, problem.message) == (26, 'an IRI cannot stand behind "?c" here')


def test_an_order_is_seen_without_spaces() -> None:
    assert is_ordered("SELECT ?y { ?s ?p ?y }ORDERBY?y") and is_ordered("SELECT ?y { ?s ?p ?y } order by ?y")
    assert not is_ordered("SELECT ?order { ?order ex:order 'ORDER' }")


def test_parameters_replace_variables_only() -> None:
    query = "SELECT ?_a_iri { ?s $_a_iri '?_a_iri', ?_a_iris } # ?_a_iri"
    assert (
        bind_parameters(query, {"_a_iri": "<urn:x>"}) == "SELECT <urn:x> { ?s <urn:x> '?_a_iri', ?_a_iris } # ?_a_iri"
    )
    assert bind_parameters(query, {}) == query


def test_has_from() -> None:
    assert has_from("select * from <a> { ?s ?p ?o }", {})
    assert not has_from("SELECT ?from { ?from <from> 'FROM' } # FROM", {})


IN = {"ex": "https://example.org/", "": "https://example.org/", "from": "https://example.org/"}
GLUED = {
    "SELECT * FROMex:g {?s ?p ?o}": True,
    "SELECT * FROM:g {?s ?p ?o}": True,
    "SELECT * FROMNAMED ex:g {GRAPH ?g {?s ?p ?o}}": True,
    "SELECT * FROMNAMEDex:g {GRAPH ?g {?s ?p ?o}}": True,
    "SELECT * from namedex:g {GRAPH ?g {?s ?p ?o}}": True,
    "SELECT * FROM NAMED:g {GRAPH ?g {?s ?p ?o}}": True,
    "SELECT *FROM<https://example.org/g>{?s ?p ?o}": True,
    "SELECT (1 AS ?x)FROM ex:g {?s ?p ?o}": True,
    "SELECT(1<2AS?x)FROM ex:g {?s ?p ?o}": True,
    "SELECT * FROM <https://example.org/\\u0067> {?s ?p ?o}": True,
    "SELECT * FROM # here\n<https://example.org/g> {?s ?p ?o}": True,
    "ASKFROM<https://example.org/g>{?s ?p ?o}": True,
    "ASKFROMex:g{?s ?p ?o}": True,
    "DESCRIBE<https://example.org/s>FROM<https://example.org/g>": True,
    "DESCRIBE *FROM ex:g{?s ?p ?o}": True,
    "DESCRIBE ?sFROM ex:g{?s ?p ?o}": False,
    "CONSTRUCTFROM ex:g WHERE{?s ?p ?o}": True,
    "CONSTRUCT{?s ?p ?o}FROMex:g{?s ?p ?o}": True,
    "PREFIX from: <https://example.org/> SELECT * { ?s from:p ?o }": False,
    "PREFIX fromage: <https://example.org/> PREFIX age: <urn:x> SELECT * { ?s fromage:p ?o }": False,
    "SELECT ?s { ?s ?p ?o } ORDER BY from:f(?s)": True,  # taken for FROM :f, which it could be elsewhere
}


@pytest.mark.parametrize("query", GLUED)
def test_from_without_a_space_is_from(query: str) -> None:
    assert has_from(query, IN) == GLUED[query]
    code: str | None = None
    try:
        guard(query, ["https://example.org/other"], IN)
    except QueryRefused as refused:
        code = refused.problem.code
    assert code == ("Q003" if GLUED[query] else None)


WORDS = ["FROM", "from", "NAMED", " ", "\n", "#x\n", "ex:g", ":g", "<https://example.org/g>", "*", "?s", "(1 AS ?x)"]
FORMS = ["SELECT", "ASK", "DESCRIBE", "CONSTRUCT", "CONSTRUCT{?s ?p ?o}"]


@given(st.sampled_from(FORMS), st.lists(st.sampled_from(WORDS), max_size=7))
@settings(max_examples=400)
def test_whatever_the_engine_takes_for_from_is_seen(form: str, words: list[str]) -> None:
    """The one triple stands in a named graph: without the union only a FROM brings it to light."""
    query = form + "".join(words) + "{?s <https://example.org/p> ?o}"
    data = ox.Store()
    names = [ox.NamedNode(f"https://example.org/{name}") for name in ("s", "p", "o", "g")]
    data.add(ox.Quad(*names))
    prefixes = {"ex": "https://example.org/", "": "https://example.org/"}
    try:
        found = data.query(query, prefixes=prefixes)
    except SyntaxError:
        return
    reached = bool(found) if isinstance(found, ox.QueryBoolean) else any(True for _ in found)
    if reached:
        assert has_from(query, prefixes), query


MISTAKES = {
    # name: the query with the mistake between « and », and what is said of it
    "missing closing brace": ("SELECT ?a WHERE «{»\n  ?a gar:tends ?b .\n", "this { is not closed"),
    "one brace too many": ("SELECT ?a WHERE {\n  ?a gar:tends ?b .\n}«}»", "this } closes nothing"),
    "missing dot": ("SELECT ?a WHERE {\n  ?a gar:tends ?b\n  «?b» gar:name ?n .\n}", '"?b" cannot stand here'),
    "undeclared prefix": ("SELECT ?a WHERE {\n  ?a «foaf:»name ?n .\n}", 'the prefix "foaf:" is not declared'),
    "undeclared prefix like another": ("ASK { ?a «garr:»tends ?n }", 'the prefix "garr:" is not declared'),
    "misspelt SELECT": ("«SELCT» ?a WHERE {\n  ?a gar:tends ?b .\n}", '"SELCT" is no word of SPARQL'),
    "misspelt WHERE": ("SELECT ?a «WHER» {\n  ?a gar:tends ?b .\n}", '"WHER" is no word of SPARQL'),
    "misspelt OPTIONAL": ("SELECT ?a {\n  «OPTINAL» { ?a gar:tends ?b }\n}", '"OPTINAL" is no word of SPARQL'),
    "misspelt function": ("ASK {\n  ?a ?b ?c FILTER(«STARTSWITH»(?c, 'x'))\n}", '"STARTSWITH" is no word of SPARQL'),
    "unclosed string": ('ASK {\n  ?a gar:name «"»Rose .\n  ?a gar:tends ?b .\n}', "this string is not closed"),
    "unclosed single quote": ("ASK {\n  ?a gar:name «'»Rose .\n}", "this string is not closed"),
    "no variable": ("SELECT «WHERE» {\n  ?a gar:tends ?b .\n}", '"WHERE" cannot stand here'),
    "comma between variables": ("SELECT ?a«,» ?b WHERE {\n  ?a gar:tends ?b .\n}", '"," cannot stand here'),
    "one object too many": ("ASK {\n  ?a gar:tends ?b «?c» .\n}", '"?c" cannot stand here'),
    "comma between long names": ("SELECT ?one«,» ?two {\n  ?one gar:tends ?two .\n}", '"," cannot stand here'),
    "comma in ORDER BY": ("SELECT * {\n  ?a ?b ?c .\n} ORDER BY ?a«,» ?b", '"," cannot stand here'),
    "no object": ("ASK {\n  ?a gar:tends «.»\n}", '"." cannot stand here'),
    "semicolon for a dot": ("ASK {\n  ?a gar:tends ?b ;\n  ?b gar:name «?c» .\n}", '"?c" cannot stand here'),
    "filter without brackets": ("ASK {\n  ?a gar:tends ?b\n  FILTER «?a» = ?b\n}", '"?a" cannot stand here'),
    "unclosed bracket": ("ASK {\n  ?a gar:tends ?b\n  FILTER«(»?a = ?b\n}", "this ( is not closed"),
    "one bracket too many": ("ASK {\n  ?a gar:tends ?b\n  FILTER(?a = ?b)«)»\n}", "this ) closes nothing"),
    "double equals": ("ASK {\n  ?a gar:tends ?b\n  FILTER(?a «==» ?b)\n}", '"==" is no SPARQL'),
    "single ampersand": ("ASK {\n  ?a gar:tends ?b\n  FILTER(?a «&» ?b)\n}", '"&" is no SPARQL'),
    "AND": ("ASK {\n  ?a gar:tends ?b\n  FILTER(?a = 1 «AND» ?b = 2)\n}", '"AND" is no SPARQL'),
    "bind without as": ("ASK {\n  BIND(1 «?x»)\n}", '"?x" cannot stand here'),
    "aggregate without brackets": ("SELECT «COUNT»(?a) AS ?n {\n  ?a gar:tends ?b\n}", '"COUNT" cannot stand here'),
    "aggregate in a filter": ("ASK {\n  ?s ?p ?o FILTER(COUNT(«?s») > 1)\n}", '"?s" cannot stand here'),
    "limit in words": ("SELECT * {\n  ?a gar:tends ?b\n}\nLIMIT «ten»", '"ten" is no word of SPARQL'),
    "limit left out": ("SELECT * {\n  ?a gar:tends ?b\n}\nLIMIT«»\n", "the query ends too early"),
    "order without by": ("SELECT * {\n  ?a gar:tends ?b\n}\nORDER «?a»", '"?a" cannot stand here'),
    "space in an IRI": ("ASK {\n  ?a «<»gar tends> ?b .\n}", "this IRI is not closed, or holds a space"),
    "unclosed IRI": ("ASK {\n  ?a «<»http://x/a ?b .\n}", "this IRI is not closed, or holds a space"),
    "no IRI": ("ASK {\n  ?a <http://x/a> «<http://[>» .\n}", '"<http://[>" cannot stand here'),
    "variable without its mark": ("ASK {\n  «who» gar:tends ?b .\n}", '"who" is no word of SPARQL'),
    "prefix without its colon": ("PREFIX «foo» <http://x/>\nASK { ?a foo:b ?c }", "a prefix is declared with a colon"),
    "dot after a prefix": ("PREFIX foo: <http://x/> «.»\nASK { ?a foo:b ?c }", '"." cannot stand here'),
    "prefix of Turtle": ("«@prefix» foo: <http://x/> .\nASK { ?a foo:b ?c }", '"@prefix" is no SPARQL'),
    "curly quotes": ("ASK {\n  ?a gar:name «“»Rose” .\n}", '"“" is no SPARQL'),
    "backtick": ("ASK {\n  ?a «`»gar:name` ?b .\n}", '"`" is no SPARQL'),
    "comma in VALUES": ("ASK {\n  VALUES ?a { ex:a«,» ex:b }\n}", '"," cannot stand here'),
    "too few VALUES": ("ASK {\n  VALUES (?a ?b) { (ex:a«)» }\n}", '")" cannot stand here'),
    "no language": ('ASK {\n  ?a gar:name "Rose"«@» .\n}', '"@" cannot stand here'),
    "not grouped": (
        "«SELECT» ?a ?b {\n  ?a gar:tends ?b\n} GROUP BY ?a",
        "this is not SPARQL: The SELECT contains a variable that is unbound",
    ),
    "nothing": ("«»", "the query ends too early"),
    "only a comment": ("# nothing«»\n", "the query ends too early"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_caret_stands_on_the_mistake(name: str) -> None:
    marked, message = MISTAKES[name]
    start, end = marked.index("«"), marked.index("»") - 1
    query = marked.replace("«", "").replace("»", "")
    with pytest.raises(SyntaxError) as engine:
        ox.Store().query(query, prefixes=PREFIXES)
    problem = explain_syntax(query, str(engine.value), PREFIXES, "mine.rq").problem
    line = query.count("\n", 0, start) + 1
    column = start - query.rfind("\n", 0, start)
    assert (problem.code, problem.message) == ("Q010", message)
    assert (problem.place.line, problem.place.column) == (line, column)
    assert problem.place.length == max(1, end - start)
    assert problem.place.file == "mine.rq"
    assert problem.fix


def test_fixes_name_what_was_meant() -> None:
    def fix(query: str) -> str:
        return explain_syntax(query, "error at 1:1: expected WHERE", PREFIXES).problem.fix

    assert fix("SELCT ?a { ?a ?b ?c }").startswith('did you mean "SELECT"')
    assert fix("ASK { ?a garr:tends ?c }") == 'did you mean "gar"?'
    assert fix("ASK { ?a foaf:name ?c }") == "write  PREFIX foaf: <...>  at the top"
    assert fix("ASK { who ?b ?c }").endswith("A variable is written ?who")
    assert fix("ASK { ?a ?b ?c FILTER(?a OR ?b) }") == "write ||"


@given(st.text(st.sampled_from(list("ASK{}<>()?#'\"\\\n .:;,1a@^&|=“`\ud800")), max_size=80), st.integers(1, 99))
def test_any_text_gets_a_place_inside_it(query: str, column: int) -> None:
    problem = explain_syntax(query, f"error at 1:{column}: expected one of WHERE, [_]", PREFIXES).problem
    lines = query.split("\n")
    assert 1 <= problem.place.line <= len(lines)
    assert 1 <= problem.place.column <= len(lines[problem.place.line - 1]) + 1


def test_a_message_of_another_kind_is_shown_as_it_is() -> None:
    problem = explain_syntax("ASK {}", "out of order", PREFIXES).problem
    assert problem.message == "this is not SPARQL: out of order"
