// Owns the graph's store and the answer to the last query, off the page's thread.
// Leaves refusing to sparql.js, and ending this thread to engine.js: the engine can neither be stopped nor catch its own fall.

const LABEL = 'http://www.w3.org/2000/01/rdf-schema#label';
const STRING = 'http://www.w3.org/2001/XMLSchema#string';
const LABELS_TO_SORT = 20000;
let store = null;
let memory = null;
let forms = new Map();
let language = 'en';
let answer = null;  // { kind, variables, rows, boolean }; a term is { type, value, datatype, language }
let labels = new Map();

const ESCAPES = { t: '\t', b: '\b', n: '\n', r: '\r', f: '\f' };
const unescaped = (text) => text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/gs, (_, four, eight, one) => (
  four || eight ? String.fromCodePoint(parseInt(four || eight, 16)) : ESCAPES[one] || one));
const escaped = (text) => text.replace(/["\\\n\r]/g, (char) => ({ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r' })[char]);

/** A term in N-Triples as `{ type, value, datatype, language }`; what is none of the three kinds stays as it is. */
function readTerm(text) {
  if (text.startsWith('<') && text[1] !== '<') return { type: 'uri', value: unescaped(text.slice(1, -1)) };
  if (text.startsWith('_:')) return { type: 'bnode', value: text.slice(2) };
  const match = /^"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?$/s.exec(text);
  if (!match) return { type: 'triple', value: text };
  return asWritten({ type: 'literal', value: unescaped(match[1]), datatype: match[3] || '', language: match[2] || '' });
}

/** A literal in the form in which the record has it: the store calls 1.50 by the name 1.5. */
function asWritten(term) {
  const found = term.datatype ? forms.get(`${term.value} ${term.datatype}`) : undefined;
  return found ? { ...term, value: found[0], datatype: found[1] } : term;
}

function writeTerm(term) {
  if (term.type === 'uri') return `<${term.value}>`;
  if (term.type === 'bnode') return `_:${term.value}`;
  if (term.type === 'triple') return term.value;
  return `"${escaped(term.value)}"${term.language ? `@${term.language}` : term.datatype ? `^^<${term.datatype}>` : ''}`;
}

function fromJson(term) {
  if (term === undefined) return null;
  if (term.type === 'triple') return { type: 'triple', value: `<<( ${['subject', 'predicate', 'object'].map((part) => writeTerm(fromJson(term.value[part]))).join(' ')} )>>` };
  if (term.type !== 'literal') return { type: term.type, value: term.value };
  return asWritten({ type: 'literal', value: term.value, datatype: term.datatype === STRING ? '' : term.datatype || '', language: term['xml:lang'] || '' });
}

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
const sortKey = (term) => (term === null ? '' : `${term.value}\u0000${term.type}\u0000${term.datatype || ''}\u0000${term.language || ''}`);

/** Rows that the query leaves unordered come in the order of their terms, the same on every run. */
function inOrder(rows) {
  const keyed = rows.map((row) => [row.map(sortKey), row]);
  keyed.sort(([one], [other]) => {
    for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return compare(one[at], other[at]);
    return 0;
  });
  return keyed.map((entry) => entry[1]);
}

function labelOf(iri) {
  let label = labels.get(iri);
  if (label === undefined) {
    const found = store.match(oxigraph.namedNode(iri), oxigraph.namedNode(LABEL), null, null).map((quad) => quad.object).filter((term) => term.termType === 'Literal');
    const best = [language, 'en'].map((wanted) => found.find((term) => term.language === wanted)).find(Boolean) || found[0];
    label = best ? best.value : '';
    labels.set(iri, label);
  }
  return label;
}

const shownAs = (term) => (term === null ? '' : (term.type === 'uri' && labelOf(term.value)) || term.value);
const NUMERIC = /#(integer|decimal|double|float|int|long|short|byte|gYear|nonNegativeInteger|positiveInteger)$/;

/** The rows by a column: numbers by size, all else by what is shown; unbound cells last. */
function sorted(column, down) {
  const rows = answer.rows;
  const iris = new Set(rows.map((row) => (row[column]?.type === 'uri' ? row[column].value : '')));
  const text = iris.size <= LABELS_TO_SORT ? shownAs : (term) => term.value;
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const keyed = rows.map((row, at) => {
    const term = row[column];
    return { row, at, empty: term === null, number: term && NUMERIC.test(term.datatype || '') ? Number(term.value) : NaN, text: term === null ? '' : text(term) };
  });
  const turn = down ? -1 : 1;
  keyed.sort((a, b) => a.empty - b.empty
    || turn * (Number.isNaN(a.number) || Number.isNaN(b.number) ? collator.compare(a.text, b.text) : a.number - b.number) || a.at - b.at);
  return keyed.map((entry) => entry.row);
}

const csvCell = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
const csvTerm = (term) => (term === null ? '' : csvCell(term.type === 'bnode' ? `_:${term.value}` : term.value));

function jsonTerm(term) {
  if (term.type !== 'literal') return { type: term.type, value: term.value };
  return { type: 'literal', value: term.value, ...(term.language ? { 'xml:lang': term.language } : {}), ...(term.datatype ? { datatype: term.datatype } : {}) };
}

const FILES = {
  csv: () => [[answer.variables.map(csvCell).join(','), ...answer.rows.map((row) => row.map(csvTerm).join(','))].map((line) => `${line}\r\n`), 'text/csv;charset=utf-8'],
  json: () => [[JSON.stringify(answer.kind === 'boolean' ? { head: {}, boolean: answer.boolean } : {
    head: { vars: answer.variables },
    results: { bindings: answer.rows.map((row) => Object.fromEntries(answer.variables.map((name, at) => [name, row[at]]).filter((pair) => pair[1] !== null).map(([name, term]) => [name, jsonTerm(term)]))) },
  })], 'application/sparql-results+json'],
  nt: () => [answer.rows.map((row) => `${row.map(writeTerm).join(' ')} .\n`), 'application/n-triples'],
};

const tasks = {
  async start({ wasm, packedForms, prefer }) {
    memory = oxigraph.initSync({ module: await unpack(wasm) }).memory;
    const pairs = JSON.parse(new TextDecoder().decode(await unpack(packedForms)));
    forms = new Map(pairs.map(([value, datatype, written, as]) => [`${value} ${datatype}`, [written, as]]));
    language = prefer;
    store = new oxigraph.Store();
  },
  async part({ text }) {
    store.load(await unpack(text), { format: 'application/n-quads', lenient: true, no_transaction: true });
    return { size: store.size, bytes: memory.buffer.byteLength };
  },
  query({ text, base, form, chooses, ordered }) {
    answer = null;
    const began = performance.now();
    const isGraph = form === 'CONSTRUCT' || form === 'DESCRIBE';
    const options = { base_iri: base, use_default_graph_as_union: !chooses, results_format: isGraph ? 'application/n-triples' : 'application/sparql-results+json' };
    const body = store.query(text, options);
    if (isGraph) {
      const lines = [...new Set(body.split('\n'))].filter(Boolean).sort(compare);
      const rows = lines.map((line) => { const match = /^(\S+) (\S+) (.*) \.$/s.exec(line); return match.slice(1).map(readTerm); });
      answer = { kind: 'graph', variables: ['subject', 'predicate', 'object'], rows };
    } else {
      const found = JSON.parse(body);
      if ('boolean' in found) answer = { kind: 'boolean', variables: [], rows: [], boolean: found.boolean };
      else {
        const variables = found.head.vars;
        const rows = found.results.bindings.map((row) => variables.map((name) => fromJson(row[name])));
        answer = { kind: 'rows', variables, rows: ordered ? rows : inOrder(rows) };
      }
    }
    answer.shown = answer.rows;
    return { kind: answer.kind, variables: answer.variables, boolean: answer.boolean, count: answer.rows.length, ms: performance.now() - began };
  },
  sort({ column, down }) {
    answer.shown = column < 0 ? answer.rows : sorted(column, down);
  },
  rows({ from, count }) {
    const rows = answer.shown.slice(from, from + count);
    const told = {};
    for (const row of rows) for (const term of row) if (term && term.type === 'uri') told[term.value] = labelOf(term.value);
    return { rows, labels: told };
  },
  file({ format }) {
    const [pieces, type] = FILES[format]();
    return new Blob(pieces, { type });
  },
  drawing({ properties, limit }) {
    const known = new Set(properties);
    const nodes = new Map();
    const edges = new Map();
    let left = 0;
    const joined = (from, to, label, iri) => {
      const fresh = [from, to].filter((name) => !nodes.has(name)).length;
      if (nodes.size + fresh > limit) { left += 1; return; }
      for (const name of [from, to]) if (!nodes.has(name)) nodes.set(name, name.startsWith('_:') ? name : labelOf(name) || name);
      edges.set(`${from} ${label} ${to}`, { from, to, label, iri });
    };
    const idOf = (term) => (term && term.type === 'uri' ? term.value : term && term.type === 'bnode' ? `_:${term.value}` : '');
    for (const row of answer.rows) {
      if (answer.kind === 'graph') {
        if (idOf(row[2])) joined(idOf(row[0]), idOf(row[2]), labelOf(row[1].value) || row[1].value, row[1].value);
        continue;
      }
      const found = row.map((term, at) => ({ id: idOf(term), name: answer.variables[at] })).filter((cell) => cell.id);
      const things = found.filter((cell) => !known.has(cell.id));
      const between = found.find((cell) => known.has(cell.id));
      for (const thing of things.slice(1)) {
        const uses = between && thing === things[1];
        joined(things[0].id, thing.id, uses ? labelOf(between.id) || between.id : thing.name, uses ? between.id : '');
      }
    }
    return { nodes: [...nodes], edges: [...edges.values()], left };
  },
};

onmessage = async (event) => {
  const { id, task, ...given } = event.data;
  try {
    postMessage({ id, value: await tasks[task](given) });
  } catch (error) {
    const fell = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
    postMessage({ id, error: { message: String(error.message || error), fell } });
  }
};
