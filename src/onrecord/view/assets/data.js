// Owns what the page is given: the JSON block, indexes over it, and how elements are made of it.
// Leaves all drawing to the files below. All files share one scope; nothing here writes markup.

/**
 * @typedef {{name: string, kind: string, type?: string, typeIri?: string, shape: string, aliases?: string[], note?: string}} Thing
 * @typedef {Object<string, any>} Statement  fields as in onrecord.view.model.ViewEdge, empty ones left out
 * @typedef {{id: string, from: string, to: string, label: string, line: string, statement: Statement | null}} Edge
 */

const given = JSON.parse(document.getElementById('data').textContent);

/** @type {Map<string, Thing>} */
const things = new Map(Object.entries(given.things));
for (const node of given.nodes) {
  node.id = String(node.id);
  if (!things.has(node.id)) {
    things.set(node.id, { name: String(node.label || node.title || node.id), kind: 'entity', shape: '' });
  }
}

/** @type {Map<string, Edge>} */
const edges = new Map();
/** @type {Map<string, Edge[]>} */
const edgesOf = new Map(given.nodes.map((node) => [node.id, []]));
const statementsOf = new Map(Object.entries(given.statements));
for (const raw of given.edges) {
  raw.from = String(raw.from);
  raw.to = String(raw.to);
  const statement = statementsOf.get(raw.id) || null;
  const edge = { id: raw.id, from: raw.from, to: raw.to, label: statement ? statement.label : String(raw.label || ''), line: raw.line || '', statement };
  edges.set(edge.id, edge);
  edgesOf.get(edge.from).push(edge);
  if (edge.to !== edge.from) edgesOf.get(edge.to).push(edge);
}
const statements = [...edges.values()].filter((edge) => edge.statement);

const nameOf = (id) => things.get(id).name || '(no name)';

/** What a statement's line says in a word or two. */
function statusOf(edge) {
  const s = edge.statement;
  if (!s) return edge.line === 'link' ? 'part of a proposition' : '';
  if (s.asserting && !s.negated) return 'asserted as fact';
  if (s.status === 'stated' || s.status === 'confirmed' || !s.status) return s.negated ? 'not so' : 'said, not asserted';
  return s.negated ? `${s.status}: not so` : s.status;
}

function sourceOf(edge) {
  const s = edge.statement;
  return s ? [s.source_publisher, s.source_title, s.source_published].filter(Boolean).join(', ') : '';
}

/** An element with properties and children; strings become text, never markup. */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === 'class') element.className = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== '') element.append(child);
  }
  return element;
}

/** A link when the address is http or https and names no user; otherwise only its text. */
function link(address, text) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    return text;
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.username || url.password) return text;
  return make('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank' }, text);
}

const byId = (id) => document.getElementById(id);

/** Lower case and without accents, for finding. */
const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const collator = (() => {
  const options = { numeric: true, sensitivity: 'base' };
  try {
    return new Intl.Collator(document.documentElement.lang || 'en', options);
  } catch {
    return new Intl.Collator('en', options);  // the graph's language is no language tag
  }
})();
