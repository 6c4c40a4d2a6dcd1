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

/** Whether an edge is what is selected, or ends at it. */
function isChosen(edge) {
  if (!selection) return false;
  if (selection.kind === 'edge') return selection.at === edge;
  return selection.kind === 'node' && endsOf(edge).includes(selection.at);
}

/** Selects a node or an edge and opens its panel; null closes it. */
function choose(item, { quiet = false } = {}) {
  const before = document.activeElement;
  const opened = selection === null && item !== null;
  selection = item;
  if (opened && before && before !== document.body) returnTo = before;
  panel.hidden = selection === null;
  document.body.classList.toggle('open', selection !== null);
  if (selection) {
    if (selection.kind in others) others[selection.kind].fill(selection.at);
    else fillPanel(selection);
    if (!quiet) panel.focus({ preventScroll: true });
  }
  refresh();
  writeHash();
  if (!selection && returnTo) {
    if (returnTo.isConnected) returnTo.focus();
    returnTo = null;
  }
}

let ready = false;
let written = '';

function writeHash() {
  if (!ready) return;
  const state = new URLSearchParams();
  if (selection) state.set(selection.kind, { ...others, ...KINDS }[selection.kind].write(selection.at));
  saveState(state);
  written = state.toString();
  try {
    history.replaceState(null, '', written ? `#${written}` : location.pathname + location.search);
  } catch {
    // A frame without an address of its own (a notebook's) keeps no state.
  }
}

function readHash() {
  const state = new URLSearchParams(location.hash.slice(1));
  loadState(state);
  choose(itemOf(state), { quiet: true });
}

addEventListener('hashchange', () => {
  if (location.hash.slice(1) !== written) readHash();
});

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selection) choose(null);
});

/** Reads the address for the first time; from now on it is kept. */
function openPage() {
  if (matchMedia('(max-width: 820px)').matches) byId('legend').open = false;
  readHash();
  ready = true;
}
