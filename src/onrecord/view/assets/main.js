// Owns the page as a whole: brings the drawing, the table and the address in line with what is selected and let through.
// Leaves each of them to its file.

let tab = 'network';
/** @type {Renderer} */
const renderer = createRenderer(container, {
  picked: (item) => pick(item, { quiet: true }), hovered: () => {}, moved: () => offerFit(), opened: () => writeHash(true),
});
/** What takes the focus and the keys: the page's own drawing has a canvas for that, with keys of its own besides keys.js. */
const face = container.querySelector('canvas[tabindex]') || container;
for (const [name, value] of [['tabindex', '0'], ['role', 'application'], ['aria-label', 'Network'], ['aria-describedby', 'how']]) face.setAttribute(name, value);

/** What stands out while an item is selected: it, its neighbours, and what a proposition among them is about. */
function focusOn(item) {
  const focus = { nodes: new Uint8Array(record.nodeCount), edges: new Uint8Array(record.edgeCount) };
  for (const node of nodesOf(item)) focus.nodes[node] = 1;
  const own = { node: () => edgesAt(item.at), edge: () => [item.at], path: () => findPath(...pathEnds(item.at)).flat() };
  for (const edge of own[item.kind]()) {
    if (hiddenEdges[edge]) continue;
    focus.edges[edge] = 1;
    for (const end of endsOf(edge)) {
      focus.nodes[end] = 1;
      if (item.kind === 'path' || record.thing(end).kind !== 'proposition') continue;
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
  const drawn = selection && selection.kind !== 'path' ? selection : null;
  renderer.paint({ hiddenNodes, hiddenEdges, selection: drawn, focus: selection && focusOn(selection) });
  if (tab === 'table') fillTable();
  writeHash();
  offerFit();
  // The panel takes room from the drawing, which follows it in its own time.
  if (selection && tab === 'network') {
    const item = selection;
    setTimeout(() => isSame(item, selection) && renderer.bringIntoSight(nodesOf(item), { close: item.kind !== 'path' }), 140);
  }
}

const SMALL_PART = 0.45;  // of the view: what the filters left takes less of it
let offering = 0;
let filtered = false;  // since the view was last looked at

/** Offers to fit the view to what the filters let through, where that is hardly in sight; moves where nothing of it is. */
function offerFit(anew = false) {
  filtered ||= anew;
  clearTimeout(offering);
  offering = setTimeout(() => {
    const { seen, shown, share } = renderer.sight();
    const narrowed = !byId('reset').hidden && shown > 0 && tab === 'network' && !selection;
    if (narrowed && filtered && !seen) renderer.fit({ animated: true, overview: true });
    byId('refit').hidden = !narrowed || !seen || (seen * 2 > shown && share > SMALL_PART);
    filtered = false;
  }, 160);
}
byId('refit').addEventListener('click', () => {
  byId('refit').hidden = true;
  renderer.fit({ animated: true, overview: true });
  face.focus();
});

/** Hides all that is more than so many steps away from a node; the same again shows everything. */
function showAround(node, hops) {
  const same = around !== null && around.node === node && around.hops === hops;
  around = same ? null : { node, hops };
  applyFilters();
  if (selection && !(selection.kind in others)) fillPanel(selection);
  refresh();
  writeHash();
  if (around) renderer.fit({ animated: true, overview: true });
}

function showTab(name) {
  tab = name;
  for (const each of ['network', 'table']) {
    byId(each).hidden = each !== name;
    const control = byId(`tab-${each}`);
    control.setAttribute('aria-selected', String(each === name));
    control.tabIndex = each === name ? 0 : -1;
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

// ---- what the address keeps besides the selection ----

function saveState(state) {
  if (tab !== 'network') state.set('tab', tab);
  if (layout) state.set('layout', layout);
  if (renderer.part()) state.set('open', renderer.part());
  saveFilters(state);
  if (wordsField.value) state.set('words', wordsField.value);
}

function loadState(state) {
  setLayout(state.get('layout') || '');
  loadFilters(state);
  renderer.setPart(state.get('open') || '');
  wordsField.value = state.get('words') || '';
  showTab(state.get('tab') === 'table' ? 'table' : 'network');
}

// ---- themes and print ----

function retheme() {
  readColours();
  renderer.retheme();
}

addEventListener('beforeprint', () => {
  byId('printed').replaceChildren(renderer.picture());
  fillTable({ all: true });
});

byId('zoom-in').addEventListener('click', () => renderer.zoomBy(1.3));
byId('zoom-out').addEventListener('click', () => renderer.zoomBy(1 / 1.3));
byId('zoom-fit').addEventListener('click', () => renderer.fit({ animated: true, overview: true }));

openPage();
if (!selection) renderer.fit();

// For the console and for tests: what is drawn, and where.
globalThis.onrecord = Object.freeze({
  renderer, record,
  choose: ({ kind, id }) => choose(itemOf(new URLSearchParams([[kind, id]]))),
  labels: () => renderer.labels().map((box) => ({ ...box, id: record.nodeId(box.at) })),
  shown: () => [...allEdges].filter(passes).map(record.edgeId),
  visible: () => Array.from({ length: record.nodeCount }, (_, node) => node).filter((node) => !hiddenNodes[node]).map(record.nodeId),
  turtle: writeTurtle,
  csv: writeCsv,
  pointOf(kind, id) {
    const { left, top } = container.getBoundingClientRect();
    const at = renderer.point({ kind, at: kind === 'node' ? record.nodeAt(id) : record.edgeAt(id) });
    return { x: left + at.x, y: top + at.y };
  },
});
