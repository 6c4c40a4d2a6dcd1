"""Slim builds: what stays of the quads, what is counted, and what stands beside them in Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import onrecord
from onrecord.assemble import QUADS
from onrecord.cli import main
from onrecord.lens import Lens
from onrecord.scale.server import Server
from onrecord.scale.sharded import SOURCES, Embedded, build_shards
from onrecord.scale.slim import VOCABULARY
from onrecord.scale.transfer import require_built, transfer
from onrecord.terms import ONR, split_term

ROOT = Path(__file__).resolve().parents[2]
MIAMI = ROOT / "graphs/miami-talks"
BASE = "https://w3id.org/onrecord/miami-talks/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slim") / "out"
    build_shards(MIAMI, folder, Embedded(), 4, slim=True)
    return folder


def quads(folder: Path) -> pl.DataFrame:
    built = require_built(folder)
    return pl.concat([built.quads(name) for name in built.files]).sort(QUADS.names())


def test_direct_triples_and_parts_of_propositions_are_those_of_the_whole_dataset(out: Path) -> None:
    whole = onrecord.open(MIAMI).quads(Lens(inference=False)).select(QUADS.names()).sort(QUADS.names())
    slim = quads(out)
    for name in ("asserted", "propositions"):
        here = slim.filter(pl.col("graph") == f"<{BASE}graph/{name}>")
        there = whole.filter(pl.col("graph") == f"<{BASE}graph/{name}>")
        left_out = there.join(here, on=QUADS.names(), how="anti")["predicate"].unique().to_list()
        assert here.join(there, on=QUADS.names(), how="anti").is_empty()
        assert set(left_out) <= {f"<{RDF}type>", "<http://www.w3.org/2000/01/rdf-schema#label>"}
    assert slim.height < 0.7 * whole.height
    assert not slim["object"].str.contains_any(["<<", '"^^<http://www.w3.org/2001/XMLSchema#string']).any()
    assert not slim["subject"].str.starts_with(f"<{BASE}statement/").any()
    assert not slim["subject"].str.starts_with(f"<{BASE}source/").any()


def test_the_counts_are_those_of_corroboration(out: Path) -> None:
    terms: dict[str, dict[str, str]] = {}
    for _, subject, predicate, obj in quads(out).filter(pl.col("graph") == f"<{BASE}graph/backing>").iter_rows():
        terms.setdefault(subject, {})[split_term(predicate)[1].removeprefix(ONR)] = split_term(obj)[1]
    found = sorted(
        (
            each["backs"],
            "against" in each,
            "provided" in each,
            int(each["articles"]),
            int(each["origins"]),
            int(each.get("originsAtMost", each["origins"])),
        )
        for each in terms.values()
    )
    explained = onrecord.open(MIAMI).corroboration(lens=Lens(inference=False))
    expected = sorted(
        (one.proposition, one.against, bool(one.condition), len(one.articles), one.certainly, one.possibly)
        for one in explained
    )
    assert found == expected
    classes = {f"{ONR}{kind}Statuses" for kind in ("firm", "expected", "weak")}
    assert {each["countedAs"] for each in terms.values()} <= classes


def test_statements_and_sources_stand_beside_the_shards(out: Path) -> None:
    whole = onrecord.open(MIAMI).quads(Lens(inference=False))
    is_statement = (pl.col("predicate") == f"<{RDF}type>") & (pl.col("object") == f"<{ONR}Statement>")
    said = whole.filter(is_statement)["subject"].unique().sort()
    beside = pl.concat([pl.read_parquet(path) for path in sorted(out.glob("evidence-*.parquet"))])
    assert beside["statement"].unique().sort().equals(said.rename("statement"))
    assert beside["quotes"].list.len().min() == 1
    assert pl.read_parquet(out / SOURCES)["subject"].unique().to_list() != []


def test_every_new_term_is_described(out: Path) -> None:
    every = quads(out)
    used = every.filter(pl.col("graph") == f"<{BASE}graph/backing>")["predicate"].unique()
    told = every.filter(pl.col("graph") == f"<{VOCABULARY}>")
    assert set(used) <= set(told["subject"])
    assert onrecord.open(MIAMI).quads().join(told, on="graph", how="semi").is_empty()


def test_a_slim_build_and_a_whole_one_take_each_others_place(tmp_path: Path) -> None:
    folder, graph = tmp_path / "out", ROOT / "graphs/harbour-bridge"
    first = build_shards(graph, folder, Embedded(), 2)
    slim = build_shards(graph, folder, Embedded(), 2, slim=True)
    assert (slim.mapped, slim.sealed) == (0, 2)
    again = build_shards(graph, folder, Embedded(), 2)
    assert (again.mapped, again.sealed, again.manifest) == (0, 2, first.manifest)
    assert not list(folder.glob("evidence-*"))


def test_a_slim_build_is_pushed_and_asked(server: str, out: Path) -> None:
    with Server(server) as there:
        done = transfer(there, require_built(out))
        assert done.verified is not None
        assert (done.verified.wrong, done.verified.statements) == ((), 20)
        query = (
            f"SELECT (SUM(?n) AS ?articles) WHERE {{ GRAPH <{BASE}graph/backing> {{ ?b <{ONR}articles> ?n }} "
            f"GRAPH <{BASE}graph/backing> {{ ?b <{ONR}backs> ?p }} "
            f"GRAPH <{BASE}graph/propositions> {{ ?p <{RDF}subject> ?s ; <{RDF}predicate> ?r ; <{RDF}object> ?o }} }}"
        )
        found = int(there.select(query)[0]["articles"]["value"])
    explained = onrecord.open(MIAMI).corroboration(lens=Lens(inference=False))
    assert found == sum(len(one.articles) for one in explained)


def test_slim_goes_with_shards(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["build", str(MIAMI), "--slim"])
    assert (result.exit_code, "--slim goes with --shards" in result.output) == (2, True)
    command = ["build", str(MIAMI), "--shards", "2", "--slim", "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert (tmp_path / "out" / SOURCES).exists()
