// Owns reading the columns of a big page (onrecord.view.columns): the same record as data.js makes of rows,
// its things and statements made only when somebody asks for one. Leaves drawing to the renderers.

/** Unpacks the block: arrays as views on its bytes, all strings in one. */
async function unpackColumns(packed) {
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const buffer = await new Response(plain).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = 4 + length;
  const types = { Uint8Array, Uint16Array, Int32Array, Float32Array };
  const arrays = header.arrays.map(([type, at, count]) => new types[type](buffer, start + at, count));
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(buffer, start + header.strings));
  const places = arrays[0];
  return { tables: header.tables, arrays, string: (at) => text.slice(places[at], places[at + 1]) };
}

/** A class whose objects read one row of a table: a getter a column, and what is missing is undefined. */
function rowsOf(table, { arrays, string }) {
  class Row {
    #at;

    constructor(at) { this.#at = at; }

    static column(name, kind, array) {
      const parsed = new Map();
      const json = (place) => {
        if (!parsed.has(place)) parsed.set(place, JSON.parse(string(place)));
        return parsed.get(place);
      };
      const read = kind === 'json' ? json : string;
      Object.defineProperty(Row.prototype, name, {
        enumerable: true,
        get() { const place = array[this.#at]; return place ? read(place) : undefined; },
      });
    }

    toJSON() {
      const plain = {};
      for (const name in this) if (this[name] !== undefined) plain[name] = this[name];
      return plain;
    }
  }
  Object.defineProperty(Row.prototype, 'toJSON', { enumerable: false });
  for (const [name, [kind, place]] of Object.entries(table)) Row.column(name, kind, arrays[place]);
  return (at) => new Row(at);
}

/** The record of a page whose data came as columns; `drawn` is what only a renderer needs. @returns {Promise<Record>} */
async function recordOfColumns(packed) {
  const block = await unpackColumns(packed);
  const { tables, arrays, string } = block;
  const column = (table, name) => arrays[tables[table][name][1]];
  const nodeIds = column('nodes', 'id');
  const edgeIds = column('edges', 'id');
  const places = { node: null, edge: null };
  const placeOf = (kind, ids, id) => {
    if (!places[kind]) places[kind] = new Map(Array.from(ids, (place, at) => [string(place), at]));
    const at = places[kind].get(id);
    return at === undefined ? -1 : at;
  };
  const from = Int32Array.from(column('edges', 'from'));
  const to = Int32Array.from(column('edges', 'to'));
  const stated = column('edges', 'stated');
  const labels = column('edges', 'label');
  const properties = tables.statements.label ? column('statements', 'label') : labels;
  const words = column('nodes', 'words');
  const own = (table) => { const rows = rowsOf({ own: tables[table].own }, block); return (at) => rows(at).own || null; };
  return {
    nodeCount: nodeIds.length,
    edgeCount: edgeIds.length,
    nodeId: (node) => string(nodeIds[node]),
    edgeId: (edge) => string(edgeIds[edge]),
    nodeAt: (id) => placeOf('node', nodeIds, id),
    edgeAt: (id) => placeOf('edge', edgeIds, id),
    from, to,
    shape: column('nodes', 'shape'),
    line: column('edges', 'line'),
    ...adjacency(nodeIds.length, from, to),
    thing: rowsOf(tables.things, block),
    statement: ((row) => (edge) => (stated[edge] ? row(edge) : null))(rowsOf(tables.statements, block)),
    label: (edge) => string(stated[edge] ? properties[edge] : labels[edge]),
    drawn: {
      x: Float32Array.from(column('nodes', 'x')),
      y: Float32Array.from(column('nodes', 'y')),
      size: column('nodes', 'size'),
      community: column('nodes', 'community'),
      bend: column('edges', 'bend'),
      words: (node) => string(words[node]).split('\n').filter(Boolean),
      ownNode: own('nodes'),
      ownEdge: own('edges'),
    },
  };
}
