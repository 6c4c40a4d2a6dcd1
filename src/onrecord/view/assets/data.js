// Owns the record: nodes, edges and statements of the page's JSON block, through which the other files read them.
// Leaves all drawing to the files below. All files share one scope.

/**
 * @typedef {{name: string, kind: string, type?: string, typeIri?: string, shape: string, aliases?: string[], note?: string}} Thing
 * @typedef {Object<string, any>} Statement  fields as in onrecord.view.model.ViewEdge, empty ones left out
 */

/**
 * Everything that the page shows, by number: nodes are 0..nodeCount-1, edges 0..edgeCount-1, the same
 * in every file and in both renderers. Whether the data came as rows or as columns shows nowhere else.
 *
 * @typedef {Object} Record
 * @property {number} nodeCount
 * @property {number} edgeCount
 * @property {(node: number) => string} nodeId      its IRI
 * @property {(edge: number) => string} edgeId      its statement's IRI, or one of its own
 * @property {(id: string) => number} nodeAt        -1 where there is none
 * @property {(id: string) => number} edgeAt        -1 where there is none
 * @property {Int32Array} from                      the node at which each edge starts
 * @property {Int32Array} to                        the node at which each edge ends
 * @property {Uint8Array} shape                     each node's place in shapeNames; NONE without one
 * @property {Uint8Array} line                      each edge's place in lineNames; NONE without one
 * @property {Int32Array} firstEdge                 edges of node n: edgeList[firstEdge[n]] .. edgeList[firstEdge[n + 1] - 1]
 * @property {Int32Array} edgeList
 * @property {(node: number) => Thing} thing
 * @property {(edge: number) => Statement | null} statement  null for what is no statement
 * @property {(edge: number) => string} label       the property, without "not"
 */

const NONE = 255;
const look = given.look;
const shapeNames = Object.keys(look.shapes);
const lineNames = Object.keys(look.lines);
const LINK = lineNames.indexOf('link');

/** Edges by the nodes they end at; a loop is listed once. */
function adjacency(nodeCount, from, to) {
  const firstEdge = new Int32Array(nodeCount + 1);
  const count = (node) => { firstEdge[node + 1] += 1; };
  from.forEach((node, edge) => { count(node); if (to[edge] !== node) count(to[edge]); });
  for (let node = 0; node < nodeCount; node += 1) firstEdge[node + 1] += firstEdge[node];
  const edgeList = new Int32Array(firstEdge[nodeCount]);
  const next = firstEdge.slice();
  const put = (node, edge) => { edgeList[next[node]] = edge; next[node] += 1; };
  from.forEach((node, edge) => { put(node, edge); if (to[edge] !== node) put(to[edge], edge); });
  return { firstEdge, edgeList };
}

/** The record of a page whose nodes and edges came as pyvis's rows. @returns {Record} */
function recordOfRows({ nodes, edges, things, statements }) {
  const nodePlace = new Map(nodes.map((raw, at) => [String(raw.id), at]));
  const edgePlace = new Map(edges.map((raw, at) => [raw.id, at]));
  const place = (names, name) => { const at = names.indexOf(name); return at < 0 ? NONE : at; };
  const thingOf = nodes.map((raw) => things[raw.id] || { name: String(raw.label || raw.title || raw.id), kind: 'entity', shape: '' });
  const from = Int32Array.from(edges, (raw) => nodePlace.get(String(raw.from)));
  const to = Int32Array.from(edges, (raw) => nodePlace.get(String(raw.to)));
  const statementOf = edges.map((raw) => statements[raw.id] || null);
  return {
    nodeCount: nodes.length,
    edgeCount: edges.length,
    nodeId: (node) => String(nodes[node].id),
    edgeId: (edge) => edges[edge].id,
    nodeAt: (id) => { const at = nodePlace.get(id); return at === undefined ? -1 : at; },
    edgeAt: (id) => { const at = edgePlace.get(id); return at === undefined ? -1 : at; },
    from, to,
    shape: Uint8Array.from(thingOf, (thing) => place(shapeNames, thing.shape)),
    line: Uint8Array.from(edges, (raw) => place(lineNames, raw.line)),
    ...adjacency(nodes.length, from, to),
    thing: (node) => thingOf[node],
    statement: (edge) => statementOf[edge],
    label: (edge) => (statementOf[edge] ? statementOf[edge].label : String(edges[edge].label || '')),
  };
}

/** @type {Record} */
const record = given.columns ? await recordOfColumns(given.columns) : recordOfRows(given);

/** The edges that end at a node. */
const edgesAt = (node) => record.edgeList.subarray(record.firstEdge[node], record.firstEdge[node + 1]);
const degreeOf = (node) => record.firstEdge[node + 1] - record.firstEdge[node];

/** Which edges are statements, and these and the links in order. */
const isStatement = Uint8Array.from({ length: record.edgeCount }, (_, edge) => (record.line[edge] !== LINK && record.statement(edge) ? 1 : 0));
const allEdges = Int32Array.from({ length: record.edgeCount }, (_, edge) => edge);
const statementEdges = allEdges.filter((edge) => isStatement[edge] === 1);
const linkEdges = allEdges.filter((edge) => record.line[edge] === LINK);

/** Statements that two or more articles put, and those that another statement stands against. */
const backed = Uint8Array.from(allEdges, (edge) => (isStatement[edge] && record.statement(edge).articles > 1 ? 1 : 0));
const disputed = Uint8Array.from(allEdges, (edge) => (isStatement[edge] && record.statement(edge).disputes ? 1 : 0));

const endsOf = (edge) => [record.from[edge], record.to[edge]];
const nameOf = (node) => record.thing(node).name || '(no name)';
const isNegated = (edge) => { const s = record.statement(edge); return s !== null && Boolean(s.negated); };
/** The property as a reader meets it, with "not" where the source says that it is not so. */
const propertyOf = (edge) => `${isNegated(edge) ? 'not: ' : ''}${record.label(edge)}`;
const sentenceOf = (edge) => `${nameOf(record.from[edge])} — ${propertyOf(edge)} — ${nameOf(record.to[edge])}`;

/** What a statement's line says in a word or two. */
function statusOf(edge) {
  const s = record.statement(edge);
  if (!s) return record.line[edge] === LINK ? 'part of a proposition' : '';
  if (s.asserting && !s.negated) return 'asserted as fact';
  if (s.status === 'stated' || s.status === 'confirmed' || !s.status) return s.negated ? 'not so' : 'said, not asserted';
  return s.negated ? `${s.status}: not so` : s.status;
}

function sourceOf(edge) {
  const s = record.statement(edge);
  return s ? [s.source_publisher, s.source_title, s.source_published].filter(Boolean).join(', ') : '';
}
