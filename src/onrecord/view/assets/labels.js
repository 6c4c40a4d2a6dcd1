// Owns where the names of nodes and edges are written: readable at every zoom, none on top of another,
// the busiest first. Leaves nodes, edges and the view to the renderer that calls it.

const READABLE = 11.5;  // pixels of the screen
const LARGEST = 20;
const MANY = 260;  // from so many names in sight on there is no time to look ahead,
const MOST = 160;  // so many are written, and four times as many tried
const leading = new Set();
const BESIDE_BAR = [0.3, 0.7, 0.26, 0.74, 0.34, 0.66];  // the bar across a denied line stands in its middle
const byDegree = Int32Array.from({ length: record.nodeCount }, (_, node) => node).sort((a, b) => degreeOf(b) - degreeOf(a) || a - b);
const clash = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

for (const node of byDegree.subarray(0, 10)) leading.add(node);

/** From so many edges on a name is written bold. */
const busy = record.nodeCount ? Math.max(6, degreeOf(byDegree[Math.floor(record.nodeCount * 0.12)])) : 6;

/** Boxes, found by the squares of `side` that they lie in. */
function createTaken(side = 72) {
  const squares = new Map();
  const each = (box, act) => {
    for (let row = Math.floor(box.top / side); row <= Math.floor(box.bottom / side); row += 1) {
      for (let column = Math.floor(box.left / side); column <= Math.floor(box.right / side); column += 1) {
        if (act(row * 1000 + column)) return true;
      }
    }
    return false;
  };
  return {
    add(box) {
      each(box, (key) => {
        if (squares.has(key)) squares.get(key).push(box);
        else squares.set(key, [box]);
      });
    },
    clashes: (box) => each(box, (key) => (squares.get(key) || []).some((other) => other.of !== box.at && clash(box, other))),
  };
}

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

/** Whether the line from one point to another runs through a box (Liang and Barsky). */
function runsThrough(x, y, endX, endY, { left, right, top, bottom }) {
  let [enter, leave] = [0, 1];
  for (const [step, low, high] of [[endX - x, left - x, right - x], [endY - y, top - y, bottom - y]]) {
    if (step === 0) {
      if (low > 0 || high < 0) return false;
    } else {
      enter = Math.max(enter, Math.min(low / step, high / step));
      leave = Math.min(leave, Math.max(low / step, high / step));
    }
  }
  return enter < leave;
}

const signRadius = (scale) => Math.max(5.5, Math.min(6.5 / scale, 12));

/** The sign that another statement stands against a line: ≠ in a disc. */
function drawDispute(ctx, x, y, scale) {
  const radius = signRadius(scale);
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
  const signs = scene.signs || [];
  const taken = [];
  const boxes = [];
  const written = new Set();
  const inFocus = (node) => !focus || focus.nodes[node] === 1;
  const rim = 5 / scale;
  const isFar = ({ x, y }) => x < sight.left - 200 || x > sight.right + 200 || y < sight.top - 200 || y > sight.bottom + 200;
  const isCut = (box) => box.left < sight.left + rim || box.right > sight.right - rim || box.top < sight.top + rim || box.bottom > sight.bottom - rim;

  const known = new Map();
  /** A node as the renderer has it, with the lines of its name that are to be written and the places where they may stand. */
  const discOf = (node) => {
    if (known.has(node)) return known.get(node);
    const disc = scene.disc(node);
    known.set(node, disc);
    disc.words = disc.inside && disc.read ? [] : disc.inside && disc.lines.length > 2 ? [disc.lines[0], `${disc.lines[1]}…`] : disc.lines;
    disc.style = degreeOf(node) >= busy ? '600 ' : '';
    disc.places = disc.words.length && !isFar(disc) ? places(disc) : [];
    return disc;
  };

  /** Places where a name may stand, the best first; the layout keeps the first of them free. */
  function places({ x, y, halfWidth, halfHeight, inside, words, style }) {
    const half = (Math.max(...words.map((line) => widthOf(ctx, line, style))) * size) / 2;
    const height = words.length * size * look.lineHeight;
    const pad = inside ? size * 0.3 : 0;
    const boxAt = (cx, top) => ({ left: cx - half - pad, right: cx + half + pad, top: top - pad, bottom: top + height + pad });
    if (inside) return [boxAt(x, y - height / 2)];
    return [
      boxAt(x, y + halfHeight + 3), boxAt(x, y - halfHeight - 3 - height),
      boxAt(x + halfWidth + 4 + half, y - height / 2), boxAt(x - halfWidth - 4 - half, y - height / 2),
    ];
  }

  const discs = [];  // what a name must not stand on; what is faint counts for faint names only
  const faintDiscs = [];
  for (const node of byDegree) {
    if (hiddenNodes[node]) continue;
    const disc = discOf(node);
    if (isFar(disc)) continue;
    const part = disc.inside ? 1 : 0.8;
    (inFocus(node) ? discs : faintDiscs).push({ node, left: disc.x - disc.halfWidth * part, right: disc.x + disc.halfWidth * part, top: disc.y - disc.halfHeight * part, bottom: disc.y + disc.halfHeight * part });
  }
  // A name that stands elsewhere than below its node leaves free what others have below them, where that is free at all.
  const firsts = discs.length > MANY ? [] : discs.map(({ node }) => ({ node, ...discOf(node).places[0] })).filter((box) => box.left !== undefined);
  const below = firsts.filter((box) => !firsts.some((other) => other.node !== box.node && clash(box, other)) && !discs.some((other) => other.node !== box.node && clash(box, other)));

  const squares = discs.length > MANY ? createTaken(90 / scale) : null;
  if (squares) discs.forEach((disc) => squares.add({ ...disc, of: disc.node }));

  /** How many figures a name would stand on; of many only whether there is one. */
  function countUnder(node, box) {
    const isUnder = (other) => other.node !== node && clash(box, other);
    const standing = squares ? Number(squares.clashes({ ...box, at: node })) : discs.filter(isUnder).length;
    return standing + (inFocus(node) || squares ? 0 : faintDiscs.filter(isUnder).length);
  }

  /** How badly a name stands somewhere: lines of its own node through it, signs and nodes under it. Infinity: not there. */
  function cost(node, box, first, must) {
    const free = !taken.some((other) => clash(box, other)) && (first || !below.some((other) => other.node !== node && !written.has(other.node) && clash(box, other)));
    if (!free && !must) return Infinity;
    const under = countUnder(node, box);
    if (under && !must && !leading.has(node)) return Infinity;
    const { x, y } = discOf(node);
    let crossed = 0;
    for (const edge of edgesAt(node).subarray(0, 24)) {
      if (hiddenEdges[edge]) continue;
      const end = discOf(record.from[edge] === node ? record.to[edge] : record.from[edge]);
      if (runsThrough(x, y, end.x, end.y, box)) crossed += 1;
    }
    return crossed + signs.filter((sign) => clash(box, sign)).length * 2 + under * 8 + (isCut(box) ? 30 : 0) + (free ? 0 : 100);
  }

  const writeNode = (node, { must = false, alpha = 1 } = {}) => {
    if (hiddenNodes[node] || written.has(node)) return;
    const disc = discOf(node);
    const { words: lines, style } = disc;
    const pad = disc.inside ? size * 0.3 : 0;
    let found = null;
    let least = Infinity;
    disc.places.forEach((box, at) => {
      const worth = cost(node, box, at === 0, must);
      if (worth < least) { least = worth; found = box; }
    });
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

  const told = new Set();  // what is written along a pair of nodes is written there once

  const writeEdge = (edge, must) => {
    if (hiddenEdges[edge] || record.line[edge] === LINK) return;
    const text = propertyOf(edge);
    const [from, to] = endsOf(edge);
    const key = `${Math.min(from, to)} ${Math.max(from, to)} ${text}`;
    if (!text || told.has(key)) return;
    const half = (widthOf(ctx, text, 'italic ') * size * 0.94) / 2;
    const tall = size * 0.6;
    const others = [...taken, ...discs];
    let best = null;
    for (const rise of [0, -2.1, 2.1]) {
      for (const share of lineNames[record.line[edge]] === 'denied' ? BESIDE_BAR : [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73]) {
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
    told.add(key);
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
  let tried = 0;
  for (const node of byDegree) {
    if (squares && (boxes.length >= MOST || tried >= MOST * 4)) break;
    if (hiddenNodes[node] || !discOf(node).places.length) continue;
    tried += 1;
    writeNode(node, { alpha: inFocus(node) ? 1 : 0.22 });
  }
  return boxes;
}
