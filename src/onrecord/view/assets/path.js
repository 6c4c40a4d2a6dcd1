// Owns the shortest path between two nodes that the reader picks, over what the filters let through.
// Leaves the panel's opening to selection.js and the drawing to main.js.

let pathFrom = -1;  // the node that a path is being picked from

/** A path as an item: both ends in one number. */
const pathItem = (from, to) => ({ kind: 'path', at: from * record.nodeCount + to });
const pathEnds = (at) => [Math.floor(at / record.nodeCount), at % record.nodeCount];

others.path = {
  fill: (at) => showInPanel(aboutPath(...pathEnds(at))),
  write: (at) => pathEnds(at).map(record.nodeId).join(' '),
  find(text) {
    const [from, to] = text.split(' ').map(record.nodeAt);
    return from >= 0 && to >= 0 ? pathItem(from, to).at : -1;
  },
};

/** The nodes that an item is about; of a path, those along it. */
function nodesOf(item) {
  if (item.kind === 'node') return [item.at];
  if (item.kind === 'edge') return endsOf(item.at);
  const [from, to] = pathEnds(item.at);
  return [...new Set([from, ...findPath(from, to).flat().flatMap(endsOf), to])];
}

/** What an item is, in one line, for a screen reader. */
function describe(item) {
  if (item.kind === 'edge') return `${sentenceOf(item.at)}, ${statusOf(item.at)}`;
  const thing = record.thing(item.at);
  const count = degreeOf(item.at);
  return `${nameOf(item.at)}, ${thing.type || thing.kind}, ${count} ${count === 1 ? 'edge' : 'edges'}`;
}

/**
 * The statements and links of a shortest path, a list for each step (parallel ones stand together); empty without a path.
 * Statements are preferred to links where both lead on.
 * @returns {number[][]}
 */
function findPath(from, to) {
  const before = new Int32Array(record.nodeCount).fill(-1);
  before[from] = from;
  let rim = [from];
  while (rim.length && before[to] < 0) {
    const next = [];
    for (const node of rim) {
      for (const edge of edgesAt(node)) {
        if (hiddenEdges[edge]) continue;
        const other = record.from[edge] === node ? record.to[edge] : record.from[edge];
        if (before[other] < 0 && !hiddenNodes[other]) { before[other] = node; next.push(other); }
      }
    }
    rim = next;
  }
  if (from === to || before[to] < 0) return [];
  const steps = [];
  for (let node = to; node !== from; node = before[node]) steps.unshift(edgesBetween(before[node], node).filter(passes));
  return steps;
}

function aboutPath(at, to) {
  const found = findPath(at, to);
  const parts = [make('h2', {}, toNode(at), ' → ', toNode(to))];
  if (!found.length) return [...parts, make('p', {}, 'No path leads from one to the other over what is shown.')];
  parts.push(make('p', {}, `${found.length} step${found.length > 1 ? 's' : ''}, over what is shown and in any direction.`));
  let node = at;
  for (const edges of found) {
    const [from, end] = endsOf(edges[0]);
    const next = from === node ? end : from;
    parts.push(make('h3', {}, `${nameOf(node)} → ${nameOf(next)}`), listOf(edges, sentenceOf));
    node = next;
  }
  return parts;
}

/** Waits for the other end of a path. */
function startPath(node) {
  pathFrom = node;
  byId('asking').hidden = false;
  byId('asked').textContent = `Path from ${nameOf(node)}: click the other end, or find it by name.`;
  byId('search').focus();
}

function stopPath() {
  pathFrom = -1;
  byId('asking').hidden = true;
}

/** What the reader clicked or found: the other end of a path that is waited for, else what to select. */
function pick(item, options) {
  if (pathFrom >= 0 && item !== null && item.kind === 'node') {
    const from = pathFrom;
    stopPath();
    choose(item.at === from ? item : pathItem(from, item.at), options);
  } else {
    choose(item, options);
  }
}

byId('stop-asking').addEventListener('click', stopPath);
addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || pathFrom < 0 || searchField.value) return;
  stopPath();
  event.preventDefault();
}, true);
