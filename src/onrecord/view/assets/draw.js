// Owns the drawn network: vis-network with fixed positions, labels that never cover each other, fading
// and hiding. Leaves what is selected or filtered to main.js and filters.js, which call paint().

const FEW_EDGES = 14;
const container = byId('canvas');
const rawNodes = new Map(given.nodes.map((node) => [node.id, node]));
const rawEdges = new Map(given.edges.map((edge) => [edge.id, edge]));
const words = new Map();      // node id -> its label's lines, drawn here and not by vis-network
const boxed = new Map();      // the same for nodes with their words inside, where the box is too small to read
const hiddenNodes = new Set();
const hiddenEdges = new Set();
let focus = null;             // {nodes: Set, edges: Set} that stand out, or null
let hoveredEdge = null;
let touched = false;          // the reader has zoomed or moved the view
let labelBoxes = [];

const INSIDE = new Set(['box', 'ellipse', 'circle', 'database', 'text']);
const shapeOf = (raw) => raw.shape || (look.shapes[raw.group] || {}).vis || 'dot';

function visNode(raw) {
  const node = { ...raw, color: nodeColour(raw) };
  const lines = String(raw.label || '').split('\n').filter(Boolean);
  if (!INSIDE.has(shapeOf(raw))) {
    words.set(raw.id, lines);
    node.label = undefined;
  } else {
    boxed.set(raw.id, lines.length > 2 ? [lines[0], `${lines[1]}…`] : lines);
    node.font = { ...(raw.font || {}), color: colour.ink, face: colour.family };
  }
  return node;
}

function visEdge(raw) {
  const edge = edges.get(raw.id);
  const title = raw.title === undefined && edge.statement
    ? `${nameOf(edge.from)} — ${raw.label} — ${nameOf(edge.to)}  (${statusOf(edge)})` : raw.title;
  return { ...raw, label: undefined, title: title === undefined ? undefined : String(title), color: edgeColour(raw, 1) };
}

const nodeSet = new vis.DataSet(given.nodes.map(visNode));
const edgeSet = new vis.DataSet(given.edges.map(visEdge));
const network = new vis.Network(container, { nodes: nodeSet, edges: edgeSet }, given.options);
container.querySelector('.vis-network').setAttribute('aria-label', 'Network. The tab “Table” has the same statements for a screen reader.');
container.querySelector('.vis-network').setAttribute('role', 'application');

/** Brings colours, fading and hiding of everything up to date; only what changed is handed on. */
const painted = new Map();
function paint() {
  const changedNodes = [];
  const changedEdges = [];
  for (const [id, raw] of rawNodes) {
    const hidden = hiddenNodes.has(id) || raw.hidden === true;
    const faint = focus !== null && !focus.nodes.has(id);
    const key = `${hidden}${faint}${colour.paper}`;
    if (painted.get(id) === key) continue;
    painted.set(id, key);
    const change = { id, hidden, opacity: faint ? 0.14 : raw.opacity === undefined ? 1 : raw.opacity, color: nodeColour(raw) };
    if (INSIDE.has(shapeOf(raw))) change.font = { ...(raw.font || {}), color: faint ? 'rgba(128,128,128,.25)' : colour.ink };
    changedNodes.push(change);
  }
  for (const [id, raw] of rawEdges) {
    const hidden = hiddenEdges.has(id) || raw.hidden === true;
    const faint = focus !== null && !focus.edges.has(id);
    const key = `${hidden}${faint}${colour.paper}`;
    if (painted.get(`edge ${id}`) === key) continue;
    painted.set(`edge ${id}`, key);
    changedEdges.push({ id, hidden, color: edgeColour(raw, faint ? 0.1 : 1) });
  }
  if (changedNodes.length) nodeSet.update(changedNodes);
  if (changedEdges.length) edgeSet.update(changedEdges);
  network.redraw();
}

// ---- labels: at least READABLE pixels on the screen at any zoom, the busiest names first ----

const READABLE = 11.5;
const byDegree = [...rawNodes.keys()].sort((a, b) => edgesOf.get(b).length - edgesOf.get(a).length || (a < b ? -1 : 1));
const leading = new Set(byDegree.slice(0, 10));
const measured = new Map();

function widthOf(ctx, line, bold) {
  const key = `${bold}${line}`;
  if (!measured.has(key)) {
    ctx.font = `${bold}100px ${colour.family}`;
    measured.set(key, ctx.measureText(line).width / 100);
  }
  return measured.get(key);
}

const clash = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function writeLines(ctx, lines, box, size, bold, ink, alpha, halo = true) {
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.font = `${bold}${size}px ${colour.family}`;
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

function drawLabels(ctx) {
  const scale = network.getScale();
  const size = Math.max(look.labelSize, READABLE / scale);
  const grown = Math.min(size, 20 / scale);
  const canvas = container.getBoundingClientRect();
  const corner = network.DOMtoCanvas({ x: 0, y: 0 });
  const far = network.DOMtoCanvas({ x: canvas.width, y: canvas.height });
  const drawn = network.body.nodes;
  const discs = [];
  for (const id of byDegree) {
    if (hiddenNodes.has(id) || !drawn[id] || (focus && !focus.nodes.has(id))) continue;
    const { x, y, shape } = drawn[id];
    const w = INSIDE.has(shapeOf(rawNodes.get(id))) ? shape.width / 2 : (rawNodes.get(id).size || 12) * 0.8;
    const h = INSIDE.has(shapeOf(rawNodes.get(id))) ? shape.height / 2 : w;
    discs.push({ id, left: x - w, right: x + w, top: y - h, bottom: y + h });
  }
  const taken = [];
  labelBoxes = [];

  const tiny = scale * (look.labelSize - 1) < 7;  // from here on vis-network leaves out the words inside

  const writeNode = (id, must, alpha) => {
    const inside = !words.has(id);
    const lines = inside ? (tiny ? boxed.get(id) : null) : words.get(id);
    const node = drawn[id];
    if (!lines || !lines.length || !node || hiddenNodes.has(id)) return;
    const { x, y } = node;
    if (x < corner.x - 200 || x > far.x + 200 || y < corner.y - 200 || y > far.y + 200) return;
    const bold = edgesOf.get(id).length >= busy ? '600 ' : '';
    const half = (Math.max(...lines.map((line) => widthOf(ctx, line, bold))) * grown) / 2;
    const radius = (rawNodes.get(id).size || 12) * (rawNodes.get(id).group === 'group' ? 1.2 : 1);
    const height = lines.length * grown * look.lineHeight;
    const top = inside ? y - height / 2 : y + radius + 3;
    const pad = inside ? grown * 0.3 : 0;
    const box = { id, left: x - half - pad, right: x + half + pad, top: top - pad, bottom: top + height + pad };
    if (!must) {
      if (taken.some((other) => clash(box, other))) return;
      if (scale < 0.95 && !leading.has(id) && discs.some((disc) => disc.id !== id && clash(box, disc))) return;
    }
    taken.push(box);
    labelBoxes.push(box);
    if (inside) {
      const group = rawNodes.get(id).group;
      ctx.save();
      ctx.globalAlpha = alpha;
      ctx.fillStyle = colour[`fill ${group}`] || colour.paper;
      ctx.strokeStyle = colour[`border ${group}`] || colour.soft;
      ctx.lineWidth = 1 / scale;
      ctx.beginPath();
      ctx.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, pad);
      ctx.fill();
      ctx.stroke();
      ctx.restore();
    }
    writeLines(ctx, lines, box, grown, bold, colour.ink, alpha, !inside);
  };

  const writeEdge = (edge, must) => {
    const body = network.body.edges[edge.id];
    if (!body || hiddenEdges.has(edge.id) || !body.connected || edge.line === 'link') return;
    const text = String(rawEdges.get(edge.id).label || '');
    if (!text) return;
    const half = (widthOf(ctx, text, 'italic ') * grown * 0.94) / 2;
    const tall = grown * 0.6;
    const others = [...taken, ...discs];
    let best = null;
    for (const rise of [0, -2.1, 2.1]) {
      for (const share of [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73]) {
        const { x, y } = body.edgeType.getPoint(share);
        const box = { left: x - half, right: x + half, top: y + (rise - 1) * tall, bottom: y + (rise + 1) * tall };
        const clashes = others.filter((other) => clash(box, other)).length;
        if (!best || clashes < best.clashes) best = { box, clashes };
        if (!clashes) break;
      }
      if (!best.clashes || !must) break;
    }
    if (best.clashes && !must) return;
    const first = best.box;
    taken.push(first);
    writeLines(ctx, [text], first, grown * 0.94, 'italic ', edgeColour(rawEdges.get(edge.id), 1).color, 1);
  };

  const faded = (id) => focus !== null && !focus.nodes.has(id);
  const chosen = selection && selection.kind === 'edge' ? edges.get(selection.id) : null;
  if (selection && selection.kind === 'node') writeNode(selection.id, true, 1);
  if (chosen) [chosen.from, chosen.to].forEach((id) => writeNode(id, true, 1));
  if (focus) byDegree.filter((id) => focus.nodes.has(id)).forEach((id) => labelBoxes.some((box) => box.id === id) || writeNode(id, false, 1));
  if (chosen) writeEdge(chosen, true);
  if (hoveredEdge) writeEdge(edges.get(hoveredEdge), true);
  if (selection && selection.kind === 'node') edgesOf.get(selection.id).forEach((edge) => writeEdge(edge, false));
  if (!focus && statements.length <= FEW_EDGES) statements.forEach((edge) => writeEdge(edge, false));
  for (const id of byDegree) {
    if (!labelBoxes.some((box) => box.id === id)) writeNode(id, false, faded(id) ? 0.22 : 1);
  }
}

const busy = (() => {
  const degrees = byDegree.map((id) => edgesOf.get(id).length);
  return Math.max(6, degrees[Math.floor(degrees.length * 0.12)] || 0);
})();

network.on('afterDrawing', drawLabels);
network.on('hoverEdge', ({ edge }) => { hoveredEdge = edge; container.classList.add('hand'); network.redraw(); });
network.on('blurEdge', () => { hoveredEdge = null; container.classList.remove('hand'); network.redraw(); });
network.on('stabilized', () => { if (!touched) fit(); });
network.on('zoom', () => { touched = true; });
network.on('dragEnd', () => { touched = true; });

// ---- the view ----

const still = matchMedia('(prefers-reduced-motion: reduce)');

/** Everything that is shown, with its labels, in the middle of the page. */
function fit({ animated = false, overview = false } = {}) {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const id of rawNodes.keys()) {
    const node = network.body.nodes[id];
    if (!node || hiddenNodes.has(id)) continue;
    const lines = words.get(id) || [];
    const half = lines.length ? Math.max(30, Math.max(...lines.map((line) => line.length)) * 3.6) : (node.shape.width || 40) / 2;
    const radius = rawNodes.get(id).size || 20;
    left = Math.min(left, node.x - half);
    right = Math.max(right, node.x + half);
    top = Math.min(top, node.y - radius);
    bottom = Math.max(bottom, node.y + radius + 4 + lines.length * look.labelSize * look.lineHeight);
  }
  if (left > right) return;
  const { clientWidth, clientHeight } = container;
  // Far out, labels are larger than the layout left room for.
  const edge = (clientWidth - 28) / (right - left) < 0.5 && clientWidth > 560 ? 110 : 28;
  let scale = Math.min((clientWidth - edge) / (right - left), (clientHeight - edge / 2 - 14) / (bottom - top), 1.35);
  let position = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const smallest = clientWidth < 560 && rawNodes.size > 12 ? 0.55 : 0;
  if (scale < smallest && !overview) {
    // A narrow screen opens on the busiest node, large enough to read; "show everything" shows the rest.
    const hub = network.body.nodes[byDegree.find((id) => !hiddenNodes.has(id))];
    position = { x: hub.x, y: hub.y };
    scale = smallest;
  }
  if (scale > 0) network.moveTo({ position, scale, animation: animated && !still.matches ? { duration: 260 } : false });
}

/** Brings nodes into sight, where they are not yet. */
function bringIntoSight(ids) {
  const { clientWidth, clientHeight } = container;
  const outside = ids.some((id) => {
    const { x, y } = network.canvasToDOM(network.body.nodes[id]);
    return x < 50 || y < 40 || x > clientWidth - 50 || y > clientHeight - 60;
  });
  if (!outside) return;
  const xs = ids.map((id) => network.body.nodes[id].x);
  const ys = ids.map((id) => network.body.nodes[id].y);
  const position = { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 };
  network.moveTo({ position, scale: Math.min(Math.max(network.getScale(), 0.6), 1.5), animation: still.matches ? false : { duration: 300 } });
}

function zoomBy(factor) {
  touched = true;
  network.moveTo({ scale: Math.min(6, Math.max(0.04, network.getScale() * factor)) });
}

byId('zoom-in').addEventListener('click', () => zoomBy(1.3));
byId('zoom-out').addEventListener('click', () => zoomBy(1 / 1.3));
byId('zoom-fit').addEventListener('click', () => { touched = false; fit({ animated: true, overview: true }); });

/** Saves what is shown as a PNG with the page's background. */
byId('picture').addEventListener('click', () => {
  const drawn = container.querySelector('canvas');
  const copy = make('canvas', { width: drawn.width, height: drawn.height });
  const ctx = copy.getContext('2d');
  ctx.fillStyle = colour.paper;
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.drawImage(drawn, 0, 0);
  copy.toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    make('a', { href: address, download: 'network.png' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
});

let lastWidth = container.clientWidth;
new ResizeObserver(() => {
  // vis-network follows the container in its own time; the view is set after it.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    if (!container.clientWidth) return;
    if (!touched) fit({ animated: lastWidth > 0 });
    if (selection && lastWidth !== container.clientWidth) bringIntoSight(endsOf(selection));
    lastWidth = container.clientWidth;
  }));
}).observe(container);
