// Owns where the reader looks in the page's own drawing: the middle, the scale, and the movements between two views.
// Leaves drawing to canvas-picture.js.

/** `moving()` is called on every change, `moved()` when it was the reader's own, `rested()` at the end of any other. */
function createView({ moving, moved, rested }) {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const limit = (scale) => Math.min(6, Math.max(0.005, scale));
  let turn = 0;
  const view = { x: 0, y: 0, scale: 1, width: 0, height: 0, movedAt: 0 };

  function set(next) {
    Object.assign(view, next);
    view.movedAt = performance.now();
    moving();
  }

  view.moveTo = (next, animated) => {
    turn += 1;
    const mine = turn;
    const start = { x: view.x, y: view.y, scale: view.scale };
    const since = performance.now();
    const wanted = { ...next, scale: limit(next.scale) };
    if (!animated || still.matches || !view.width) {
      set(wanted);
      view.movedAt = 0;
      rested();
      return;
    }
    const step = () => {
      if (mine !== turn) return;
      const share = Math.min(1, (performance.now() - since) / 240);
      const eased = share * (2 - share);
      const scale = start.scale * (wanted.scale / start.scale) ** eased;
      set(share === 1 ? wanted : { x: start.x + (wanted.x - start.x) * eased, y: start.y + (wanted.y - start.y) * eased, scale });
      if (share < 1) requestAnimationFrame(step);
      else rested();
    };
    step();
  };

  view.panBy = (dx, dy) => {
    turn += 1;
    set({ x: view.x + dx / view.scale, y: view.y + dy / view.scale });
    moved();
  };

  /** Nearer or farther, the point (px, py) of the screen staying where it is. */
  view.zoomAt = (factor, px = view.width / 2, py = view.height / 2) => {
    turn += 1;
    const scale = limit(view.scale * factor);
    set({ x: view.x + (px - view.width / 2) * (1 / view.scale - 1 / scale), y: view.y + (py - view.height / 2) * (1 / view.scale - 1 / scale), scale });
    moved();
  };

  /** The view that shows a box of the layout with `edge` pixels round it, no nearer than `nearest`. */
  view.over = ({ left, right, top, bottom }, { edge = 28, below = 17, nearest = 1.35 } = {}) => ({
    x: (left + right) / 2, y: (top + bottom) / 2 + below / 2,
    scale: Math.min((view.width - 2 * edge) / Math.max(1, right - left), (view.height - 2 * edge - 2 * below) / Math.max(1, bottom - top), nearest),
  });

  return view;
}
