// Owns the names of the page's own drawing: the busiest nodes' first, none on top of another.
// Leaves nodes and edges to canvas-scene.js; the width of words and which boxes clash is found in labels.js.

const NAMES_AT_MOST = 130;

const namesOn = [];

/** The name of a node as it is written: its lines, their weight, and the width of the widest in heights of a letter. */
function nameOn(ctx, node, words) {
  const known = namesOn[node];
  if (known && known.family === colour.family) return known;
  const lines = words(node);
  const style = degreeOf(node) >= busy ? '600 ' : '';
  namesOn[node] = { lines, style, wide: Math.max(0, ...lines.map((line) => widthOf(ctx, line, style))), family: colour.family };
  return namesOn[node];
}

/**
 * Writes names over a view and returns their boxes, in pixels of the picture.
 * `must` are nodes and edges that are named whatever they cover, `first` nodes that come before the others.
 */
function writeNames(ctx, scene, view, { nodes, must = [], mustEdges = [], first = [], someEdges = [], words, most = NAMES_AT_MOST }) {
  const size = Math.min(15, Math.max(READABLE, look.labelSize * view.scale));
  const taken = createTaken();   // by nodes and names
  const names = createTaken();   // by names alone
  const boxes = [];
  const named = new Set();
  const discs = nodes.length <= 600;
  for (const node of nodes) {
    const r = scene.radiusOf(node, view.scale);
    if (!discs && r < 5) continue;
    const at = scene.toScreen(node, view);
    taken.add({ of: node, left: at.x - r, right: at.x + r, top: at.y - r, bottom: at.y + r });
  }

  const write = (node, forced, over = taken) => {
    if (named.has(node)) return;
    const { x, y } = scene.toScreen(node, view);
    if (x < -40 || x > view.width + 40 || y < -30 || y > view.height + 30) return;
    const { lines, style, wide } = nameOn(ctx, node, words);
    if (!lines.length) return;
    const half = (wide * size) / 2;
    const height = lines.length * size * look.lineHeight;
    const r = scene.radiusOf(node, view.scale);
    const spots = [[x, y + r + 2], [x, y - r - 2 - height], [x + r + 4 + half, y - height / 2], [x - r - 4 - half, y - height / 2]];
    let box = null;
    for (const [middle, top] of spots) {
      const tried = { at: node, left: middle - half, right: middle + half, top, bottom: top + height };
      if (!over.clashes(tried)) { box = tried; break; }
      if (forced && !box) box = tried;
      if (boxes.length > 30) break;
    }
    if (!box) return;
    taken.add({ ...box, of: undefined });
    names.add({ ...box, of: undefined });
    boxes.push(box);
    named.add(node);
    writeLines(ctx, lines, box, { size, style, ink: colour.ink });
  };

  const writeEdge = (edge, forced) => {
    const text = propertyOf(edge);
    if (!text) return;
    const half = (widthOf(ctx, text, 'italic ') * size * 0.94) / 2;
    const tall = size * 0.6;
    const way = scene.wayOf(edge, view);
    if (!forced && !way.loop && Math.hypot(way.bx - way.ax, way.by - way.ay) < half * 3) return;
    let best = null;
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const { x, y } = alongWay(way, share);
      const box = { left: x - half, right: x + half, top: y - tall, bottom: y + tall };
      if (!taken.clashes(box)) { best = box; break; }
      if (forced && !best) best = box;
    }
    if (!best) return;
    taken.add(best);
    writeLines(ctx, [text], best, { size: size * 0.94, style: 'italic ', ink: scene.inkOf(edge) });
  };

  must.forEach((node) => write(node, true));
  mustEdges.forEach((edge) => writeEdge(edge, true));
  first.forEach((node) => boxes.length < most && write(node, false));
  someEdges.forEach((edge) => writeEdge(edge, false));
  let tried = 0;
  const inSight = new Uint8Array(record.nodeCount);
  for (const node of nodes) inSight[node] = 1;
  // The busiest in sight are named whatever stands round them, though not over another name.
  byDegree.filter((node) => inSight[node]).subarray(0, nodes.length > 40 ? 10 : 0).forEach((node) => write(node, false, names));
  for (const node of byDegree) {
    if (boxes.length >= most || tried >= most * 8) break;
    if (!inSight[node]) continue;
    tried += 1;
    write(node, false);
  }
  return boxes;
}
