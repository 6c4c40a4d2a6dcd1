// Owns the two clocks: what was on record by a day, and what holds at a day; each a slider over the days on which
// something changes, with a button that plays them. Leaves all other filters to filters.js.

const OPEN_END = 2 ** 30;  // after all days
const STEP = 900;  // milliseconds between two days while a clock plays

const recordedOf = (edge) => record.statement(edge).recorded || record.statement(edge).source_published || '';

function dayAfter(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return Number.isNaN(date.getTime()) ? day : date.toISOString().slice(0, 10);
}

/** A slider over `days`; at its end (`rest`) it lets everything through. */
function clock(name, days, rest, say) {
  const box = byId(`clock-${name}`);
  const slider = box.querySelector('input[type=range]');
  const shown = box.querySelector('output');
  const button = box.querySelector('button');
  const stops = rest === 'last' ? [...days.slice(0, -1), ''] : ['', ...days];
  const words = (at) => (stops[at] ? say(stops[at]) : rest === 'last' ? `${say(days[days.length - 1])}: everything` : 'any day');
  let timer = 0;
  box.hidden = days.length < 2;
  slider.max = String(Math.max(0, stops.length - 1));
  const home = rest === 'last' ? stops.length - 1 : 0;
  const show = () => {
    shown.textContent = words(Number(slider.value));
    slider.setAttribute('aria-valuetext', shown.textContent);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = '▶';
    button.setAttribute('aria-label', `Play: ${box.querySelector('label').textContent}`);
    button.setAttribute('aria-pressed', 'false');
  };
  const move = (at) => {
    slider.value = String(at);
    show();
    applyFilters();
    refresh();
  };
  slider.addEventListener('input', () => { stop(); move(Number(slider.value)); });
  button.addEventListener('click', () => {
    if (timer) { stop(); return; }
    button.textContent = '❚❚';
    button.setAttribute('aria-label', 'Pause');
    button.setAttribute('aria-pressed', 'true');
    const last = stops.length - 1;
    const first = rest === 'last' ? 0 : 1;
    move(Number(slider.value) >= last || Number(slider.value) === home ? first : Number(slider.value) + 1);
    timer = setInterval(() => {
      const next = Number(slider.value) + 1;
      if (next > last) stop();
      else move(next);
      if (next === last) stop();
    }, STEP);
  });
  return {
    stop,
    day: () => stops[Number(slider.value)] || '',
    set(day) {
      const at = day ? stops.indexOf(day) : home;
      slider.value = String(at < 0 ? nearestStop(stops, day, home) : at);
      show();
    },
  };
}

/** The last stop on or before a day that is none itself. */
function nearestStop(stops, day, home) {
  let found = home;
  stops.forEach((stop, at) => { if (stop && stop <= day) found = at; });
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? found : home;
}

const possibly = byId('possibly');

/** The days of `days` by their places, so that a step of a clock compares numbers only. */
const ranksOf = (days) => new Map(days.map((day, at) => [day, at]));
const recorded = Array.from(statementEdges, recordedOf);
const recordedDays = [...new Set(recorded)].filter(Boolean).sort();
const recordedAt = new Int32Array(record.edgeCount).fill(OPEN_END);
const recordedPlaces = ranksOf(recordedDays);
statementEdges.forEach((edge, at) => { if (recorded[at]) recordedAt[edge] = recordedPlaces.get(recorded[at]); });

// A statement holds from the day of its bound on and until the day after it; an open bound is no bound.
const bounded = Array.from(statementEdges).filter((edge) => record.statement(edge).bounds);
const changes = bounded.map((edge) => {
  const [earliestStart, latestStart, earliestEnd, latestEnd] = record.statement(edge).bounds;
  return [earliestStart, latestStart, earliestEnd && dayAfter(earliestEnd), latestEnd && dayAfter(latestEnd)];
});
const changeDays = [...new Set(changes.flat())].filter(Boolean).sort();
const changePlaces = ranksOf(changeDays);
/** By statement: the first change from which it holds and the first at which it no longer does; certainly, and possibly. */
const [certainFrom, certainTo, possibleFrom, possibleTo] = [-1, OPEN_END, -1, OPEN_END].map((open) => new Int32Array(record.edgeCount).fill(open));
bounded.forEach((edge, at) => {
  const [earliestStart, latestStart, afterEarliestEnd, afterLatestEnd] = changes[at].map((day) => (day ? changePlaces.get(day) : null));
  if (latestStart !== null) certainFrom[edge] = latestStart;
  if (earliestStart !== null) possibleFrom[edge] = earliestStart;
  if (afterEarliestEnd !== null) certainTo[edge] = afterEarliestEnd;
  if (afterLatestEnd !== null) possibleTo[edge] = afterLatestEnd;
});

const clocks = {
  recorded: clock('recorded', recordedDays, 'last', (day) => day),
  valid: clock('valid', changeDays, 'first', (day) => day),
};
byId('clocks').hidden = recordedDays.length < 2 && changeDays.length < 2;

/** What the clocks are set to; '' while they let everything through. */
function clocksTell() {
  const days = [clocks.recorded.day(), clocks.valid.day()];
  return days.some(Boolean) ? [...days, possibly.checked].join(' ') : '';
}

/** Which statements the clocks let through, as they stand now. */
function clockKeeper() {
  const by = clocks.recorded.day() ? recordedPlaces.get(clocks.recorded.day()) : OPEN_END;
  const day = clocks.valid.day() ? changePlaces.get(clocks.valid.day()) : -1;
  const [from, to] = possibly.checked ? [possibleFrom, possibleTo] : [certainFrom, certainTo];
  return (edge) => recordedAt[edge] <= by && (day < 0 || (from[edge] <= day && day < to[edge]));
}

function clockChips() {
  const chips = [];
  if (clocks.recorded.day()) chips.push({ words: `on record by ${clocks.recorded.day()}`, lift: () => { clocks.recorded.stop(); clocks.recorded.set(''); } });
  if (clocks.valid.day()) chips.push({ words: `${possibly.checked ? 'may hold' : 'holds'} at ${clocks.valid.day()}`, lift: () => { clocks.valid.stop(); clocks.valid.set(''); } });
  return chips;
}

function saveClocks(state) {
  if (clocks.recorded.day()) state.set('by', clocks.recorded.day());
  if (clocks.valid.day()) state.set('at', clocks.valid.day());
  if (possibly.checked) state.set('possibly', '1');
}

function loadClocks(state) {
  possibly.checked = state.has('possibly');
  clocks.recorded.set(state.get('by') || '');
  clocks.valid.set(state.get('at') || '');
}

possibly.addEventListener('change', () => {
  applyFilters();
  refresh();
});
