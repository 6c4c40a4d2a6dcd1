// Owns what is shown of an answer: its rows as a table, its truth value, its files.
// Leaves the rows to the worker, which keeps them all, and the network to drawing.js.

const FIRST_ROWS = 100;
const MORE_ROWS = 500;
const shown = { answer: null, from: 0, sort: -1, down: false };
const count = (number, one, many) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/** The link of an IRI: its page on this site, else itself where it is http or https; else only its text. */
function linkTo(iri, text) {
  const page = pageOf(iri);
  return page ? make('a', { href: page }, text) : link(iri, text);
}

function cellOf(term, labels) {
  if (term === null) return make('td', { class: 'none' }, make('span', { class: 'hidden' }, 'not bound'));
  if (term.type === 'uri') {
    const label = labels[term.value];
    const short = compact(term.value);
    return make('td', { class: 'iri' }, linkTo(term.value, label || short), label && short !== label ? make('small', {}, short) : null);
  }
  if (term.type !== 'literal') return make('td', { class: 'code' }, term.type === 'bnode' ? `_:${term.value}` : term.value);
  const note = term.language ? `@${term.language}` : term.datatype ? compact(term.datatype) : '';
  const number = /#(integer|decimal|double|float|int|long)$/.test(term.datatype);
  return make('td', { class: number ? 'number' : 'text' }, make('span', { lang: term.language || null }, term.value), note ? make('small', {}, note) : null);
}

function clearResults() {
  shown.answer = null;
  byId('answer').hidden = true;
  byId('rows').replaceChildren();
  clearDrawing();
}

/** Shows an answer: `{ kind, variables, boolean, count, ms }`. */
async function showAnswer(answer, remark) {
  Object.assign(shown, { answer, from: 0, sort: -1, down: false });
  byId('answer').hidden = false;
  const isRows = answer.kind !== 'boolean';
  byId('truth').hidden = isRows;
  byId('truth').textContent = answer.boolean ? 'true' : 'false';
  byId('table').hidden = !isRows || !answer.count;
  for (const id of ['tab-table', 'tab-drawing', 'save-csv']) byId(id).hidden = !isRows;
  byId('save-nt').hidden = answer.kind !== 'graph';
  byId('save-json').hidden = answer.kind === 'graph';
  const took = answer.ms < 1000 ? `${Math.max(1, Math.round(answer.ms))} ms` : `${(answer.ms / 1000).toFixed(1)} s`;
  const what = answer.kind === 'boolean' ? 'Answered' : answer.kind === 'graph' ? count(answer.count, 'triple', 'triples') : count(answer.count, 'row', 'rows');
  byId('outcome').textContent = `${what} in ${took}${remark ? `. ${remark}` : ''}`;
  byId('heads').replaceChildren(...answer.variables.map((name, at) => make('th', { scope: 'col' }, make('button', { type: 'button', onclick: () => sortBy(at) }, name))));
  byId('rows').replaceChildren();
  showTab('table');
  if (isRows) await moreRows(FIRST_ROWS);
}

async function moreRows(wanted) {
  const answer = shown.answer;
  const { rows, labels } = await engine.ask('rows', { from: shown.from, count: wanted });
  if (answer !== shown.answer) return;
  const first = byId('rows').rows.length;
  byId('rows').append(...rows.map((row) => make('tr', {}, row.map((term) => cellOf(term, labels)))));
  shown.from += rows.length;
  const left = answer.count - shown.from;
  byId('more').hidden = left <= 0;
  byId('more').textContent = `Show ${Math.min(left, MORE_ROWS).toLocaleString('en')} more`;
  byId('range').textContent = left > 0 ? `The first ${shown.from.toLocaleString('en')} of ${answer.count.toLocaleString('en')}; files hold them all.` : '';
  if (first) byId('rows').rows[first]?.querySelector('a')?.focus();
}

async function sortBy(column) {
  shown.down = shown.sort === column && !shown.down;
  shown.sort = column;
  for (const [at, head] of [...byId('heads').cells].entries()) {
    if (at === column) head.setAttribute('aria-sort', shown.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  }
  try {
    await engine.ask('sort', { column, down: shown.down });
    const wanted = Math.max(FIRST_ROWS, shown.from);
    shown.from = 0;
    byId('rows').replaceChildren();
    await moreRows(wanted);
  } catch (error) {
    showProblem(error);
  }
}

async function save(format) {
  try {
    const blob = await engine.ask('file', { format });
    const address = URL.createObjectURL(blob);
    make('a', { href: address, download: `answer.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  } catch (error) {
    showProblem(error);
  }
}

/** `table` or `drawing`. */
function showTab(name) {
  for (const each of ['table', 'drawing']) {
    byId(`tab-${each}`).setAttribute('aria-selected', String(each === name));
    byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    byId(`pane-${each}`).hidden = each !== name;
  }
  if (name === 'drawing') showDrawing().catch(showProblem);
}

byId('more').addEventListener('click', () => moreRows(MORE_ROWS).catch(showProblem));
for (const format of ['csv', 'json', 'nt']) byId(`save-${format}`).addEventListener('click', () => save(format));
for (const [name, other] of [['table', 'drawing'], ['drawing', 'table']]) {
  byId(`tab-${name}`).addEventListener('click', () => showTab(name));
  byId(`tab-${name}`).addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    showTab(other);
    byId(`tab-${other}`).focus();
  });
}
