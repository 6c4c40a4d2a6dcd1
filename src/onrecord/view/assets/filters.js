// Owns what is let through: classes of lines and shapes, and one source.
// Leaves drawing the rest to draw.js and listing it to table.js.

const legend = byId('legend');
const sourceField = byId('source');
const off = { lines: new Set(), shapes: new Set() };
const boxes = [...legend.querySelectorAll('input[type=checkbox]')];

const sourceNames = [...new Set(statements.map(sourceOf).filter(Boolean))].sort(collator.compare);
for (const name of sourceNames) sourceField.append(make('option', { value: name }, name));
byId('sources-field').hidden = sourceNames.length < 2;

const passes = (edge) => !hiddenEdges.has(edge.id);

/** Works out what is hidden; a node all of whose statements are hidden is hidden with them. */
function applyFilters() {
  hiddenEdges.clear();
  hiddenNodes.clear();
  const classOut = (id) => off.shapes.has(things.get(id).shape);
  for (const edge of edges.values()) {
    const out = off.lines.has(edge.line) || classOut(edge.from) || classOut(edge.to) ||
      (sourceField.value && edge.statement && sourceOf(edge) !== sourceField.value);
    if (out) hiddenEdges.add(edge.id);
  }
  for (const [id, own] of edgesOf) {
    if (classOut(id) || (own.length && own.every((edge) => hiddenEdges.has(edge.id) || (sourceField.value && !edge.statement)))) hiddenNodes.add(id);
  }
  // A proposition stays with its statements, its parts with the proposition.
  for (const edge of edges.values()) {
    if (edge.line !== 'link' || hiddenEdges.has(edge.id)) continue;
    if (hiddenNodes.has(edge.from)) hiddenEdges.add(edge.id);
    else if (hiddenNodes.has(edge.to) && !classOut(edge.to)) hiddenNodes.delete(edge.to);
  }
  const count = statements.filter(passes).length;
  const any = off.lines.size || off.shapes.size || sourceField.value;
  byId('shown').textContent = any ? `${count} of ${statements.length} statements shown` : '';
  byId('reset').hidden = !any;
  const nothing = hiddenNodes.size === rawNodes.size;
  byId('empty').hidden = !nothing;
  byId('empty').textContent = rawNodes.size ? 'Nothing is left by these filters.' : 'There is nothing in this view.';
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
