// Owns the panel: what is on record about one statement or one node.
// Leaves opening and closing it to main.js.

const panel = byId('panel');

const tidy = (text) => String(text).replace(/^\s+|\s+$/g, '');
const joined = (list) => (list || []).join(', ');

const endsOf = (edge) => [record.from[edge], record.to[edge]];

function toNode(node) {
  return make('button', { type: 'button', class: 'plain', onclick: () => choose({ kind: 'node', at: node }) }, nameOf(node));
}

/** A list of statements; `say` words the button of each. */
function listOf(edges, say) {
  return make('ul', { class: 'statements' }, edges.map((edge) => {
    const s = record.statement(edge);
    const about = [statusOf(edge), s && joined(s.said_by), s && [s.source_publisher || s.source_title, s.source_published].filter(Boolean).join(', ')];
    return make('li', {}, lineMark(edge), make('div', {},
      make('button', { type: 'button', class: 'plain', 'data-edge': record.edgeId(edge), onclick: () => choose({ kind: 'edge', at: edge }) }, say(edge)),
      make('br'),
      make('small', {}, about.filter(Boolean).join(' · '))));
  }));
}

/** Rows of a description list, those without a value left out. */
function details(rows) {
  const list = make('dl');
  for (const [term, value] of rows) {
    if (value && (!Array.isArray(value) || value.length)) list.append(make('dt', {}, term), make('dd', {}, value));
  }
  return list;
}

function badges(edge, s) {
  const row = make('p', { class: 'badges' }, make('span', { class: `badge line-${lineNames[record.line[edge]]}`, id: 'status' }, statusOf(edge)));
  if (s.negated && statusOf(edge) !== 'not so') row.append(make('span', { class: 'badge line-denied' }, 'not so'));
  if (s.verified) row.append(make('span', { class: 'badge good', title: 'The words were found in the archived text' }, '✓ quote verified'));
  else row.append(make('span', { class: 'badge warn', title: 'The archived text was not at hand when this page was made, so the words were not looked up' }, 'not at hand'));
  return row;
}

function source(s) {
  const title = s.source_title || s.source_url || '';
  const parts = [s.source_publisher, s.source_url ? link(s.source_url, title) : title, s.source_published].filter(Boolean);
  return parts.flatMap((part, at) => (at ? [', ', part] : [part]));
}

function aboutStatement(edge) {
  const s = record.statement(edge);
  const [from, to] = endsOf(edge);
  const parts = [make('h2', {}, toNode(from), ' — ', make('span', { class: 'property' }, propertyOf(edge)), ' — ', toNode(to))];
  if (s) {
    parts.push(badges(edge, s));
    if (s.quotes) {
      parts.push(make('blockquote', { id: 'quote' }, s.quotes.map((quote) => make('p', {}, `“${tidy(quote)}”`)),
        s.translation ? make('p', { class: 'translation' }, `Translation: “${tidy(s.translation)}”`) : ''));
    }
    const via = s.via ? ` (via ${joined(s.via)})` : '';
    const when = s.when && s.when_text ? `${s.when} (“${s.when_text}”)` : s.when || s.when_text;
    parts.push(details([
      ['Said by', s.said_by ? joined(s.said_by) + via : via ? `the source${via}` : 'the source itself'],
      ['Said when', s.said_when], ['Said at', s.said_at], ['Said to', joined(s.said_to)],
      ['Source', source(s)],
      ['When', when], ['Hedge', s.hedge && `“${s.hedge}”`], ['On condition', s.condition],
      ...(s.qualifiers || []).map(([label, value]) => [label, value]),
      ['Origin', joined(s.origin)], ['Locator', s.locator], ['Recorded', s.recorded], ['Note', s.note],
      ['Written at', s.file && make('span', { class: 'place' }, s.line ? `${s.file}:${s.line}` : s.file)],
    ]));
  } else {
    parts.push(make('p', {}, record.line[edge] === LINK ? 'A part of this proposition: it says what the proposition is about, not that it is so.' : String((given.edges[edge] || {}).title || '')));
  }
  const others = [...edgesAt(from)].filter((other) => other !== edge && endsOf(other).includes(from) && endsOf(other).includes(to) && (from !== to || record.from[other] === record.to[other]) && record.statement(other));
  if (others.length) {
    parts.push(make('h3', {}, others.length === 1 ? 'One more statement between these two' : `${others.length} more statements between these two`));
    parts.push(listOf(others, sentenceOf));
  }
  return parts;
}

function aboutNode(node) {
  const thing = record.thing(node);
  const own = [...edgesAt(node)];
  const id = record.nodeId(node);
  const kind = thing.type || thing.kind;
  const parts = [make('h2', {}, nameOf(node)), details([
    ['Type', thing.typeIri ? link(thing.typeIri, kind) : kind], ['Also called', joined(thing.aliases)], ['Note', thing.note],
    ['IRI', thing.kind === 'entity' && /^https?:/.test(id) ? make('span', { class: 'place' }, link(id, id)) : ''],
  ])];
  const groups = new Map();
  const recorded = (edge) => (record.statement(edge) || {}).recorded || '';
  for (const edge of own) {
    const heading = record.line[edge] === LINK ? 'The proposition' : record.from[edge] === node ? record.label(edge) : `${record.label(edge)} ←`;
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(edge);
  }
  for (const [heading, group] of [...groups].sort(([a], [b]) => collator.compare(a, b))) {
    group.sort((a, b) => collator.compare(recorded(b), recorded(a)));
    parts.push(make('h3', {}, `${heading}${group.length > 1 ? ` (${group.length})` : ''}`));
    const other = (edge) => nameOf(record.from[edge] === node ? record.to[edge] : record.from[edge]);
    parts.push(listOf(group, (edge) => `${isNegated(edge) ? 'not: ' : ''}${record.line[edge] === LINK ? `${record.label(edge)}: ` : ''}${other(edge)}`));
  }
  if (!own.length) parts.push(make('p', {}, 'No statement of this view is about it.'));
  return parts;
}

/** Fills the panel with what is on record about an item. */
function fillPanel(item) {
  panel.replaceChildren(
    make('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => choose(null) }, '×'),
    ...(item.kind === 'edge' ? aboutStatement(item.at) : aboutNode(item.at)),
  );
  panel.scrollTop = 0;
}
