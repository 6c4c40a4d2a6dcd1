// Owns the lanes and rows of the timeline, and what is let through.
// Leaves where days stand to axis.js and the panel to panel.js.

const chart = byId('chart');
const lanes = byId('lanes');
const grid = shape('svg', { class: 'grid', 'aria-hidden': 'true' });
const count = clocks.lane.length;
const fields = { clock: byId('clock'), group: byId('group'), scale: byId('scale'), source: byId('source'), words: byId('words') };
const boxes = [...document.querySelectorAll('#legend input[data-line]')];
const off = new Set();
const closed = new Set();
const FEW = 400;  // with more statements the lanes begin closed
let zoom = 0;  // 0: the whole axis in sight

const sourceNames = [...new Set(Array.from({ length: count }, (_, edge) => sourceOf(edge)).filter(Boolean))].sort(collator.compare);
for (const name of sourceNames) fields.source.append(make('option', { value: name }, name));
byId('sources-field').hidden = sourceNames.length < 2;

const says = (edge) => record.statement(edge);
const dated = (edge) => clocks.possible[edge] !== null;
const speakerOf = (edge) => joined(says(edge).said_by) || 'the sources themselves';
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The lane of a statement: a key to sort by, its name, and a word on its kind. */
const LANES = {
  '': (edge) => {
    const [name, kind] = clocks.lanes[clocks.lane[edge]];
    return { key: clocks.lane[edge], name: kind ? name : capital(name), kind };
  },
  class: (edge) => {
    const name = record.shape[record.from[edge]];
    return { key: name, name: name === NONE ? 'Others' : capital(look.shapes[shapeNames[name]].legend), kind: '' };
  },
  status: (edge) => ({ key: record.line[edge], name: look.lines[lineNames[record.line[edge]]].legend, kind: '' }),
  source: (edge) => ({ key: `${says(edge).source_published || '9'} ${sourceOf(edge)}`, name: sourceOf(edge) || 'No source', kind: '' }),
  speaker: (edge) => ({ key: says(edge).said_by ? `1 ${speakerOf(edge)}` : '0', name: capital(speakerOf(edge)), kind: '' }),
  none: () => ({ key: 0, name: 'All statements', kind: '' }),
};

/** Where a statement stands in its lane: by what it is dated by, the dated ones first. */
function dateKey(edge) {
  const recorded = clocks.recorded[edge] === null ? cellCount : clocks.recorded[edge];
  if (fields.clock.value === 'record' || !dated(edge)) return [cellCount + 1, recorded];
  const [start, end] = clocks.possible[edge];
  return [clocks.openStart && start === 0 ? end : start, end, recorded];
}

function inOrder(edges) {
  const keys = new Map(edges.map((edge) => [edge, dateKey(edge)]));
  const compare = (a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    for (let at = 0; at < Math.min(left.length, right.length); at += 1) if (left[at] !== right[at]) return left[at] - right[at];
    return a - b;
  };
  return edges.sort(compare);
}

// ---- one row ----

function barOf(edge) {
  const parts = [];
  const name = `line-${lineNames[record.line[edge]]}`;
  if (fields.clock.value !== 'record' && dated(edge)) {
    const [start, end] = clocks.possible[edge].map((at) => places[at]);
    const [from, to] = clocks.certain[edge] ? clocks.certain[edge].map((at) => places[at]) : [start, start];
    const rect = (kind, x, width) => shape('rect', { class: kind, x: share(x), width: share(Math.max(width, 0.002)), y: 7, height: 10, rx: 2 });
    if (from > start || to < end) parts.push(rect('possible', start, end - start));
    if (clocks.certain[edge]) parts.push(rect('certain', from, to - from));
    if (borders[clocks.possible[edge][0]] === -Infinity) parts.push(shape('path', { class: 'open', d: 'M9 6l-8 6 8 6z' }));
    if (borders[clocks.possible[edge][1]] === Infinity) parts.push(shape('svg', { x: '100%', overflow: 'visible' }, shape('path', { class: 'open', d: 'M-9 6l8 6-8 6z' })));
    if (isNegated(edge) || says(edge).status === 'denied') parts.push(shape('line', { class: 'struck', x1: share(start), x2: share(end), y1: 12, y2: 12 }));
  }
  const cell = clocks.recorded[edge];
  if (fields.clock.value !== 'holds' && cell !== null) {
    const cx = share((places[cell] + places[cell + 1]) / 2);
    parts.push(shape('circle', { class: 'halo', cx, cy: 12, r: 7 }), shape('circle', { class: 'recorded', cx, cy: 12, r: 4.5 }));
  }
  return shape('svg', { class: `bar ${name}`, 'aria-hidden': 'true' }, ...parts);
}

/** Both clocks of a statement in words. */
function timesOf(edge) {
  const s = says(edge);
  const when = s.when && s.when_text ? `${s.when} (“${s.when_text}”)` : s.when || s.when_text;
  return [when && `holds ${when}`, s.recorded && `on record ${s.recorded}`].filter(Boolean).join(', ');
}

/** @type {Map<number, {row: HTMLLIElement, folded: string, drawn?: string}>} */
const rows = new Map();

function rowOf(edge) {
  if (!rows.has(edge)) {
    const [from, to] = endsOf(edge);
    const s = says(edge);
    const button = make('button', { type: 'button', class: 'name', tabindex: '-1', 'data-edge': record.edgeId(edge) },
      lineMark(edge),
      make('span', { class: 'says' }, nameOf(from), ' ', make('i', {}, propertyOf(edge)), ' ', nameOf(to)),
      make('span', { class: 'hidden' }, `, ${[statusOf(edge), timesOf(edge)].filter(Boolean).join(', ')}`));
    const row = make('li', { class: 'row', title: `${sentenceOf(edge)}\n${statusOf(edge)}; ${timesOf(edge)}` }, button);
    row.addEventListener('click', (event) => {
      moveTo(button);
      choose({ kind: 'edge', at: edge }, { quiet: event.detail > 0 });
    });
    rows.set(edge, { row, folded: fold([sentenceOf(edge), s.status, joined(s.said_by), sourceOf(edge), ...(s.quotes || []), s.when, s.when_text].filter(Boolean).join(' ')) });
  }
  return rows.get(edge).row;
}

/** A row with its bar, which is drawn anew only when a clock or the scale has changed: its lengths are shares. */
function drawnRow(edge) {
  const row = rowOf(edge);
  const entry = rows.get(edge);
  const drawn = `${fields.clock.value} ${fields.scale.value}`;
  if (entry.drawn !== drawn) {
    row.replaceChildren(row.firstChild, barOf(edge));
    entry.drawn = drawn;
  }
  return row;
}

function passes(edge) {
  if (off.has(lineNames[record.line[edge]])) return false;
  if (fields.source.value && sourceOf(edge) !== fields.source.value) return false;
  if (fields.clock.value === 'holds' && !dated(edge)) return false;
  if (fields.clock.value === 'record' && clocks.recorded[edge] === null) return false;
  const wanted = fold(fields.words.value).split(/\s+/).filter(Boolean);
  if (!wanted.length) return true;
  rowOf(edge);
  return wanted.every((word) => rows.get(edge).folded.includes(word));
}

// ---- lanes ----

/** How many statements may hold in each stretch, as steps, and how many went on record in it: what a closed lane shows. */
function summaryOf(edges) {
  const may = new Array(cellCount).fill(0);
  const recorded = new Array(cellCount).fill(0);
  for (const edge of edges) {
    if (fields.clock.value !== 'record' && dated(edge)) for (let cell = clocks.possible[edge][0]; cell < clocks.possible[edge][1]; cell += 1) may[cell] += 1;
    if (fields.clock.value !== 'holds' && clocks.recorded[edge] !== null) recorded[clocks.recorded[edge]] += 1;
  }
  const most = Math.max(...may, 1);
  const parts = [];
  may.forEach((number, cell) => {
    if (number) parts.push(shape('rect', { class: 'step', x: share(places[cell]), width: share(places[cell + 1] - places[cell]), y: 22 - 16 * (number / most), height: 16 * (number / most) }));
  });
  recorded.forEach((number, cell) => {
    if (number) parts.push(shape('circle', { class: 'recorded', cx: share((places[cell] + places[cell + 1]) / 2), cy: 12, r: 3 + Math.min(5, Math.sqrt(number)) }));
  });
  return shape('svg', { class: 'bar summary', 'aria-hidden': 'true' }, ...parts);
}

let shown = [];

function drawLanes() {
  const focused = lanes.contains(document.activeElement);  // rows that move lose the focus
  const groups = new Map();
  shown = [];
  for (let edge = 0; edge < count; edge += 1) {
    if (!passes(edge)) continue;
    const lane = LANES[fields.group.value](edge);
    if (!groups.has(lane.key)) groups.set(lane.key, { ...lane, edges: [] });
    groups.get(lane.key).edges.push(edge);
    shown.push(edge);
  }
  const order = [...groups.values()].sort((a, b) => (typeof a.key === 'number' ? a.key - b.key : collator.compare(a.key, b.key)));
  lanes.replaceChildren(grid, ...order.map((lane, at) => {
    const shut = closed.has(`${fields.group.value} ${lane.key}`);
    const button = make('button', { type: 'button', class: 'lane', tabindex: '-1', 'aria-expanded': String(!shut), 'aria-controls': `rows-${at}`, onclick: () => toggle(lane.key) },
      make('span', { class: 'turn', 'aria-hidden': 'true' }, shut ? '▸' : '▾'), make('span', { class: 'title' }, lane.name), ' ', make('small', {}, [lane.kind, lane.edges.length].filter(Boolean).join(' · ')));
    const list = make('ul', { id: `rows-${at}`, hidden: shut });
    if (!shut) {
      for (const edge of inOrder(lane.edges)) {
        list.append(drawnRow(edge));
      }
    }
    return make('div', { class: 'group' }, make('h2', {}, button, shut ? summaryOf(lane.edges) : shape('svg', { class: 'bar', 'aria-hidden': 'true' })), list);
  }));
  byId('empty').hidden = shown.length > 0;
  byId('empty').textContent = count ? 'Nothing is left by these filters.' : 'There is nothing in this view.';
  const any = shown.length < count;
  byId('shown').textContent = any ? `${shown.length} of ${count} statements shown` : '';
  byId('reset').hidden = !any && !off.size && !fields.words.value && !fields.source.value && !fields.clock.value;
  markRows();
  moveTo(stops().find((stop) => stop === lastStop) || stops()[0], focused);
}

function toggle(key, shut) {
  const name = `${fields.group.value} ${key}`;
  if (shut === undefined ? closed.has(name) : !shut) closed.delete(name);
  else closed.add(name);
  const at = stops().indexOf(document.activeElement);
  drawLanes();
  if (at >= 0) moveTo(stops()[at]);
  writeHash();
}

function closeAll(shut) {
  for (let edge = 0; edge < count; edge += 1) {
    const name = `${fields.group.value} ${LANES[fields.group.value](edge).key}`;
    if (shut) closed.add(name);
    else closed.delete(name);
  }
}

/** Opens the lane of a statement that somebody wants to see. */
function reveal(edge) {
  const name = `${fields.group.value} ${LANES[fields.group.value](edge).key}`;
  if (closed.delete(name)) drawLanes();
  const row = rowOf(edge);
  if (row.isConnected) row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function markRows() {
  for (const [edge, { row }] of rows) {
    const on = isChosen(edge);
    row.classList.toggle('chosen', on);
    row.firstChild.toggleAttribute('aria-current', on);
    if (on) row.firstChild.setAttribute('aria-current', 'true');
  }
  lanes.classList.toggle('some', selection !== null && selection.kind === 'node');
}

function revealSelected() {
  if (selection && selection.kind === 'edge' && selection.at < count && shown.includes(selection.at)) reveal(selection.at);
}

function refresh() {
  revealSelected();
  markRows();
  writeHash();
}

// ---- the axis and its width ----

const PAPER = 420;  // pixels beside the labels on a sheet in portrait
let onPaper = false;

function drawAll() {
  places = placesOf(fields.scale.value);
  const label = parseFloat(getComputedStyle(chart).getPropertyValue('--label')) || 0;
  const room = Math.max(chart.clientWidth - label - 1, 120);
  const least = fields.scale.value === 'days' ? room : Math.max(room, cellCount * 7);
  const width = onPaper ? PAPER : Math.round(zoom ? Math.max(room, least * zoom) : least);
  chart.style.setProperty('--track', `${width}px`);
  chart.style.setProperty('--seen', `${chart.clientWidth}px`);
  drawAxis(byId('days'), width);
  drawGrid(grid);
  drawLanes();
}

function zoomBy(factor) {
  zoom = Math.min(Math.max((zoom || 1) * factor, 1), 24);
  drawAll();
}

byId('zoom-in').addEventListener('click', () => zoomBy(1.5));
byId('zoom-out').addEventListener('click', () => zoomBy(1 / 1.5));
byId('zoom-fit').addEventListener('click', () => { zoom = 0; drawAll(); });
byId('fold').addEventListener('click', () => {
  closeAll(lanes.querySelector('button.lane[aria-expanded=true]') !== null);
  drawLanes();
});
let widthBefore = 0;
new ResizeObserver(() => {
  if (chart.clientWidth === widthBefore || onPaper) return;
  widthBefore = chart.clientWidth;
  drawAll();
  revealSelected();
}).observe(chart);

for (const [event, printing] of [['beforeprint', true], ['afterprint', false]]) {
  addEventListener(event, () => {
    onPaper = printing;
    drawAll();
  });
}

// ---- keys: one stop in the tab order, arrows between lanes and rows ----

let lastStop = null;
const stops = () => [...lanes.querySelectorAll('button.lane, ul:not([hidden]) button.name')];

function moveTo(stop, focus = true) {
  if (!stop) return;
  if (lastStop) lastStop.tabIndex = -1;
  lastStop = stop;
  stop.tabIndex = 0;
  if (focus) stop.focus();
}

lanes.addEventListener('keydown', (event) => {
  const all = stops();
  const at = all.indexOf(document.activeElement);
  if (at < 0) return;
  const lane = all[at].closest('.group').querySelector('button.lane');
  const open = lane.getAttribute('aria-expanded') === 'true';
  if (event.key === 'ArrowDown') moveTo(all[Math.min(at + 1, all.length - 1)]);
  else if (event.key === 'ArrowUp') moveTo(all[Math.max(at - 1, 0)]);
  else if (event.key === 'Home') moveTo(all[0]);
  else if (event.key === 'End') moveTo(all[all.length - 1]);
  else if (event.key === 'ArrowLeft' && all[at] !== lane) moveTo(lane);
  else if (event.key === 'ArrowLeft' && open) lane.click();
  else if (event.key === 'ArrowRight' && all[at] === lane && !open) lane.click();
  else return;
  event.preventDefault();
});

byId('to-lanes').addEventListener('click', (event) => {
  event.preventDefault();
  moveTo(stops()[0]);
});
addEventListener('keydown', (event) => {
  if (event.key !== '/' || /^(input|select|textarea)$/i.test(event.target.tagName || '') || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  fields.words.focus();
});

// ---- filters and the address ----

function readBoxes() {
  off.clear();
  for (const box of boxes) if (!box.checked) off.add(box.dataset.line);
}

byId('legend').addEventListener('change', (event) => {
  readBoxes();
  if (event.target === fields.group && count > FEW) closeAll(true);
  drawAll();
  writeHash();
});
fields.words.addEventListener('input', () => {
  drawLanes();
  writeHash();
});
byId('reset').addEventListener('click', () => {
  loadState(new URLSearchParams({ group: fields.group.value, scale: fields.scale.value }));
  writeHash();
});

function saveState(state) {
  for (const [name, field] of Object.entries(fields)) if (field.value) state.set(name, field.value);
  if (off.size) state.set('off', [...off].join(' '));
}

function loadState(state) {
  for (const [name, field] of Object.entries(fields)) {
    field.value = state.get(name) || '';
    if (field.value !== (state.get(name) || '')) field.value = '';
  }
  const names = (state.get('off') || '').split(' ');
  for (const box of boxes) box.checked = !names.includes(box.dataset.line);
  readBoxes();
  drawAll();
}

if (count > FEW) for (const group of Object.keys(LANES)) { fields.group.value = group; closeAll(true); }
openPage();

// For tests: what is shown, in order.
globalThis.onrecord = Object.freeze({ choose, shown: () => shown.map(record.edgeId), stops: () => stops().length });
