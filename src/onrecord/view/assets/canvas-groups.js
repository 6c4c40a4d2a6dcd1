// Owns the overview of a big graph: its communities as discs, the links between them, and who is in each.
// Leaves the division to onrecord.view.communities and the moving from one to another to canvas.js.

const LINKS = 90;   // between communities, the strongest; the rest would be a grey ground

/** The communities of the record, with places of their own, none on top of another. */
function createGroups({ x, y, community }) {
  const { nodeCount, edgeCount, from, to, shape, line } = record;
  let count = 0;
  for (let node = 0; node < nodeCount; node += 1) count = Math.max(count, community[node] + 1);
  const sizes = new Int32Array(count);
  const middleX = new Float64Array(count), middleY = new Float64Array(count), radius = new Float64Array(count);
  const leaders = Array.from({ length: count }, () => []);
  for (const node of byDegree) {
    const group = community[node];
    sizes[group] += 1;
    middleX[group] += x[node];
    middleY[group] += y[node];
    if (leaders[group].length < 2) leaders[group].push(node);
  }
  let span = 1;
  for (let node = 0; node < nodeCount; node += 1) span = Math.max(span, Math.abs(x[node]), Math.abs(y[node]));
  const least = span * 0.028;
  for (let group = 0; group < count; group += 1) {
    middleX[group] /= sizes[group] || 1;
    middleY[group] /= sizes[group] || 1;
    radius[group] = Math.max(least, span * 0.62 * Math.sqrt(sizes[group] / nodeCount));
  }
  for (let round = 0; round < 200; round += 1) {
    let moved = false;
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) {
        const dx = middleX[b] - middleX[a] || 0.01 * (b - a), dy = (middleY[b] - middleY[a]) * 1.35 || 0.01;
        const apart = Math.hypot(dx, dy), wanted = (radius[a] + radius[b]) * 1.22 + least * 1.1;
        if (apart >= wanted) continue;
        moved = true;
        const push = ((wanted - apart) / apart) * 0.5;
        middleX[a] -= dx * push; middleX[b] += dx * push;
        middleY[a] -= (dy * push) / 1.35; middleY[b] += (dy * push) / 1.35;
      }
    }
    if (!moved) break;
  }

  // A number for each pair of communities, so that counting links after a filter is one pass over the edges.
  const pairOf = new Int32Array(edgeCount).fill(-1);
  const pairs = [];
  const numbers = new Map();
  for (let edge = 0; edge < edgeCount; edge += 1) {
    const a = Math.min(community[from[edge]], community[to[edge]]), b = Math.max(community[from[edge]], community[to[edge]]);
    if (a === b) continue;
    const key = a * count + b;
    if (!numbers.has(key)) { numbers.set(key, pairs.length); pairs.push([a, b]); }
    pairOf[edge] = numbers.get(key);
  }
  const shown = new Int32Array(count);
  const links = new Int32Array(pairs.length);
  const inOrder = Int32Array.from(pairs, (_, at) => at);
  const classes = Array.from({ length: count }, () => new Int32Array(shapeNames.length + 1));

  const groups = { count, shown, sizes, middleX, middleY, radius, pairs, links };

  /** Counts what is let through. */
  groups.update = (visibleNodes, visibleEdges) => {
    shown.fill(0);
    links.fill(0);
    classes.forEach((each) => each.fill(0));
    for (let node = 0; node < nodeCount; node += 1) {
      if (!visibleNodes[node]) continue;
      shown[community[node]] += 1;
      classes[community[node]][Math.min(shape[node], shapeNames.length)] += 1;
    }
    for (let edge = 0; edge < edgeCount; edge += 1) if (visibleEdges[edge] && pairOf[edge] >= 0) links[pairOf[edge]] += 1;
  };

  groups.leaderOf = (group) => leaders[group][0];
  groups.isLeftover = (group) => group === count - 1 && count > 1 && leaders[group].length > 0 && degreeOf(leaders[group][0]) < 6;
  groups.nameOf = (group) => (groups.isLeftover(group) ? 'joined to few or none' : nameOf(leaders[group][0]));
  const sized = (group) => radius[group] * Math.sqrt(Math.max(0.12, shown[group] / sizes[group]));

  const spot = (group, view) => ({
    x: (middleX[group] - view.x) * view.scale + view.width / 2, y: (middleY[group] - view.y) * view.scale + view.height / 2, r: sized(group) * view.scale,
  });
  groups.spot = spot;

  groups.at = (view, px, py) => {
    for (let group = 0; group < count; group += 1) {
      const { x: gx, y: gy, r } = spot(group, view);
      if (shown[group] && Math.hypot(px - gx, py - gy) <= Math.max(r, 10) + 2) return group;
    }
    return -1;
  };

  groups.draw = (ctx, view, marked) => {
    const strongest = links.reduce((most, each) => Math.max(most, each), 1);
    ctx.strokeStyle = colour.soft;
    const order = inOrder.filter((at) => links[at]).sort((a, b) => links[b] - links[a]).subarray(0, LINKS);
    for (const at of order.reverse()) {
      const a = spot(pairs[at][0], view), b = spot(pairs[at][1], view);
      const share = Math.sqrt(links[at] / strongest);
      const on = marked === pairs[at][0] || marked === pairs[at][1];
      ctx.globalAlpha = on ? 0.75 : marked >= 0 ? 0.06 : 0.06 + 0.3 * share;
      ctx.lineWidth = 0.8 + 7 * share;
      ctx.beginPath();
      ctx.moveTo(a.x, a.y);
      ctx.lineTo(b.x, b.y);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    drawDiscs(ctx, view, marked);
    return writeGroupNames(ctx, view, marked);
  };

  /** Discs with a rim that shows of what classes their members are; slices are filled one by one, as convex paths are cheap. */
  function drawDiscs(ctx, view, marked) {
    const discs = [];
    for (let group = 0; group < count; group += 1) {
      if (!shown[group]) continue;
      const { x: gx, y: gy, r } = spot(group, view);
      const outer = Math.max(r, 4);
      discs.push({ group, gx, gy, outer, inner: outer - Math.min(9, Math.max(2.5, outer * 0.2)), angle: -Math.PI / 2 });
    }
    const circles = (chosen, more) => {
      ctx.beginPath();
      for (const { gx, gy, outer } of chosen) {
        ctx.moveTo(gx + outer + more, gy);
        ctx.arc(gx, gy, outer + more, 0, 2 * Math.PI);
      }
    };
    for (let place = 0; place <= shapeNames.length; place += 1) {
      const { fill, edge, border } = styleOfShape(place);
      ctx.fillStyle = border > 2 ? edge : fill;
      for (const disc of discs) {
        const { group, gx, gy, outer, angle } = disc;
        if (!classes[group][place]) continue;
        disc.angle += (2 * Math.PI * classes[group][place]) / shown[group];
        ctx.beginPath();
        ctx.moveTo(gx, gy);
        ctx.arc(gx, gy, outer, angle, disc.angle);
        ctx.fill();
      }
    }
    ctx.fillStyle = colour.paper;
    for (const { gx, gy, inner } of discs) {
      ctx.beginPath();
      ctx.arc(gx, gy, inner, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.lineWidth = 1;
    ctx.strokeStyle = colour.soft;
    circles(discs.filter(({ group }) => group !== marked), 0);
    ctx.stroke();
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = colour.accent;
    circles(discs.filter(({ group }) => group === marked), 2);
    ctx.stroke();
  }

  function writeGroupNames(ctx, view, marked) {
    const taken = createTaken();
    const boxes = [];
    const edge = view.margin || 0;
    const order = [...shown.keys()].filter((group) => shown[group]).sort((a, b) => (b === marked) - (a === marked) || shown[b] - shown[a] || a - b);
    for (const group of order) {
      const { x: gx, y: gy, r } = spot(group, view);
      taken.add({ of: group, left: gx - r * 0.9, right: gx + r * 0.9, top: gy - r * 0.9, bottom: gy + r * 0.9 });
    }
    for (const group of order) {
      const { x: gx, y: gy, r } = spot(group, view);
      const size = Math.min(15, Math.max(11.5, r * 0.3));
      const inner = (Math.max(r, 4) - Math.min(9, Math.max(2.5, r * 0.2))) * 1.86;
      const name = groups.nameOf(group);
      const number = shown[group].toLocaleString('en');
      // The name stands in the disc where it fits, on two lines if need be; else the number does and the name stands beside.
      const lines = r > size * 1.7 ? linesWithin(ctx, name, inner, size) : null;
      if (lines) {
        const top = gy - (size * 1.15 * (lines.length + 0.9)) / 2;
        const half = Math.max(...lines.map((text) => widthOf(ctx, text, '600 '))) * size * 0.5;
        writeLines(ctx, lines, { left: gx, right: gx, top, bottom: top + size * 1.15 * lines.length }, { size, style: '600 ', ink: colour.ink, halo: false });
        const below = top + size * 1.15 * lines.length;
        writeLines(ctx, [number], { left: gx, right: gx, top: below, bottom: below + size }, { size: size * 0.9, style: '', ink: colour.soft, halo: false });
        boxes.push({ group, left: gx - half, right: gx + half, top, bottom: below + size });
        continue;
      }
      if (r > 12) writeLines(ctx, [number], { left: gx, right: gx, top: gy - 6, bottom: gy + 6 }, { size: Math.min(13, Math.max(10, r * 0.45)), style: '', ink: colour.soft, halo: false });
      const small = Math.min(size, 13);
      const half = (widthOf(ctx, name, '600 ') * small) / 2;
      for (const [middle, top] of [[gx, gy + r + 3], [gx, gy - r - 3 - small * 1.2], [gx + r + 4 + half, gy - small * 0.6], [gx - r - 4 - half, gy - small * 0.6]]) {
        const box = { at: group, group, left: middle - half, right: middle + half, top, bottom: top + small * 1.2 };
        const cut = box.left < edge || box.right > view.width - edge;
        if ((cut || taken.clashes(box)) && group !== marked) continue;
        taken.add({ ...box, of: undefined });
        boxes.push(box);
        writeLines(ctx, [name], box, { size: small, style: '600 ', ink: colour.ink });
        break;
      }
    }
    return boxes;
  }

  /** The name on one or two lines that fit into a disc; null where they do not. */
  function linesWithin(ctx, name, room, size) {
    const fits = (text, share) => widthOf(ctx, text, '600 ') * size < room * share;
    if (fits(name, 1)) return [name];
    const words = name.split(' ');
    for (let cut = Math.ceil(words.length / 2); cut > 0; cut -= 1) {
      const halves = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
      if (halves[1] && size * 3.6 < room && halves.every((text) => fits(text, 0.88))) return halves;
    }
    return null;
  }

  return groups;
}
