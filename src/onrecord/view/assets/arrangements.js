// Owns the choice of a layout: the usual one, or one of those that the page was given besides; and the days above
// a layout that goes by time. Leaves moving the nodes to the renderer.

const layoutField = byId('layout');
const dayStrip = byId('day-strip');
const layouts = new Map((given.arrangements || []).map((each) => [each.name, each]));
let layout = '';
/** Where the nodes stand in the usual layout; known once another is chosen. */
let usualPlaces = null;

for (const [name, each] of layouts) layoutField.append(make('option', { value: name, title: each.explained }, each.label));
byId('layout-field').hidden = !layouts.size;

function setLayout(name) {
  if (!layouts.has(name)) name = '';
  layoutField.value = name;
  if (name === layout) return;
  if (!usualPlaces) usualPlaces = renderer.positions();
  layout = name;
  const chosen = layouts.get(name);
  byId('layout-explained').textContent = chosen ? chosen.explained : '';
  renderer.place(chosen || usualPlaces);
  const days = chosen ? chosen.captions.filter(([, day]) => day) : [];
  dayStrip.hidden = !days.length;
  dayStrip.replaceChildren(...days.map(([x, day]) => make('li', { 'data-x': x }, day)));
  if (days.length) followDays();
}

/** Keeps the days above their columns, frame by frame, for as long as the layout goes by time. */
function followDays() {
  if (dayStrip.hidden) return;
  const { x } = layouts.get(layout);
  const origin = renderer.point({ kind: 'node', at: 0 }).x - x[0] * renderer.scale();
  let end = -Infinity;
  for (const item of dayStrip.children) {
    const middle = Math.round(origin + Number(item.dataset.x) * renderer.scale());
    const half = item.offsetWidth / 2;
    const fits = middle - half > end + 6 && middle + half < dayStrip.clientWidth;
    if (fits) end = middle + half;
    const place = fits ? `translateX(${Math.round(middle - half)}px)` : 'translateX(-999px)';
    if (item.style.transform !== place) item.style.transform = place;
  }
  requestAnimationFrame(followDays);
}

layoutField.addEventListener('change', () => {
  setLayout(layoutField.value);
  writeHash(true);
});
