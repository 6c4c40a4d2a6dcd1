// Owns finding a node by name or alias: a combobox after the ARIA Authoring Practices Guide.
// Leaves showing the node to main.js.

const searchField = byId('search');
const found = byId('found');
let names = null;

/** The names and aliases of all nodes, folded when somebody first looks for one. */
function allNames() {
  names = names || Array.from({ length: record.nodeCount }, (_, node) => {
    const thing = record.thing(node);
    return { node, thing, texts: [thing.name || '', ...(thing.aliases || [])].map((text) => ({ text, folded: fold(text) })) };
  });
  return names;
}
let hits = [];
let at = -1;

function findNames(query) {
  const wanted = fold(query.trim());
  if (!wanted) return [];
  const ranked = [];
  for (const { node, thing, texts } of allNames()) {
    let best = null;
    texts.forEach(({ text, folded }, order) => {
      const place = folded.indexOf(wanted);
      if (place < 0) return;
      const rank = (folded === wanted ? -1 : place === 0 ? 0 : /[\s\-(]/.test(folded[place - 1]) ? 1 : 2) + (order ? 0.5 : 0);
      if (!best || rank < best.rank) best = { rank, alias: order ? text : '' };
    });
    if (best) ranked.push({ node, thing, ...best });
  }
  return ranked.sort((a, b) => a.rank - b.rank || degreeOf(b.node) - degreeOf(a.node) || collator.compare(a.thing.name, b.thing.name)).slice(0, 12);
}

function showHits() {
  found.replaceChildren(...hits.map((hit, order) => make('li', {
    role: 'option', id: `hit-${order}`, 'aria-selected': String(order === at), onmousedown: (event) => { event.preventDefault(); takeHit(order); },
  }, hit.thing.name || '(no name)', ' ', make('small', {}, [hit.alias && `“${hit.alias}”`, hit.thing.type].filter(Boolean).join(' · ')))));
  if (!hits.length && searchField.value.trim()) found.replaceChildren(make('li', { role: 'option', 'aria-disabled': 'true' }, 'No such name'));
  found.hidden = !searchField.value.trim();
  searchField.setAttribute('aria-expanded', String(!found.hidden));
  if (at >= 0) searchField.setAttribute('aria-activedescendant', `hit-${at}`);
  else searchField.removeAttribute('aria-activedescendant');
  const current = found.children[at];
  if (current) current.scrollIntoView({ block: 'nearest' });
}

function closeHits() {
  found.hidden = true;
  searchField.setAttribute('aria-expanded', 'false');
}

function takeHit(order) {
  const hit = hits[order];
  if (!hit) return;
  searchField.value = '';
  closeHits();
  if (hiddenNodes[hit.node]) liftFilters();
  showTab('network');
  pick({ kind: 'node', at: hit.node });
}

searchField.addEventListener('input', () => {
  hits = findNames(searchField.value);
  at = hits.length ? 0 : -1;
  showHits();
});
searchField.addEventListener('blur', closeHits);
searchField.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (!hits.length) return;
    at = (at + (event.key === 'ArrowDown' ? 1 : -1) + hits.length) % hits.length;
    showHits();
  } else if (event.key === 'Enter') {
    takeHit(Math.max(at, 0));
  } else if (event.key === 'Escape' && (searchField.value || !found.hidden)) {
    searchField.value = '';
    closeHits();
    event.stopPropagation();
  } else {
    return;
  }
  event.preventDefault();
});
