// Owns the table of statements: the network's equal for a keyboard or a screen reader.
// Leaves which statements pass the filters to filters.js.

const COLUMNS = [
  ['Subject', (edge) => nameOf(edge.from)],
  ['Property', (edge) => `${edge.statement.negated ? 'not: ' : ''}${edge.label}`],
  ['Object', (edge) => nameOf(edge.to)],
  ['Status', statusOf],
  ['Said by', (edge) => joined(edge.statement.said_by)],
  ['When', (edge) => edge.statement.when || edge.statement.when_text || ''],
  ['Recorded', (edge) => edge.statement.recorded || edge.statement.source_published || ''],
  ['Source', (edge) => [edge.statement.source_publisher, edge.statement.source_title].filter(Boolean).join(', ')],
  ['Quote', (edge) => (edge.statement.quotes || []).join(' […] ')],
];
const sorting = { column: -1, down: false };
const wordsField = byId('words');
/** @type {Map<string, HTMLTableRowElement>} */
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
    if (title === 'Subject') return make('td', {}, make('button', { type: 'button', class: 'plain', 'data-edge': edge.id, onclick: () => choose({ kind: 'edge', id: edge.id }) }, text));
    if (title === 'Status') return make('td', {}, make('span', { class: `status line-${edge.line}` }, text));
    return make('td', title === 'Quote' ? { class: 'quote' } : {}, title === 'Quote' && text ? `“${text}”` : text);
  });
  const row = make('tr', {}, cells);
  row.folded = fold(COLUMNS.map(([, value]) => value(edge)).join(' '));
  return row;
}

function fillTable() {
  if (!rowOf.size) for (const edge of statements) rowOf.set(edge.id, makeRow(edge));
  const wanted = fold(wordsField.value).split(/\s+/).filter(Boolean);
  const listed = statements.filter((edge) => passes(edge) && wanted.every((word) => rowOf.get(edge.id).folded.includes(word)));
  if (sorting.column >= 0) {
    const value = COLUMNS[sorting.column][1];
    const sign = sorting.down ? -1 : 1;
    listed.sort((a, b) => sign * collator.compare(value(a), value(b)));
  }
  heads.forEach((head, column) => {
    if (column === sorting.column) head.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  });
  byId('body').replaceChildren(...listed.map((edge) => rowOf.get(edge.id)));
  byId('rows').textContent = `${listed.length} of ${statements.length}`;
  markRow();
}

function markRow() {
  for (const [id, row] of rowOf) {
    const on = selection !== null && selection.kind === 'edge' && selection.id === id;
    if (on) row.setAttribute('aria-selected', 'true');
    else row.removeAttribute('aria-selected');
  }
}

wordsField.addEventListener('input', () => {
  fillTable();
  writeHash();
});
