"""Tests of ``infer``: hand-computed cases for each rule, properties, and an independent reasoner."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.infer import (
    TYPE,
    Closure,
    Triple,
    changed_entailments,
    close,
    far_reaching,
    minimal_leaves,
    proof_leaves,
    prove,
    read_rules,
)
from onrecord.terms import OWL, RDF, RDFS


def e(name: str) -> str:
    return f"<urn:x:{name}>"


def o(name: str) -> str:
    return f"<{OWL}{name}>"


SUB_PROPERTY, SUB_CLASS = f"<{RDFS}subPropertyOf>", f"<{RDFS}subClassOf>"
DOMAIN, RANGE = f"<{RDFS}domain>", f"<{RDFS}range>"
FIRST, REST, NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
A, B, C, D = e("a"), e("b"), e("c"), e("d")
P, Q, R = e("p"), e("q"), e("r")
K, L = e("K"), e("L")


@pytest.mark.parametrize(
    ("rule", "axioms", "base", "entailed"),
    [
        ("prp-spo1", [(P, SUB_PROPERTY, Q)], [(A, P, B)], {(A, Q, B)}),
        ("prp-eqp", [(P, o("equivalentProperty"), Q)], [(A, Q, B)], {(A, P, B)}),
        ("prp-inv", [(P, o("inverseOf"), Q)], [(A, P, B)], {(B, Q, A)}),
        ("prp-inv", [(P, o("inverseOf"), Q)], [(A, Q, B)], {(B, P, A)}),
        ("prp-symp", [(P, TYPE, o("SymmetricProperty"))], [(A, P, B)], {(B, P, A)}),
        ("prp-trp", [(P, TYPE, o("TransitiveProperty"))], [(A, P, B), (B, P, C)], {(A, P, C)}),
        ("prp-dom", [(P, DOMAIN, K)], [(A, P, B)], {(A, TYPE, K)}),
        ("prp-rng", [(P, RANGE, K)], [(A, P, B)], {(B, TYPE, K)}),
        ("cax-sco", [(K, SUB_CLASS, L)], [(A, TYPE, K)], {(A, TYPE, L)}),
        ("cax-eqc", [(K, o("equivalentClass"), L)], [(A, TYPE, L)], {(A, TYPE, K)}),
    ],
)
def test_each_rule(rule: str, axioms: list[Triple], base: list[Triple], entailed: set[Triple]) -> None:
    closure = close(base, axioms)
    assert set(closure.derivations) == entailed
    assert {derivation.rule for derivation in closure.derivations.values()} == {rule}


def chain(whole: str, *links: str) -> list[Triple]:
    cells = [e(f"cell{index}") for index in range(len(links))]
    out = [(whole, o("propertyChainAxiom"), cells[0])]
    for cell, link, rest in zip(cells, links, [*cells[1:], NIL], strict=True):
        out += [(cell, FIRST, link), (cell, REST, rest)]
    return out


def test_a_chain_of_three_is_completed_whichever_link_comes_last() -> None:
    base = [(A, P, B), (B, Q, C), (C, R, D)]
    for last in base:
        closure = close([triple for triple in base if triple != last], chain(e("whole"), P, Q, R))
        assert closure.derivations == {}
        assert closure.add([last]) == 1
        assert closure.derivations[A, e("whole"), D].premises == tuple(base)


def test_a_literal_is_no_subject() -> None:
    axioms = [(P, RANGE, K), (P, o("inverseOf"), Q), (P, TYPE, o("SymmetricProperty")), (P, DOMAIN, L)]
    assert set(close([(A, P, '"x"')], axioms).derivations) == {(A, TYPE, L)}


def test_rules_feed_each_other() -> None:
    axioms = [(P, SUB_PROPERTY, Q), (Q, o("inverseOf"), R), (R, DOMAIN, K), (K, SUB_CLASS, L)]
    closure = close([(A, P, B)], axioms)
    assert set(closure.derivations) == {(A, Q, B), (B, R, A), (B, TYPE, K), (B, TYPE, L)}
    assert proof_leaves(closure, (B, TYPE, L)) == [(A, P, B)]


def test_the_minimal_proof_takes_the_shorter_of_two_ways() -> None:
    axioms = [(P, TYPE, o("TransitiveProperty"))]
    closure = close([(A, P, B), (B, P, C), (C, P, D), (A, P, C)], axioms)
    assert minimal_leaves(closure, (A, P, D)) in ([(A, P, C), (C, P, D)], [(A, P, B), (B, P, C), (C, P, D)])
    leaves = minimal_leaves(closure, (A, P, D))
    for leaf in leaves:
        assert (A, P, D) not in close([other for other in leaves if other != leaf], axioms)


def test_what_does_not_follow_has_no_proof() -> None:
    assert prove(close([(A, P, B)], []), (B, P, A)) is None


NODES = [e(name) for name in "abcde"]
PROPERTIES = [e(name) for name in "pqr"]
CLASSES = [e(name) for name in "KLM"]
facts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from(NODES)),
        st.tuples(st.sampled_from(NODES), st.just(TYPE), st.sampled_from(CLASSES)),
    ),
    max_size=8,
)
axioms = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PROPERTIES), st.just(SUB_PROPERTY), st.sampled_from(PROPERTIES)),
        st.tuples(st.sampled_from(CLASSES), st.just(SUB_CLASS), st.sampled_from(CLASSES)),
        st.tuples(st.sampled_from(PROPERTIES), st.sampled_from([DOMAIN, RANGE]), st.sampled_from(CLASSES)),
        st.tuples(st.sampled_from(PROPERTIES), st.just(o("inverseOf")), st.sampled_from(PROPERTIES)),
        st.tuples(st.sampled_from(PROPERTIES), st.just(o("equivalentProperty")), st.sampled_from(PROPERTIES)),
        st.tuples(st.sampled_from(CLASSES), st.just(o("equivalentClass")), st.sampled_from(CLASSES)),
        st.tuples(
            st.sampled_from(PROPERTIES),
            st.just(TYPE),
            st.sampled_from([o("SymmetricProperty"), o("TransitiveProperty")]),
        ),
    ),
    max_size=6,
)
links = st.lists(st.sampled_from(PROPERTIES), min_size=2, max_size=3)


def everything(closure: Closure) -> set[Triple]:
    return closure.base | set(closure.derivations)


@given(facts, facts, axioms)
def test_adding_a_statement_never_removes_an_inference(
    base: list[Triple], more: list[Triple], rules: list[Triple]
) -> None:
    assert everything(close(base, rules)) <= everything(close([*base, *more], rules))


@given(facts, facts, axioms, links)
def test_growing_step_by_step_gives_the_same_as_at_once(
    base: list[Triple], more: list[Triple], rules: list[Triple], steps: list[str]
) -> None:
    whole = [*rules, *chain(PROPERTIES[0], *steps)]
    grown = close(base, whole)
    grown.add(more)
    assert everything(grown) == everything(close([*base, *more], whole))


@given(facts, axioms)
def test_every_proof_is_minimal_and_can_be_replayed(base: list[Triple], rules: list[Triple]) -> None:
    closure = close(base, rules)
    for triple in closure.derivations:
        leaves = minimal_leaves(closure, triple)
        assert triple in close(leaves, rules)
        for leaf in leaves:
            assert triple not in close([other for other in leaves if other != leaf], rules)


@given(facts, axioms)
def test_no_proof_turns_in_a_circle(base: list[Triple], rules: list[Triple]) -> None:
    closure = close(base, rules)
    known = set(closure.base)
    for triple, derivation in closure.derivations.items():
        assert set(derivation.premises) <= known
        known.add(triple)


def oracle(base: list[Triple], rules: list[Triple]) -> set[Triple]:
    """What owlrl derives between the nodes, properties and classes of the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import owlrl
        import rdflib

        graph = rdflib.Graph()
        graph.parse(data="".join(f"{s} {p} {v} .\n" for s, p, v in [*base, *rules]), format="nt")
        owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    wanted = {*((n, p, m) for n, p, m in product(NODES, PROPERTIES, NODES)), *product(NODES, [TYPE], CLASSES)}
    found = {(s.n3(), p.n3(), v.n3()) for s, p, v in graph if not isinstance(s, rdflib.Literal)}
    return found & wanted


@pytest.mark.slow
@given(facts, axioms, links)
def test_owlrl_derives_the_same(base: list[Triple], rules: list[Triple], steps: list[str]) -> None:
    """owlrl also derives reflexive and schema triples; between the test's own terms it agrees."""
    whole = [*rules, *chain(PROPERTIES[0], *steps)]
    assert everything(close(base, whole)) == oracle(base, whole)


def test_an_axiom_that_says_nothing_is_no_rule() -> None:
    rules = read_rules([(P, SUB_PROPERTY, P), (K, f"<{RDFS}label>", '"k"@en')])
    assert (dict(rules.sub_properties), dict(rules.sub_classes)) == ({}, {})


MORE = [*PROPERTIES, e("s"), e("t")]
more_facts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NODES[:3]), st.sampled_from(MORE), st.sampled_from([*NODES[:3], '"x"', '"y"'])),
        st.tuples(st.sampled_from(NODES[:3]), st.just(TYPE), st.sampled_from(CLASSES)),
    ),
    max_size=12,
)
joined = st.lists(st.sampled_from(MORE[2:]), max_size=3).map(lambda steps: chain(MORE[1], *steps) if steps else [])
typing = st.sampled_from([[], [], [(MORE[3], SUB_PROPERTY, TYPE)]])


def as_table(triples: Iterable[Triple]) -> pl.DataFrame:
    columns = dict.fromkeys(("subject", "predicate", "object"), pl.String)
    return pl.DataFrame(sorted(set(triples)), schema=columns, orient="row")


@given(more_facts, more_facts, more_facts, axioms, st.tuples(joined, typing).map(lambda both: [*both[0], *both[1]]))
def test_what_follows_otherwise_after_a_change_is_found_from_the_change(
    same: list[Triple], gone: list[Triple], come: list[Triple], plain: list[Triple], links: list[Triple]
) -> None:
    axioms = [*plain, *links]
    old, new = {*same, *gone}, {*same, *come}
    before, now = close(old, axioms), close(new, axioms)
    rules = read_rules(axioms)
    lost, won, inferred = as_table(old - new), as_table(new - old), as_table(before.derivations)
    found = changed_entailments(rules, as_table(new), lost, won, inferred)
    if found is None:
        far = far_reaching(rules)
        types = TYPE in rules.reached(predicate for _, predicate, _ in new)
        assert types or TYPE in far or not far.isdisjoint(predicate for _, predicate, _ in (old ^ new))
        return
    touched, entailed = found
    assert (set(before.derivations) - touched) | (entailed - new) == set(now.derivations)


def test_what_a_chain_entails_too_still_follows_when_the_other_reason_goes() -> None:
    axioms = [*chain(Q, P, P), (R, SUB_PROPERTY, Q), (Q, DOMAIN, K)]
    base = [(A, P, B), (B, P, C), (A, R, C), (D, R, C)]
    before = close(base, axioms)
    gone = as_table([(A, R, C), (D, R, C)])
    found = changed_entailments(
        read_rules(axioms), as_table(base[:2]), gone, as_table([]), as_table(before.derivations)
    )
    assert found == (
        {(A, R, C), (A, Q, C), (A, TYPE, K), (D, R, C), (D, Q, C), (D, TYPE, K)},
        {(A, Q, C), (A, TYPE, K)},
    )
