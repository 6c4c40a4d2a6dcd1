"""Owns how far shapes look: from a node that they judge, along which properties, one after another.

Leaves judging to ``shapes``. Shapes of which that cannot be told for sure have no reach, and judge all or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pyoxigraph as ox

from onrecord.check.wellformed import CORE, are_sound, parse_shapes
from onrecord.terms import RDF, SH

MOST_STEPS = 6
"""Nodes further away than that are most of a graph."""


class Step(NamedTuple):
    """One property of a path, followed from its subject, or from its object where ``inverse``."""

    predicate: str
    inverse: bool = False


Walk = tuple[Step, ...]

ALONG_PATHS = frozenset(f"{SH}{name}" for name in CORE - {"closed", "ignoredProperties"})
"""Terms of SHACL that look at no property but those that the shapes name, and at types."""

_TYPE = Step(f"<{RDF}type>")
_NESTED = ("property", "node", "not", "qualifiedValueShape")
_LISTED = ("and", "or", "xone")
_COMPARED = ("equals", "disjoint", "lessThan", "lessThanOrEquals")


class _Boundless(Exception):
    """A shape may look further than can be told."""


def find_reach(shapes: str, base: str = "") -> frozenset[Walk] | None:
    """Every walk that judging a node by ``shapes``, a Turtle text, may take from it; None where that cannot be told.

    A walk may end at a class: what lies above a class is not told. Shapes that are not sound have no reach.

    >>> reach = find_reach('''@prefix sh: <http://www.w3.org/ns/shacl#> .
    ... <urn:s> sh:targetSubjectsOf <urn:p> ; sh:property [ sh:path ( <urn:p> [ sh:inversePath <urn:q> ] ) ] .''')
    >>> max(reach, key=len)
    (Step(predicate='<urn:p>', inverse=False), Step(predicate='<urn:q>', inverse=True))
    """
    if not are_sound(shapes, base):
        return None
    try:
        reader = _Shapes(shapes, base)
        walks = frozenset(walk for root in reader.roots() for walk in reader.walks(root, ()))
    except _Boundless:
        return None
    longer = {walk[:length] for walk in walks for length in range(len(walk))}
    return walks - longer


class _Shapes:
    """The triples of a file of shapes."""

    def __init__(self, text: str, base: str) -> None:
        self._objects: dict[tuple[object, str], list[object]] = defaultdict(list)
        for subject, predicate, obj, *_ in parse_shapes(text, base):
            self._objects[subject, predicate.value].append(obj)
            for term in (predicate, obj):
                # sh:closed, SPARQL and what is not known here may look at any property
                if isinstance(term, ox.NamedNode) and term.value.startswith(SH) and term.value not in ALONG_PATHS:
                    raise _Boundless

    def _of(self, node: object, name: str) -> list[object]:
        return self._objects.get((node, f"{SH}{name}"), [])

    def roots(self) -> Iterator[object]:
        """The shapes that say which nodes they judge: by a target, or as the class that they are."""
        targets = tuple(f"{SH}target{kind}" for kind in ("Class", "Node", "SubjectsOf", "ObjectsOf"))
        found = {node for node, name in self._objects if name in (*targets, f"{RDF}type")}
        return iter(sorted(found, key=str))

    def walks(self, shape: object, above: tuple[object, ...]) -> Iterator[Walk]:
        """The walks of a shape, from the node that it judges; ``above`` are the shapes that it is part of."""
        if shape in above or self._of(shape, "qualifiedValueShapesDisjoint"):
            # one that is part of itself has no end; one that others must not share values with looks through theirs
            raise _Boundless
        yield (_TYPE,)
        for name, inverse in (("targetSubjectsOf", False), ("targetObjectsOf", True)):
            for term in self._of(shape, name):
                yield (Step(str(term), inverse),)
        for name in _COMPARED:
            for term in self._of(shape, name):
                yield (Step(str(term)),)
        paths = self._of(shape, "path")
        if paths and self._of(shape, "property"):
            raise _Boundless  # what breaks the inner shape is told of the value, not of the node that leads to it
        beyond: list[Walk] = [] if not self._of(shape, "class") else [(_TYPE,)]
        inner = [part for name in _NESTED for part in self._of(shape, name)]
        inner += [part for name in _LISTED for head in self._of(shape, name) for part in self._list(head)]
        for part in inner:
            beyond += self.walks(part, (*above, shape))
        for start in [walk for path in paths for walk in self._path(path)] or [()]:
            for rest in ((), *beyond):
                if len(start) + len(rest) > MOST_STEPS:
                    raise _Boundless
                if start or rest:
                    yield (*start, *rest)

    def _path(self, path: object) -> list[Walk]:
        """The walks along a path (https://www.w3.org/TR/shacl/#property-paths)."""
        if isinstance(path, ox.NamedNode):
            return [(Step(str(path)),)]
        if self._of(path, "zeroOrMorePath") or self._of(path, "oneOrMorePath"):
            raise _Boundless  # it ends where the data do
        for inner in self._of(path, "inversePath"):
            return [tuple(Step(step.predicate, not step.inverse) for step in reversed(w)) for w in self._path(inner)]
        for inner in self._of(path, "zeroOrOnePath"):
            return [(), *self._path(inner)]
        for head in self._of(path, "alternativePath"):
            return [walk for part in self._list(head) for walk in self._path(part)]
        found: list[Walk] = [()]
        for part in self._list(path):
            found = [(*walk, *more) for walk in found for more in self._path(part)]
            if len(found) > 100:
                raise _Boundless
        return found

    def _list(self, head: object) -> list[object]:
        found: list[object] = []
        while firsts := self._objects.get((head, f"{RDF}first")):
            found.append(firsts[0])
            (head,) = self._objects.get((head, f"{RDF}rest"), [None])[:1]
            if len(found) > 100:
                raise _Boundless
        if not found:
            raise _Boundless
        return found
