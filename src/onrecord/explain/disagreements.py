"""Owns who says otherwise: statements that cannot both be so, side by side with their evidence.

Leaves which rows count to ``lens`` and the rules to the ontologies: which statuses stand against each
other (``onr:conflictsWith``, ``onr:mayConflictWith``), which properties exclude each other
(``owl:propertyDisjointWith``) or have one value (``owl:FunctionalProperty``). Nothing is resolved.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from onrecord.explain.evidence import COLUMNS, Evidence, Teller, statements_once
from onrecord.explain.links import Links, asserted_links, ontology_pairs, origin_links, typed
from onrecord.infer import read_rules
from onrecord.ontology import Ontology
from onrecord.progress import stage
from onrecord.resolve import Resolved
from onrecord.terms import DCTERMS, ONR, OWL, UNIT, XSD, iri, split_term

CONFLICT = "conflict"
POSSIBLE = "possible"

RULES = ("negation", "exclusive", "functional", "condition", "linked", "narrower", "opposed")
"""The rules, in the order in which they are listed; the last three make possible disagreements only."""

_NUMBERS = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "int", "long", "nonNegativeInteger"))


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has on record: a proposition, or a stance of several holders, and the statements."""

    text: str
    statements: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sides that cannot both be so, and the rule that sets them against each other.

    ``kind`` is ``conflict`` or ``possible``; ``why`` gives the reason in words.
    """

    kind: str
    rule: str
    why: str
    sides: tuple[Side, Side]

    def as_dict(self) -> dict[str, Any]:
        """The disagreement as plain values, as ``--json`` prints it."""
        return asdict(self)


def disagree(rows: pl.DataFrame, resolved: Resolved) -> list[Disagreement]:
    """Every disagreement among ``rows`` (a selection by ``lens.select``): conflicts first, then possible ones.

    Two statements disagree only when the days on which they may hold overlap (one without ``when``
    may hold on any day) and their restrictive qualifiers are the same.
    """
    stage("comparing statements")
    return _Finder(rows, resolved).find()


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What the ontologies set against each other; properties and values are terms."""

    conflicts: frozenset[tuple[str, str]]  # labels of statuses, both ways
    may_conflict: frozenset[tuple[str, str]]
    disjoint: frozenset[tuple[str, str]]  # both ways
    functional: frozenset[str]

    def kind(self, status: str, other: str) -> str | None:
        """``conflict``, ``possible`` or None for statements of these statuses."""
        if (status, other) in self.conflicts:
            return CONFLICT
        return POSSIBLE if (status, other) in self.may_conflict else None


def read_exclusions(ontology: Ontology) -> Exclusions:
    """The rules that the ontologies state."""
    labels = {iri(address): label for label, address in ontology.statuses.items()}

    def statuses(predicate: str) -> frozenset[tuple[str, str]]:
        pairs = ontology_pairs(ontology, predicate)
        return _both_ways((labels[a], labels[b]) for a, b in pairs if a in labels and b in labels)

    evidence_layer = {iri(address) for address in ontology.properties if address.startswith(ONR)}
    return Exclusions(
        statuses(f"{ONR}conflictsWith"),
        statuses(f"{ONR}mayConflictWith"),
        _both_ways(ontology_pairs(ontology, f"{OWL}propertyDisjointWith")),
        frozenset(typed(ontology, f"{OWL}FunctionalProperty") - evidence_layer),
    )


def _both_ways(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    found = set(pairs)
    return frozenset(found | {(b, a) for a, b in found})


@dataclass(frozen=True, slots=True)
class Form:
    """A property that holds wherever another does, with subject and object swapped or not."""

    prop: str
    swapped: bool


def read_forms(ontology: Ontology) -> dict[str, list[Form]]:
    """For each property, as a term, all that it says: itself, what lies above it, its inverses."""
    rules = read_rules(triple for triples in ontology.graphs.values() for triple in triples)
    out: dict[str, list[Form]] = {}
    for address in sorted(ontology.properties):
        seen: dict[tuple[str, bool], Form] = {}
        waiting = [Form(iri(address), False)]
        while waiting:
            form = waiting.pop()
            if (form.prop, form.swapped) in seen:
                continue
            seen[form.prop, form.swapped] = form
            above = (*rules.sub_properties.get(form.prop, ()), *rules.equivalent_properties.get(form.prop, ()))
            turned = (*rules.inverses.get(form.prop, ()), *({form.prop} & rules.symmetric))
            waiting += [Form(prop, form.swapped) for prop in above]
            waiting += [Form(prop, not form.swapped) for prop in turned]
        out[iri(address)] = [seen[key] for key in sorted(seen)]
    return out


def same_value(term: str) -> str:
    """A form in which equal values are equal: ``"1.50"`` and ``"1.5"`` as decimals, an IRI as it is.

    >>> same_value('"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>')
    '1.5'
    """
    if not term.startswith('"'):
        return term
    _, text, datatype, _ = split_term(term)
    if datatype in _NUMBERS:
        try:
            number = Decimal(text.strip())
        except InvalidOperation:
            return term
        return f"{number.normalize():f}" if number else "0"
    if datatype in (f"{XSD}double", f"{XSD}float"):
        try:
            return repr(float(text))
        except ValueError:
            return term
    if datatype == f"{XSD}boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    return term


_PROFILE = (
    "subject",
    "predicate",
    "object",
    "value",  # the object in a form in which equal values are equal
    "narrowing",  # the restrictive qualifiers as one text
    "proposition",
    "for",
    "status",
    "if",  # the condition
    "start",
    "end",
)
"""What two statements must share to disagree with the same ones."""


class _Finder:
    """Finds disagreements by joining profiles: what many statements put in the same way is joined once."""

    def __init__(self, rows: pl.DataFrame, resolved: Resolved) -> None:
        self.rows, self.resolved, self.names = rows, resolved, resolved.names
        ontology = self.names.ontology
        self.rules = read_exclusions(ontology)
        self.stances = typed(ontology, f"{ONR}Stance")
        self.teller = Teller(rows, resolved)
        self.forms = read_forms(ontology)
        self.same_as = {
            iri(found.iri): set(found.entity.same_as) for found in resolved.entities if found.entity.same_as
        }
        known = sorted({status for pair in self.rules.conflicts | self.rules.may_conflict for status in pair})
        self.own = (
            statements_once(rows)
            .filter(pl.col("status").is_in(known))
            .with_row_index("at")
            .with_columns(
                (~pl.col("negated") & (pl.col("status") != "denied")).alias("for"),
                pl.col("condition").fill_null("").alias("if"),
                pl.col("earliest_start").alias("start"),
                pl.col("latest_end").alias("end"),
                _narrowing(pl.col("restrictive")).alias("narrowing"),
            )
        )
        literals = self.own["object"].filter(self.own["object"].str.starts_with('"')).unique().to_list()
        values = {term: same_value(term) for term in literals}
        changed = {term: value for term, value in values.items() if term != value}
        value = pl.col("object").replace_strict(changed, default=pl.col("object"), return_dtype=pl.String)
        self.own = self.own.with_columns(value.alias("value"))
        self.profiles = self.own.group_by(_PROFILE, maintain_order=True).agg(pl.col("at"))
        self.columns = {name: self.own[name].to_list() for name in (*COLUMNS, "subject", "object")}
        self.told: dict[int, Evidence] = {}
        self.statuses = pl.DataFrame(
            [(a, b, CONFLICT) for a, b in sorted(self.rules.conflicts)]
            + [(a, b, POSSIBLE) for a, b in sorted(self.rules.may_conflict - self.rules.conflicts)],
            schema={"status": pl.String, "status_b": pl.String, "kind": pl.String},
            orient="row",
        )

    def find(self) -> list[Disagreement]:
        """All disagreements; a pair of sides is listed once, under the first rule that applies."""
        found: dict[tuple[tuple[str, bool], tuple[str, bool]], Disagreement] = {}
        links = origin_links(self.rows, self.resolved)
        parts = asserted_links(self.rows, self.resolved, [iri(f"{DCTERMS}isPartOf")])
        for rule, pairs in (
            ("negation", self._negation()),
            ("exclusive", self._exclusive()),
            ("functional", self._functional()),
            ("condition", self._condition()),
            ("linked", self._near("subject", links)),
            ("narrower", self._near("object", parts)),
        ):
            near = {"linked": links, "narrower": parts}.get(rule)
            for key, one in self._told(rule, pairs, near):
                found.setdefault(key, one)
        everything = [*found.values(), *self._opposed(links)]
        return sorted(
            everything,
            key=lambda one: (
                one.kind != CONFLICT,
                RULES.index(one.rule),
                *((side.text, [each.statement for each in side.statements]) for side in one.sides),
            ),
        )

    # --- pairs of profiles

    def _formed(self, wanted: Iterable[str], *, only_for: bool = True) -> pl.DataFrame:
        """The profiles under each of the ``wanted`` properties that they imply."""
        keep = set(wanted)
        table = pl.DataFrame(
            [
                (prop, form.prop, form.swapped)
                for prop, forms in self.forms.items()
                for form in forms
                if form.prop in keep
            ],
            schema={"predicate": pl.String, "form": pl.String, "swapped": pl.Boolean},
            orient="row",
        )
        profiles = self.profiles.filter(pl.col("for")) if only_for else self.profiles
        formed = profiles.join(table, on="predicate", how="inner", maintain_order="left")
        return formed.with_columns(
            pl.when("swapped").then("value").otherwise("subject").alias("subject"),
            pl.when("swapped").then("subject").otherwise("value").alias("value"),
            pl.when("swapped").then("subject").otherwise("object").alias("object"),
        )

    def _met(self, left: pl.DataFrame, right: pl.DataFrame, on: list[str]) -> pl.DataFrame:
        """Pairs of profiles that agree ``on`` columns, overlap in time, and whose statuses may conflict."""
        pairs = left.join(right, on=on, how="inner", suffix="_b", maintain_order="left_right")
        pairs = pairs.filter(_overlap("start", "end", "start_b", "end_b"))
        pairs = pairs.join(self.statuses, on=["status", "status_b"], how="inner", maintain_order="left")
        conditional = pl.col("if") != pl.col("if_b")
        return pairs.with_columns(pl.when(conditional).then(pl.lit(POSSIBLE)).otherwise("kind").alias("kind"))

    def _negation(self) -> pl.DataFrame:
        against = self.profiles.filter(~pl.col("for")).with_columns(pl.col("predicate").alias("form"))
        formed = self._formed(against["predicate"].unique().to_list())
        return self._met(formed, against, ["subject", "form", "value", "narrowing"])

    def _exclusive(self) -> pl.DataFrame:
        return self._disjoint(["subject", "value", "narrowing"])

    def _disjoint(self, on: list[str], left: pl.DataFrame | None = None) -> pl.DataFrame:
        """Pairs of profiles under properties that exclude each other."""
        formed = self._formed({prop for pair in self.rules.disjoint for prop in pair})
        table = pl.DataFrame(sorted(self.rules.disjoint), schema={"form": pl.String, "other": pl.String}, orient="row")
        first = (formed if left is None else left).join(table, on="form", how="inner", maintain_order="left")
        second = formed.rename({"form": "other"})
        return self._met(first, second, [*on, "other"])

    def _functional(self) -> pl.DataFrame:
        formed = self._formed(self.rules.functional)
        pairs = self._met(formed, formed, ["subject", "form", "narrowing"])
        pairs = pairs.filter(pl.col("value") < pl.col("value_b"))
        if pairs.is_empty():
            return pairs
        apart = [self._differ(a, b) for a, b in pairs.select("object", "object_b").iter_rows()]
        return pairs.filter(pl.Series(apart, dtype=pl.Boolean))

    def _differ(self, one: str, other: str) -> bool:
        """Whether two values are certainly not the same: words in two languages may be, and so may synonyms."""
        if one.startswith('"') and other.startswith('"'):
            tags = {split_term(term)[3] for term in (one, other)}
            return len(tags) == 1
        return not self.same_as.get(one, set()) & self.same_as.get(other, set())

    def _condition(self) -> pl.DataFrame:
        """The same put flatly and on a condition, by different sources."""
        tied = self.profiles.filter(pl.col("if") != "").with_columns(pl.col("predicate").alias("form"))
        flat = self.profiles.filter(pl.col("if") == "")
        pairs = self._met(tied, flat, ["subject", "predicate", "value", "narrowing", "for"])
        pairs = pairs.with_columns(pl.col("for").alias("for_b"), pl.col("predicate").alias("predicate_b"))
        if pairs.is_empty():
            return pairs
        sources = self.columns["source"]
        met = pairs.select("at", "at_b").iter_rows()
        apart = [len({sources[index] for index in (*left, *right)}) > 1 for left, right in met]
        return pairs.filter(pl.Series(apart, dtype=pl.Boolean))

    def _near(self, column: str, links: Links) -> pl.DataFrame:
        """Opposite stances of two who are linked, or on two provisions of which one is part of the other."""
        table = pl.DataFrame(
            sorted({*links.words, *((high, low) for low, high in links.words)}),
            schema={"near": pl.String, "far": pl.String},
            orient="row",
        )
        own = "subject" if column == "subject" else "value"
        stances = sorted(self.stances)
        formed = self._formed({prop for pair in self.rules.disjoint for prop in pair} | self.stances)
        formed = formed.filter(pl.col("form").is_in(stances))
        moved = formed.join(table.rename({"near": own}), on=own, how="inner", maintain_order="left").drop(own)
        moved = moved.rename({"far": own})
        pairs = self._disjoint(["subject", "value", "narrowing"], moved)
        against = self.profiles.filter(~pl.col("for") & pl.col("predicate").is_in(stances))
        against = against.with_columns(pl.col("predicate").alias("form"))
        denied = self._met(moved, against, ["subject", "form", "value", "narrowing"])
        columns = ["form", "kind", *_both("predicate", "proposition", "for", "status", "if", "at")]
        return pl.concat([pairs.select(columns), denied.select(columns)]).with_columns(pl.lit(POSSIBLE).alias("kind"))

    # --- from pairs to sides

    def _told(
        self, rule: str, pairs: pl.DataFrame, near: Links | None
    ) -> Iterator[tuple[tuple[tuple[str, bool], tuple[str, bool]], Disagreement]]:
        """One disagreement for each two propositions that ``pairs`` set against each other."""
        meetings: dict[tuple[tuple[str, bool], tuple[str, bool]], list[dict[str, Any]]] = defaultdict(list)
        for pair in pairs.iter_rows(named=True):
            left = (pair["proposition"] + (UNIT + pair["if"] if rule == "condition" else ""), pair["for"])
            right = (pair["proposition_b"] + (UNIT + pair["if_b"] if rule == "condition" else ""), pair["for_b"])
            if (right, left) in meetings:
                left, right = right, left
                pair |= {"at": pair["at_b"], "at_b": pair["at"]}
            meetings[left, right].append(pair)
        for (left, right), met in meetings.items():
            sides = [self._side(sorted({at for pair in met for at in pair[name]})) for name in ("at", "at_b")]
            kind = min((pair["kind"] for pair in met), key=(CONFLICT, POSSIBLE).index)
            if rule == "condition":
                kind = POSSIBLE
            why = self._why(rule, met, kind, near)
            keys = [left, right]
            if rule not in ("negation", "condition"):
                order = sorted((0, 1), key=lambda index: (sides[index].text, keys[index]))
                sides, keys = [sides[index] for index in order], [keys[index] for index in order]
            yield (keys[0], keys[1]), Disagreement(kind, rule, why, (sides[0], sides[1]))

    def _side(self, indices: list[int], text: str = "") -> Side:
        found = [self._evidence(index) for index in indices]
        evidence = tuple(sorted(found, key=lambda each: (each.recorded or "9999", each.source, each.statement)))
        return Side(text or evidence[0].text, evidence)

    def _evidence(self, index: int) -> Evidence:
        if index not in self.told:
            self.told[index] = self.teller.evidence({name: values[index] for name, values in self.columns.items()})
        return self.told[index]

    def _why(self, rule: str, met: list[dict[str, Any]], kind: str, near: Links | None) -> str:
        pair = min(met, key=lambda each: (each["form"] != each["predicate"], each["form"], each["predicate"]))
        label = self._label
        reason = {
            "negation": "one side says that it is so, the other that it is not",
            "functional": f'"{label(pair["form"])}" has one value',
            "condition": "one side sets a condition, the other none",
        }.get(rule) or self._exclude(pair)
        if rule in ("negation", "functional"):
            kinds = sorted({label(pair[name]) for name in ("predicate", "predicate_b") if pair.get(name)})
            for kind_of in kinds:
                if kind_of != label(pair["form"]):
                    reason += f'; "{kind_of}" says "{label(pair["form"])}" too'
        if near is not None:
            steps = sorted({step for each in met for step in self._steps(each, rule, near)})
            reason += f"; {'; '.join(steps)}"
        if kind == POSSIBLE and rule in RULES[:3]:
            if all(each["if"] != each["if_b"] for each in met):
                reason += "; the sides stand on different conditions"
            else:
                statuses = sorted({each[name] for each in met for name in ("status", "status_b")})
                reason += f"; as firmly as it is put ({', '.join(statuses)}), both may be said"
        return reason

    def _exclude(self, pair: dict[str, Any]) -> str:
        if not pair["for_b"]:
            return "one side says that it is so, the other that it is not"
        first, second = sorted((self._label(pair["predicate"]), self._label(pair["predicate_b"])))
        return f'"{first}" and "{second}" exclude each other'

    def _steps(self, pair: dict[str, Any], rule: str, near: Links) -> Iterator[str]:
        column = "subject" if rule == "linked" else "object"
        one, other = (self.columns[column][pair[name][0]] for name in ("at", "at_b"))
        yield from (near.words[pair] for pair in ((one, other), (other, one)) if pair in near.words)

    def _label(self, term: str) -> str:
        return self.names.label(term[1:-1])

    # --- opposed holders

    def _opposed(self, links: Links) -> Iterator[Disagreement]:
        """Stances of different holders on one thing that exclude each other: the holders disagree."""
        formed = self._formed({prop for pair in self.rules.disjoint for prop in pair} & self.stances)
        formed = formed.filter(pl.col("predicate").is_in(sorted(self.stances)))
        table: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for profile in formed.iter_rows(named=True):
            table[profile["value"], profile["narrowing"]][profile["form"]].append(profile)
        for (value, _), by_form in sorted(table.items()):
            for one, other in sorted(self.rules.disjoint):
                if one < other and one in by_form and other in by_form:
                    yield from self._camps(value, by_form[one], by_form[other], links)

    def _camps(
        self, value: str, left: list[dict[str, Any]], right: list[dict[str, Any]], links: Links
    ) -> Iterator[Disagreement]:
        camps = (self._facing(left, right, links), self._facing(right, left, links))
        if not all(camps):
            return
        sides = []
        for camp in camps:
            texts = sorted({self._label(profile["subject"]) for profile in camp})
            more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
            verbs = sorted({self._label(profile["predicate"]) for profile in camp})
            text = f"{', '.join(texts[:3])}{more}: {' / '.join(verbs)} {self.teller.words(camp[0]['object'])}"
            sides.append(self._side(sorted({at for profile in camp for at in profile["at"]}), text))
        sides.sort(key=lambda side: (side.text, [each.statement for each in side.statements]))
        first, second = sorted({self._label(camp[0]["form"]) for camp in camps})
        why = f'"{first}" and "{second}" exclude each other; the holders differ: they disagree, the sources need not'
        yield Disagreement(POSSIBLE, "opposed", why, (sides[0], sides[1]))

    def _facing(self, mine: list[dict[str, Any]], theirs: list[dict[str, Any]], links: Links) -> list[dict[str, Any]]:
        """The profiles of ``mine`` that somebody else, not linked to the holder, stands against."""
        ways: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for profile in theirs:
            ways[profile["status"], profile["start"], profile["end"]].add(profile["subject"])
        out = []
        for profile in mine:
            holder = profile["subject"]
            for (status, start, end), holders in ways.items():
                if self.rules.kind(profile["status"], status) is None:
                    continue
                if not _overlapping(profile["start"], profile["end"], start, end):
                    continue
                if any(other != holder and not links.linked(holder, other) for other in holders):
                    out.append(profile)
                    break
        return out


def _both(*names: str) -> list[str]:
    """Columns of both profiles of a pair."""
    return [each for name in names for each in (name, f"{name}_b")]


def _narrowing(restrictive: pl.Expr) -> pl.Expr:
    """The restrictive qualifiers as one text, the same for the same set."""
    pair = pl.element().struct.field("property") + pl.lit(" ") + pl.element().struct.field("value")
    return restrictive.list.eval(pair).list.unique().list.sort().list.join(UNIT).fill_null("")


def _overlap(start: str, end: str, start_b: str, end_b: str) -> pl.Expr:
    """Whether the days on which two statements may hold meet; null is an open end."""
    first = pl.col(start).is_null() | pl.col(end_b).is_null() | (pl.col(start) <= pl.col(end_b))
    second = pl.col(start_b).is_null() | pl.col(end).is_null() | (pl.col(start_b) <= pl.col(end))
    return first & second


def _overlapping(start: dt.date | None, end: dt.date | None, start_b: dt.date | None, end_b: dt.date | None) -> bool:
    first = start is None or end_b is None or start <= end_b
    return first and (start_b is None or end is None or start_b <= end)
