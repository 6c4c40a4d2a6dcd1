// Owns the names of the graph: entities, sources, classes and properties with their labels, prefixes and pages.
// Leaves offering them to editor.js. The list comes packed and is unpacked once somebody writes.

const prefixList = Object.entries(given.prefixes).sort((a, b) => b[1].length - a[1].length);

/** The short form of an IRI, as it can stand in a query; the IRI in <> where it has none. */
function compact(iri) {
  for (const [prefix, namespace] of prefixList) {
    if (!iri.startsWith(namespace)) continue;
    const local = iri.slice(namespace.length);
    if (/^[A-Za-z0-9_](?:[\w.:-]*[\w:-])?$/.test(local)) return `${prefix}:${local}`;
  }
  return `<${iri}>`;
}

/** The IRI that a name with a prefix stands for, or null. */
function expandName(text, known = given.prefixes) {
  const at = text.indexOf(':');
  const namespace = at < 0 ? undefined : known[text.slice(0, at)];
  return namespace === undefined ? null : namespace + text.slice(at + 1).replace(/\\/g, '');
}

/** Where the site has a page about it; '' where it has none. */
function pageOf(iri) {
  const own = names.byIri.get(iri);
  if (own && own.page) return own.page;
  for (const [start, before, after] of given.rules) {
    if (iri.startsWith(start) && /^[\w-]+$/.test(iri.slice(start.length))) return before + iri.slice(start.length) + after;
  }
  return '';
}

const names = { list: [], byIri: new Map(), byName: new Map(), loading: null };

/** Reads the names, once. */
function loadNames() {
  names.loading ??= fetchPart('names').then(async (text) => {
    const rows = JSON.parse(new TextDecoder().decode(await unpack(text)));
    for (const [iri, label, kind, type, also, comment, shape, page] of rows) {
      const name = { iri, label, kind, type, also, comment, shape, page, short: compact(iri), folded: [label, ...also].map(fold) };
      names.list.push(name);
      names.byIri.set(iri, name);
      for (const word of name.folded) names.byName.set(word, [...names.byName.get(word) || [], name]);
    }
  });
  return names.loading;
}

/** What is called `text`, best first: begins so, has a word that begins so, or holds it; at most `limit`. */
function findNames(text, limit = 40) {
  const wanted = fold(text.trim());
  if (!wanted) return [];
  const ranked = [];
  for (const name of names.list) {
    let rank = 9;
    for (const [at, word] of name.folded.entries()) {
      const place = word.indexOf(wanted);
      if (place < 0) continue;
      const here = place === 0 ? 0 : /[\s("'’-]/.test(word[place - 1]) ? 2 : 4;
      rank = Math.min(rank, here + (at ? 1 : 0));
    }
    if (rank < 9) ranked.push([rank, name]);
  }
  ranked.sort((a, b) => a[0] - b[0] || a[1].label.length - b[1].label.length || collator.compare(a[1].label, b[1].label));
  return ranked.slice(0, limit).map((entry) => entry[1]);
}
