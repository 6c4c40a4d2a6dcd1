// Owns the panel: what is on record about one statement or one node.
// Leaves opening and closing it to main.js.

const panel = byId('panel');

const tidy = (text) => String(text).replace(/^\s+|\s+$/g, '');
const joined = (list) => (list || []).join(', ');

function toNode(id) {
  return make('button', { type: 'button', class: 'plain', onclick: () => choose({ kind: 'node', id }) }, nameOf(id));
}

/** A list of statements; `say` words the button of each. */
function listOf(items, say, current) {
  return make('ul', { class: 'statements' }, items.map((edge) => make('li', {},
    lineMark(edge),
    make('div', {},
      make('button', { type: 'button', class: 'plain', 'data-edge': edge.id, 'aria-current': edge === current ? 'true' : null, onclick: () => choose({ kind: 'edge', id: edge.id }) }, say(edge)),
      make('br'),
      make('small', {}, [statusOf(edge), edge.statement && joined(edge.statement.said_by), edge.statement && [edge.statement.source_publisher || edge.statement.source_title, edge.statement.source_published].filter(Boolean).join(', ')].filter(Boolean).join(' · '))),
  )));
}

/** Rows of a description list, those without a value left out. */
function details(rows) {
  const list = make('dl');
  for (const [term, value] of rows) {
    if (value && (!Array.isArray(value) || value.length)) list.append(make('dt', {}, term), make('dd', {}, value));
  }
  return list;
}

function badges(edge) {
  const s = edge.statement;
  const row = make('p', { class: 'badges' }, make('span', { class: `badge line-${edge.line}`, id: 'status' }, statusOf(edge)));
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
  const s = edge.statement;
  const property = `${s && s.negated ? 'not: ' : ''}${edge.label}`;
  const parts = [make('h2', {}, toNode(edge.from), ' — ', make('span', { class: 'property' }, property), ' — ', toNode(edge.to))];
  if (s) {
    parts.push(badges(edge));
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
    parts.push(make('p', {}, edge.line === 'link' ? 'A part of this proposition: it says what the proposition is about, not that it is so.' : String(rawEdges.get(edge.id).title || '')));
  }
  const others = edgesOf.get(edge.from).filter((other) => other !== edge && (other.from === edge.to || other.to === edge.to) && (edge.from !== edge.to || other.from === other.to) && other.statement);
  if (others.length) {
    parts.push(make('h3', {}, others.length === 1 ? 'One more statement between these two' : `${others.length} more statements between these two`));
    parts.push(listOf(others, (other) => `${nameOf(other.from)} — ${other.statement.negated ? 'not: ' : ''}${other.label} — ${nameOf(other.to)}`));
  }
  return parts;
}

function aboutNode(id) {
  const thing = things.get(id);
  const own = edgesOf.get(id);
  const kind = [thing.type || thing.kind, thing.aliases && `also: ${thing.aliases.join(', ')}`].filter(Boolean);
  const parts = [make('h2', {}, nameOf(id)), details([
    ['Type', thing.typeIri ? link(thing.typeIri, kind[0]) : kind[0]], ['Also called', joined(thing.aliases)], ['Note', thing.note],
    ['IRI', thing.kind === 'entity' && /^https?:/.test(id) ? make('span', { class: 'place' }, link(id, id)) : ''],
  ])];
  const groups = new Map();
  for (const edge of own) {
    const heading = edge.line === 'link' ? 'The proposition' : edge.from === id ? edge.label : `${edge.label} ←`;
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(edge);
  }
  for (const [heading, group] of [...groups].sort(([a], [b]) => collator.compare(a, b))) {
    group.sort((a, b) => collator.compare((b.statement || {}).recorded || '', (a.statement || {}).recorded || ''));
    parts.push(make('h3', {}, `${heading}${group.length > 1 ? ` (${group.length})` : ''}`));
    parts.push(listOf(group, (edge) => `${edge.statement && edge.statement.negated ? 'not: ' : ''}${edge.line === 'link' ? `${edge.label}: ` : ''}${nameOf(edge.from === id ? edge.to : edge.from)}`));
  }
  if (!own.length) parts.push(make('p', {}, 'No statement of this view is about it.'));
  return parts;
}

/** Fills the panel with what is on record about an item. */
function fillPanel(item) {
  panel.replaceChildren(
    make('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => choose(null) }, '×'),
    ...(item.kind === 'edge' ? aboutStatement(edges.get(item.id)) : aboutNode(item.id)),
  );
  panel.scrollTop = 0;
}
