// Owns the worker: fetches its parts once, starts it, ends it, and starts it anew from what was kept.
// Leaves what it answers to worker.js, and saying how far it is to the `say` that it is given.

const kept = new Map();  // name of a part -> its text, for starting anew
const arriving = new Map();

/** The files of the console call this with what they hold. */
globalThis.onrecordPart = (name, text) => kept.set(name, text);

/** The text of a part: a script of the site brings it, which works from disk too. */
function fetchPart(name) {
  if (kept.has(name)) return Promise.resolve(kept.get(name));
  if (!arriving.has(name)) {
    arriving.set(name, new Promise((resolve, reject) => {
      const script = make('script', { src: given.parts[name] });
      script.addEventListener('load', () => (kept.has(name) ? resolve(kept.get(name)) : reject(new Error(`${given.parts[name]} is not what it should be`))));
      script.addEventListener('error', () => reject(new Error(`${given.parts[name]} cannot be read`)));
      document.head.append(script);
    }).finally(() => arriving.delete(name)));
  }
  return arriving.get(name);
}

const mb = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** A query that was ended: by the reader, or by its own weight. */
class Ended extends Error {}

const engine = {
  worker: null,
  ready: null,  // promise of the loaded store
  waiting: new Map(),
  next: 1,
  loading: null,
  loaded: false,
  size: 0,
  bytes: 0,
  seconds: 0,

  /** The worker with the graph in it; `say(stage, share)` hears how far it is. */
  start(say) {
    engine.say = say;
    if (!engine.ready) {
      const mine = engine.load();
      engine.ready = mine;
      mine.catch((error) => { if (engine.ready === mine) engine.end(error); });
    }
    return engine.ready;
  },

  async load() {
    const began = performance.now();
    const mine = {};  // another load may have begun when a part comes
    engine.loading = mine;
    const say = (stage, share) => {
      if (engine.loading !== mine) throw new Ended('Cancelled.');
      engine.say(stage, share);
    };
    say(`Fetching the engine (${mb(given.sizes.engine)})`, 0);
    await fetchPart('engine');
    await fetchPart('forms');
    say('Starting the engine', 0.08);
    const address = URL.createObjectURL(new Blob([kept.get('worker')], { type: 'text/javascript' }));
    const worker = new Worker(address);
    engine.worker = worker;
    worker.addEventListener('message', (event) => engine.hear(worker, event.data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (worker === engine.worker) engine.end(new Ended('The engine ended by itself. It starts anew with the next query.'));
    });
    await engine.ask('start', { wasm: kept.get('engine'), packedForms: kept.get('forms'), prefer: document.documentElement.lang });
    URL.revokeObjectURL(address);
    const parts = given.sizes.data.length;
    const whole = given.sizes.data.reduce((sum, size) => sum + size, 0);
    let done = 0;
    for (const [at, size] of given.sizes.data.entries()) {
      const name = `data-${at + 1}`;
      const share = 0.1 + 0.9 * (done / whole);
      const which = parts > 1 ? `, part ${at + 1} of ${parts}` : '';
      if (!kept.has(name)) say(`Fetching the graph${which} (${mb(size)})`, share);
      const text = await fetchPart(name);
      say(`Loading the graph${which}: ${engine.size.toLocaleString('en')} of ${given.quads.toLocaleString('en')} quads`, share);
      Object.assign(engine, await engine.ask('part', { text }));
      done += size;
    }
    engine.loaded = true;
    engine.seconds = (performance.now() - began) / 1000;
    say('', 1);
  },

  ask(task, values) {
    return new Promise((resolve, reject) => {
      const id = engine.next;
      engine.next += 1;
      engine.waiting.set(id, { resolve, reject });
      engine.worker.postMessage({ id, task, ...values });
    });
  },

  hear(worker, { id, value, error }) {
    const asked = worker === engine.worker ? engine.waiting.get(id) : undefined;
    if (!asked) return;
    engine.waiting.delete(id);
    if (!error) asked.resolve(value);
    else if (!error.fell) asked.reject(new Error(error.message));
    else {
      const why = /string length/.test(error.message) ? 'The answer is larger than this browser can hold. Narrow the query, or add a LIMIT.'
        : /unreachable|memory\.grow|allocation/.test(error.message) ? 'The query needed more memory than there is. Narrow it, or add a LIMIT.'
          : 'The query is nested too deep for the engine, or needed too much memory. Simplify it.';
      const ended = new Ended(`${why} The engine was ended and starts anew.`);
      asked.reject(ended);
      engine.end(ended);
    }
  },

  /** Ends the worker and all that waits for it. */
  end(error) {
    if (engine.worker) engine.worker.terminate();
    engine.worker = null;
    engine.ready = null;
    engine.loading = null;
    engine.loaded = false;
    engine.size = 0;
    for (const asked of engine.waiting.values()) asked.reject(error);
    engine.waiting.clear();
  },
};
