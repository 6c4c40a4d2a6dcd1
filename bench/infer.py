"""Measures inference on generated statements, as ratios to reading and resolving them and to an OWL RL reasoner.

    python bench/infer.py [STATEMENTS ...]

Prints CPU seconds for each size, and how they grow: of parsing and resolving the table, of the graph of
what is inferred, of closing the facts alone, of adding a few statements to what is closed, of one
proof. Up to 2,000 statements owlrl closes the same facts. The table is that of ``bench/weigh.py``.
"""

from __future__ import annotations

from functools import partial

from measure import Stages, by_size, sizes_given
from onrecord.assemble import assemble
from onrecord.infer import TYPE, Triple, close, entail, prove
from onrecord.lens import Lens, select
from weigh import read

FEW = (1, 10, 100)
ORACLE = 2_000


def measure(count: int) -> Stages:
    """Infer from ``count`` statements."""
    stages = Stages()
    loaded = read(stages, count)
    resolved = loaded.resolved
    rows = select(resolved.statements, Lens(), loaded.project.policy)
    quads = stages.run("assemble", lambda: assemble(rows, resolved, loaded.lock, loaded.project))
    inferred = stages.run("entail", lambda: entail(quads, rows, resolved))
    axioms = [triple for triples in resolved.names.ontology.graphs.values() for triple in triples]
    facts = sorted(set(rows.filter("asserting").select("subject", "predicate", "object").iter_rows()))
    types = [(f"<{found.iri}>", TYPE, f"<{kind}>") for found in resolved.entities for kind in found.types]
    old, late = facts[: -sum(FEW)], facts[-sum(FEW) :]
    closure = stages.run("close", lambda: close([*types, *old], axioms))
    stages.note(
        f"{len(closure.base):,} triples, {len(closure.derivations):,} entailed; "
        f"{inferred.height:,} quads in the graph of what is inferred"
    )
    for number in FEW:
        some, late = late[:number], late[number:]
        stages.run(f"add {number} to what is closed", partial(closure.add, some))
    far = max(closure.derivations, key=lambda triple: (len(closure.derivations[triple].premises), triple))
    stages.run("prove one", lambda: prove(closure, far))
    if count <= ORACLE:
        theirs = stages.run("close, by owlrl", lambda: by_owlrl([*types, *old], axioms))
        stages.note(f"{theirs:,} entailed by owlrl, most of which say nothing of the data")
    return stages


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
    by_size(measure, sizes_given((1_000, 10_000, 100_000)), "read and resolve")
