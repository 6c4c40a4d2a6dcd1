// Owns what a reader takes along: the picture as PNG and SVG, the statements that are shown as Turtle and CSV.
// Leaves drawing to the renderer; every file is made in the page, of the data that it holds.

const NS = {
  onr: 'https://w3id.org/onrecord/ns#', rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#', rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  prov: 'http://www.w3.org/ns/prov#', dc: 'http://purl.org/dc/elements/1.1/', xsd: 'http://www.w3.org/2001/XMLSchema#',
  skos: 'http://www.w3.org/2004/02/skos/core#', edtf: 'http://id.loc.gov/datatypes/edtf/',
};

function save(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** A statement's IRI; where a page draws one twice, the second has a number behind it. */
const statementIri = (edge) => record.edgeId(edge).replace(/~\d+$/, '');
const shownEdges = () => [...statementEdges].filter(passes);

// ---- Turtle 1.1 ----

const badIri = /[\0-\x20<>"{}|^`\\]/;
const ESCAPES = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' };
const quoted = (text) => `"${String(text).replace(/["\\\n\r\t\b\f]/g, (char) => ESCAPES[char])}"`;
const tagged = (text, language) => (/^[a-zA-Z]+(-[a-zA-Z0-9]+)*$/.test(language || '') ? `${quoted(text)}@${language}` : quoted(text));
const resource = (iri) => `<${String(iri).replace(new RegExp(badIri, 'g'), (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}>`;
/** A node of the picture as a term: values are in their N-Triples form already. */
const termOf = (node) => (record.nodeId(node).startsWith('"') ? record.nodeId(node) : resource(record.nodeId(node)));

/** The statements that are shown, with their propositions, sources and entities; a part of the graph's own Turtle. */
function writeTurtle() {
  const facts = new Map();
  const add = (subject, predicate, object) => {
    if (!facts.has(subject)) facts.set(subject, new Set());
    facts.get(subject).add(`${predicate} ${object}`);
  };
  const describeNode = (node) => {
    const thing = record.thing(node);
    if (thing.kind !== 'entity') return;
    if (thing.typeIri) add(termOf(node), 'a', resource(thing.typeIri));
    if (thing.language && thing.name) add(termOf(node), 'rdfs:label', tagged(thing.name, thing.language));
  };
  const describeProposition = (iri, from, predicate, to, narrowed) => {
    const node = resource(iri);
    add(node, 'a', 'onr:Proposition');
    add(node, 'rdf:subject', termOf(from));
    add(node, 'rdf:predicate', resource(predicate));
    add(node, 'rdf:object', termOf(to));
    for (const [property, term] of narrowed || []) add(node, resource(property), term);
  };
  for (const edge of shownEdges()) {
    const s = record.statement(edge);
    if (!s.proposition) continue;
    const [from, to] = endsOf(edge);
    const node = resource(statementIri(edge));
    [from, to].forEach(describeNode);
    describeProposition(s.proposition, from, s.property_iri, to, s.narrowed);
    add(node, 'a', 'onr:Statement');
    add(node, 'onr:proposition', resource(s.proposition));
    if (given.statuses[s.status]) add(node, 'onr:status', resource(given.statuses[s.status]));
    if (s.negated) add(node, 'onr:negated', 'true');
    for (const quote of s.quotes || []) add(node, 'onr:quote', tagged(quote, s.language));
    if (s.recorded) add(node, 'onr:recorded', `${quoted(s.recorded)}^^xsd:date`);
    if (s.when) add(node, 'onr:when', `${quoted(s.when)}^^edtf:EDTF`);
    for (const [property, term] of s.terms || []) add(node, resource(property), term);
    if (s.source_id) {
      const source = resource(`${given.base}source/${s.source_id}`);
      add(node, 'prov:wasQuotedFrom', source);
      add(source, 'a', 'onr:Source');
      if (s.source_publisher) add(source, 'dc:publisher', quoted(s.source_publisher));
    }
    if (s.asserting && !s.narrowed) add(termOf(from), resource(s.property_iri), termOf(to));
    if (s.qualified_iri) add(termOf(from), resource(s.qualified_iri), resource(s.proposition));
  }
  // A proposition in sight as a node is described by its own links.
  for (const edge of linkEdges) {
    if (!passes(edge)) continue;
    const node = resource(record.nodeId(record.from[edge]));
    describeNode(record.to[edge]);
    add(node, 'a', 'onr:Proposition');
    add(node, record.label(edge) === 'subject' ? 'rdf:subject' : 'rdf:object', termOf(record.to[edge]));
  }
  const head = Object.entries(NS).map(([prefix, iri]) => `@prefix ${prefix}: <${iri}> .`).join('\n');
  const body = [...facts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([subject, pairs]) => `${subject} ${[...pairs].join(' ;\n    ')} .`);
  return `${head}\n\n${body.join('\n\n')}\n`;
}

// ---- CSV for spreadsheets ----

/** A cell that no spreadsheet takes for a formula, quoted where it must be (RFC 4180). */
function cell(value) {
  const text = String(value === undefined || value === null ? '' : value);
  const guarded = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replace(/"/g, '""')}"` : guarded;
}

function writeCsv() {
  const columns = [...COLUMNS.map(([title, value]) => [title.toLowerCase(), value]),
    ['hedge', (edge) => record.statement(edge).hedge], ['condition', (edge) => record.statement(edge).condition],
    ['backing', (edge) => record.statement(edge).backing], ['statement', statementIri]];
  const rows = [columns.map(([title]) => title), ...listedEdges().map((edge) => columns.map(([, value]) => value(edge)))];
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

// ---- the menu ----

const stem = (given.title || 'network').normalize('NFKD').replace(/[^\w]+/g, '-').replace(/^-+|-+$/g, '').toLowerCase().slice(0, 60) || 'network';
const menu = byId('save');
const choices = {
  'save-png': () => renderer.picture().toBlob((blob) => save(`${stem}.png`, blob)),
  'save-svg': () => save(`${stem}.svg`, renderer.svg(), 'image/svg+xml'),
  'save-turtle': () => save(`${stem}.ttl`, writeTurtle(), 'text/turtle'),
  'save-csv': () => save(`${stem}.csv`, writeCsv(), 'text/csv'),
};
for (const [id, take] of Object.entries(choices)) {
  byId(id).addEventListener('click', () => {
    take();
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}
menu.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !menu.open) return;
  menu.open = false;
  menu.querySelector('summary').focus();
  event.preventDefault();
  event.stopPropagation();
});
addEventListener('pointerdown', (event) => { if (menu.open && !menu.contains(event.target)) menu.open = false; });
