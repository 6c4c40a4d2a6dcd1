// Owns what is let through: classes of lines and shapes, and one source.
// Leaves drawing the rest to the renderer and listing it to table.js.

const legend = byId('legend');
const sourceField = byId('source');
const off = { lines: new Set(), shapes: new Set() };
const boxes = [...legend.querySelectorAll('input[type=checkbox]')];

const hiddenNodes = new Uint8Array(record.nodeCount);
const hiddenEdges = new Uint8Array(record.edgeCount);
const sourceNames = [...new Set([...statementEdges].map(sourceOf).filter(Boolean))].sort(collator.compare);
for (const name of sourceNames) sourceField.append(make('option', { value: name }, name));
byId('sources-field').hidden = sourceNames.length < 2;

const passes = (edge) => hiddenEdges[edge] === 0;

/** Works out what is hidden; a node all of whose statements are hidden is hidden with them. */
function applyFilters() {
  const linesOut = lineNames.map((name) => off.lines.has(name));
  const shapesOut = shapeNames.map((name) => off.shapes.has(name));
  const classOut = (node) => shapesOut[record.shape[node]] === true;
  const { from, to, line } = record;
  for (let edge = 0; edge < record.edgeCount; edge += 1) {
    const out = linesOut[line[edge]] || classOut(from[edge]) || classOut(to[edge]) ||
      (sourceField.value && line[edge] !== LINK && sourceOf(edge) !== sourceField.value);
    hiddenEdges[edge] = out ? 1 : 0;
  }
  for (let node = 0; node < record.nodeCount; node += 1) {
    const own = edgesAt(node);
    hiddenNodes[node] = classOut(node) || (own.length && own.every((edge) => hiddenEdges[edge] || (sourceField.value && line[edge] === LINK))) ? 1 : 0;
  }
  // A proposition stays with its statements, its parts with the proposition.
  for (let edge = 0; edge < record.edgeCount; edge += 1) {
    if (line[edge] !== LINK || hiddenEdges[edge]) continue;
    if (hiddenNodes[from[edge]]) hiddenEdges[edge] = 1;
    else if (hiddenNodes[to[edge]] && !classOut(to[edge])) hiddenNodes[to[edge]] = 0;
  }
  const count = statementEdges.filter(passes).length;
  const any = off.lines.size || off.shapes.size || sourceField.value;
  byId('shown').textContent = any ? `${count} of ${statementEdges.length} statements shown` : '';
  byId('reset').hidden = !any;
  byId('empty').hidden = !hiddenNodes.every((out) => out === 1);
  byId('empty').textContent = record.nodeCount ? 'Nothing is left by these filters.' : 'There is nothing in this view.';
}

function readBoxes() {
  off.lines = new Set(boxes.filter((box) => box.dataset.line && !box.checked).map((box) => box.dataset.line));
  off.shapes = new Set(boxes.filter((box) => box.dataset.shape && !box.checked).map((box) => box.dataset.shape));
}

function setFilters(lines, shapes, wanted) {
  for (const box of boxes) box.checked = !(box.dataset.line ? lines.includes(box.dataset.line) : shapes.includes(box.dataset.shape));
  sourceField.value = sourceNames.includes(wanted) ? wanted : '';
  readBoxes();
  applyFilters();
}

legend.addEventListener('change', () => {
  readBoxes();
  applyFilters();
  refresh();
});
byId('reset').addEventListener('click', () => {
  setFilters([], [], '');
  refresh();
});
