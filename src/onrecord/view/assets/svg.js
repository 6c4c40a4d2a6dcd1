// Owns writing a drawing as SVG: a context that takes the calls a canvas takes and keeps them as elements.
// Leaves what is drawn to the renderer that calls it.

const round2 = (value) => String(Math.round(value * 100) / 100);
const escapeXml = (text) => String(text).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '').replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** As much of CanvasRenderingContext2D as the drawings use; coordinates are not transformed but by translate. */
class SvgContext {
  constructor(measure) {
    this.measure = measure;
    this.parts = [];
    this.path = '';
    this.stack = [];
    this.dash = [];
    Object.assign(this, { fillStyle: '#000', strokeStyle: '#000', lineWidth: 1, globalAlpha: 1, font: '10px sans-serif', textAlign: 'start', textBaseline: 'alphabetic', lineJoin: 'miter', lineCap: 'butt' });
  }

  save() {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, lineJoin, lineCap, dash } = this;
    this.stack.push({ fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, lineJoin, lineCap, dash });
  }

  restore() { Object.assign(this, this.stack.pop()); }
  setLineDash(dash) { this.dash = [...dash]; }
  getLineDash() { return this.dash; }
  beginPath() { this.path = ''; }
  moveTo(x, y) { this.path += `M${round2(x)} ${round2(y)}`; }
  lineTo(x, y) { this.path += `${this.path ? 'L' : 'M'}${round2(x)} ${round2(y)}`; }
  quadraticCurveTo(a, b, x, y) { this.path += `Q${[a, b, x, y].map(round2).join(' ')}`; }
  bezierCurveTo(...points) { this.path += `C${points.map(round2).join(' ')}`; }
  closePath() { this.path += 'Z'; }
  rect(x, y, w, h) { this.path += `M${round2(x)} ${round2(y)}h${round2(w)}v${round2(h)}h${round2(-w)}Z`; }

  roundRect(x, y, w, h, radius) {
    const r = Math.min(radius, w / 2, h / 2);
    const corner = (dx, dy) => `a${round2(r)} ${round2(r)} 0 0 1 ${round2(dx)} ${round2(dy)}`;
    this.path += `M${round2(x + r)} ${round2(y)}h${round2(w - 2 * r)}${corner(r, r)}v${round2(h - 2 * r)}${corner(-r, r)}h${round2(2 * r - w)}${corner(-r, -r)}v${round2(2 * r - h)}${corner(r, -r)}Z`;
  }

  arc(x, y, r, start, end, counter = false) {
    const at = (angle) => `${round2(x + r * Math.cos(angle))} ${round2(y + r * Math.sin(angle))}`;
    const turn = counter ? start - end : end - start;
    this.path += `${this.path && !this.path.endsWith('Z') ? 'L' : 'M'}${at(start)}`;
    const sweep = counter ? 0 : 1;
    if (Math.abs(turn) >= 2 * Math.PI - 1e-6) {
      this.path += `A${round2(r)} ${round2(r)} 0 1 ${sweep} ${at(start + Math.PI)}A${round2(r)} ${round2(r)} 0 1 ${sweep} ${at(start)}`;
    } else {
      const whole = ((turn % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);
      this.path += `A${round2(r)} ${round2(r)} 0 ${whole > Math.PI ? 1 : 0} ${sweep} ${at(end)}`;
    }
  }

  ink(name, value) { return `${name}="${escapeXml(value)}"`; }

  fill() { if (this.path) this.parts.push(`<path d="${this.path}" ${this.ink('fill', this.fillStyle)}${this.faint()}/>`); }

  stroke() {
    if (!this.path || !this.lineWidth) return;
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.map(round2).join(' ')}"` : '';
    this.parts.push(`<path d="${this.path}" fill="none" ${this.ink('stroke', this.strokeStyle)} stroke-width="${round2(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}${this.faint()}/>`);
  }

  fillRect(x, y, w, h) {
    this.parts.push(`<rect x="${round2(x)}" y="${round2(y)}" width="${round2(w)}" height="${round2(h)}" ${this.ink('fill', this.fillStyle)}${this.faint()}/>`);
  }

  faint() { return this.globalAlpha < 1 ? ` opacity="${round2(this.globalAlpha)}"` : ''; }

  text(words, x, y, inks) {
    const [, style, weight, size, family] = /^(italic )?(bold |\d{3} )?\s*([\d.]+)px (.*)$/.exec(this.font) || [null, '', '', 12, 'sans-serif'];
    const anchor = { center: 'middle', right: 'end', end: 'end' }[this.textAlign] || 'start';
    const down = this.textBaseline === 'middle' ? Number(size) * 0.35 : this.textBaseline === 'hanging' ? Number(size) * 0.8 : 0;
    this.parts.push(`<text x="${round2(x)}" y="${round2(y + down)}" font-family="${escapeXml(family)}" font-size="${round2(Number(size))}" text-anchor="${anchor}"${style ? ' font-style="italic"' : ''}${weight ? ` font-weight="${weight.trim()}"` : ''} ${inks}${this.faint()}>${escapeXml(words)}</text>`);
  }

  fillText(words, x, y) { this.text(words, x, y, this.ink('fill', this.fillStyle)); }

  strokeText(words, x, y) {
    this.text(words, x, y, `fill="none" ${this.ink('stroke', this.strokeStyle)} stroke-width="${round2(this.lineWidth)}" stroke-linejoin="round"`);
  }

  measureText(words) {
    this.measure.font = this.font;
    return this.measure.measureText(words);
  }
}

/** The drawing that `draw(context)` makes, as a whole SVG document; `box` is what it covers. */
function writeSvg({ left, top, right, bottom }, draw) {
  const context = new SvgContext(make('canvas').getContext('2d'));
  context.fillStyle = colour.paper;
  context.fillRect(left, top, right - left, bottom - top);
  draw(context);
  const size = [left, top, right - left, bottom - top].map(round2);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size.join(' ')}" width="${size[2]}" height="${size[3]}" role="img">\n`
    + `<title>${escapeXml(given.title || 'Network')}</title>\n${context.parts.join('\n')}\n</svg>\n`;
}
