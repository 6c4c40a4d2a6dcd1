// Owns the picture of the page's own drawing: drawn bit by bit where nobody looks, then shifted as the view moves.
// Leaves what is in it to canvas-scene.js, canvas-names.js and canvas-groups.js, the view to canvas-view.js.

const MARGIN = 64;         // pixels drawn beyond the edges of the view, for what a movement brings in
const REST = 90;            // milliseconds without movement after which a moved picture is drawn anew
const STROKES = 2600;       // edges drawn in one frame: they are painted after the script, unseen by its clock
const BUDGET = 7;           // milliseconds of script in one frame

/**
 * `state()` tells what is shown: {visibleNodes, visibleEdges, focus, selection, grouped, marked}; `marked` is a community
 * that stands out. `over(ctx)` draws what is pointed at over each frame.
 */
function createPicture(canvas, view, { scene, groups, state, over, done }) {
  const { edgeCount, from, to, drawn } = record;
  const ctx = canvas.getContext('2d', { alpha: false });
  // `base` holds nodes and edges of a view, `front` the same with names, or faint under what stands out.
  const layer = () => document.createElement('canvas').getContext('2d', { alpha: false });
  const base = layer();
  const front = layer();
  const dots = createDots();
  let baseView = null;
  let frontView = null;
  let job = null;
  let stale = true;
  let frame = 0;
  let wanted = false;      // a frame must be shown, not only worked for
  let ratio = 1;
  let edgesFound = null;
  let measured = false;    // the container's size is known; asking for it lays the whole page out
  new ResizeObserver(() => { measured = false; }).observe(canvas.parentElement);
  const picture = { boxes: [], groupBoxes: [] };

  const wide = () => ({ x: view.x, y: view.y, scale: view.scale, width: view.width + 2 * MARGIN, height: view.height + 2 * MARGIN, margin: MARGIN });
  const same = (a, b) => a !== null && a.x === b.x && a.y === b.y && a.scale === b.scale && a.width === b.width && a.height === b.height;

  /** Takes over the size of the container; false while there is no room to draw in. */
  picture.resize = () => {
    const { clientWidth, clientHeight } = canvas.parentElement;
    measured = true;
    ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    if (!clientWidth || !clientHeight) return false;
    if (view.width === clientWidth && view.height === clientHeight && canvas.width === Math.round(clientWidth * ratio)) return true;
    view.width = clientWidth;
    view.height = clientHeight;
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    for (const { canvas: each } of [base, front]) {
      each.width = Math.round((clientWidth + 2 * MARGIN) * ratio);
      each.height = Math.round((clientHeight + 2 * MARGIN) * ratio);
    }
    picture.forget();
    picture.change(true);
    wanted = true;
    return true;
  };

  /** A frame is wanted: the view has moved, or something else is pointed at. */
  picture.ask = () => {
    wanted = true;
    goOn();
  };

  const goOn = () => { if (!frame) frame = requestAnimationFrame(draw); };

  /** What is shown has changed; `whole` when nodes and edges have, not only what stands out. */
  picture.change = (whole) => {
    stale = true;
    job = null;
    if (whole) baseView = null;
    goOn();
  };

  /** The picture is of nothing that is shown now: better none. */
  picture.forget = () => { frontView = null; baseView = null; };

  picture.settled = () => picture.resize() && !job && !stale && same(frontView, wide());

  /** Boxes of the picture in pixels of the container, as the view is now; none while it is another size. */
  picture.onScreen = (boxes) => {
    if (!frontView || frontView.scale !== view.scale) return [];
    const dx = (frontView.x - view.x) * view.scale - MARGIN, dy = (frontView.y - view.y) * view.scale - MARGIN;
    return boxes.map((box) => ({ ...box, left: box.left + dx, right: box.right + dx, top: box.top + dy, bottom: box.bottom + dy }));
  };

  function draw(now) {
    frame = 0;
    if (!measured && !picture.resize()) { measured = false; return; }
    const moving = now - view.movedAt < REST;
    const target = wide();
    if (!job && (stale || (!same(frontView, target) && (!moving || !frontView || uncovered())))) job = begin(target);
    if (job) {
      const until = performance.now() + BUDGET;
      for (let strokes = 0; strokes < STROKES && performance.now() < until;) {
        const { done: over_, value } = job.next();
        if (over_) {
          job = null;
          wanted = true;
          break;
        }
        strokes += value;
      }
    }
    if (wanted) show();
    wanted = false;
    if (job || moving || stale || !same(frontView, wide())) goOn();
  }

  /** Whether the view shows much that the picture does not cover. */
  function uncovered() {
    const grown = view.scale / frontView.scale;
    const left = Math.abs(frontView.x - view.x) * view.scale, top = Math.abs(frontView.y - view.y) * view.scale;
    return grown < 0.7 || grown > 4 || left > MARGIN * 0.85 * grown || top > MARGIN * 0.85 * grown;
  }

  function blank(out, width, height) {
    out.setTransform(1, 0, 0, 1, 0, 0);
    out.globalAlpha = 1;
    out.setLineDash(NO_DASH);
    out.fillStyle = colour.paper;
    out.fillRect(0, 0, width, height);
  }

  /** Draws a picture step by step; each step tells how many strokes it was. */
  function* begin(target) {
    stale = false;
    const now = state();
    const { width, height } = front.canvas;
    if (now.grouped) {
      blank(front, width, height);
      front.setTransform(ratio, 0, 0, ratio, 0, 0);
      picture.groupBoxes = groups.draw(front, target, now.marked);
      picture.boxes = [];
      frontView = target;
      return;
    }
    const nodes = scene.nodesIn(target, now.visibleNodes);
    if (!same(baseView, target)) {
      baseView = null;
      blank(base, width, height);
      base.setTransform(ratio, 0, 0, ratio, 0, 0);
      const edges = scene.edgesIn(target, now.visibleEdges);
      edgesFound = edges;
      yield 0;
      yield* scene.drawEdges(base, target, edges);
      scene.drawNodes(base, target, nodes, dots);
      baseView = target;
      yield STROKES / 2;
    }
    if (now.focus) blank(front, width, height);
    front.setTransform(1, 0, 0, 1, 0, 0);
    front.globalAlpha = now.focus ? 0.13 : 1;
    front.drawImage(base.canvas, 0, 0);
    front.globalAlpha = 1;
    front.setTransform(ratio, 0, 0, ratio, 0, 0);
    picture.groupBoxes = [];
    picture.boxes = now.focus ? drawFocus(front, target, nodes, now) : writeNames(front, scene, target, { nodes, words: drawn.words });
    frontView = target;
    done(edgesFound);
  }

  /** What stands out, with its names, over the faint rest. */
  function drawFocus(out, target, nodes, { visibleEdges, focus, selection }) {
    const chosen = selection && selection.kind === 'edge' ? selection.at : -1;
    const standing = nodes.filter((node) => focus.nodes[node]);
    const marks = new Uint8Array(edgeCount);
    for (let edge = 0; edge < edgeCount; edge += 1) marks[edge] = focus.edges[edge] && visibleEdges[edge] ? 1 : 0;
    const edges = scene.edgesIn(target, marks);
    const steps = scene.drawEdges(out, target, { ...edges, tiers: [Int32Array.from([...edges.tiers[0], ...edges.tiers[1], ...edges.tiers[2]]), [], []] });
    while (!steps.next().done);
    if (chosen >= 0) {
      const { ink, width } = styleOfLine(record.line[chosen]);
      out.strokeStyle = ink;
      out.lineWidth = width + 2;
      out.beginPath();
      traceWay(out, scene.wayOf(chosen, target));
      out.stroke();
    }
    scene.drawNodes(out, target, standing);
    if (selection && selection.kind === 'node') drawRing(out, scene, target, selection.at);
    return writeNames(out, scene, target, {
      nodes: standing,
      words: drawn.words,
      must: selection ? (selection.kind === 'node' ? [selection.at] : [from[chosen], to[chosen]]) : [],
      mustEdges: chosen >= 0 ? [chosen] : [],
      someEdges: edges.found <= 60 ? [...edges.tiers[0], ...edges.tiers[1]].filter((edge) => edge !== chosen) : [],
    });
  }

  /** One frame: the picture, moved to where the view is, and what is pointed at. */
  function show() {
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    const grown = frontView ? view.scale / frontView.scale : 1;
    const { width, height } = front.canvas;
    const left = frontView ? ((frontView.x - view.x) * view.scale + view.width / 2 - (frontView.width / 2) * grown) * ratio : 0;
    const top = frontView ? ((frontView.y - view.y) * view.scale + view.height / 2 - (frontView.height / 2) * grown) * ratio : 0;
    if (!frontView || left > 0 || top > 0 || left + width * grown < canvas.width || top + height * grown < canvas.height) {
      ctx.fillStyle = colour.paper;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
    }
    if (frontView) {
      ctx.imageSmoothingEnabled = false;
      if (grown === 1) ctx.drawImage(front.canvas, Math.round(left), Math.round(top));
      else ctx.drawImage(front.canvas, left, top, width * grown, height * grown);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    over(ctx);
  }

  /** What is in sight on a canvas of its own, drawn now and whole, with `scale` pixels for a pixel. */
  picture.copy = (scale) => {
    picture.resize();
    const copy = make('canvas', { width: Math.max(1, Math.round(view.width * scale)), height: Math.max(1, Math.round(view.height * scale)) });
    const out = copy.getContext('2d');
    blank(out, copy.width, copy.height);
    out.setTransform(scale, 0, 0, scale, 0, 0);
    const now = state();
    if (now.grouped) {
      groups.draw(out, view, -1);
      return copy;
    }
    const nodes = scene.nodesIn(view, now.visibleNodes);
    if (!now.focus) {
      const steps = scene.drawEdges(out, view, scene.edgesIn(view, now.visibleEdges));
      while (!steps.next().done);
    }
    out.globalAlpha = now.focus ? 0.13 : 1;
    scene.drawNodes(out, view, nodes);
    out.globalAlpha = 1;
    if (now.focus) drawFocus(out, view, nodes, now);
    else writeNames(out, scene, view, { nodes, words: drawn.words });
    return copy;
  };

  /** All nodes, edges and names of a view on any context, none thinned out. */
  picture.write = (out, whole) => {
    const now = state();
    const nodes = scene.nodesIn(whole, now.visibleNodes);
    if (now.focus) {
      drawFocus(out, whole, nodes, now);
      return;
    }
    const all = [];
    for (let edge = 0; edge < edgeCount; edge += 1) if (now.visibleEdges[edge]) all.push(edge);
    const steps = scene.drawEdges(out, whole, { tiers: [all, [], []], drawn: all.length });
    while (!steps.next().done);
    scene.drawNodes(out, whole, nodes);
    writeNames(out, scene, whole, { nodes, words: drawn.words, most: Infinity });
  };

  return picture;
}

function drawRing(out, scene, view, node) {
  const { x, y } = scene.toScreen(node, view);
  out.strokeStyle = colour.accent;
  out.lineWidth = 2.5;
  out.setLineDash(NO_DASH);
  out.beginPath();
  out.arc(x, y, Math.max(scene.radiusOf(node, view.scale), 3) + 4, 0, 2 * Math.PI);
  out.stroke();
}
