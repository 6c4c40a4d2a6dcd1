// Owns colours of the moment: reads the palette that the style sheet holds for the reader's theme.
// Leaves which nodes and edges are faint or hidden to the renderers.

const colour = {};

function readColours() {
  const computed = getComputedStyle(document.documentElement);
  const value = (name) => computed.getPropertyValue(name).trim();
  for (const name of ['paper', 'ink', 'soft', 'rule', 'accent']) colour[name] = value(`--${name}`);
  for (const name of Object.keys(look.shapes)) {
    colour[`fill ${name}`] = value(`--shape-${name}-fill`);
    colour[`border ${name}`] = value(`--shape-${name}-border`);
  }
  for (const name of Object.keys(look.lines)) colour[`line ${name}`] = value(`--line-${name}`);
  colour.family = computed.getPropertyValue('--sans').trim();
}

const lightColours = (() => {
  const classes = document.documentElement.className;
  document.documentElement.className = 'light';
  readColours();
  const light = { ...colour };
  document.documentElement.className = classes;
  readColours();
  return light;
})();

/** A node's colours for the theme; colours that somebody gave it through pyvis stay. */
function nodeColour(raw) {
  const own = raw.color;
  if (!record.thing(record.nodeAt(String(raw.id))).shape || (own && own.background !== lightColours[`fill ${raw.group}`])) return own;
  const both = { background: colour[`fill ${raw.group}`], border: colour[`border ${raw.group}`] };
  return { ...both, highlight: both, hover: both };
}

function edgeColour(raw, opacity) {
  const own = typeof raw.color === 'string' ? { color: raw.color } : raw.color || {};
  const themed = raw.line && own.color === lightColours[`line ${raw.line}`];
  const stroke = themed ? colour[`line ${raw.line}`] : own.color || colour.soft;
  return { color: stroke, highlight: stroke, hover: stroke, inherit: false, opacity };
}

const SVG = 'http://www.w3.org/2000/svg';

/** The small line of the legend, beside a statement. */
function lineMark(edge) {
  const name = lineNames[record.line[edge]] || '';
  const drawn = document.querySelector(`#legend input[data-line="${CSS.escape(name)}"] ~ svg`);
  return drawn ? drawn.cloneNode(true) : document.createElementNS(SVG, 'svg');
}
