// Owns the text: its quotes, which of them are marked, and the source that is shown.
// Leaves the panel to panel.js and the address to selection.js.

const articles = [...document.querySelectorAll('#texts article')];
const which = byId('which');
const quotes = [...document.querySelectorAll('a.quote')];
const edgesOfQuote = new Map(quotes.map((quote) => [quote, quote.dataset.edges.split(' ').map(Number)]));
const boxes = [...document.querySelectorAll('#legend input[data-line]')];
const off = new Set();
const passes = (edge) => !off.has(lineNames[record.line[edge]]);
const articleOf = (quote) => quote.closest('article');

// A quote of several statements is an item of its own: it opens the list of them.
others.quote = {
  fill: (at) => {
    const edges = edgesOfQuote.get(quotes[at]).filter(passes);
    showInPanel([
      make('h2', {}, edges.length === 1 ? 'One statement rests on these words' : `${edges.length} statements rest on these words`),
      make('blockquote', { id: 'quote', lang: articleOf(quotes[at]).lang || null }, make('p', {}, `“${tidy(quotes[at].textContent)}”`)),
      listOf(edges, sentenceOf)]);
  },
  write: (at) => String(at),
  find: (text) => (/^\d+$/.test(text) && Number(text) < quotes.length ? Number(text) : -1),
};

for (const [at, quote] of quotes.entries()) {
  quote.addEventListener('click', (event) => {
    event.preventDefault();
    const edges = edgesOfQuote.get(quote).filter(passes);
    if (!edges.length) return;
    choose(edges.length === 1 ? { kind: 'edge', at: edges[0] } : { kind: 'quote', at }, { quiet: event.detail > 0 });
  });
}

function isMarked(quote, at) {
  if (!selection) return false;
  if (selection.kind === 'quote') return selection.at === at;
  return edgesOfQuote.get(quote).some((edge) => passes(edge) && isChosen(edge));
}

function showArticle(id) {
  const wanted = articles.find((article) => article.dataset.source === id) || articles[0];
  for (const article of articles) article.hidden = article !== wanted;
  if (which && wanted) which.value = wanted.dataset.source;
}

function refresh() {
  const marked = quotes.filter(isMarked);
  for (const quote of quotes) {
    quote.classList.toggle('chosen', marked.includes(quote));
    quote.classList.toggle('off', !edgesOfQuote.get(quote).some(passes));
    if (marked.includes(quote)) quote.setAttribute('aria-current', 'true');
    else quote.removeAttribute('aria-current');
  }
  if (marked.length) bringIntoSight(marked);
  writeHash();
}

/** Turns to the source in which what is marked stands, and to its place in the text. */
function bringIntoSight(marked) {
  if (marked.every((quote) => articleOf(quote).hidden)) showArticle(articleOf(marked[0]).dataset.source);
  if (!marked.includes(document.activeElement)) marked[0].scrollIntoView({ block: 'center' });
}

function readBoxes() {
  off.clear();
  for (const box of boxes) if (!box.checked) off.add(box.dataset.line);
  const all = Array.from({ length: record.edgeCount }, (_, edge) => edge).filter((edge) => record.statement(edge));
  const shown = all.filter(passes).length;
  byId('shown').textContent = shown < all.length ? `${shown} of ${all.length} statements marked` : '';
  byId('reset').hidden = !off.size;
}

byId('legend').addEventListener('change', () => {
  readBoxes();
  refresh();
});
byId('reset').addEventListener('click', () => {
  for (const box of boxes) box.checked = true;
  readBoxes();
  refresh();
});
if (which) {
  which.addEventListener('change', () => {
    showArticle(which.value);
    choose(null);
    byId('texts').scrollTop = 0;
  });
}
byId('to-texts').addEventListener('click', (event) => {
  event.preventDefault();
  byId('texts').focus();
});

function saveState(state) {
  const shown = articles.find((article) => !article.hidden);
  if (articles.length > 1 && shown !== articles[0]) state.set('source', shown.dataset.source);
  if (off.size) state.set('off', [...off].join(' '));
}

function loadState(state) {
  showArticle(state.get('source'));
  const names = (state.get('off') || '').split(' ');
  for (const box of boxes) box.checked = !names.includes(box.dataset.line);
  readBoxes();
}

openPage();

// For tests: the quotes that are marked.
globalThis.onrecord = Object.freeze({ choose, marked: () => quotes.filter((quote) => quote.classList.contains('chosen')).map((quote) => quote.textContent) });
