// Owns the axis: where days stand from left to right, by rank or to scale, and how they are written.
// Leaves the bars on it to timeline.js. Places are shares of the axis, 0 to 1.

const times = given.timeline;
const DAY_MS = 864e5;
const EPOCH = 719163;  // 1 January 1970, counted from 1 January of the year 1
const dayOf = (ordinal) => new Date((ordinal - EPOCH) * DAY_MS);
const monthNames = (() => {
  const names = (language) => {
    const format = new Intl.DateTimeFormat(language, { month: 'short', timeZone: 'UTC' });
    return Array.from({ length: 12 }, (_, month) => format.format(Date.UTC(2024, month, 1)));
  };
  try {
    return names(document.documentElement.lang || 'en');
  } catch {
    return names('en');
  }
})();

/** Borders with the open ends: -Infinity and Infinity where there are any. */
const borders = [...(times.openStart ? [-Infinity] : []), ...times.borders, ...(times.openEnd ? [Infinity] : [])];
const cellCount = Math.max(borders.length - 1, 1);

/** Each border's place. An open end takes as much room as a day by rank, and a sixteenth of the axis to scale. */
function placesOf(scale) {
  if (scale !== 'days') return borders.map((_, at) => at / cellCount);
  const first = times.borders[0];
  const span = Math.max(times.borders[times.borders.length - 1] - first, 1);
  const before = times.openStart ? 1 / 16 : 0;
  const room = 1 - before - (times.openEnd ? 1 / 16 : 0);
  return borders.map((day) => (day === -Infinity ? 0 : day === Infinity ? 1 : before + (room * (day - first)) / span));
}

let places = placesOf('');

/** A day in words: the month only where `after` lies in another one. */
function dayLabel(ordinal, after) {
  const day = dayOf(ordinal);
  const before = after === undefined ? null : dayOf(after);
  const same = before && before.getUTCMonth() === day.getUTCMonth() && before.getUTCFullYear() === day.getUTCFullYear();
  return same ? String(day.getUTCDate()) : `${day.getUTCDate()} ${monthNames[day.getUTCMonth()]}`;
}

const yearOf = (ordinal) => dayOf(ordinal).getUTCFullYear();
const longDay = (ordinal) => `${dayLabel(ordinal)} ${yearOf(ordinal)}`;

/** The days from a border up to another, in words. */
function stretchLabel(from, to) {
  if (from === -Infinity) return to === Infinity ? 'at any time' : `before ${longDay(to)}`;
  if (to === Infinity) return `from ${longDay(from)} on`;
  return to - from === 1 ? longDay(from) : `${longDay(from)} to ${longDay(to - 1)}, ${to - from} days`;
}

const SVG_NS = 'http://www.w3.org/2000/svg';

/** An SVG element; lengths across are given as shares of the axis. */
function shape(tag, properties, ...children) {
  const element = document.createElementNS(SVG_NS, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const share = (place) => `${(place * 100).toFixed(4)}%`;

/** Labels that fit an axis of `width` pixels: the first of each year before the others, the month where it is new. */
function fittingLabels(width) {
  const all = times.borders.map((day, at) => ({
    day,
    x: places[at + (times.openStart ? 1 : 0)] * width,
    first: at === 0 || yearOf(times.borders[at - 1]) !== yearOf(day),
  }));
  const room = (text) => 6 * text.length + 6;
  const limit = width - (times.openEnd ? 14 : 0);
  const kept = [];
  const years = [];
  for (const label of all.filter((each) => each.first)) {
    const text = dayLabel(label.day);
    if (label.x + room(text) > limit || (years.length && label.x < years[years.length - 1].end)) continue;
    years.push({ ...label, text, end: label.x + room(text) });
  }
  let next = 0;
  for (const label of all) {
    if (next < years.length && years[next].day === label.day) {
      kept.push(years[next]);
      next += 1;
      continue;
    }
    const before = kept[kept.length - 1];
    const text = dayLabel(label.day, before && before.day);
    const end = label.x + room(text);
    if ((before && label.x < before.end) || end > (next < years.length ? years[next].x : limit)) continue;
    kept.push({ ...label, text, end });
  }
  return kept;
}

/** Draws the axis into its SVG, `width` pixels wide. */
function drawAxis(svg, width) {
  const parts = [];
  borders.slice(1).forEach((end, at) => {
    const start = borders[at];
    const single = end - start === 1;
    parts.push(shape('rect', { class: single ? 'day' : 'gap', x: share(places[at]), width: share(places[at + 1] - places[at]), y: 34, height: 4 },
      shape('title', {}, stretchLabel(start, end))));
  });
  let year = null;
  const labels = fittingLabels(width);
  for (const label of labels) {
    parts.push(shape('text', { x: label.x + 2, y: 28 }, label.text));
    if (yearOf(label.day) !== year) {
      year = yearOf(label.day);
      parts.push(shape('text', { class: 'year', x: label.x + 2, y: 13 }, String(year)));
    }
  }
  const first = labels.length ? labels[0].x : width;
  const last = labels.length ? labels[labels.length - 1].end : 0;
  if (times.openStart) parts.push(shape('text', { class: 'soft', x: 2, y: 28 }, first > 46 ? 'earlier' : '…'));
  if (times.openEnd) parts.push(shape('text', { class: 'soft', x: width - 3, y: 28, 'text-anchor': 'end' }, width - last > 36 ? 'later' : '…'));
  svg.replaceChildren(...parts);
}

/** The lines behind the bars: one a border, and a shade over what lies after the last day on record. */
function drawGrid(svg) {
  const last = Math.max(...times.recorded.filter((cell) => cell !== null), -1) + 1;
  const after = last > 0 && last < places.length - 1
    ? [shape('rect', { class: 'after', x: share(places[last]), y: 0, width: share(1 - places[last]), height: '100%' }),
      shape('line', { class: 'last', x1: share(places[last]), x2: share(places[last]), y1: 0, y2: '100%' })]
    : [];
  svg.replaceChildren(...after, ...places.slice(1, -1).map((place) => shape('line', { x1: share(place), x2: share(place), y1: 0, y2: '100%' })));
}

/** The place of a day's border; null where the axis has none. */
function placeOf(day, after = 0) {
  const at = day ? borders.indexOf(Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS) + EPOCH + after) : -1;
  return at < 0 ? null : places[at];
}

/** Lines where the two clocks stand: after the last day that is on record, and at the day on which things are to hold. */
function drawDays(svg, recorded, valid) {
  for (const line of svg.querySelectorAll('.set')) line.remove();
  for (const [kind, place] of [['by', placeOf(recorded, 1)], ['at', placeOf(valid)]]) {
    if (place !== null) svg.append(shape('line', { class: `set ${kind}`, x1: share(place), x2: share(place), y1: 0, y2: '100%' }));
  }
}
