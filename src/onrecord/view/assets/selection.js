// Owns what is selected, the panel's opening and closing, and the address that keeps the page's state.
// Leaves to the page: refresh() after a choice, saveState(state) and loadState(state) for all else the address keeps.

/** @type {{kind: string, at: number} | null}  a node or an edge by its number in the record, or what a page adds to `others` */
let selection = null;
let returnTo = null;

/** Further kinds of items: how the panel is filled for one, how the address names it, and which one a name means (-1: none). */
const others = {};
const KINDS = { node: { write: record.nodeId, find: record.nodeAt }, edge: { write: record.edgeId, find: record.edgeAt } };

/** The item that the address names; null where there is none. */
function itemOf(state) {
  for (const [kind, { find }] of Object.entries({ ...others, ...KINDS })) {
    const at = state.has(kind) ? find(state.get(kind)) : -1;
    if (at >= 0) return { kind, at };
  }
  return null;
}

const isSame = (a, b) => a === b || (a !== null && b !== null && a.kind === b.kind && a.at === b.at);

/** Whether an edge is what is selected, or ends at it. */
function isChosen(edge) {
  if (!selection) return false;
  if (selection.kind === 'edge') return selection.at === edge;
  return selection.kind === 'node' && endsOf(edge).includes(selection.at);
}

/**
 * Selects a node or an edge and opens its panel; null closes it. `quiet` leaves the focus where it is, `passing`
 * makes no entry in the history: for moving about with the arrow keys.
 */
function choose(item, { quiet = false, passing = false } = {}) {
  const before = document.activeElement;
  const opened = selection === null && item !== null;
  const changed = !isSame(selection, item);
  selection = item;
  if (opened && before && before !== document.body) returnTo = before;
  panel.hidden = selection === null;
  document.body.classList.toggle('open', selection !== null);
  if (selection) {
    if (selection.kind in others) others[selection.kind].fill(selection.at);
    else fillPanel(selection);
    if (!quiet) panel.focus({ preventScroll: true });
  }
  writeHash(changed && !passing);
  refresh();
  if (!selection && returnTo) {
    // A list that was filled anew has another button for the same statement.
    const again = returnTo.isConnected ? returnTo : document.querySelector(`main [data-edge="${CSS.escape(returnTo.dataset.edge || '')}"]:not(#panel *)`);
    if (again) again.focus();
    returnTo = null;
  }
}

// ---- the address ----

const SOON = 120;  // milliseconds between two addresses: a slider that is drawn would write dozens a second
let ready = false;
let written = null;
let waiting = 0;
let putAt = -SOON;
let putFor = null;  // what was selected then

function putHash(way) {
  clearTimeout(waiting);
  waiting = 0;
  putAt = performance.now();
  putFor = selection;
  try {
    history[way](null, '', written ? `#${written}` : location.pathname + location.search);
  } catch {
    // A frame without an address of its own (a notebook's) keeps no state.
  }
}

/** Writes the state into the address; `entry` makes it a step that the back button goes back by. */
function writeHash(entry = false) {
  if (!ready) return;
  const state = new URLSearchParams();
  if (selection) state.set(selection.kind, { ...others, ...KINDS }[selection.kind].write(selection.at));
  saveState(state);
  const text = state.toString();
  if (text === written) return;
  if (entry && waiting) putHash('replaceState');
  written = text;
  if (entry) putHash('pushState');
  else if (performance.now() - putAt > SOON || !isSame(putFor, selection)) putHash('replaceState');
  else if (!waiting) waiting = setTimeout(() => putHash('replaceState'), SOON);
}

addEventListener('pagehide', () => { if (waiting) putHash('replaceState'); });

function readHash() {
  clearTimeout(waiting);
  waiting = 0;
  const state = new URLSearchParams(location.hash.slice(1));
  const was = ready;
  ready = false;
  written = state.toString();
  loadState(state);
  choose(itemOf(state), { quiet: true });
  ready = was;
}

const readAgain = () => {
  if (new URLSearchParams(location.hash.slice(1)).toString() !== written) readHash();
};
addEventListener('popstate', readAgain);
addEventListener('hashchange', readAgain);

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selection && !event.defaultPrevented && !document.querySelector('dialog[open]')) choose(null);
});

/** Reads the address for the first time; from now on it is kept. */
function openPage() {
  if (matchMedia('(max-width: 820px)').matches) byId('legend').open = false;
  readHash();
  ready = true;
}
