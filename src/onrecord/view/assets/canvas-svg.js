// Owns the scene of a big graph as an SVG file: all that is shown, in units of the layout, every name as text.
// Leaves the same scene on the screen to canvas-scene.js, whose figures it traces.

/** A path's methods, written down as the `d` of an SVG path. */
function createTrace() {
  let text = '';
  const number = (value) => String(Math.round(value * 10) / 10);
  const put = (letter, ...values) => { text += letter + values.map(number).join(' '); };
  return {
    moveTo: (x, y) => put('M', x, y),
    lineTo: (x, y) => put('L', x, y),
    quadraticCurveTo: (cx, cy, x, y) => put('Q', cx, cy, x, y),
    closePath: () => { text += 'Z'; },
    rect(x, y, width, height) { put('M', x, y); put('h', width); put('v', height); put('h', -width); text += 'Z'; },
    arc(x, y, r) { put('M', x + r, y); text += `A${number(r)} ${number(r)} 0 1 1 ${number(x - r)} ${number(y)}A${number(r)} ${number(r)} 0 1 1 ${number(x + r)} ${number(y)}Z`; },
    text: () => text,
  };
}

/** Text for XML: nothing in it is read as markup, and what XML cannot hold is left out. */
const escapeXml = (text) => String(text).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '').replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

function sceneAsSvg(scene, { visibleNodes, visibleEdges, focus, words }) {
  const { nodeCount, edgeCount, from, to, shape, line } = record;
  const view = { x: 0, y: 0, scale: 1, width: 0, height: 0 };
  const shownNode = (node) => visibleNodes[node] && (!focus || focus.nodes[node]);
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  const nodes = [];
  for (let node = 0; node < nodeCount; node += 1) {
    if (!shownNode(node)) continue;
    nodes.push(node);
    left = Math.min(left, scene.x[node] - 90); right = Math.max(right, scene.x[node] + 90);
    top = Math.min(top, scene.y[node] - 40); bottom = Math.max(bottom, scene.y[node] + 80);
  }
  if (!nodes.length) { left = 0; right = 1; top = 0; bottom = 1; }
  const out = [];
  for (let place = 0; place < lineNames.length; place += 1) {
    const style = styleOfLine(place);
    const [ways, heads, bars] = [createTrace(), createTrace(), createTrace()];
    for (let edge = 0; edge < edgeCount; edge += 1) {
      if (line[edge] !== place || !visibleEdges[edge] || (focus && !focus.edges[edge]) || !shownNode(from[edge]) || !shownNode(to[edge])) continue;
      const way = scene.wayOf(edge, view);
      traceWay(ways, way);
      traceHead(heads, way, style.arrow, 8);
      if (style.bar) traceBar(bars, way, 9);
    }
    if (!ways.text()) continue;
    const stroke = `stroke="${escapeXml(style.ink)}"`;
    out.push(`<path d="${ways.text()}" fill="none" ${stroke} stroke-width="${style.width}"${style.dashes.length ? ` stroke-dasharray="${style.dashes.join(' ')}"` : ''}/>`);
    if (heads.text()) out.push(`<path d="${heads.text()}" fill="${style.arrow === 'arrow' ? escapeXml(style.ink) : 'none'}" ${stroke} stroke-width="1.3"/>`);
    if (bars.text()) out.push(`<path d="${bars.text()}" fill="none" ${stroke} stroke-width="2.4"/>`);
  }
  for (let place = 0; place <= shapeNames.length; place += 1) {
    const trace = createTrace();
    const style = styleOfShape(place);
    for (const node of nodes) if (Math.min(shape[node], shapeNames.length) === place) traceForm(trace, style.form, scene.x[node], scene.y[node], scene.size[node]);
    if (trace.text()) out.push(`<path d="${trace.text()}" fill="${escapeXml(style.fill)}" stroke="${escapeXml(style.edge)}" stroke-width="${style.border}"/>`);
  }
  const size = look.labelSize;
  for (const node of nodes) {
    words(node).forEach((text, at) => out.push(`<text x="${Math.round(scene.x[node])}" y="${Math.round(scene.y[node] + scene.size[node] + 4 + size * look.lineHeight * (at + 0.8))}">${escapeXml(text)}</text>`));
  }
  const box = [left, top, right - left, bottom - top].map(Math.round);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(' ')}" width="${box[2]}" height="${box[3]}">`
    + `<rect x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}" fill="${escapeXml(colour.paper)}"/>`
    + `<g font-family="${escapeXml(colour.family)}" font-size="${size}" text-anchor="middle" fill="${escapeXml(colour.ink)}" paint-order="stroke" stroke-linejoin="round">${out.join('\n')}</g></svg>\n`;
}
