// Owns the figures of the page's own drawing: what one node or one edge looks like, at a given size on the screen.
// Leaves which of them are drawn, and when, to canvas-scene.js. All lengths here are pixels.

const SMALL = 2.2;   // up to this radius a node is a little square
const PLAIN = 4.5;   // up to this radius it has its form, without a border
const NO_DASH = [];

/** Corners of the forms on the unit circle; a dot and a box are drawn by name. */
const FORMS = (() => {
  const around = (count, from, radius = () => 1) => Array.from({ length: count }, (_, at) => {
    const angle = from + (2 * Math.PI * at) / count;
    return [Math.cos(angle) * radius(at), Math.sin(angle) * radius(at)];
  });
  const up = -Math.PI / 2;
  return {
    star: around(10, up, (at) => (at % 2 ? 0.45 : 1.12)),
    square: around(4, Math.PI / 4, () => 1.25),
    diamond: around(4, up, () => 1.1),
    triangle: around(3, up, () => 1.15),
    triangleDown: around(3, -up, () => 1.15),
    hexagon: around(6, 0),
  };
})();

/** Adds one node's outline to the path; `out` is any context with the methods of a path. */
function traceForm(out, form, x, y, r) {
  const corners = FORMS[form];
  if (corners) {
    corners.forEach(([dx, dy], at) => (at ? out.lineTo(x + dx * r, y + dy * r) : out.moveTo(x + dx * r, y + dy * r)));
    out.closePath();
  } else if (form === 'box') {
    out.rect(x - r * 1.35, y - r * 0.8, r * 2.7, r * 1.6);
  } else {
    out.moveTo(x + r, y);
    out.arc(x, y, r, 0, 2 * Math.PI);
  }
}

/**
 * Thousands of little squares at once, written as pixels and laid over a picture: a canvas takes five times as long
 * to fill as many rectangles. Lengths are pixels of the page, on a canvas with `ratio` pixels for each.
 */
function createDots() {
  const ctx = document.createElement('canvas').getContext('2d');
  const one = make('canvas', { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const inks = new Map();
  let image = null, pixels = null, ratio = 1;
  return {
    begin(width, height, ratio_) {
      ratio = ratio_;
      if (!image || image.width !== width || image.height !== height) {
        ctx.canvas.width = width;
        ctx.canvas.height = height;
        image = ctx.createImageData(width, height);
        pixels = new Uint32Array(image.data.buffer);
      } else {
        pixels.fill(0);
      }
    },
    /** A colour as a pixel holds it. */
    inkOf(name) {
      if (!inks.has(name)) {
        one.fillStyle = name;
        one.fillRect(0, 0, 1, 1);
        inks.set(name, new Uint32Array(one.getImageData(0, 0, 1, 1).data.buffer)[0]);
      }
      return inks.get(name);
    },
    square(x, y, r, ink) {
      const { width, height } = image;
      const side = Math.max(1, Math.round(r * 2 * ratio));
      const left = Math.round((x - r) * ratio), top = Math.round((y - r) * ratio);
      const from = Math.max(0, left), to = Math.min(width, left + side);
      if (from >= to) return;
      const end = Math.min(height, top + side) * width;
      for (let row = Math.max(0, top) * width; row < end; row += width) {
        for (let at = row + from; at < row + to; at += 1) pixels[at] = ink;
      }
    },
    putOn(out) {
      ctx.putImageData(image, 0, 0);
      out.save();
      out.setTransform(1, 0, 0, 1, 0, 0);
      out.drawImage(ctx.canvas, 0, 0);
      out.restore();
    },
  };
}

/** Colours and form of a class of nodes, at the moment. */
function styleOfShape(place) {
  const name = shapeNames[place];
  const { vis = 'dot', border = 1 } = look.shapes[name] || {};
  return { form: vis, border, fill: colour[`fill ${name}`] || colour.soft, edge: colour[`border ${name}`] || colour.soft };
}

/** Colour, dashes and ends of a class of edges, at the moment. */
function styleOfLine(place) {
  const name = lineNames[place];
  const { width = 1, dashes = NO_DASH, arrow = 'arrow', bar = false } = look.lines[name] || {};
  return { width, dashes, arrow, bar, ink: colour[`line ${name}`] || colour.soft };
}

/**
 * The way of an edge on the screen: a straight line, a bow (a quadratic curve through its control point c),
 * or a loop (a circle at the node). Ends stand at the rims of the nodes.
 */
function wayOf(ax, ay, bx, by, bend, ra, rb, loop) {
  if (loop) {
    const radius = ra * 1.1 + 5;
    return { loop: true, x: ax + Math.cos(bend) * (ra + radius * 0.8), y: ay - Math.sin(bend) * (ra + radius * 0.8), radius };
  }
  const dx = bx - ax, dy = by - ay;
  const length = Math.hypot(dx, dy) || 1;
  const cx = (ax + bx) / 2 + dy * bend, cy = (ay + by) / 2 - dx * bend;
  const fromA = Math.hypot(cx - ax, cy - ay) || 1, fromB = Math.hypot(cx - bx, cy - by) || 1;
  const cutA = Math.min(ra, length / 3), cutB = Math.min(rb, length / 3);
  return {
    loop: false, cx, cy, bow: bend !== 0,
    ax: ax + ((cx - ax) / fromA) * cutA, ay: ay + ((cy - ay) / fromA) * cutA,
    bx: bx + ((cx - bx) / fromB) * cutB, by: by + ((cy - by) / fromB) * cutB,
  };
}

/** A point on a way, `share` of its length along. */
function alongWay(way, share) {
  if (way.loop) return { x: way.x + way.radius * Math.cos(share * 2 * Math.PI), y: way.y + way.radius * Math.sin(share * 2 * Math.PI) };
  const rest = 1 - share;
  if (!way.bow) return { x: way.ax * rest + way.bx * share, y: way.ay * rest + way.by * share };
  return {
    x: rest * rest * way.ax + 2 * rest * share * way.cx + share * share * way.bx,
    y: rest * rest * way.ay + 2 * rest * share * way.cy + share * share * way.by,
  };
}

function traceWay(out, way) {
  if (way.loop) {
    out.moveTo(way.x + way.radius, way.y);
    out.arc(way.x, way.y, way.radius, 0, 2 * Math.PI);
    return;
  }
  out.moveTo(way.ax, way.ay);
  if (way.bow) out.quadraticCurveTo(way.cx, way.cy, way.bx, way.by);
  else out.lineTo(way.bx, way.by);
}

/** The head of an edge: filled for what is asserted, open for all else. */
function traceHead(out, way, arrow, size) {
  if (!arrow || way.loop) return;
  const dx = way.bx - way.cx, dy = way.by - way.cy;
  const length = Math.hypot(dx, dy) || 1;
  const ux = dx / length, uy = dy / length;
  const x = way.bx - ux * size, y = way.by - uy * size;
  out.moveTo(x - uy * size * 0.45, y + ux * size * 0.45);
  out.lineTo(way.bx, way.by);
  out.lineTo(x + uy * size * 0.45, y - ux * size * 0.45);
  if (arrow === 'arrow') out.closePath();
}

/** The bar across an edge that says what is not so. */
function traceBar(out, way, size) {
  const { x, y } = alongWay(way, 0.5);
  const to = way.loop ? { x: way.x, y: way.y } : alongWay(way, 0.55);
  const length = Math.hypot(to.x - x, to.y - y) || 1;
  const ux = (to.x - x) / length, uy = (to.y - y) / length;
  out.moveTo(x - uy * size * 0.5, y + ux * size * 0.5);
  out.lineTo(x + uy * size * 0.5, y - ux * size * 0.5);
}
