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
  ['Backed by', (edge) => [record.statement(edge).backing, disputed[edge] && 'disputed'].filter(Boolean).join(', ')],
  ['Source', (edge) => [record.statement(edge).source_publisher, record.statement(edge).source_title].filter(Boolean).join(', ')],
  ['Quote', (edge) => (record.statement(edge).quotes || []).join(' […] ')],
];
const AT_ONCE = 300;  // rows; more of them on demand
const sorting = { column: -1, down: false };
const wordsField = byId('words');
let rowsShown = AT_ONCE;

const heads = COLUMNS.map(([title], column) => make('th', { scope: 'col' }, make('button', {
  type: 'button', onclick: () => {
    sorting.down = sorting.column === column && !sorting.down;
    sorting.column = column;
    fillTable();
  },
}, title)));
byId('columns').append(...heads);

function makeRow(edge) {
  const chosen = selection !== null && selection.kind === 'edge' && selection.at === edge;
  const cells = COLUMNS.map(([title, value]) => {
    const text = value(edge);
    if (title === 'Subject') {
      return make('td', {}, make('button', { type: 'button', class: 'plain', 'data-edge': record.edgeId(edge), 'aria-current': chosen ? 'true' : null, onclick: () => choose({ kind: 'edge', at: edge }) }, text));
    }
    // The panel names the source in full; so does the file.
    if (title === 'Source') return make('td', { title: text }, record.statement(edge).source_publisher || text);
    if (title === 'Status') return make('td', {}, make('span', { class: `status line-${lineNames[record.line[edge]]}` }, text));
    return make('td', title === 'Quote' ? { class: 'quote' } : {}, title === 'Quote' && text ? `“${text}”` : text);
  });
  return make('tr', chosen ? { class: 'chosen' } : {}, cells);
}

const foldedRows = new Map();
function foldedOf(edge) {
  if (!foldedRows.has(edge)) foldedRows.set(edge, fold(COLUMNS.map(([, value]) => value(edge)).join(' ')));
  return foldedRows.get(edge);
}

/** The statements that the filters and the words let through, in the order chosen. */
function listedEdges() {
  const wanted = fold(wordsField.value).split(/\s+/).filter(Boolean);
  const listed = [...statementEdges].filter((edge) => passes(edge) && wanted.every((word) => foldedOf(edge).includes(word)));
  if (sorting.column >= 0) {
    const value = COLUMNS[sorting.column][1];
    const keys = new Map(listed.map((edge) => [edge, value(edge)]));
    const sign = sorting.down ? -1 : 1;
    listed.sort((a, b) => sign * collator.compare(keys.get(a), keys.get(b)));
  }
  return listed;
}

function fillTable({ all = false } = {}) {
  const listed = listedEdges();
  const shown = all ? listed : listed.slice(0, rowsShown);
  heads.forEach((head, column) => {
    if (column === sorting.column) head.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  });
  // Where the focus stands in the table it stays there.
  const held = document.activeElement && document.activeElement.dataset.edge;
  byId('body').replaceChildren(...shown.map(makeRow));
  if (held) {
    const again = byId('body').querySelector(`[data-edge="${CSS.escape(held)}"]`);
    if (again && !byId('body').contains(document.activeElement) && document.activeElement === document.body) again.focus();
  }
  byId('rows').textContent = `${listed.length} of ${statementEdges.length}`;
  byId('more-rows').hidden = shown.length === listed.length;
}

byId('more-rows').addEventListener('click', () => {
  rowsShown += AT_ONCE * 4;
  fillTable();
});
wordsField.addEventListener('input', () => {
  rowsShown = AT_ONCE;
  fillTable();
  writeHash();
});
