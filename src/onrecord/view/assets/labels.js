// Owns where the names of nodes and edges are written: readable at every zoom, none on top of another,
// the busiest first. Leaves nodes, edges and the view to the renderer that calls it.

const READABLE = 11.5;  // pixels of the screen
const LARGEST = 20;
const byDegree = Int32Array.from({ length: record.nodeCount }, (_, node) => node).sort((a, b) => degreeOf(b) - degreeOf(a) || a - b);
const clash = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** From so many edges on a name is written bold. */
const busy = record.nodeCount ? Math.max(6, degreeOf(byDegree[Math.floor(record.nodeCount * 0.12)])) : 6;

const widths = new Map();
function widthOf(ctx, line, style) {
  const key = style + line;
  if (!widths.has(key)) {
    ctx.font = `${style}100px ${colour.family}`;
    widths.set(key, ctx.measureText(line).width / 100);
  }
  return widths.get(key);
}

function writeLines(ctx, lines, box, { size, style, ink, alpha = 1, halo = true }) {
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.font = `${style}${size}px ${colour.family}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineJoin = 'round';
  ctx.lineWidth = size * 0.34;
  ctx.strokeStyle = colour.paper;
  ctx.fillStyle = ink;
  const x = (box.left + box.right) / 2;
  const step = size * look.lineHeight;
  const from = (box.top + box.bottom - step * lines.length) / 2;
  if (halo) lines.forEach((line, at) => ctx.strokeText(line, x, from + step * (at + 0.5)));
  lines.forEach((line, at) => ctx.fillText(line, x, from + step * (at + 0.5)));
  ctx.restore();
}

/** The sign that another statement stands against a line: ≠ in a disc. */
function drawDispute(ctx, x, y, scale) {
  const radius = Math.max(5.5, Math.min(6.5 / scale, 12));
  ctx.save();
  ctx.lineWidth = radius * 0.22;
  ctx.fillStyle = colour.paper;
  ctx.strokeStyle = colour.ink;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
  ctx.beginPath();
  for (const rise of [-0.22, 0.22]) {
    ctx.moveTo(x - radius * 0.55, y + rise * radius);
    ctx.lineTo(x + radius * 0.55, y + rise * radius);
  }
  ctx.moveTo(x + radius * 0.3, y - radius * 0.6);
  ctx.lineTo(x - radius * 0.3, y + radius * 0.6);
  ctx.stroke();
  ctx.restore();
}

/**
 * Writes the names of one frame, in units of the layout, and returns the boxes they took.
 * `scene` is what the renderer knows: scale, sight (a box), showing, hovered (Item | null), few (write every edge's
 * name), and for a node `disc(node)` -> {x, y, halfWidth, halfHeight, lines, inside, read} (`inside`: its words stand in
 * the node, `read`: they are large enough to be read there), for an edge `along(edge, share)` -> {x, y} and `edgeInk(edge)`.
 */
function writeLabels(ctx, scene) {
  const { scale, sight, showing } = scene;
  const { focus, selection, hiddenNodes, hiddenEdges } = showing;
  const size = Math.min(Math.max(look.labelSize, READABLE / scale), LARGEST / scale);
  const taken = [];
  const boxes = [];
  const written = new Set();
  const inFocus = (node) => !focus || focus.nodes[node] === 1;
  const discs = [];
  for (const node of byDegree) {
    if (hiddenNodes[node] || !inFocus(node)) continue;
    const disc = scene.disc(node);
    if (disc.x < sight.left - 200 || disc.x > sight.right + 200 || disc.y < sight.top - 200 || disc.y > sight.bottom + 200) continue;
    const part = disc.inside ? 1 : 0.8;
    discs.push({ node, left: disc.x - disc.halfWidth * part, right: disc.x + disc.halfWidth * part, top: disc.y - disc.halfHeight * part, bottom: disc.y + disc.halfHeight * part });
  }

  /** Places where a name may stand, the best first. */
  function* spots(disc, half, height, pad) {
    const { x, y, halfWidth, halfHeight } = disc;
    const boxAt = (cx, top) => ({ left: cx - half - pad, right: cx + half + pad, top: top - pad, bottom: top + height + pad });
    if (disc.inside) {
      yield boxAt(x, y - height / 2);
      return;
    }
    yield boxAt(x, y + halfHeight + 3);
    yield boxAt(x, y - halfHeight - 3 - height);
    yield boxAt(x + halfWidth + 4 + half, y - height / 2);
    yield boxAt(x - halfWidth - 4 - half, y - height / 2);
  }

  const writeNode = (node, { must = false, alpha = 1 } = {}) => {
    if (hiddenNodes[node] || written.has(node)) return;
    const disc = scene.disc(node);
    const lines = disc.inside && disc.read ? [] : disc.inside && disc.lines.length > 2 ? [disc.lines[0], `${disc.lines[1]}…`] : disc.lines;
    if (!lines.length) return;
    if (disc.x < sight.left - 200 || disc.x > sight.right + 200 || disc.y < sight.top - 200 || disc.y > sight.bottom + 200) return;
    const style = degreeOf(node) >= busy ? '600 ' : '';
    const half = (Math.max(...lines.map((line) => widthOf(ctx, line, style))) * size) / 2;
    const pad = disc.inside ? size * 0.3 : 0;
    const isCut = (box) => box.left < sight.left || box.right > sight.right || box.top < sight.top || box.bottom > sight.bottom;
    const isFree = (box) => !taken.some((other) => clash(box, other)) && !discs.some((other) => other.node !== node && clash(box, other));
    const choices = [...spots(disc, half, lines.length * size * look.lineHeight, pad)];
    const found = choices.find((box) => !isCut(box) && isFree(box)) || choices.find(isFree) || (must && (choices.find((box) => !isCut(box)) || choices[0]));
    if (!found) return;
    const box = { ...found, at: node };
    taken.push(box);
    boxes.push(box);
    written.add(node);
    if (disc.inside) {
      ctx.save();
      ctx.globalAlpha = alpha;
      ctx.fillStyle = disc.fill;
      ctx.strokeStyle = disc.border;
      ctx.lineWidth = 1 / scale;
      ctx.beginPath();
      ctx.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, pad);
      ctx.fill();
      ctx.stroke();
      ctx.restore();
    }
    writeLines(ctx, lines, box, { size, style, ink: colour.ink, alpha, halo: !disc.inside });
  };

  const writeEdge = (edge, must) => {
    if (hiddenEdges[edge] || record.line[edge] === LINK) return;
    const text = propertyOf(edge);
    if (!text) return;
    const half = (widthOf(ctx, text, 'italic ') * size * 0.94) / 2;
    const tall = size * 0.6;
    const others = [...taken, ...discs];
    let best = null;
    for (const rise of [0, -2.1, 2.1]) {
      for (const share of [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73]) {
        const { x, y } = scene.along(edge, share);
        const box = { left: x - half, right: x + half, top: y + (rise - 1) * tall, bottom: y + (rise + 1) * tall };
        const clashes = others.filter((other) => clash(box, other)).length;
        if (!best || clashes < best.clashes) best = { box, clashes };
        if (!clashes) break;
      }
      if (!best.clashes || !must) break;
    }
    if (best.clashes && !must) return;
    taken.push(best.box);
    writeLines(ctx, [text], best.box, { size: size * 0.94, style: 'italic ', ink: scene.edgeInk(edge) });
  };

  const chosen = selection && selection.kind === 'edge' ? selection.at : -1;
  if (selection && selection.kind === 'node') writeNode(selection.at, { must: true });
  if (chosen >= 0) [record.from[chosen], record.to[chosen]].forEach((node) => writeNode(node, { must: true }));
  if (focus) byDegree.forEach((node) => focus.nodes[node] && writeNode(node));
  if (chosen >= 0) writeEdge(chosen, true);
  if (scene.hovered && scene.hovered.kind === 'edge') writeEdge(scene.hovered.at, true);
  if (scene.hovered && scene.hovered.kind === 'node') writeNode(scene.hovered.at, { must: true });
  if (selection && selection.kind === 'node') edgesAt(selection.at).forEach((edge) => writeEdge(edge, false));
  if (!focus && scene.few) statementEdges.forEach((edge) => writeEdge(edge, false));
  byDegree.forEach((node) => writeNode(node, { alpha: inFocus(node) ? 1 : 0.22 }));
  return boxes;
}
