// Owns what is let through: the legend's classes, one choice each of type, property, status, source and speaker,
// only what is backed or disputed, and the neighbourhood of a node. Leaves the two clocks to clocks.js, drawing to the renderer.

const legend = byId('legend');
const hiddenNodes = new Uint8Array(record.nodeCount);
const hiddenEdges = new Uint8Array(record.edgeCount);
const off = { lines: new Set(), shapes: new Set() };
const boxes = [...legend.querySelectorAll('input[data-line], input[data-shape]')];
const only = { backed: byId('only-backed'), disputed: byId('only-disputed') };
/** What the neighbourhood is taken of: only nodes within so many steps of a node are shown. */
let around = null;  // {node, hops}

const OWN_VOICE = 'the source itself';
const passes = (edge) => hiddenEdges[edge] === 0;

/**
 * A field with one choice: the values that statements have, and which statements have each. Filled when the
 * reader opens the fields, or the address has a choice.
 */
function facet(id, valuesOf) {
  const select = byId(id);
  let names = null;
  let first = null;  // by statement: the place of its first value in names, and lists of places where it has several
  const further = new Map();

  function fill() {
    if (names) return;
    const place = new Map();
    const count = [];
    first = new Int32Array(record.edgeCount).fill(-1);
    for (const edge of statementEdges) {
      const own = [...new Set(valuesOf(edge).filter(Boolean))].map((value) => {
        if (!place.has(value)) { place.set(value, place.size); count.push(0); }
        count[place.get(value)] += 1;
        return place.get(value);
      });
      if (own.length) first[edge] = own[0];
      if (own.length > 1) further.set(edge, own);
    }
    names = place;
    const sorted = [...place.keys()].sort(collator.compare);
    select.append(...sorted.map((name) => make('option', { value: name }, `${name} (${count[place.get(name)]})`)));
    select.closest('.field').hidden = sorted.length < 2;
  }

  return {
    select, fill,
    choose(name) {
      if (name) fill();
      select.value = name && names.has(name) ? name : '';
    },
    /** Keeps statements with the value that is chosen. */
    keeper() {
      const wanted = names.get(select.value);
      return (edge) => first[edge] === wanted || (further.has(edge) && further.get(edge).includes(wanted));
    },
  };
}

const typeOf = (node) => record.thing(node).type || record.thing(node).kind;
const facets = {
  type: facet('type', (edge) => endsOf(edge).map(typeOf)),
  property: facet('property', (edge) => [record.label(edge)]),
  status: facet('put-as', (edge) => [record.statement(edge).status]),
  source: facet('source', (edge) => [sourceOf(edge)]),
  speaker: facet('speaker', (edge) => record.statement(edge).said_by || [OWN_VOICE]),
};
const fillFacets = () => Object.values(facets).forEach((each) => each.fill());
byId('choices').addEventListener('toggle', fillFacets);

/** The nodes within `hops` steps of one, over edges that are let through. */
function nodesAround({ node, hops }) {
  const reached = new Uint8Array(record.nodeCount);
  reached[node] = 1;
  let rim = [node];
  for (let step = 0; step < hops; step += 1) {
    const next = [];
    for (const from of rim) {
      for (const edge of edgesAt(from)) {
        if (hiddenEdges[edge]) continue;
        const to = record.from[edge] === from ? record.to[edge] : record.from[edge];
        if (!reached[to]) { reached[to] = 1; next.push(to); }
      }
    }
    rim = next;
  }
  return reached;
}

/** Under a narrow restriction a node needs a statement of its own to stay. */
const { reasons, weigh } = createSieve([
  { set: () => [...off.lines].join(' '), outs: () => { const out = lineNames.map((name) => off.lines.has(name)); return (edge) => out[record.line[edge]] === true; } },
  {
    set: () => [...off.shapes].join(' '),
    outs() {
      const { shape, from, to } = record;
      const out = Uint8Array.from({ length: NONE + 1 }, (_, place) => (off.shapes.has(shapeNames[place]) ? 1 : 0));
      return (edge) => out[shape[from[edge]]] + out[shape[to[edge]]] > 0;
    },
  },
  ...Object.entries({ backed, disputed }).map(([name, marks]) => (
    { narrow: true, set: () => (only[name].checked ? 'only' : ''), outs: () => (edge) => isStatement[edge] && !marks[edge] })),
  ...Object.values(facets).map(({ select, keeper }) => (
    { narrow: true, set: () => select.value, outs: () => { const keeps = keeper(); return (edge) => isStatement[edge] && !keeps(edge); } })),
  { narrow: true, set: clocksTell, outs: () => { const keeps = clockKeeper(); return (edge) => isStatement[edge] && !keeps(edge); } },
]);

/** Works out what is hidden; a node all of whose statements are hidden is hidden with them. */
function applyFilters() {
  const { from, to, line } = record;
  const shapesOut = shapeNames.map((name) => off.shapes.has(name));
  const classOut = (node) => shapesOut[record.shape[node]] === true;
  const narrow = weigh();
  for (let edge = 0; edge < record.edgeCount; edge += 1) hiddenEdges[edge] = reasons[edge] ? 1 : 0;
  const hideLonely = () => {
    for (let node = 0; node < record.nodeCount; node += 1) {
      let shown = record.firstEdge[node] === record.firstEdge[node + 1];
      for (let at = record.firstEdge[node]; !shown && at < record.firstEdge[node + 1]; at += 1) {
        const edge = record.edgeList[at];
        shown = !hiddenEdges[edge] && !(narrow && line[edge] === LINK);
      }
      hiddenNodes[node] = shown && !classOut(node) ? 0 : 1;
    }
    // A proposition stays with its statements, its parts with the proposition.
    for (const edge of linkEdges) {
      if (hiddenEdges[edge]) continue;
      if (hiddenNodes[from[edge]]) hiddenEdges[edge] = 1;
      else if (hiddenNodes[to[edge]] && !classOut(to[edge])) hiddenNodes[to[edge]] = 0;
    }
  };
  hideLonely();
  if (around) {
    const near = nodesAround(around);
    for (let edge = 0; edge < record.edgeCount; edge += 1) if (!near[from[edge]] || !near[to[edge]]) hiddenEdges[edge] = 1;
    for (let node = 0; node < record.nodeCount; node += 1) if (!near[node]) hiddenNodes[node] = 1;
    hiddenNodes[around.node] = 0;
  }
  showCounts(narrow);
}

function showCounts(narrow) {
  let count = 0;
  for (const edge of statementEdges) count += 1 - hiddenEdges[edge];
  const any = narrow || off.lines.size || off.shapes.size || around;
  setText('shown', any ? `${count.toLocaleString('en')} of ${statementEdges.length.toLocaleString('en')} statements shown` : '');
  byId('reset').hidden = !any;
  setText('chosen', Object.values(facets).filter(({ select }) => select.value).length || '');
  byId('empty').hidden = hiddenNodes.includes(0);
  setText('empty', record.nodeCount ? 'Nothing is left by these filters.' : 'There is nothing in this view.');
  showChips();
  offerFit(true);
}

const labelOf = (field) => document.querySelector(`label[for="${field.id}"]`).textContent.toLowerCase();

/** The restrictions that are not seen in the legend, each with a button that lifts it. */
function showChips() {
  const chips = [];
  const chip = (words, lift) => chips.push(make('li', {}, words, ' ', make('button', { type: 'button', 'aria-label': `Lift: ${words}`, onclick: () => { lift(); applyFilters(); refresh(); face.focus(); } }, '×')));
  if (around) chip(`Within ${around.hops} step${around.hops > 1 ? 's' : ''} of ${nameOf(around.node)}`, () => { around = null; });
  for (const [name, each] of Object.entries(facets)) if (each.select.value) chip(`${labelOf(each.select)}: ${each.select.value}`, () => each.choose(''));
  if (only.backed.checked) chip('two or more articles', () => { only.backed.checked = false; });
  if (only.disputed.checked) chip('disputed', () => { only.disputed.checked = false; });
  for (const { words, lift } of clockChips()) chip(words, lift);
  if (chips.length || byId('chips').firstChild) byId('chips').replaceChildren(...chips);
}

function readBoxes() {
  off.lines = new Set(boxes.filter((box) => box.dataset.line && !box.checked).map((box) => box.dataset.line));
  off.shapes = new Set(boxes.filter((box) => box.dataset.shape && !box.checked).map((box) => box.dataset.shape));
}

/** Everything is let through again. */
function liftFilters() {
  loadFilters(new URLSearchParams());
}

/** Puts what is let through into the address. */
function saveFilters(state) {
  if (off.lines.size || off.shapes.size) state.set('off', [...off.lines].map((name) => `line-${name}`).concat([...off.shapes]).join(' '));
  for (const [name, { select }] of Object.entries(facets)) if (select.value) state.set(name, select.value);
  const marks = Object.keys(only).filter((name) => only[name].checked);
  if (marks.length) state.set('only', marks.join(' '));
  if (around) {
    state.set('around', record.nodeId(around.node));
    state.set('hops', around.hops);
  }
  saveClocks(state);
}

/** Takes what is let through from the address; what it does not know it leaves out. */
function loadFilters(state) {
  const out = new Set((state.get('off') || '').split(' '));
  for (const box of boxes) box.checked = !out.has(box.dataset.line ? `line-${box.dataset.line}` : box.dataset.shape);
  readBoxes();
  for (const [name, each] of Object.entries(facets)) each.choose(state.get(name) || '');
  const marks = (state.get('only') || '').split(' ');
  for (const name of Object.keys(only)) only[name].checked = marks.includes(name);
  const node = state.has('around') ? record.nodeAt(state.get('around')) : -1;
  around = node < 0 ? null : { node, hops: Math.min(3, Math.max(1, Number(state.get('hops')) || 1)) };
  loadClocks(state);
  applyFilters();
}

legend.addEventListener('change', () => {
  readBoxes();
  applyFilters();
  refresh();
});
byId('reset').addEventListener('click', () => {
  liftFilters();
  refresh();
});
