// Owns the panel: what is on record about one statement or one node.
// Leaves opening and closing it to selection.js.

const panel = byId('panel');

const tidy = (text) => String(text).replace(/^\s+|\s+$/g, '');
const joined = (list) => (list || []).join(', ');
const button = (text, onclick, more = {}) => make('button', { type: 'button', onclick, ...more }, text);
const toNode = (node) => button(nameOf(node), () => choose({ kind: 'node', at: node }), { class: 'plain' });

const AT_ONCE_IN_LIST = 40;  // statements; more of them on demand

/** A list of statements; `say` words the button of each. */
function listOf(edges, say) {
  const row = (edge) => {
    const s = record.statement(edge);
    const about = [statusOf(edge), s && joined(s.said_by), s && [s.source_publisher || s.source_title, s.source_published].filter(Boolean).join(', '), s && s.articles > 1 && s.backing, disputed[edge] && 'disputed'];
    return make('li', {}, lineMark(edge), make('div', {},
      button(say(edge), () => choose({ kind: 'edge', at: edge }), { class: 'plain', 'data-edge': record.edgeId(edge) }),
      make('br'),
      make('small', {}, about.filter(Boolean).join(' · '))));
  };
  const list = make('ul', { class: 'statements' }, edges.slice(0, AT_ONCE_IN_LIST).map(row));
  const left = edges.slice(AT_ONCE_IN_LIST);
  if (left.length) {
    const more = make('li', {}, make('span'), button('', () => {
      const next = left.splice(0, AT_ONCE_IN_LIST * 5).map(row);
      more.before(...next);
      next[0].querySelector('button').focus();
      if (left.length) tell();
      else more.remove();
    }, { class: 'plain' }));
    const tell = () => { more.querySelector('button').textContent = `${left.length.toLocaleString('en')} more`; };
    tell();
    list.append(more);
  }
  return list;
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
  if (s.backing) row.append(make('span', { class: s.articles > 1 ? 'badge many' : 'badge few', id: 'backing' }, s.backing));
  if (s.disputes) row.append(make('span', { class: 'badge line-denied', id: 'disputed' }, s.disputes.every(({ kind }) => kind === 'possible') ? '≠ possibly disputed' : '≠ disputed'));
  return row;
}

function source(s) {
  const title = s.source_title || s.source_url || '';
  const parts = [s.source_publisher, s.source_url ? link(s.source_url, title) : title, s.source_published].filter(Boolean);
  return parts.flatMap((part, at) => (at ? [', ', part] : [part]));
}

/** The words round a quote, where the page was given them. */
function passages(s) {
  if (!s.passages) return [];
  return [make('details', { class: 'passage', id: 'passage' }, make('summary', {}, 'In its passage'),
    s.passages.map(([before, words, after]) => make('p', {}, before, make('mark', {}, words), after)))];
}

/** Who says otherwise, each with a way to the other side. */
function disputes(s) {
  if (!s.disputes) return [];
  const parts = [make('h3', {}, 'Who says otherwise')];
  for (const { kind, why, others } of s.disputes) {
    const shown = others.map((id) => record.edgeAt(id)).filter((other) => other >= 0);
    parts.push(make('p', { class: 'why' }, kind === 'possible' ? `Possibly: ${why}` : why), listOf(shown, sentenceOf));
  }
  return parts;
}

function aboutStatement(edge) {
  const s = record.statement(edge);
  const [from, to] = endsOf(edge);
  const parts = [make('h2', {}, toNode(from), ' — ', make('span', { class: 'property' }, propertyOf(edge)), ' — ', toNode(to))];
  const others = edgesBetween(from, to).filter((other) => other !== edge && record.statement(other));
  if (s) {
    parts.push(badges(edge, s));
    if (s.quotes) {
      parts.push(make('blockquote', { id: 'quote' }, s.quotes.map((quote) => make('p', {}, `“${tidy(quote)}”`)),
        s.translation ? make('p', { class: 'translation' }, `Translation: “${tidy(s.translation)}”`) : ''));
    }
    parts.push(...passages(s));
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
    parts.push(...disputes(s));
    const same = s.proposition ? others.filter((other) => record.statement(other).proposition === s.proposition) : [];
    if (same.length) parts.push(make('h3', {}, 'The same, as others put it'), listOf(same, sentenceOf));
    const rest = others.filter((other) => !same.includes(other));
    if (rest.length) parts.push(make('h3', {}, rest.length === 1 ? 'One more statement between these two' : `${rest.length} more statements between these two`), listOf(rest, sentenceOf));
  } else {
    parts.push(make('p', {}, record.line[edge] === LINK ? 'A part of this proposition: it says what the proposition is about, not that it is so.' : String(((given.edges || [])[edge] || {}).title || '')));
    if (others.length) parts.push(make('h3', {}, 'Statements between these two'), listOf(others, sentenceOf));
  }
  return parts;
}

/** What a reader can do with a node besides reading about it. */
function steps(node) {
  const hops = (count) => button(String(count), () => showAround(node, count), {
    'aria-pressed': String(around !== null && around.node === node && around.hops === count), title: `Hide all that is more than ${count} step${count > 1 ? 's' : ''} away`,
  });
  return make('div', { class: 'steps' },
    make('span', { role: 'group', 'aria-label': 'Show only so many steps round it' }, 'Only ', hops(1), hops(2), hops(3), ' steps round it'),
    button('Path to …', () => startPath(node), { id: 'path-from' }));
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
  if (typeof showAround === 'function') parts.push(steps(node));
  const groups = new Map();
  const recorded = (edge) => (record.statement(edge) || {}).recorded || '';
  for (const edge of own) {
    const heading = record.line[edge] === LINK ? 'The proposition' : record.from[edge] === node ? record.label(edge) : `${record.label(edge)} ←`;
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(edge);
  }
  for (const [heading, group] of [...groups].sort(([a], [b]) => collator.compare(a, b))) {
    group.sort((a, b) => (recorded(a) < recorded(b) ? 1 : recorded(a) > recorded(b) ? -1 : a - b));
    parts.push(make('h3', {}, `${heading}${group.length > 1 ? ` (${group.length})` : ''}`));
    const other = (edge) => nameOf(record.from[edge] === node ? record.to[edge] : record.from[edge]);
    parts.push(listOf(group, (edge) => `${isNegated(edge) ? 'not: ' : ''}${record.line[edge] === LINK ? `${record.label(edge)}: ` : ''}${other(edge)}`));
  }
  if (!own.length) parts.push(make('p', {}, 'No statement of this view is about it.'));
  return parts;
}

/** All edges between two nodes; of a node and itself, its loops. */
function edgesBetween(a, b) {
  return [...edgesAt(degreeOf(a) > degreeOf(b) ? b : a)].filter((edge) => (record.from[edge] === a && record.to[edge] === b) || (record.from[edge] === b && record.to[edge] === a));
}

function showInPanel(parts) {
  panel.replaceChildren(button('×', () => choose(null), { class: 'close', 'aria-label': 'Close' }), ...parts);
  panel.scrollTop = 0;
}

/** Fills the panel with what is on record about a node or an edge. */
function fillPanel(item) {
  showInPanel(item.kind === 'edge' ? aboutStatement(item.at) : aboutNode(item.at));
}
