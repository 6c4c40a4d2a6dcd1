// Owns the table of statements: the network's equal for a keyboard or a screen reader.
// Leaves which statements pass the filters to filters.js.

const COLUMNS = [
  ['Subject', (edge) => nameOf(record.from[edge])],
  ['Property', propertyOf],
  ['Object', (edge) => nameOf(record.to[edge])],
  ['Status', statusOf],
  ['Said by', (edge) => joined(record.statement(edge).said_by)],
  ['When', (edge) => record.statement(edge).when || record.statement(edge).when_text || ''],
  ['Recorded', (edge) => record.statement(edge).recorded || record.statement(edge).source_published || ''],
  ['Source', (edge) => [record.statement(edge).source_publisher, record.statement(edge).source_title].filter(Boolean).join(', ')],
  ['Quote', (edge) => (record.statement(edge).quotes || []).join(' […] ')],
];
const sorting = { column: -1, down: false };
const wordsField = byId('words');
/** @type {Map<number, HTMLTableRowElement>} */
const rowOf = new Map();

const heads = COLUMNS.map(([title], column) => make('th', { scope: 'col' }, make('button', {
  type: 'button', onclick: () => {
    sorting.down = sorting.column === column && !sorting.down;
    sorting.column = column;
    fillTable();
  },
}, title)));
byId('columns').append(...heads);

function makeRow(edge) {
  const cells = COLUMNS.map(([title, value]) => {
    const text = value(edge);
    if (title === 'Subject') return make('td', {}, make('button', { type: 'button', class: 'plain', 'data-edge': record.edgeId(edge), onclick: () => choose({ kind: 'edge', at: edge }) }, text));
    if (title === 'Status') return make('td', {}, make('span', { class: `status line-${lineNames[record.line[edge]]}` }, text));
    return make('td', title === 'Quote' ? { class: 'quote' } : {}, title === 'Quote' && text ? `“${text}”` : text);
  });
  const row = make('tr', {}, cells);
  row.folded = fold(COLUMNS.map(([, value]) => value(edge)).join(' '));
  return row;
}

function fillTable() {
  if (!rowOf.size) for (const edge of statementEdges) rowOf.set(edge, makeRow(edge));
  const wanted = fold(wordsField.value).split(/\s+/).filter(Boolean);
  const listed = [...statementEdges].filter((edge) => passes(edge) && wanted.every((word) => rowOf.get(edge).folded.includes(word)));
  if (sorting.column >= 0) {
    const value = COLUMNS[sorting.column][1];
    const sign = sorting.down ? -1 : 1;
    listed.sort((a, b) => sign * collator.compare(value(a), value(b)));
  }
  heads.forEach((head, column) => {
    if (column === sorting.column) head.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  });
  byId('body').replaceChildren(...listed.map((edge) => rowOf.get(edge)));
  byId('rows').textContent = `${listed.length} of ${statementEdges.length}`;
  markRow();
}

function markRow() {
  for (const [edge, row] of rowOf) {
    const on = selection !== null && selection.kind === 'edge' && selection.at === edge;
    if (on) row.setAttribute('aria-selected', 'true');
    else row.removeAttribute('aria-selected');
  }
}

wordsField.addEventListener('input', () => {
  fillTable();
  writeHash();
});
