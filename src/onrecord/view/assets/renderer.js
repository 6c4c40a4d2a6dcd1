// Owns the interface between the page and what draws its network, and which of the two drawings it takes.
// Leaves drawing to the renderers above and what is shown to main.js, which knows nothing else of them.

/**
 * What is picked or pointed at: a node or an edge by its number in the record.
 * @typedef {{kind: 'node' | 'edge', at: number}} Item
 */

/**
 * What is shown. One byte a node or edge, 1 = so; the arrays stay the same, their contents change.
 * `focus` marks what stands out (1) while all else is faint; null means that nothing is faint.
 * @typedef {Object} Showing
 * @property {Uint8Array} hiddenNodes
 * @property {Uint8Array} hiddenEdges
 * @property {{nodes: Uint8Array, edges: Uint8Array} | null} focus
 * @property {Item | null} selection   drawn with a ring or a heavier line
 */

/**
 * What a renderer calls: `picked` on a click (null: on nothing), `hovered` when the pointer comes to
 * something else, `moved` after the reader has panned or zoomed or the view has come to rest elsewhere, `opened` after
 * the reader has opened another part.
 * @typedef {{picked: (item: Item | null) => void, hovered: (item: Item | null) => void, moved: () => void, opened: () => void}} Hooks
 */

/**
 * @typedef {Object} Renderer
 * @property {(showing: Showing) => void} paint  takes over what is shown and draws it in the next frame
 * @property {(opts?: {animated?: boolean, overview?: boolean, nodes?: number[]}) => void} fit
 *     brings all that is shown (or `nodes`) into the middle; on a narrow screen `overview` keeps it from opening on the busiest node
 * @property {(nodes: number[], opts?: {close?: boolean}) => void} bringIntoSight
 *     moves only as far as needed; `close`: near enough to read the labels
 * @property {(factor: number) => void} zoomBy
 * @property {(dx: number, dy: number) => void} panBy   in pixels of the screen
 * @property {(opts?: {scale?: number}) => HTMLCanvasElement} picture  what is in sight, on the page's background, drawn now
 * @property {() => string} svg                        everything that is shown, as a standalone SVG
 * @property {() => {at: number, left: number, right: number, top: number, bottom: number}[]} labels
 *     the node labels drawn in the last frame, in pixels of the container
 * @property {() => {x: Float64Array, y: Float64Array}} positions   centres of the nodes in units of the layout
 * @property {(positions: {x: ArrayLike<number>, y: ArrayLike<number>}) => void} place  puts nodes elsewhere and fits
 * @property {(item: Item) => {x: number, y: number}} point  where an item is, in pixels of the container (an edge: on its line)
 * @property {() => string} part        what of a big graph is open: '' as it begins, 'everything', or the IRI of the
 *     busiest node of the community whose members are shown
 * @property {(part: string) => void} setPart   opens it; what it does not know is as it begins
 * @property {() => {seen: number, shown: number, share: number}} sight  how many of the nodes (or communities) that are
 *     shown are in view, and how much of the view they take, across or down, whichever is more
 * @property {() => void} retheme       reads the colours anew
 * @property {() => number} scale       pixels of the screen for one unit of the layout
 * @property {(container?: HTMLElement) => void} [destroy]
 */

/** @returns {Renderer} */
function createRenderer(container, hooks) {
  if (given.renderer === 'canvas') return createCanvasRenderer(container, given, hooks);
  return createVisRenderer(container, given, hooks);
}

/** What `sight` tells, of centres on a screen of that size. */
function sightOf(points, width, height) {
  let seen = 0, left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const { x, y } of points) {
    if (x > 0 && y > 0 && x < width && y < height) seen += 1;
    left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
  }
  return { seen, shown: points.length, share: points.length ? Math.max((right - left) / width, (bottom - top) / height) : 0 };
}
