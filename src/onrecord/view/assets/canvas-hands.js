// Owns pointer and keys of the page's own drawing: what is pointed at, dragging, pinching, the wheel; keys among communities.
// Leaves what a pick means to canvas.js, keys among nodes and edges to keys.js.

/**
 * `itemAt({x, y})` finds what is there; `stops()` lists the communities that the keyboard may go to, with x and y on the
 * screen, none while nodes are shown. Items are {kind, at}. Returns {hovered(), cursor(), forget()}.
 */
function createHands(canvas, view, { itemAt, stops, pick, hover, told, back }) {
  let hovered = null;
  let cursor = null;
  const same = (a, b) => a === b || (a !== null && b !== null && a.kind === b.kind && a.at === b.at);

  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  function point(item) {
    if (same(item, hovered)) return;
    const before = hovered;
    hovered = item;
    canvas.style.cursor = item ? 'pointer' : 'grab';
    hover(item, before);
  }

  const pointers = new Map();
  let pressed = null;
  let apartWas = 0;
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    if (pointers.size === 1) pressed = { ...placeOf(event), dragged: false };
  });
  canvas.addEventListener('pointermove', (event) => {
    const at = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (performance.now() - view.movedAt > REST) point(itemAt(at));
      return;
    }
    if (pressed && !pressed.dragged && Math.hypot(at.x - pressed.x, at.y - pressed.y) > 4) pressed.dragged = true;
    if (!pressed || !pressed.dragged) return;
    pointers.set(event.pointerId, at);
    point(null);
    view.panBy((before.x - at.x) / pointers.size, (before.y - at.y) / pointers.size);
    if (pointers.size !== 2) return;
    const [a, b] = [...pointers.values()];
    const apart = Math.hypot(a.x - b.x, a.y - b.y);
    if (apartWas) view.zoomAt(apart / apartWas, (a.x + b.x) / 2, (a.y + b.y) / 2);
    apartWas = apart;
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    apartWas = 0;
    if (event.type === 'pointerup' && pressed && !pressed.dragged) pick(itemAt(placeOf(event)));
    if (!pointers.size) pressed = null;
  };
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => point(null));
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { x, y } = placeOf(event);
    const pixels = event.deltaY * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
    view.zoomAt(Math.exp(Math.max(-240, Math.min(240, -pixels)) * 0.0016), x, y);
  }, { passive: false });

  /** The community that lies next in a direction; at first the one nearest to the middle. */
  function step([dx, dy], all) {
    const here = all.find((stop) => same(stop, cursor));
    const x = here ? here.x : view.width / 2, y = here ? here.y : view.height / 2;
    let best = null, least = Infinity;
    for (const stop of all) {
      if (stop === here) continue;
      const along = (stop.x - x) * dx + (stop.y - y) * dy;
      const aside = Math.abs((stop.x - x) * dy) + Math.abs((stop.y - y) * dx);
      if (here && along <= Math.max(1, aside * 0.6)) continue;
      const cost = here ? along + aside * 2 : Math.hypot(stop.x - x, stop.y - y);
      if (cost < least) { least = cost; best = stop; }
    }
    if (!best) return;
    cursor = { kind: best.kind, at: best.at };
    told(cursor);
    if (best.x < 60 || best.x > view.width - 60 || best.y < 60 || best.y > view.height - 60) {
      view.moveTo({ x: view.x + (best.x - view.width / 2) / view.scale, y: view.y + (best.y - view.height / 2) / view.scale, scale: view.scale }, true);
    }
  }

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = stops();
    if (all.length && DIRECTIONS[event.key] && !event.shiftKey) step(DIRECTIONS[event.key], all);
    else if (all.length && cursor && (event.key === 'Enter' || event.key === ' ')) pick(cursor);
    else if (event.key !== 'Escape' || !back()) return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    hovered: () => hovered,
    cursor: () => (document.activeElement === canvas ? cursor : null),
    forget() { cursor = null; point(null); },
  };
}
