"""Measures inference on generated statements, as ratios to reading and resolving them and to an OWL RL reasoner.

    python bench/infer.py [STATEMENTS] [ORACLE]

Prints CPU seconds of this process: of parsing and resolving the table, of closing it under the
ontologies (ratio to that), of adding a few statements to what is closed (ratio to closing it all
again), of one proof; then of closing ORACLE statements here and in owlrl (ratio of the two).
The table is that of ``bench/weigh.py``. ORACLE is 2,000 unless given.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import islice
from pathlib import Path

from weigh import timed, write

from onrecord.assemble import assemble
from onrecord.build import load
from onrecord.errors import Problems
from onrecord.infer import TYPE, Triple, close, entail, prove
from onrecord.lens import Lens, select
from onrecord.project import open_project

FEW = (1, 10, 100, 1_000)


def main(count: int, oracle: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bench"
        write(folder, count)
        problems = Problems()
        loaded, base = timed("read and resolve", lambda: load(open_project(folder, problems), problems))
        loaded.require_sound()
        resolved = loaded.resolved
        rows = select(resolved.statements, Lens(), loaded.project.policy)
        quads = assemble(rows, resolved, loaded.lock, loaded.project)
        inferred, _ = timed("entail", lambda: entail(quads, rows, resolved), base)
    axioms = [triple for triples in resolved.names.ontology.graphs.values() for triple in triples]
    facts = sorted(set(rows.filter("asserting").select("subject", "predicate", "object").iter_rows()))
    types = [(f"<{found.iri}>", TYPE, f"<{kind}>") for found in resolved.entities for kind in found.types]
    old, late = [*types, *facts[: -max(FEW)]], facts[-max(FEW) :]
    closure, whole = timed("close", lambda: close(old, axioms), base)
    print(f"{count:,} statements: {len(closure.base):,} triples, {len(closure.derivations):,} entailed")
    print(f"{inferred.height:,} quads in the graph of what is inferred")
    fresh = iter(late)
    for number in FEW:
        some = list(islice(fresh, number if number < max(FEW) else None))
        timed(f"add {len(some):,} more", lambda some=some: closure.add(some), whole, "closing it all")  # type: ignore[misc]
    far = max(closure.derivations, key=lambda triple: (len(closure.derivations[triple].premises), triple))
    timed("prove one", lambda: prove(closure, far), whole, "closing it all")
    small = facts[:oracle]
    ours, spent = timed(f"close {oracle:,}", lambda: close(small, axioms))
    theirs, _ = timed(f"owlrl, {oracle:,}", lambda: by_owlrl(small, axioms), spent, "closing them here")
    print(f"entailed: {len(ours.derivations):,} here; {theirs:,} by owlrl, most of which say nothing of the data")


def by_owlrl(facts: list[Triple], axioms: list[Triple]) -> int:
    """How many triples owlrl's OWL RL closure adds."""
    import owlrl
    import rdflib

    graph = rdflib.Graph()
    lines = "".join(f"{' '.join(triple)} .\n" for triple in [*facts, *axioms])
    graph.parse(data=lines, format="nt")
    before = len(graph)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, rdfs_closure=False, axiomatic_triples=False).expand(graph)
    return len(graph) - before


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*(given + [100_000, 2_000][len(given) :]))
