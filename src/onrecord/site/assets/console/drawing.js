// Owns the drawing of an answer: its IRIs as nodes, its rows or triples as edges, laid out here.
// Leaves drawing and layout to vis-network, which comes when it is first asked for.

const MAX_DRAWN = 150;
const drawing = { network: null, answer: null };

function clearDrawing() {
  if (drawing.network) drawing.network.destroy();
  drawing.network = null;
  drawing.answer = null;
  byId('drawn').textContent = '';
  byId('picked').replaceChildren();
}

function drawnStyle() {
  const computed = getComputedStyle(document.documentElement);
  const value = (name) => computed.getPropertyValue(`--${name}`).trim();
  const family = value('sans');
  const groups = Object.fromEntries(given.shapes.map(([name, shape]) => [name, {
    shape, color: { background: value(`shape-${name}-fill`), border: value(`shape-${name}-border`), highlight: { background: value(`shape-${name}-fill`), border: value('accent') } },
  }]));
  return {
    autoResize: true,
    layout: { randomSeed: 7, improvedLayout: false },
    groups: { useDefaultGroups: false, ...groups },
    nodes: { size: 13, scaling: { label: { enabled: false, drawThreshold: 1 } }, borderWidth: 1.5, font: { face: family, size: 15, color: value('ink'), strokeWidth: 4, strokeColor: value('paper') }, widthConstraint: { maximum: 150 } },
    edges: { color: { color: value('soft'), highlight: value('accent') }, width: 1.2, arrows: { to: { enabled: true, scaleFactor: 0.6 } }, scaling: { label: { enabled: false, drawThreshold: 1 } }, font: { face: family, size: 13, color: value('soft'), strokeWidth: 4, strokeColor: value('paper') }, smooth: { enabled: true, type: 'dynamic' } },
    interaction: { hover: true, keyboard: { enabled: true, bindToWindow: false }, navigationButtons: false },
    physics: { solver: 'forceAtlas2Based', forceAtlas2Based: { gravitationalConstant: -60, springLength: 70, avoidOverlap: 0.3 }, stabilization: { iterations: 250, fit: true } },
  };
}

async function showDrawing() {
  if (drawing.answer === shown.answer) return;
  clearDrawing();
  drawing.answer = shown.answer;
  const properties = names.list.filter((name) => name.kind === 'property').map((name) => name.iri);
  const { nodes, edges, left } = await engine.ask('drawing', { properties, limit: MAX_DRAWN });
  if (drawing.answer !== shown.answer) return;  // another query came in between
  if (!nodes.length) {
    byId('drawn').textContent = 'There is nothing to draw: a row is drawn when it holds two IRIs or more.';
    byId('canvas').hidden = true;
    return;
  }
  byId('canvas').hidden = false;
  byId('drawn').textContent = `${count(nodes.length, 'node', 'nodes')}, ${count(edges.length, 'edge', 'edges')}${left ? `; ${left.toLocaleString('en')} more not drawn` : ''}. The table holds the same for reading.`;
  await fetchPart('network');
  if (drawing.answer !== shown.answer) return;
  const many = edges.length > 60;
  const data = {
    nodes: new vis.DataSet(nodes.map(([id, label]) => ({ id, label: label.length > 70 ? `${label.slice(0, 69)}…` : label, group: names.byIri.get(id)?.shape || (id.includes('/proposition/') ? 'proposition' : 'thing') }))),
    edges: new vis.DataSet(edges.map((edge, at) => ({ id: at, from: edge.from, to: edge.to, label: many ? undefined : edge.label, title: many ? edge.label : undefined }))),
  };
  const network = new vis.Network(byId('canvas'), data, drawnStyle());
  drawing.network = network;
  network.once('stabilizationIterationsDone', () => network.setOptions({ physics: false }));
  network.on('selectNode', (event) => {
    const iri = event.nodes[0];
    const label = nodes.find(([id]) => id === iri)[1];
    byId('picked').replaceChildren(linkTo(iri, label), ' ', make('small', {}, compact(iri)));
  });
  network.on('deselectNode', () => byId('picked').replaceChildren());
}

function recolour() {
  if (!drawing.network) return;
  const { groups, nodes, edges } = drawnStyle();
  drawing.network.setOptions({ groups, nodes, edges });
}
new MutationObserver(recolour).observe(document.documentElement, { attributes: true, attributeFilter: ['class'] });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
