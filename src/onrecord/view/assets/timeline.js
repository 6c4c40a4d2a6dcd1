// Owns what is let through in the timeline, which lanes are open, its keys and its address.
// Leaves rows and lanes to lanes.js, where days stand to axis.js, the two clocks to clocks.js and the panel to panel.js.

const chart = byId('chart');
const lanes = byId('lanes');
const grid = shape('svg', { class: 'grid', 'aria-hidden': 'true' });
const boxes = [...document.querySelectorAll('#legend input[data-line]')];
const off = new Set();
const closed = new Set();
const FEW = 400;  // with more statements the lanes begin closed
let lastStop = null;  // what the Tab key comes back to
let zoom = 0;  // 0: the whole axis in sight

const sourceOfEach = Array.from({ length: count }, (_, edge) => sourceOf(edge));
const sourceNames = [...new Set(sourceOfEach.filter(Boolean))].sort(collator.compare);
for (const name of sourceNames) fields.source.append(make('option', { value: name }, name));
byId('sources-field').hidden = sourceNames.length < 2;

// ---- what is let through ----

const { reasons, weigh } = createSieve([
  { set: () => [...off].join(' '), outs: () => (edge) => off.has(lineNames[record.line[edge]]) },
  { set: () => fields.source.value, outs: () => (edge) => sourceOfEach[edge] !== fields.source.value },
  { set: () => fields.clock.value, outs: () => (fields.clock.value === 'holds' ? (edge) => edge < count && !dated(edge) : (edge) => times.recorded[edge] === null) },
  {
    set: () => fold(fields.words.value).trim(),
    outs() {
      const wanted = fold(fields.words.value).split(/\s+/).filter(Boolean);
      return (edge) => edge < count && !wanted.every((word) => foldedOf(edge).includes(word));
    },
  },
  { set: clocksTell, outs: () => { const keeps = clockKeeper(); return (edge) => edge < count && !keeps(edge); } },
]);

/** By statement: 1 for what is kept out, as it stands on the page. */
const hidden = new Uint8Array(count);
let left = count;

/** Brings the page in line with what is let through: only rows and lanes that it changes are touched. */
function applyFilters() {
  const focused = lanes.contains(document.activeElement);
  weigh();
  const { laneOf } = groupingOf(fields.group.value);
  const touched = new Set();
  for (let edge = 0; edge < count; edge += 1) {
    const out = reasons[edge] ? 1 : 0;
    if (hidden[edge] === out) continue;
    hidden[edge] = out;
    left += out ? -1 : 1;
    touched.add(laneOf[edge]);
    if (rows.has(edge)) rows.get(edge).row.hidden = out === 1;
  }
  for (const at of touched) if (views[at]) showLane(views[at]);
  drawDays(grid, clocks.recorded.day(), clocks.valid.day());
  tellLeft();
  if (lastStop === null || !lastStop.isConnected || lastStop.closest('[hidden]')) moveTo(stops()[0], focused);
}

function tellLeft() {
  byId('empty').hidden = left > 0;
  setText('empty', count ? 'Nothing is left by these filters.' : 'There is nothing in this view.');
  setText('shown', left < count ? `${left} of ${count} statements shown` : '');
  byId('reset').hidden = left === count && !off.size && !fields.words.value && !fields.source.value && !fields.clock.value && !clocksTell();
}

// ---- lanes ----

/** The lanes of the grouping that is shown, in order: {lane, group, button, turn, tells, bar, list}. */
let views = [];

function viewOf(lane, at) {
  const turn = make('span', { class: 'turn', 'aria-hidden': 'true' });
  const tells = make('small');
  const button = make('button', { type: 'button', class: 'lane', tabindex: '-1', 'aria-controls': `rows-${at}`, onclick: () => toggle(views[at]) },
    turn, make('span', { class: 'title' }, lane.name), ' ', tells);
  const bar = shape('svg', { class: 'bar', 'aria-hidden': 'true' });
  const list = make('ul', { id: `rows-${at}` });
  return { lane, button, turn, tells, bar, list, group: make('div', { class: 'group' }, make('h2', {}, button, bar), list) };
}

/** Brings one lane in line with what is let through and whether it is open. */
function showLane(view) {
  const { lane, button, list } = view;
  const seen = lane.edges.filter((edge) => !hidden[edge]);
  const shut = closed.has(lane.id);
  view.group.hidden = !seen.length;
  if (!seen.length) return;
  view.tells.textContent = [lane.kind, seen.length].filter(Boolean).join(' · ');
  view.turn.textContent = shut ? '▸' : '▾';
  button.setAttribute('aria-expanded', String(!shut));
  list.hidden = shut;
  const bar = shut ? summaryOf(seen) : shape('svg', { class: 'bar', 'aria-hidden': 'true' });
  view.bar.replaceWith(bar);
  view.bar = bar;
  const isThere = (edge) => rows.has(edge) && rows.get(edge).row.parentNode === list;
  if (shut || seen.every(isThere)) return;
  list.replaceChildren(...orderOf(lane).filter((edge) => !hidden[edge] || isThere(edge)).map(drawnRow));
}

/** Draws all lanes anew: another grouping, clock or axis. */
function drawLanes() {
  const focused = lanes.contains(document.activeElement);  // rows that move lose the focus
  views = groupingOf(fields.group.value).list.map(viewOf);
  views.forEach(showLane);
  lanes.replaceChildren(grid, ...views.map(({ group }) => group));
  tellLeft();
  markRows();
  moveTo(lastStop && lastStop.isConnected && !lastStop.closest('[hidden]') ? lastStop : stops()[0], focused);
}

function toggle(view) {
  const { id } = view.lane;
  if (!closed.delete(id)) closed.add(id);
  showLane(view);
  moveTo(view.button);
  writeHash();
}

function closeAll(shut) {
  for (const { id } of groupingOf(fields.group.value).list) {
    if (shut) closed.add(id);
    else closed.delete(id);
  }
}

/** Opens the lane of a statement that somebody wants to see. */
function reveal(edge) {
  const view = views[groupingOf(fields.group.value).laneOf[edge]];
  if (closed.delete(view.lane.id)) showLane(view);
  markRows();
  const { row } = rows.get(edge);
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
  if (selection && selection.kind === 'edge' && selection.at < count && !hidden[selection.at]) reveal(selection.at);
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
  drawDays(grid, clocks.recorded.day(), clocks.valid.day());
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

const stops = () => [...lanes.querySelectorAll('.group:not([hidden]) button.lane, .group:not([hidden]) > ul:not([hidden]) > li:not([hidden]) > button.name')];

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
  applyFilters();
  if ([fields.group, fields.clock, fields.scale].includes(event.target)) drawAll();
  writeHash();
});
fields.words.addEventListener('input', () => {
  applyFilters();
  writeHash();
});
byId('reset').addEventListener('click', () => {
  loadState(new URLSearchParams({ group: fields.group.value, scale: fields.scale.value }));
  writeHash();
});

function saveState(state) {
  for (const [name, field] of Object.entries(fields)) if (field.value) state.set(name, field.value);
  if (off.size) state.set('off', [...off].join(' '));
  saveClocks(state);
}

function loadState(state) {
  for (const [name, field] of Object.entries(fields)) {
    field.value = state.get(name) || '';
    if (field.value !== (state.get(name) || '')) field.value = '';
  }
  const names = (state.get('off') || '').split(' ');
  for (const box of boxes) box.checked = !names.includes(box.dataset.line);
  readBoxes();
  loadClocks(state);
  applyFilters();
  drawAll();
}

if (count > FEW) for (const group of Object.keys(LANES)) { fields.group.value = group; closeAll(true); }
openPage();

// For tests: what is shown, in order.
globalThis.onrecord = Object.freeze({ choose, shown: () => [...hidden.keys()].filter((edge) => !hidden[edge]).map(record.edgeId), stops: () => stops().length });
