// Owns moving about the drawing without a mouse: from node to node by direction, from edge to edge round a node.
// Leaves selecting to selection.js and what a screen reader hears of it to the live region of the page.

const container = byId('canvas');
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
let home = -1;  // the node whose edges are being walked

/** The shown node that lies next in a direction: near, and not far off to the side. */
function nextNode(node, [dx, dy]) {
  const { x, y } = renderer.positions();
  let best = -1;
  let least = Infinity;
  for (let other = 0; other < record.nodeCount; other += 1) {
    if (other === node || hiddenNodes[other]) continue;
    const [along, aside] = [(x[other] - x[node]) * dx + (y[other] - y[node]) * dy, Math.abs((x[other] - x[node]) * dy) + Math.abs((y[other] - y[node]) * dx)];
    if (along <= 0 || aside > along * 2) continue;
    const cost = along + aside * 2;
    if (cost < least) { least = cost; best = other; }
  }
  return best;
}

function moveTo(item) {
  choose(item, { quiet: true, passing: true });
  byId('said').textContent = describe(item);
}

/** Walks round the shown edges of a node. */
function nextEdge(step) {
  if (selection === null || selection.kind === 'path') return;
  if (selection.kind === 'node') home = selection.at;
  else if (!endsOf(selection.at).includes(home)) home = record.from[selection.at];
  const own = [...edgesAt(home)].filter(passes);
  if (!own.length) return;
  const at = selection.kind === 'edge' ? own.indexOf(selection.at) + step : step > 0 ? 0 : -1;
  moveTo({ kind: 'edge', at: own[(at + own.length) % own.length] });
}

function moveBy(key) {
  const direction = DIRECTIONS[key];
  if (selection === null || selection.kind === 'path') {
    const first = byDegree.find((node) => !hiddenNodes[node]);
    if (first !== undefined) moveTo({ kind: 'node', at: first });
    return;
  }
  if (selection.kind === 'edge') {
    // From an edge an arrow leads to that of its ends which lies there.
    const [from, to] = endsOf(selection.at);
    const { x, y } = renderer.positions();
    const ahead = (x[to] - x[from]) * direction[0] + (y[to] - y[from]) * direction[1];
    moveTo({ kind: 'node', at: ahead >= 0 ? to : from });
    return;
  }
  const next = nextNode(selection.at, direction);
  if (next >= 0) moveTo({ kind: 'node', at: next });
}

container.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  if (DIRECTIONS[key] && event.shiftKey) renderer.panBy(DIRECTIONS[key][0] * 80, DIRECTIONS[key][1] * 80);
  else if (DIRECTIONS[key]) moveBy(key);
  else if (key === 'e' || key === ']') nextEdge(1);
  else if (key === 'E' || key === '[') nextEdge(-1);
  else if (key === 'Enter' && selection) panel.focus();
  else if (key === '+' || key === '=') renderer.zoomBy(1.3);
  else if (key === '-') renderer.zoomBy(1 / 1.3);
  else if (key === '0') renderer.fit({ animated: true, overview: true });
  else return;
  event.preventDefault();
  event.stopPropagation();
});

addEventListener('keydown', (event) => {
  if (/^(input|select|textarea)$/i.test(event.target.tagName || '') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') searchField.focus();
  else if (event.key === '?') byId('help').showModal();
  else return;
  event.preventDefault();
});

byId('show-help').addEventListener('click', () => byId('help').showModal());
byId('close-help').addEventListener('click', () => byId('help').close());
