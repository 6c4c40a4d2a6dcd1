// Owns what stands in the timeline: the lanes of each grouping, the row of a statement with its bar, a closed lane's summary.
// Leaves what is let through, and which lanes are open, to timeline.js; where days stand to axis.js.

const count = times.lane.length;
const fields = { clock: byId('clock'), group: byId('group'), scale: byId('scale'), source: byId('source'), words: byId('words') };

const says = (edge) => record.statement(edge);
const dated = (edge) => times.possible[edge] !== null;
const speakerOf = (edge) => joined(says(edge).said_by) || 'the sources themselves';
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The lane of a statement: a key to sort by, its name, and a word on its kind. */
const LANES = {
  '': (edge) => {
    const [name, kind] = times.lanes[times.lane[edge]];
    return { key: times.lane[edge], name: kind ? name : capital(name), kind };
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
  const recorded = times.recorded[edge] === null ? cellCount : times.recorded[edge];
  if (fields.clock.value === 'record' || !dated(edge)) return [cellCount + 1, recorded];
  const [start, end] = times.possible[edge];
  return [times.openStart && start === 0 ? end : start, end, recorded];
}

function inOrder(edges) {
  const keys = new Map(edges.map((edge) => [edge, dateKey(edge)]));
  const compare = (a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    for (let at = 0; at < Math.min(left.length, right.length); at += 1) if (left[at] !== right[at]) return left[at] - right[at];
    return a - b;
  };
  return edges.slice().sort(compare);
}

const groupings = new Map();

/** The lanes of a grouping, each with all of its statements, and by statement the place of its lane. */
function groupingOf(name) {
  if (groupings.has(name)) return groupings.get(name);
  const found = new Map();
  for (let edge = 0; edge < count; edge += 1) {
    const lane = LANES[name](edge);
    if (!found.has(lane.key)) found.set(lane.key, { ...lane, id: `${name} ${lane.key}`, edges: [], orders: new Map() });
    found.get(lane.key).edges.push(edge);
  }
  const list = [...found.values()].sort((a, b) => (typeof a.key === 'number' ? a.key - b.key : collator.compare(a.key, b.key)));
  const laneOf = new Int32Array(count);
  list.forEach((lane, at) => lane.edges.forEach((edge) => { laneOf[edge] = at; }));
  groupings.set(name, { list, laneOf });
  return groupings.get(name);
}

/** The statements of a lane from the earliest on, by the clock that is shown. */
function orderOf(lane) {
  const by = fields.clock.value === 'record';
  if (!lane.orders.has(by)) lane.orders.set(by, inOrder(lane.edges));
  return lane.orders.get(by);
}

// ---- one row ----

function barOf(edge) {
  const parts = [];
  const name = `line-${lineNames[record.line[edge]]}`;
  if (fields.clock.value !== 'record' && dated(edge)) {
    const [start, end] = times.possible[edge].map((at) => places[at]);
    const [from, to] = times.certain[edge] ? times.certain[edge].map((at) => places[at]) : [start, start];
    const rect = (kind, x, width) => shape('rect', { class: kind, x: share(x), width: share(Math.max(width, 0.002)), y: 7, height: 10, rx: 2 });
    if (from > start || to < end) parts.push(rect('possible', start, end - start));
    if (times.certain[edge]) parts.push(rect('certain', from, to - from));
    if (borders[times.possible[edge][0]] === -Infinity) parts.push(shape('path', { class: 'open', d: 'M9 6l-8 6 8 6z' }));
    if (borders[times.possible[edge][1]] === Infinity) parts.push(shape('svg', { x: '100%', overflow: 'visible' }, shape('path', { class: 'open', d: 'M-9 6l8 6-8 6z' })));
    if (isNegated(edge) || says(edge).status === 'denied') parts.push(shape('line', { class: 'struck', x1: share(start), x2: share(end), y1: 12, y2: 12 }));
  }
  const cell = times.recorded[edge];
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

const foldedWords = [];

/** The words of a statement as they are searched. */
function foldedOf(edge) {
  const s = says(edge);
  foldedWords[edge] ??= fold([sentenceOf(edge), s.status, joined(s.said_by), sourceOf(edge), ...(s.quotes || []), s.when, s.when_text].filter(Boolean).join(' '));
  return foldedWords[edge];
}

/** @type {Map<number, {row: HTMLLIElement, drawn?: string}>} */
const rows = new Map();

function rowOf(edge) {
  if (!rows.has(edge)) {
    const [from, to] = endsOf(edge);
    const button = make('button', { type: 'button', class: 'name', tabindex: '-1', 'data-edge': record.edgeId(edge) },
      lineMark(edge),
      make('span', { class: 'says' }, nameOf(from), ' ', make('i', {}, propertyOf(edge)), ' ', nameOf(to)),
      make('span', { class: 'hidden' }, `, ${[statusOf(edge), timesOf(edge)].filter(Boolean).join(', ')}`));
    const row = make('li', { class: 'row', title: `${sentenceOf(edge)}\n${statusOf(edge)}; ${timesOf(edge)}` }, button);
    row.addEventListener('click', (event) => {
      moveTo(button);
      choose({ kind: 'edge', at: edge }, { quiet: event.detail > 0 });
    });
    rows.set(edge, { row });
  }
  return rows.get(edge).row;
}

/** A row with its bar, which is drawn anew only when a clock or the scale has changed: its lengths are shares. */
function drawnRow(edge) {
  const row = rowOf(edge);
  const entry = rows.get(edge);
  const drawn = `${fields.clock.value} ${fields.scale.value}`;
  row.hidden = hidden[edge] === 1;
  if (entry.drawn !== drawn) {
    row.replaceChildren(row.firstChild, barOf(edge));
    entry.drawn = drawn;
  }
  return row;
}

/** How many statements may hold in each stretch, as steps, and how many went on record in it: what a closed lane shows. */
function summaryOf(edges) {
  const may = new Int32Array(cellCount);
  const recorded = new Int32Array(cellCount);
  for (const edge of edges) {
    if (fields.clock.value !== 'record' && dated(edge)) for (let cell = times.possible[edge][0]; cell < times.possible[edge][1]; cell += 1) may[cell] += 1;
    if (fields.clock.value !== 'holds' && times.recorded[edge] !== null) recorded[times.recorded[edge]] += 1;
  }
  const most = may.reduce((a, b) => Math.max(a, b), 1);
  const x = (place) => (place * 1000).toFixed(2);
  let steps = '';
  for (let cell = 0, next = 0; cell < cellCount; cell = next) {
    for (next = cell + 1; next < cellCount && may[next] === may[cell];) next += 1;
    if (may[cell]) steps += `M${x(places[cell])} 22V${(22 - 16 * (may[cell] / most)).toFixed(1)}H${x(places[next])}V22Z`;
  }
  // A ring is a stroke of no length with round ends, so that widening the axis stretches nothing; one path a size.
  const rings = new Map();
  recorded.forEach((number, cell) => {
    if (!number) return;
    const radius = 3 + Math.min(5, Math.round(Math.sqrt(number)));
    rings.set(radius, `${rings.get(radius) || ''}M${x((places[cell] + places[cell + 1]) / 2)} 12h0`);
  });
  const ring = (kind, width, d) => shape('path', { class: kind, d, 'stroke-width': width });
  return shape('svg', { class: 'bar summary', 'aria-hidden': 'true' }, shape('svg', { viewBox: '0 0 1000 24', preserveAspectRatio: 'none', width: '100%', height: '24' },
    ...(steps ? [shape('path', { class: 'step', d: steps })] : []),
    ...[...rings].flatMap(([radius, d]) => [ring('ring', radius * 2 + 1.1, d), ring('ring inner', radius * 2 - 3.3, d)])));
}
