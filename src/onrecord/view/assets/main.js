// Owns the page's state: what is selected, which tab is open, and the address that keeps both.
// Leaves drawing, listing and filtering to the files above.

/** @type {Item | null} */
let selection = null;
let tab = 'network';
let returnTo = null;

const container = byId('canvas');
const renderer = createRenderer(container, { picked: (item) => choose(item, { quiet: true }), hovered: () => {} });
container.firstElementChild.setAttribute('aria-label', 'Network. The tab “Table” has the same statements for a screen reader.');
container.firstElementChild.setAttribute('role', 'application');

const nodesOf = (item) => (item.kind === 'node' ? [item.at] : endsOf(item.at));

/** The item that an IRI names; null where there is none. */
function itemOf(kind, id) {
  const at = kind === 'node' ? record.nodeAt(id) : record.edgeAt(id);
  return at < 0 ? null : { kind, at };
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
    fillPanel(selection);
    if (!quiet) panel.focus({ preventScroll: true });
  }
  refresh();
  if (!selection && returnTo) {
    if (returnTo.isConnected) returnTo.focus();
    returnTo = null;
  }
  // The panel takes room from the drawing, which follows it in its own time.
  if (selection && tab === 'network') setTimeout(() => selection && renderer.bringIntoSight(nodesOf(selection)), 120);
}

/** What stands out while an item is selected: it, its neighbours, and what a proposition among them is about. */
function focusOn(item) {
  const focus = { nodes: new Uint8Array(record.nodeCount), edges: new Uint8Array(record.edgeCount) };
  for (const node of nodesOf(item)) focus.nodes[node] = 1;
  for (const edge of item.kind === 'node' ? edgesAt(item.at) : [item.at]) {
    if (hiddenEdges[edge]) continue;
    focus.edges[edge] = 1;
    for (const end of endsOf(edge)) {
      focus.nodes[end] = 1;
      if (record.thing(end).kind !== 'proposition') continue;
      for (const part of edgesAt(end)) {
        if (record.line[part] !== LINK || hiddenEdges[part]) continue;
        focus.edges[part] = 1;
        focus.nodes[record.to[part]] = 1;
      }
    }
  }
  return focus;
}

/** Brings everything in line with the selection and the filters. */
function refresh() {
  renderer.paint({ hiddenNodes, hiddenEdges, selection, focus: selection && focusOn(selection) });
  if (tab === 'table') fillTable();
  writeHash();
}

function showTab(name) {
  tab = name;
  for (const each of ['network', 'table']) {
    byId(each).hidden = each !== name;
    const button = byId(`tab-${each}`);
    button.setAttribute('aria-selected', String(each === name));
    button.tabIndex = each === name ? 0 : -1;
  }
  if (name === 'table') fillTable();
  writeHash();
}

for (const name of ['network', 'table']) {
  byId(`tab-${name}`).addEventListener('click', () => showTab(name));
  byId(`tab-${name}`).addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = name === 'network' ? 'table' : 'network';
    showTab(other);
    byId(`tab-${other}`).focus();
  });
}
byId('to-table').addEventListener('click', (event) => {
  event.preventDefault();
  showTab('table');
  wordsField.focus();
});

// ---- the address keeps the state ----

let ready = false;
let written = '';

function writeHash() {
  if (!ready) return;
  const state = new URLSearchParams();
  if (selection) state.set(selection.kind, selection.kind === 'node' ? record.nodeId(selection.at) : record.edgeId(selection.at));
  if (tab !== 'network') state.set('tab', tab);
  if (off.lines.size || off.shapes.size) state.set('off', [...off.lines].map((name) => `line-${name}`).concat([...off.shapes]).join(' '));
  if (sourceField.value) state.set('source', sourceField.value);
  if (wordsField.value) state.set('words', wordsField.value);
  written = state.toString();
  try {
    history.replaceState(null, '', written ? `#${written}` : location.pathname + location.search);
  } catch {
    // A frame without an address of its own (a notebook's) keeps no state.
  }
}

function readHash() {
  const state = new URLSearchParams(location.hash.slice(1));
  const names = (state.get('off') || '').split(' ').filter(Boolean);
  setFilters(names.filter((name) => name.startsWith('line-')).map((name) => name.slice(5)), names.filter((name) => !name.startsWith('line-')), state.get('source') || '');
  wordsField.value = state.get('words') || '';
  showTab(state.get('tab') === 'table' ? 'table' : 'network');
  const kind = state.has('edge') ? 'edge' : state.has('node') ? 'node' : null;
  choose(kind && itemOf(kind, state.get(kind)), { quiet: true });
}

addEventListener('hashchange', () => {
  if (location.hash.slice(1) !== written) readHash();
});

// ---- keys ----

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selection) {
    choose(null);
  } else if (event.key === '/' && !/^(input|select|textarea)$/i.test(event.target.tagName || '') && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    searchField.focus();
  }
});

// ---- themes and print ----

function retheme() {
  readColours();
  renderer.retheme();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', retheme);
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('light');
  retheme();
  byId('printed').replaceChildren(renderer.picture());
  fillTable();
});
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('light');
  retheme();
});

// ---- buttons of the drawing ----

byId('zoom-in').addEventListener('click', () => renderer.zoomBy(1.3));
byId('zoom-out').addEventListener('click', () => renderer.zoomBy(1 / 1.3));
byId('zoom-fit').addEventListener('click', () => renderer.fit({ animated: true, overview: true }));

/** Saves what is in sight as a PNG with the page's background. */
byId('picture').addEventListener('click', () => renderer.picture().toBlob((blob) => {
  const address = URL.createObjectURL(blob);
  make('a', { href: address, download: 'network.png' }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}));

if (matchMedia('(max-width: 820px)').matches) legend.open = false;
applyFilters();
readHash();
ready = true;
renderer.fit();

// For the console and for tests: what is drawn, and where.
globalThis.onrecord = Object.freeze({
  renderer, record,
  choose: ({ kind, id }) => choose(itemOf(kind, id)),
  labels: () => renderer.labels().map((box) => ({ ...box, id: record.nodeId(box.at) })),
  shown: () => Array.from({ length: record.edgeCount }, (_, edge) => edge).filter(passes).map(record.edgeId),
  pointOf(kind, id) {
    const { left, top } = container.getBoundingClientRect();
    const at = renderer.point(itemOf(kind, id));
    return { x: left + at.x, y: top + at.y };
  },
});
