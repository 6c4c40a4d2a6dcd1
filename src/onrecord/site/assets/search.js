// Owns finding names and quotes: loads the parts of the index that a search needs, and shows what was found.
// Leaves ranking to MiniSearch and writing the index to search.py. Nothing is loaded before somebody searches.

const searchRoot = given.root;
const searchField = byId('search');
const foundList = byId('found');
const resultList = byId('search-results');
const loaded = new Map();
const waiting = new Map();
let finder = null;
let hits = [];
let at = -1;
let latest = 0;

window.onrecordSearch = (name, value) => { loaded.set(name, value); };

/** Runs a script of the site, once. */
function load(path) {
  if (!waiting.has(path)) {
    waiting.set(path, new Promise((resolve, reject) => {
      const script = make('script', { src: searchRoot + path });
      script.addEventListener('load', resolve);
      script.addEventListener('error', () => { waiting.delete(path); reject(new Error(path)); });
      document.head.append(script);
    }));
  }
  return waiting.get(path);
}

/** The words of a text as they are compared; search.py does the same. */
const wordPattern = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[\p{L}\p{N}]+/gu;
const wordsOf = (text) => (fold(text).match(wordPattern) || []).map((word) => word.slice(0, 40));

async function openFinder() {
  await Promise.all([load('search/head.js'), load('assets/minisearch.min.js')]);
  const head = loaded.get('head');
  finder = { head, parts: new Map(), everywhere: new Set(head.everywhere) };
  return finder;
}

/** The parts that hold words beginning with `word`. */
function partsFor(word) {
  const { starts } = finder.head;
  const end = word + '\uffff';
  const out = [];
  for (let number = 0; number < starts.length; number += 1) {
    if (starts[number] > end) break;
    if (number + 1 < starts.length && starts[number + 1] <= word) continue;
    out.push(number);
  }
  return out;
}

/** A part as MiniSearch reads one of its own indexes. */
function toIndex(rows) {
  const documentIds = {};
  const fieldLength = {};
  const index = rows.map(([word, ...fields]) => {
    const entry = {};
    fields.forEach((steps, field) => {
      if (!steps.length) return;
      entry[field] = {};
      let number = 0;
      steps.forEach((step) => {
        number += step;
        entry[field][number] = 1;
        documentIds[number] = number;
        fieldLength[number] = [1, 1, 1];
      });
    });
    return [word, entry];
  });
  const options = { fields: ['name', 'quote', 'told'], tokenize: (text) => [text], processTerm: (word) => word };
  return minisearch.default.loadJS({
    documentCount: finder.head.documents, nextId: finder.head.documents, documentIds, fieldIds: { name: 0, quote: 1, told: 2 },
    fieldLength, averageFieldLength: [1, 1, 1], storedFields: {}, dirtCount: 0, index, serializationVersion: 2,
  }, options);
}

/** A part of the index, loaded once. */
function part(number) {
  if (!finder.parts.has(number)) finder.parts.set(number, load(`search/part${number}.js`).then(() => toIndex(loaded.get(`part${number}`))));
  return finder.parts.get(number);
}

/** Documents with a word: number to score, and the words by which they were found. */
async function lookUp(word) {
  const out = new Map();
  const how = { prefix: word.length > 1, fuzzy: word.length > 4 ? 0.15 : false, boost: { name: 5, quote: 1.4 }, bm25: { k: 1.2, b: 0, d: 0.5 } };
  for (const index of await Promise.all(partsFor(word).map(part))) {
    for (const { id, score, terms } of index.search(word, how)) {
      const before = out.get(id);
      out.set(id, before ? { score: Math.max(score, before.score), terms: [...before.terms, ...terms] } : { score, terms });
    }
  }
  return out;
}

/** The best documents for a text: those with all its words, or with some where none has all. */
async function find(text, most) {
  if (!finder) await openFinder();
  const wanted = [...new Set(wordsOf(text))];
  const telling = wanted.filter((word) => !finder.everywhere.has(word));
  const each = await Promise.all(telling.map(lookUp));
  const scores = new Map();
  for (const one of each) {
    for (const [id, { score, terms }] of one) {
      const sum = scores.get(id) || { id, score: 0, count: 0, terms: new Set(wanted) };
      sum.score += score;
      sum.count += 1;
      terms.forEach((term) => sum.terms.add(term));
      scores.set(id, sum);
    }
  }
  const all = [...scores.values()];
  const whole = all.filter(({ count }) => count === each.length);
  const ranked = (whole.length ? whole : all).sort((a, b) => b.count - a.count || b.score - a.score || a.id - b.id);
  const chosen = ranked.slice(0, most);
  const { together } = finder.head;
  await Promise.all(chosen.map(({ id }) => load(`search/documents${Math.floor(id / together)}.js`)));
  return {
    total: ranked.length,
    partly: Boolean(all.length && !whole.length),
    hits: chosen.map(({ id, terms }) => {
      const [path, kind, title, shown] = loaded.get(`documents${Math.floor(id / together)}`)[id % together];
      return { path, kind, title, shown, terms };
    }),
  };
}

/** A text with the words that were found marked. */
function marked(text, terms) {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    if (!wordsOf(match[0]).some((word) => terms.has(word) || [...terms].some((term) => term.length > 1 && word.startsWith(term)))) continue;
    out.push(text.slice(end, match.index), make('mark', {}, match[0]));
    end = match.index + match[0].length;
  }
  return [...out, text.slice(end)];
}

/** The part of a long quote round the first word that was found. */
function excerpt(text, terms) {
  if (text.length <= 180) return marked(text, terms);
  const first = [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].find((match) => wordsOf(match[0]).some((word) => terms.has(word)));
  const start = Math.max(0, (first ? first.index : 0) - 60);
  return marked((start ? '…' : '') + text.slice(start, start + 180) + (start + 180 < text.length ? '…' : ''), terms);
}

function showHits(told) {
  foundList.replaceChildren(...hits.map((hit, order) => make('li', {
    role: 'option', id: `hit-${order}`, 'aria-selected': String(order === at),
    onmousedown: (event) => { event.preventDefault(); },
    onclick: () => { location.href = searchRoot + hit.path; },
  }, marked(hit.title, hit.terms), make('small', {}, hit.kind, hit.shown ? ' · ' : '', excerpt(hit.shown, hit.terms)))));
  if (told) foundList.append(make('li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, told));
  foundList.hidden = !foundList.children.length;
  searchField.setAttribute('aria-expanded', String(!foundList.hidden));
  choose(at);
}

function choose(order) {
  at = order;
  [...foundList.children].forEach((option, number) => option.setAttribute('aria-selected', String(number === at)));
  if (at >= 0) {
    searchField.setAttribute('aria-activedescendant', `hit-${at}`);
    foundList.children[at].scrollIntoView({ block: 'nearest' });
  } else {
    searchField.removeAttribute('aria-activedescendant');
  }
}

function closeHits() {
  foundList.hidden = true;
  hits = [];
  at = -1;
  searchField.setAttribute('aria-expanded', 'false');
  searchField.removeAttribute('aria-activedescendant');
}

async function search() {
  const turn = latest += 1;
  const text = searchField.value.trim();
  if (!text) { closeHits(); return; }
  if (resultList) { showResults(text); return; }
  try {
    const found = await find(text, 8);
    if (turn !== latest) return;
    hits = found.hits;
    at = -1;
    const more = found.total > hits.length ? `${found.total.toLocaleString('en')} in all; Enter shows them` : '';
    showHits(!hits.length ? 'Nothing found' : found.partly ? 'None has all these words' : more);
  } catch (error) {
    console.error(error);
    if (turn === latest) { hits = []; showHits('The index cannot be loaded'); }
  }
}

searchField.addEventListener('input', search);
searchField.addEventListener('keydown', (event) => {
  const { key } = event;
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    if (!hits.length) return;
    event.preventDefault();
    // One step past either end nothing is chosen, and the field has its own words again.
    const places = hits.length + 1;
    choose((at + 1 + (key === 'ArrowDown' ? 1 : places - 1)) % places - 1);
  } else if (key === 'Enter') {
    event.preventDefault();
    if (at >= 0) location.href = searchRoot + hits[at].path;
    else if (searchField.value.trim()) location.href = `${searchRoot}search.html#q=${encodeURIComponent(searchField.value.trim())}`;
  } else if (key === 'Escape') {
    if (foundList.hidden) searchField.value = '';
    closeHits();
  }
});
searchField.addEventListener('blur', () => { setTimeout(() => { if (document.activeElement !== searchField) closeHits(); }, 150); });
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest && event.target.closest('input, textarea, select, [contenteditable=true]')) return;
  event.preventDefault();
  searchField.focus();
});

// the page of all results

let limit = 40;

async function showResults(text) {
  const turn = latest;
  const status = byId('found-count');
  try {
    const found = await find(text, limit);
    if (turn !== latest) return;
    const asked = `#q=${encodeURIComponent(text)}`;
    if (location.hash !== asked) history.replaceState(null, '', asked);
    status.textContent = !found.total ? 'Nothing found.'
      : `${found.total.toLocaleString('en')} found${found.partly ? '; none has all these words' : ''}.`;
    resultList.replaceChildren(...found.hits.map((hit) => make('li', {},
      make('a', { href: searchRoot + hit.path }, marked(hit.title, hit.terms)), ' ', make('small', {}, hit.kind),
      hit.shown ? make('p', {}, excerpt(hit.shown, hit.terms)) : null)));
    byId('more-results').hidden = found.total <= limit;
  } catch (error) {
    console.error(error);
    status.textContent = 'The index cannot be loaded.';
  }
}

if (resultList) {
  const take = () => {
    const text = new URLSearchParams(location.hash.slice(1)).get('q') || '';
    searchField.value = text;
    limit = 40;
    if (text) search();
  };
  addEventListener('hashchange', take);
  byId('more-results').addEventListener('click', () => { limit += 80; search(); });
  take();
  searchField.focus();
}
