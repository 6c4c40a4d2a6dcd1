// Owns the network that vis-network draws: positions given, nodes and edges from pyvis, fading and hiding.
// Leaves names to labels.js and what is shown to main.js; the interface is in renderer.js.

/** @returns {Renderer} */
function createVisRenderer(container, { nodes: rawNodes, edges: rawEdges, options }, hooks) {
  const BOXED = new Set(['box', 'ellipse', 'circle', 'database', 'text']);
  const FEW_EDGES = 14;
  const READ_FROM = 7;  // pixels; below, vis-network leaves out the words inside a box
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const formOf = (raw) => raw.shape || (look.shapes[raw.group] || {}).vis || 'dot';
  const isBoxed = (raw) => BOXED.has(formOf(raw));
  const ids = rawNodes.map((raw) => raw.id);
  const lines = rawNodes.map((raw) => String(raw.label || '').split('\n').filter(Boolean));
  /** @type {Showing} */
  let showing = { hiddenNodes: new Uint8Array(ids.length), hiddenEdges: new Uint8Array(rawEdges.length), focus: null, selection: null };
  let hovered = null;
  let touched = false;  // the reader has zoomed or moved the view
  let boxes = [];

  const inkOf = (raw, faint) => ({ ...(raw.font || {}), face: colour.family, color: faint ? 'rgba(128,128,128,.25)' : colour.ink });

  function visNode(raw) {
    return isBoxed(raw) ? { ...raw, color: nodeColour(raw), font: inkOf(raw, false) } : { ...raw, color: nodeColour(raw), label: undefined };
  }

  function visEdge(raw, at) {
    const title = raw.title === undefined && record.statement(at) ? `${sentenceOf(at)}  (${statusOf(at)})` : raw.title;
    const width = backed[at] ? (raw.width || 1) + 1.4 : raw.width;
    return { ...raw, width, label: undefined, title: title === undefined ? undefined : String(title), color: edgeColour(raw, 1) };
  }

  const nodeSet = new vis.DataSet(rawNodes.map(visNode));
  const edgeSet = new vis.DataSet(rawEdges.map(visEdge));
  const network = new vis.Network(container, { nodes: nodeSet, edges: edgeSet }, { ...options, interaction: { ...options.interaction, keyboard: false } });
  container.firstElementChild.tabIndex = -1;  // the container takes the keys
  const bodyOf = (node) => network.body.nodes[ids[node]];
  const lineOf = (edge) => network.body.edges[rawEdges[edge].id];

  // ---- painting: only what changed is handed on ----

  const paintedNodes = new Array(ids.length);
  const paintedEdges = new Array(rawEdges.length);

  function paint(next) {
    showing = next;
    const { focus, selection } = showing;
    const changedNodes = [];
    const changedEdges = [];
    rawNodes.forEach((raw, at) => {
      const hidden = showing.hiddenNodes[at] === 1 || raw.hidden === true;
      const faint = focus !== null && focus.nodes[at] !== 1;
      const key = `${hidden}${faint}${colour.paper}`;
      if (paintedNodes[at] === key) return;
      paintedNodes[at] = key;
      const change = { id: raw.id, hidden, opacity: faint ? 0.14 : raw.opacity === undefined ? 1 : raw.opacity, color: nodeColour(raw) };
      if (isBoxed(raw)) change.font = inkOf(raw, faint);
      changedNodes.push(change);
    });
    rawEdges.forEach((raw, at) => {
      const hidden = showing.hiddenEdges[at] === 1 || raw.hidden === true;
      const faint = focus !== null && focus.edges[at] !== 1;
      const key = `${hidden}${faint}${colour.paper}`;
      if (paintedEdges[at] === key) return;
      paintedEdges[at] = key;
      changedEdges.push({ id: raw.id, hidden, color: edgeColour(raw, faint ? 0.1 : 1) });
    });
    if (changedNodes.length) nodeSet.update(changedNodes);
    if (changedEdges.length) edgeSet.update(changedEdges);
    const on = (kind, list) => (selection && selection.kind === kind ? [list[selection.at].id] : []);
    network.setSelection({ nodes: on('node', rawNodes), edges: on('edge', rawEdges) }, { highlightEdges: false });
    network.redraw();
  }

  // ---- names ----

  function discOf(node) {
    const raw = rawNodes[node];
    const { x, y, shape } = bodyOf(node);
    const inside = isBoxed(raw);
    const radius = (raw.size || 12) * (raw.group === 'group' ? 1.2 : 1);
    return {
      x, y, inside, lines: lines[node],
      halfWidth: inside ? shape.width / 2 : radius,
      halfHeight: inside ? shape.height / 2 : radius,
      read: network.getScale() * (look.labelSize - 1) >= READ_FROM,
      fill: colour[`fill ${raw.group}`] || colour.paper,
      border: colour[`border ${raw.group}`] || colour.soft,
    };
  }

  /** Bars where the words stand, in a box that is too small on the screen to read. */
  function hintWords(ctx, node) {
    const { x, y, halfHeight, border } = discOf(node);
    const size = look.labelSize - 1;
    ctx.save();
    ctx.globalAlpha = showing.focus && !showing.focus.nodes[node] ? 0.12 : 0.55;
    ctx.fillStyle = border;
    lines[node].forEach((line, at) => {
      const width = widthOf(ctx, line, '') * size;
      const top = y - halfHeight + 8 + (at + 0.28) * size * look.lineHeight;
      ctx.fillRect(x - width / 2, top, width, size * 0.42);
    });
    ctx.restore();
  }

  function writeOn(ctx, sight) {
    const scale = network.getScale();
    const along = (edge, share) => lineOf(edge).edgeType.getPoint(share);
    const signs = [];
    const signed = new Set();  // one sign for a pair of nodes, however many lines it has
    for (const edge of statementEdges) {
      const [from, to] = endsOf(edge);
      const pair = Math.min(from, to) * record.nodeCount + Math.max(from, to);
      if (!disputed[edge] || signed.has(pair) || showing.hiddenEdges[edge] || (showing.focus && !showing.focus.edges[edge])) continue;
      signed.add(pair);
      const { x, y } = along(edge, 0.6);
      const radius = signRadius(scale);
      drawDispute(ctx, x, y, scale);
      signs.push({ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius });
    }
    const found = writeLabels(ctx, {
      scale, sight, showing, hovered, along, signs,
      few: statementEdges.length <= FEW_EDGES,
      disc: discOf,
      edgeInk: (edge) => edgeColour(rawEdges[edge], 1).color,
    });
    if (scale * (look.labelSize - 1) < READ_FROM) {
      const named = new Set(found.map((box) => box.at));
      rawNodes.forEach((raw, node) => { if (isBoxed(raw) && !named.has(node) && !showing.hiddenNodes[node]) hintWords(ctx, node); });
    }
    return found;
  }

  network.on('afterDrawing', (ctx) => {
    const corner = network.DOMtoCanvas({ x: 0, y: 0 });
    const far = network.DOMtoCanvas({ x: container.clientWidth, y: container.clientHeight });
    boxes = writeOn(ctx, { left: corner.x, top: corner.y, right: far.x, bottom: far.y });
  });

  // ---- the view ----

  function moveTo(position, scale, animated) {
    network.moveTo({ position, scale, animation: animated && !still.matches ? { duration: 260 } : false });
  }

  /** The box round nodes with their names; null when none is shown. */
  function extent(nodes) {
    let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
    for (const node of nodes || ids.keys()) {
      if (showing.hiddenNodes[node] || !bodyOf(node)) continue;
      const { x, y, inside, halfWidth, halfHeight, lines: own } = discOf(node);
      const half = inside || !own.length ? halfWidth : Math.max(30, Math.max(...own.map((line) => line.length)) * 3.6);
      left = Math.min(left, x - half);
      right = Math.max(right, x + half);
      top = Math.min(top, y - halfHeight);
      bottom = Math.max(bottom, y + halfHeight + (inside ? 0 : 4 + own.length * look.labelSize * look.lineHeight));
    }
    return left > right ? null : { left, right, top, bottom };
  }

  function fit({ animated = false, overview = false, nodes = null } = {}) {
    const found = extent(nodes);
    if (!found) return;
    const { left, right, top, bottom } = found;
    if (overview) touched = false;
    const { clientWidth, clientHeight } = container;
    // Far out, labels are larger than the layout left room for.
    const edge = (clientWidth - 28) / (right - left) < 0.5 && clientWidth > 560 ? 150 : 28;
    let scale = Math.min((clientWidth - edge) / (right - left), (clientHeight - edge / 2 - 14) / (bottom - top), ids.length > 12 ? 1.35 : 1.8);
    let position = { x: (left + right) / 2, y: (top + bottom) / 2 };
    const smallest = clientWidth < 560 && ids.length > 12 && !nodes ? 0.55 : 0;
    if (scale < smallest && !overview) {
      // A narrow screen opens on the busiest node, large enough to read; "show everything" shows the rest.
      const hub = bodyOf(byDegree.find((node) => !showing.hiddenNodes[node]));
      position = { x: hub.x, y: hub.y };
      scale = smallest;
    }
    if (scale > 0) moveTo(position, scale, animated);
  }

  function bringIntoSight(nodes, { close = false } = {}) {
    const { clientWidth, clientHeight } = container;
    const found = nodes.filter((node) => bodyOf(node) && !showing.hiddenNodes[node]).map(bodyOf);
    if (!found.length || !clientWidth) return;
    touched = true;
    const outside = found.some((node) => {
      const { x, y } = network.canvasToDOM(node);
      return x < 50 || y < 40 || x > clientWidth - 50 || y > clientHeight - 60;
    });
    const scale = network.getScale();
    const xs = found.map(({ x }) => x);
    const ys = found.map(({ y }) => y);
    const room = Math.min((clientWidth - 120) / Math.max(1, Math.max(...xs) - Math.min(...xs)), (clientHeight - 120) / Math.max(1, Math.max(...ys) - Math.min(...ys)));
    const wanted = Math.min(Math.max(scale, close ? 0.9 : 0.6), Math.max(room, 0.2), 1.5);
    if (!outside && !(close && wanted > scale * 1.05)) return;
    moveTo({ x: (Math.min(...xs) + Math.max(...xs)) / 2, y: (Math.min(...ys) + Math.max(...ys)) / 2 }, wanted, true);
  }

  function picture() {
    network.body.emitter.emit('_redraw');  // now, not in the next frame
    const drawn = container.querySelector('canvas');
    const copy = make('canvas', { width: drawn.width, height: drawn.height });
    const ctx = copy.getContext('2d');
    ctx.fillStyle = colour.paper;
    ctx.fillRect(0, 0, copy.width, copy.height);
    if (drawn.width && drawn.height) ctx.drawImage(drawn, 0, 0);
    return copy;
  }

  // ---- pointer ----

  const onScreen = (box) => {
    const start = network.canvasToDOM({ x: box.left, y: box.top });
    const end = network.canvasToDOM({ x: box.right, y: box.bottom });
    return { at: box.at, left: start.x, top: start.y, right: end.x, bottom: end.y };
  };

  function hitBy({ DOM, canvas }, nodes, edges) {
    if (nodes.length) return { kind: 'node', at: record.nodeAt(String(nodes[0])) };
    const label = boxes.find((box) => canvas.x > box.left && canvas.x < box.right && canvas.y > box.top && canvas.y < box.bottom && !(showing.focus && !showing.focus.nodes[box.at]));
    if (label) return { kind: 'node', at: label.at };
    const id = edges.length ? edges[0] : network.getEdgeAt(DOM);
    return id === undefined ? null : { kind: 'edge', at: record.edgeAt(id) };
  }

  function hover(item) {
    hovered = item;
    container.classList.toggle('hand', item !== null);
    hooks.hovered(item);
    network.redraw();
  }

  const moved = () => {
    touched = true;
    hooks.moved();
  };
  network.on('click', ({ nodes, edges, pointer }) => hooks.picked(hitBy(pointer, nodes, edges)));
  network.on('hoverEdge', ({ edge }) => hover({ kind: 'edge', at: record.edgeAt(edge) }));
  network.on('hoverNode', ({ node }) => hover({ kind: 'node', at: record.nodeAt(String(node)) }));
  network.on('blurEdge', () => hover(null));
  network.on('blurNode', () => hover(null));
  network.on('stabilized', () => { if (!touched) fit(); });
  network.on('zoom', moved);
  network.on('dragEnd', moved);
  network.on('animationFinished', hooks.moved);
  network.once('afterDrawing', () => fit());

  let lastWidth = container.clientWidth;
  new ResizeObserver(() => {
    // vis-network follows the container in its own time; the view is set after it.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!container.clientWidth) return;
      if (!touched) fit({ animated: lastWidth > 0 });
      lastWidth = container.clientWidth;
    }));
  }).observe(container);

  return {
    paint, fit, bringIntoSight, picture,
    zoomBy(factor) {
      moved();
      network.moveTo({ scale: Math.min(6, Math.max(0.04, network.getScale() * factor)) });
    },
    panBy(dx, dy) {
      moved();
      const scale = network.getScale();
      const { x, y } = network.getViewPosition();
      network.moveTo({ position: { x: x + dx / scale, y: y + dy / scale } });
    },
    svg() {
      const found = extent(null) || { left: 0, right: 1, top: 0, bottom: 1 };
      const sight = { left: found.left - 60, right: found.right + 60, top: found.top - 40, bottom: found.bottom + 60 };
      return writeSvg(sight, (ctx) => {
        const drawn = (hidden, list) => list.filter((_, at) => !hidden[at]);
        for (const raw of drawn(showing.hiddenEdges, rawEdges)) network.body.edges[raw.id].draw(ctx);
        for (const raw of drawn(showing.hiddenEdges, rawEdges)) network.body.edges[raw.id].drawArrows(ctx);
        for (const raw of drawn(showing.hiddenNodes, rawNodes)) network.body.nodes[raw.id].draw(ctx);
        writeOn(ctx, sight);
      });
    },
    labels: () => boxes.map(onScreen),
    positions: () => ({ x: Float64Array.from(ids, (_, node) => bodyOf(node).x), y: Float64Array.from(ids, (_, node) => bodyOf(node).y) }),
    place({ x, y }) {
      nodeSet.update(rawNodes.map((raw, node) => ({ id: raw.id, x: x[node], y: y[node] })));
      touched = false;
      fit({ animated: true });
    },
    point(item) {
      const at = item.kind === 'node' ? network.getPosition(ids[item.at]) : lineOf(item.at).edgeType.getPoint(0.35);
      return network.canvasToDOM(at);
    },
    retheme() {
      widths.clear();
      paint(showing);
    },
    scale: () => network.getScale(),
    part: () => '',
    setPart() {},
    sight: () => sightOf([...ids.keys()].filter((node) => !showing.hiddenNodes[node]).map((node) => network.canvasToDOM(bodyOf(node))), container.clientWidth, container.clientHeight),
    network,
  };
}
