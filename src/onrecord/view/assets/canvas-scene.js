// Owns the scene of the page's own drawing: which nodes and edges of a big graph are drawn for a view, in which detail.
// Leaves the view, layers and pointer to canvas.js, names to canvas-names.js, single figures to canvas-figures.js.

const DETAIL = 2500;      // up to so many edges in sight, each has its dashes, head and bow
const THINNED = 2400;     // of more edges than this a part is drawn: the same picture to the eye
const ROOM = { width: 104, height: 48 };   // of a node with its name
const DOTTED = 600;       // from so many nodes in the picture on the smallest are written as pixels
const PASSING = 500;      // edges that only pass through, none of whose ends is in sight

/**
 * A drawn graph: positions and what is shown of them, all in typed arrays by number.
 * `view` is {x, y, scale, width, height}: the middle in units of the layout, pixels for a unit, pixels of the picture.
 */
function createScene({ x: homeX, y: homeY, size, bend, ownNode, ownEdge }) {
  const { nodeCount, edgeCount, from, to, shape, line } = record;
  const x = homeX.slice(), y = homeY.slice();  // where nodes are now: a community alone is arranged anew
  const byShape = Int32Array.from({ length: nodeCount }, (_, node) => node).sort((a, b) => shape[a] - shape[b] || a - b);
  const ownNodes = new Map();
  const ownEdges = new Map();
  for (let node = 0; node < nodeCount; node += 1) { const own = ownNode(node); if (own) ownNodes.set(node, own); }
  for (let edge = 0; edge < edgeCount; edge += 1) { const own = ownEdge(edge); if (own) ownEdges.set(edge, own); }
  const scene = { x, y, size, ownNodes, ownEdges };
  // Of use within one call only: room for lists that are made for every picture.
  const tiers = [new Int32Array(edgeCount), new Int32Array(edgeCount), new Int32Array(edgeCount)];
  const seen = new Uint8Array(nodeCount);

  const radiusOf = (node, scale) => size[node] * Math.min(scale, 1.6);
  scene.radiusOf = radiusOf;

  scene.toScreen = (node, view) => ({ x: (x[node] - view.x) * view.scale + view.width / 2, y: (y[node] - view.y) * view.scale + view.height / 2 });

  /** Nodes in the picture that `wanted` marks (all that are not 0). */
  scene.nodesIn = (view, wanted) => {
    const { left, right, top, bottom } = bounds(view, 24);
    const found = new Int32Array(nodeCount);
    let count = 0;
    for (let at = 0; at < nodeCount; at += 1) {
      const node = byShape[at];
      if (wanted[node] && x[node] > left && x[node] < right && y[node] > top && y[node] < bottom) found[count++] = node;
    }
    return found.subarray(0, count);
  };

  /**
   * Edges to draw, of those that `wanted` marks: [with both ends in the picture, with one, passing through].
   * `found` counts those with an end in the picture, `drawn` what is left of them after thinning.
   */
  scene.edgesIn = (view, wanted) => {
    const { left, right, top, bottom } = bounds(view, 12);
    const counts = [0, 0, 0];
    for (let node = 0; node < nodeCount; node += 1) seen[node] = x[node] > left && x[node] < right && y[node] > top && y[node] < bottom ? 1 : 0;
    for (let edge = 0; edge < edgeCount; edge += 1) {
      if (!wanted[edge]) continue;
      const a = from[edge], b = to[edge];
      const ends = seen[a] + seen[b];
      if (!ends) {
        const ax = x[a], bx = x[b], ay = y[a], by = y[b];
        if ((ax < left && bx < left) || (ax > right && bx > right) || (ay < top && by < top) || (ay > bottom && by > bottom)) continue;
      }
      tiers[2 - ends][counts[2 - ends]++] = edge;
    }
    let room = THINNED;
    const kept = tiers.map((tier, at) => {
      const part = thin(tier.subarray(0, counts[at]), at === 2 ? Math.min(room, PASSING) : room).slice();
      room -= part.length;
      return part;
    });
    return { tiers: kept, found: counts[0] + counts[1], drawn: kept[0].length + kept[1].length };
  };

  /** About `most` of the edges, always the same ones. */
  function thin(list, most) {
    if (list.length <= most) return list;
    const limit = (most / list.length) * 0x100000000;
    let kept = 0;
    for (let at = 0; at < list.length; at += 1) {
      if ((Math.imul(list[at] + 1, 0x9e3779b1) >>> 0) < limit) list[kept++] = list[at];
    }
    return list.subarray(0, kept);
  }

  /** Everything back to where the layout put it. */
  scene.home = () => { x.set(homeX); y.set(homeY); };

  /**
   * Puts `members` where their names have room, keeping them left of, above, ... each other as they were:
   * a community's own place in the whole is as dense as its hub is busy.
   */
  scene.arrange = (members, aspect) => {
    const count = members.length;
    const wide = Math.sqrt(count * ROOM.width * ROOM.height * 1.25 * aspect);
    for (const [axis, span] of [[x, wide], [y, wide / aspect]]) {
      const order = [...members].sort((a, b) => axis[a] - axis[b] || a - b);
      const low = axis[order[0]], whole = axis[order[count - 1]] - low || 1;
      const was = order.map((node) => (axis[node] - low) / whole);
      order.forEach((node, at) => { axis[node] = (0.15 * was[at] + 0.85 * (at / Math.max(1, count - 1)) - 0.5) * span; });
    }
    for (let round = 0; round < 60 && pushApart(members); round += 1);
  };

  function pushApart(members) {
    const squares = new Map();
    const key = (column, row) => column * 65536 + row;
    const places = members.map((node) => [Math.floor(x[node] / ROOM.width), Math.floor(y[node] / ROOM.height)]);
    members.forEach((node, at) => {
      const own = key(...places[at]);
      if (squares.has(own)) squares.get(own).push(node);
      else squares.set(own, [node]);
    });
    let moved = false;
    members.forEach((a, at) => {
      for (let column = -1; column <= 1; column += 1) {
        for (let row = -1; row <= 1; row += 1) {
          for (const b of squares.get(key(places[at][0] + column, places[at][1] + row)) || []) {
            if (b <= a) continue;
            const dx = x[b] - x[a], dy = y[b] - y[a];
            const overX = ROOM.width - Math.abs(dx), overY = ROOM.height - Math.abs(dy);
            if (overX <= 0.5 || overY <= 0.5) continue;
            moved = true;
            if (overX / ROOM.width < overY / ROOM.height) { const push = (overX / 2) * (dx < 0 ? -1 : 1); x[a] -= push; x[b] += push; }
            else { const push = (overY / 2) * (dy < 0 ? -1 : 1); y[a] -= push; y[b] += push; }
          }
        }
      }
    });
    return moved;
  }

  function bounds(view, slack) {
    const halfWidth = view.width / 2 / view.scale + slack, halfHeight = view.height / 2 / view.scale + slack;
    return { left: view.x - halfWidth, right: view.x + halfWidth, top: view.y - halfHeight, bottom: view.y + halfHeight };
  }

  scene.wayOf = (edge, view) => {
    const a = from[edge], b = to[edge];
    const start = scene.toScreen(a, view), end = scene.toScreen(b, view);
    return wayOf(start.x, start.y, end.x, end.y, bend[edge], radiusOf(a, view.scale) + 1, radiusOf(b, view.scale) + 1, a === b);
  };

  scene.inkOf = (edge) => (ownEdges.get(edge) || {}).color || styleOfLine(line[edge]).ink;

  /** Draws nodes, class by class; the smallest as `dots` where these are given and they are many. */
  scene.drawNodes = (ctx, view, nodes, dots) => {
    const { scale } = view;
    const ox = view.width / 2 - view.x * scale, oy = view.height / 2 - view.y * scale;
    ctx.lineJoin = 'round';
    const dotted = dots && nodes.length > DOTTED ? dots : null;
    if (dotted) dotSquares(dotted, ctx, view, nodes);
    for (let at = 0; at < nodes.length;) {
      const place = shape[nodes[at]];
      const style = styleOfShape(place);
      ctx.fillStyle = style.fill;
      ctx.strokeStyle = style.edge;
      const first = at;
      for (; at < nodes.length && shape[nodes[at]] === place; at += 1) {
        const node = nodes[at];
        const r = Math.max(size[node] * Math.min(scale, 1.6), 0.9);
        if (r <= SMALL && !dotted) {
          // A ring is too small for its hole: it takes the colour of its rim.
          if (style.border > 2) ctx.fillStyle = style.edge;
          ctx.fillRect(x[node] * scale + ox - r, y[node] * scale + oy - r, r * 2, r * 2);
        }
      }
      ctx.fillStyle = style.fill;
      for (let from_ = first; from_ < at; from_ += 200) {
        let any = false, bordered = false;
        ctx.beginPath();
        for (let each = from_; each < Math.min(at, from_ + 200); each += 1) {
          const node = nodes[each];
          const r = radiusOf(node, scale);
          if (r <= SMALL) continue;
          any = true;
          if (r > PLAIN || style.border > 2) bordered = true;
          traceForm(ctx, style.form, x[node] * scale + ox, y[node] * scale + oy, r);
        }
        if (!any) continue;
        ctx.fill();
        ctx.lineWidth = Math.max(0.8, style.border * Math.min(scale, 1));
        if (bordered) ctx.stroke();
      }
    }
    for (const [node, own] of ownNodes) {
      if (!own.color || !nodes.includes(node)) continue;
      ctx.fillStyle = own.color;
      ctx.beginPath();
      traceForm(ctx, styleOfShape(shape[node]).form, x[node] * scale + ox, y[node] * scale + oy, Math.max(radiusOf(node, scale), 1.5));
      ctx.fill();
    }
  };

  function dotSquares(dots, ctx, view, nodes) {
    const { scale } = view;
    const ox = view.width / 2 - view.x * scale, oy = view.height / 2 - view.y * scale;
    const inks = [...shapeNames, ''].map((_, place) => {
      const { fill, edge, border } = styleOfShape(place);
      return dots.inkOf(border > 2 ? edge : fill);
    });
    dots.begin(ctx.canvas.width, ctx.canvas.height, ctx.canvas.width / view.width);
    for (const node of nodes) {
      const r = Math.max(size[node] * Math.min(scale, 1.6), 0.9);
      if (r <= SMALL) dots.square(x[node] * scale + ox, y[node] * scale + oy, r, inks[Math.min(shape[node], shapeNames.length)]);
    }
    dots.putOn(ctx);
  }

  const FAINT = [1, 0.5, 0.16];   // edges with both ends in the picture, with one, passing through

  /** Draws edges bit by bit, some hundreds a step; thousands are plain thin lines. */
  scene.drawEdges = function* drawEdges(ctx, view, { tiers, drawn }) {
    const near = view.scale > 0.12 && tiers[0].length + tiers[1].length <= DETAIL;
    const strength = near ? Math.min(1, Math.max(0.3, Math.sqrt(300 / Math.max(1, drawn)))) : Math.min(0.75, Math.max(0.08, 0.7 * Math.sqrt(500 / Math.max(1, drawn))));
    for (const tier of [2, 1, 0]) {
      ctx.globalAlpha = strength * (near || tier < 2 ? FAINT[tier] : 0.5);
      const classes = lineNames.map(() => []);
      for (const edge of tiers[tier]) (classes[line[edge]] || classes[0]).push(edge);
      for (let place = 0; place < classes.length; place += 1) {
        const size_ = near && tier < 2 ? 100 : 400;
        for (let first = 0; first < classes[place].length; first += size_) {
          const part = classes[place].slice(first, first + size_);
          if (near && tier < 2) drawDetailed(ctx, view, part, styleOfLine(place));
          else drawThin(ctx, view, part, styleOfLine(place));
          yield part.length * (near && tier < 2 ? 4 : 1);
        }
      }
    }
    ctx.globalAlpha = 1;
    if (near && view.scale > 0.2) drawDisputes(ctx, view, tiers);
    for (const [edge, own] of ownEdges) {
      if (!own.color || !tiers.some((tier) => tier.includes(edge))) continue;
      ctx.strokeStyle = own.color;
      ctx.lineWidth = 1.6;
      ctx.beginPath();
      traceWay(ctx, scene.wayOf(edge, view));
      ctx.stroke();
    }
  };

  /** A sign on disputed statements, one for a pair of nodes. */
  function drawDisputes(ctx, view, [both, one]) {
    const signed = new Set();
    for (const edge of [...both, ...one]) {
      const pair = Math.min(from[edge], to[edge]) * nodeCount + Math.max(from[edge], to[edge]);
      if (!disputed[edge] || signed.has(pair)) continue;
      signed.add(pair);
      const { x: px, y: py } = alongWay(scene.wayOf(edge, view), 0.5);
      drawDispute(ctx, px, py, 1);
    }
  }

  function drawThin(ctx, view, edges, style) {
    const { scale } = view;
    const ox = view.width / 2 - view.x * scale, oy = view.height / 2 - view.y * scale;
    ctx.lineWidth = 1;
    ctx.setLineDash(NO_DASH);
    ctx.strokeStyle = style.ink;
    ctx.beginPath();
    for (const edge of edges) {
      const a = from[edge], b = to[edge];
      ctx.moveTo(x[a] * scale + ox, y[a] * scale + oy);
      ctx.lineTo(x[b] * scale + ox, y[b] * scale + oy);
    }
    ctx.stroke();
  }

  function drawDetailed(ctx, view, edges, style) {
    const thick = Math.min(1, Math.max(0.55, view.scale));
    const head = Math.min(9, 10 * view.scale);
    const ways = edges.map((edge) => scene.wayOf(edge, view));
    ctx.strokeStyle = style.ink;
    ctx.fillStyle = style.ink;
    ctx.setLineDash(style.dashes.map((length) => length * thick));
    // What two or more articles put is heavier.
    for (const heavy of [0, 1]) {
      ctx.lineWidth = (style.width + 1.4 * heavy) * thick;
      ctx.beginPath();
      ways.forEach((way, at) => { if (backed[edges[at]] === heavy) traceWay(ctx, way); });
      ctx.stroke();
    }
    ctx.setLineDash(NO_DASH);
    if (head > 2.5) {
      ctx.lineWidth = Math.max(1, 1.3 * thick);
      ctx.beginPath();
      ways.forEach((way) => traceHead(ctx, way, style.arrow, head));
      if (style.arrow === 'arrow') ctx.fill();
      else ctx.stroke();
    }
    if (style.bar) {
      ctx.lineWidth = 2.4 * thick;
      ctx.beginPath();
      ways.forEach((way) => traceBar(ctx, way, Math.max(head, 4)));
      ctx.stroke();
    }
  }

  /** The node under a point of the picture; -1 where there is none. Later ones lie on top. */
  scene.nodeAt = (view, px, py, wanted) => {
    const wx = (px - view.width / 2) / view.scale + view.x, wy = (py - view.height / 2) / view.scale + view.y;
    let best = -1, nearest = Infinity;
    for (let node = 0; node < nodeCount; node += 1) {
      const dx = x[node] - wx, dy = y[node] - wy;
      const reach = (radiusOf(node, view.scale) + 3) / view.scale;
      if (dx > reach || dx < -reach || dy > reach || dy < -reach || !wanted[node]) continue;
      const square = dx * dx + dy * dy;
      if (square < reach * reach && square < nearest) { nearest = square; best = node; }
    }
    return best;
  };

  /** The edge under a point of the picture, within five pixels; -1 where there is none. */
  scene.edgeAt = (view, px, py, wanted) => {
    const { scale } = view;
    const wx = (px - view.width / 2) / scale + view.x, wy = (py - view.height / 2) / scale + view.y;
    const reach = 5 / scale;
    let best = -1, nearest = 5;
    for (let edge = 0; edge < edgeCount; edge += 1) {
      const a = from[edge], b = to[edge];
      const ax = x[a], ay = y[a], bx = x[b], by = y[b];
      const bow = a === b ? 60 : Math.abs(bend[edge]) * (Math.abs(bx - ax) + Math.abs(by - ay));
      const slack = reach + bow;
      if (wx < Math.min(ax, bx) - slack || wx > Math.max(ax, bx) + slack || wy < Math.min(ay, by) - slack || wy > Math.max(ay, by) + slack || !wanted[edge]) continue;
      let off;
      if (a === b || bend[edge]) {
        off = distanceToWay(scene.wayOf(edge, view), px, py);
      } else {
        off = distanceToLine(ax, ay, bx, by, wx, wy) * scale;
      }
      if (off < nearest) { nearest = off; best = edge; }
    }
    return best;
  };

  function distanceToLine(ax, ay, bx, by, px, py) {
    const dx = bx - ax, dy = by - ay;
    const share = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(ax + dx * share - px, ay + dy * share - py);
  }

  function distanceToWay(way, px, py) {
    if (way.loop) return Math.abs(Math.hypot(px - way.x, py - way.y) - way.radius);
    let nearest = Infinity;
    let before = alongWay(way, 0);
    for (let step = 1; step <= 16; step += 1) {
      const next = alongWay(way, step / 16);
      nearest = Math.min(nearest, distanceToLine(before.x, before.y, next.x, next.y, px, py));
      before = next;
    }
    return nearest;
  }

  return scene;
}
