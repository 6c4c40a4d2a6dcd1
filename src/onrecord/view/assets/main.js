// Owns the page's state: what is selected, which tab is open, and the address that keeps both.
// Leaves drawing, listing and filtering to the files above.

/** @type {{kind: 'node' | 'edge', id: string} | null} */
var selection = null;  // var: draw.js asks for it in its first frame
let tab = 'network';
let returnTo = null;

function endsOf(item) {
  if (item.kind === 'node') return [item.id];
  const { from, to } = edges.get(item.id);
  return [from, to];
}

const exists = (item) => item !== null && (item.kind === 'node' ? rawNodes.has(item.id) : edges.has(item.id));

/** Selects a node or an edge and opens its panel; null closes it. */
function choose(item, options) {
  const quiet = options && options.quiet;
  const before = document.activeElement;
  const opened = selection === null && item !== null;
  selection = exists(item) ? item : null;
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
  if (selection && tab === 'network' && container.clientWidth) {
    const ends = endsOf(selection).filter((id) => !hiddenNodes.has(id));
    setTimeout(() => { if (selection && ends.length && ends.every((id) => network.body.nodes[id])) bringIntoSight(ends); }, touched ? 80 : 120);
  }
}

/** Brings everything in line with the selection and the filters. */
function refresh() {
  focus = null;
  if (selection) {
    const own = selection.kind === 'node' ? edgesOf.get(selection.id) : [edges.get(selection.id)];
    const shown = own.filter((edge) => !hiddenEdges.has(edge.id));
    focus = { nodes: new Set(endsOf(selection)), edges: new Set(shown.map((edge) => edge.id)) };
    for (const edge of shown) {
      focus.nodes.add(edge.from);
      focus.nodes.add(edge.to);
      // A proposition in sight brings what it is about.
      for (const end of [edge.from, edge.to]) {
        if (things.get(end).kind !== 'proposition') continue;
        for (const part of edgesOf.get(end)) {
          if (part.line !== 'link' || hiddenEdges.has(part.id)) continue;
          focus.edges.add(part.id);
          focus.nodes.add(part.to);
        }
      }
    }
  }
  network.setSelection(
    { nodes: selection && selection.kind === 'node' ? [selection.id] : [], edges: selection && selection.kind === 'edge' ? [selection.id] : [] },
    { highlightEdges: false },
  );
  paint();
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
  if (selection) state.set(selection.kind, selection.id);
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
  choose(kind ? { kind, id: state.get(kind) } : null, { quiet: true });
}

addEventListener('hashchange', () => {
  if (location.hash.slice(1) !== written) readHash();
});

// ---- pointer and keys ----

network.on('click', ({ nodes, edges: hit, pointer }) => {
  if (nodes.length) return choose({ kind: 'node', id: nodes[0] }, { quiet: true });
  const { x, y } = pointer.canvas;
  const label = labelBoxes.find((box) => x > box.left && x < box.right && y > box.top && y < box.bottom && !(focus && !focus.nodes.has(box.id)));
  if (label) return choose({ kind: 'node', id: label.id }, { quiet: true });
  const id = hit.length ? hit[0] : network.getEdgeAt(pointer.DOM);
  return choose(id === undefined ? null : { kind: 'edge', id }, { quiet: true });
});

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
  measured.clear();
  paint();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', retheme);
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('light');
  retheme();
  network.body.emitter.emit('_redraw');  // now, not in the next frame: printing does not wait for one
  const canvas = container.querySelector('canvas');
  const printed = byId('printed');
  if (canvas.width && container.clientWidth) {
    printed.width = canvas.width;
    printed.height = canvas.height;
    printed.getContext('2d').drawImage(canvas, 0, 0);
  }
  fillTable();
});
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('light');
  retheme();
});

if (matchMedia('(max-width: 820px)').matches) legend.open = false;
applyFilters();
network.once('afterDrawing', () => fit());
readHash();
ready = true;
fit();

// For the console and for tests: what is drawn, and where.
globalThis.onrecord = Object.freeze({ network, choose, labels: () => labelBoxes.map((box) => ({ ...box })), shown: () => [...edges.values()].filter(passes).map((edge) => edge.id) });
