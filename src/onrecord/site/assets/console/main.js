// Owns the console as a whole: runs a query, says how it goes, and keeps it in the address.
// Leaves each part to the file that is named after it.

const RECENT = 12;
const recentKey = `onrecord-queries ${given.base}`;
let running = null;

function showProblem(error) {
  const box = byId('problem');
  box.replaceChildren(make('p', {}, error.message));
  if (error instanceof Mistake) {
    const { line, column } = editor.mark(error);
    box.replaceChildren(make('p', {}, make('button', { type: 'button', onclick: () => editor.go(error.from) }, `Line ${line}, column ${column}`), ` ${error.message}`));
  }
  box.hidden = false;
}

function hideProblem() {
  byId('problem').hidden = true;
  byId('problem').replaceChildren();
  editor.clear();
}

/** Says how far it is; `share` between 0 and 1 moves the bar. */
function say(stage, share) {
  byId('stage').textContent = stage;
  byId('progress').hidden = !stage || share === undefined;
  if (share !== undefined) byId('progress').value = share;
  byId('percent').textContent = stage && share !== undefined ? `${Math.round(share * 100)} %` : '';
  if (!stage && engine.size) byId('loaded').textContent = `${engine.size.toLocaleString('en')} quads loaded in ${engine.seconds.toFixed(1)} s.`;
}

function setRunning(value) {
  running = value;
  byId('run').disabled = Boolean(value);
  byId('cancel').disabled = !value;
}

function noteEdit() {
  if (!byId('problem').hidden) hideProblem();
}

/** The query with the graph's prefixes before it, in a line of their own. */
function withPrefixes(query) {
  const own = declaredIn(tokensOf(query));
  return `${Object.entries(given.prefixes).filter(([prefix]) => !(prefix in own)).map(([prefix, iri]) => `PREFIX ${prefix}: <${iri}>`).join(' ')}\n${query}`;
}

async function runQuery() {
  if (running) return;
  const query = editor.text();
  hideProblem();
  clearResults();
  if (chosen.question && query !== chosen.text) chosenNone();
  byId('outcome').textContent = '';
  const mine = {};
  setRunning(mine);
  try {
    if (!query.trim()) throw new Mistake('There is no query', 'write one, or choose a question', null);
    const read = readQuery(query);
    keepQuery(query);
    await Promise.all([engine.start(say), loadNames()]);
    if (running !== mine) return;
    say('Answering', undefined);
    let answer;
    try {
      answer = await engine.ask('query', { text: withPrefixes(query), base: given.base, ...read });
    } catch (error) {
      throw error instanceof Ended || !/^error at|SPARQL|expected|prefix/i.test(error.message) ? error : findMistake(query, lineUp(error.message));
    }
    if (running !== mine) return;
    say('');
    await showAnswer(answer, remarkOn(answer, query));
  } catch (error) {
    if (running !== mine && error instanceof Ended) return;
    say('');
    showProblem(error);
    if (error instanceof Ended) wakeUp();
  } finally {
    if (running === mine) setRunning(null);
  }
}

/** The engine's message with its place in the reader's query: the prefixes took a line. */
const lineUp = (message) => message.replace(/error at (\d+):/, (_, line) => `error at ${Number(line) - 1}:`);

function cancel() {
  if (!running) return;
  const loaded = engine.loaded;
  setRunning(null);
  engine.end(new Ended('Cancelled.'));
  clearResults();
  say('');
  byId('outcome').textContent = loaded ? 'Cancelled. The graph is loaded again.' : 'Cancelled.';
  if (loaded) wakeUp();
}

/** Loads the graph again after the engine was ended. */
function wakeUp() {
  engine.start(say).catch((error) => { if (!(error instanceof Ended)) showProblem(error); });
}

function recentQueries() {
  try {
    const found = JSON.parse(localStorage.getItem(recentKey) || '[]');
    return Array.isArray(found) ? found.filter((text) => typeof text === 'string') : [];
  } catch {
    return [];  // a page that keeps nothing
  }
}

/** Puts the query into the address, so that a link holds it, and into the list of recent ones. */
function keepQuery(query) {
  const address = `#query=${encodeURIComponent(query)}`;
  if (location.hash !== address) history.pushState(null, '', address);
  try {
    localStorage.setItem(recentKey, JSON.stringify([query, ...recentQueries().filter((text) => text !== query)].slice(0, RECENT)));
  } catch {
    // Nothing is kept; the browser's own way back is there.
  }
  listRecent();
}

function listRecent() {
  const found = recentQueries();
  byId('recent').hidden = found.length === 0;
  byId('recent-list').replaceChildren(...found.map((query) => make('li', {}, make('button', {
    type: 'button', title: query, onclick: () => { byId('recent').open = false; chosenNone(); editor.write(query); editor.focus(); },
  }, query.replace(/\s+/g, ' ').slice(0, 90)))));
}

function chosenNone() {
  chosen.question = null;
  byId('question').hidden = true;
  listQuestions();
}

function readAddress() {
  const match = /^#query=(.*)$/s.exec(location.hash);
  if (!match) return false;
  let query = '';
  try {
    query = decodeURIComponent(match[1]);
  } catch {
    return false;  // not an address that this page wrote
  }
  if (query !== editor.text()) {
    if (query !== chosen.text) chosenNone();
    editor.write(query);
    byId('outcome').textContent = 'The query of this link. Run it to see its answer.';
    clearResults();
  }
  return true;
}

async function copyLink() {
  const address = new URL(location.href);
  address.hash = `query=${encodeURIComponent(editor.text())}`;
  try {
    await navigator.clipboard.writeText(address.href);
    byId('outcome').textContent = 'The link is in the clipboard.';
  } catch {
    location.hash = address.hash;
    byId('outcome').textContent = 'The link stands in the address bar.';
  }
}

byId('run').addEventListener('click', runQuery);
byId('cancel').addEventListener('click', cancel);
byId('copy').addEventListener('click', copyLink);
addEventListener('hashchange', readAddress);
addEventListener('popstate', readAddress);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) runQuery();
});
listRecent();
if (!readAddress()) editor.write(given.example);

// For tests: what only this page knows.
globalThis.onrecord = Object.freeze({ engine, editor, names, readQuery, findMistake, drawing, run: runQuery });
