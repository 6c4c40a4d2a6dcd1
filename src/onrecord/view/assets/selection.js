// Owns what is selected, the panel's opening and closing, and the address that keeps the page's state.
// Leaves to the page: refresh() after a choice, saveState(state) and loadState(state) for all else the address keeps.

/** @type {{kind: 'node' | 'edge', at: number} | null} */
let selection = null;
let returnTo = null;

/** The item that an IRI names; null where there is none. */
function itemOf(kind, id) {
  const at = kind === 'node' ? record.nodeAt(id) : record.edgeAt(id);
  return at < 0 ? null : { kind, at };
}

/** Whether an edge is what is selected, or ends at it. */
const isChosen = (edge) => selection !== null && (selection.kind === 'edge' ? selection.at === edge : endsOf(edge).includes(selection.at));

/** Selects a node or an edge and opens its panel; null closes it. */
function choose(item, { quiet = false } = {}) {
  const before = document.activeElement;
  const opened = selection === null && item !== null;
  selection = item;
  if (opened && before && before !== document.body) returnTo = before;
  panel.hidden = selection === null;
  document.body.classList.toggle('open', selection !== null);
  if (selection) {
    fillPanel(selection);
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
  if (selection) state.set(selection.kind, selection.kind === 'node' ? record.nodeId(selection.at) : record.edgeId(selection.at));
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
  const kind = state.has('edge') ? 'edge' : state.has('node') ? 'node' : null;
  choose(kind && itemOf(kind, state.get(kind)), { quiet: true });
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
