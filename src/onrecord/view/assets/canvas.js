// Owns the page's own drawing of big graphs: what of it is shown, communities or nodes; the interface is in renderer.js.
// Leaves the picture to canvas-picture.js, the view to canvas-view.js, pointer and keys to canvas-hands.js.

const GROUPS_FROM = 1200;   // from so many visible nodes on, the reader sees communities first

/** @returns {Renderer} */
function createCanvasRenderer(container, given_, hooks) {
  const { nodeCount, edgeCount, from, to, drawn } = record;
  const scene = createScene(drawn);
  const groups = createGroups(drawn);
  const canvas = make('canvas', { tabindex: '0', class: 'drawing' });
  const bar = make('div', { class: 'groups', role: 'group', 'aria-label': 'What is drawn' });
  const thinned = make('span', {});
  container.replaceChildren(canvas, bar);
  const say = (text) => { byId('said').textContent = text; };

  let touched = false;
  let barTells = '';          // what the bar says
  let everything = false;  // the reader asked for all nodes
  let inside = -1;         // the community whose members alone are drawn
  /** @type {Showing} */
  let showing = { hiddenNodes: new Uint8Array(nodeCount), hiddenEdges: new Uint8Array(edgeCount), focus: null, selection: null };
  const visibleNodes = new Uint8Array(nodeCount);
  const visibleEdges = new Uint8Array(edgeCount);
  let passing = 0;         // nodes that the filters let through

  const grouped = () => !everything && inside < 0 && !showing.focus && groups.count > 2 && passing >= GROUPS_FROM;

  const view = createView({
    moving: () => picture.ask(),
    moved() {
      touched = true;
      hooks.moved();
    },
    rested: hooks.moved,
  });
  const picture = createPicture(canvas, view, {
    scene, groups,
    state: () => ({
      visibleNodes, visibleEdges, focus: showing.focus, selection: showing.selection, grouped: grouped(), marked: markedGroup(),
    }),
    over: (ctx) => {
      pointAt(ctx, hands.hovered());
      pointAt(ctx, hands.cursor());
    },
    done: ({ found, drawn: kept }) => {
      thinned.textContent = kept < found && !showing.focus ? `${kept.toLocaleString('en')} of ${found.toLocaleString('en')} lines drawn; nearer, there are more` : '';
    },
  });
  const hands = createHands(canvas, view, {
    itemAt, stops, pick, told,
    back: () => inside >= 0 && !showing.selection && (open(-1), true),
    hover(item, before) {
      hooks.hovered(item && item.kind !== 'group' ? item : null);
      if ([item, before].some((each) => each && each.kind === 'group')) picture.change(false);
      else picture.ask();
    },
  });

  const markedGroup = () => { const at = [hands.hovered(), hands.cursor()].find((each) => each && each.kind === 'group'); return at ? at.at : -1; };

  // ---- what is shown ----

  /** Works out what is visible; true when that has changed. */
  function takeOver() {
    const { hiddenNodes, hiddenEdges } = showing;
    let changed = false;
    passing = 0;
    const letsThrough = (node) => !hiddenNodes[node] && !(scene.ownNodes.size && (scene.ownNodes.get(node) || {}).hidden);
    for (let node = 0; node < nodeCount; node += 1) {
      const through = letsThrough(node);
      if (through) passing += 1;
      const next = through && (inside < 0 || drawn.community[node] === inside) ? 1 : 0;
      if (visibleNodes[node] !== next) { visibleNodes[node] = next; changed = true; }
    }
    for (let edge = 0; edge < edgeCount; edge += 1) {
      const next = !hiddenEdges[edge] && visibleNodes[from[edge]] && visibleNodes[to[edge]] ? 1 : 0;
      if (visibleEdges[edge] !== next) { visibleEdges[edge] = next; changed = true; }
    }
    for (const [edge, own] of scene.ownEdges) if (own.hidden) visibleEdges[edge] = 0;
    if (changed && inside < 0) groups.update(visibleNodes, visibleEdges);
    return changed;
  }

  function paint(next) {
    const { selection } = next;
    showing = next;
    // What is selected lies elsewhere: a community alone would show an empty place.
    if (inside >= 0 && selection && ends(selection).some((node) => drawn.community[node] !== inside)) {
      inside = -1;
      scene.home();
      picture.forget();
      hands.forget();
    }
    picture.change(takeOver());
    tellBar();
  }

  const ends = (item) => (item.kind === 'node' ? [item.at] : [from[item.at], to[item.at]]);

  // ---- the view ----

  /** The box round nodes, or round all that is shown. */
  function boxOf(nodes, slack) {
    const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    const add = (x, y, r) => {
      box.left = Math.min(box.left, x - r); box.right = Math.max(box.right, x + r);
      box.top = Math.min(box.top, y - r); box.bottom = Math.max(box.bottom, y + r);
    };
    if (!nodes && grouped()) groups.shown.forEach((count, group) => count && add(groups.middleX[group], groups.middleY[group], groups.radius[group]));
    else if (nodes) nodes.forEach((node) => visibleNodes[node] && add(scene.x[node], scene.y[node], slack));
    else for (let node = 0; node < nodeCount; node += 1) if (visibleNodes[node]) add(scene.x[node], scene.y[node], slack);
    return box.left > box.right ? null : box;
  }

  function fit({ animated = false, overview = false, nodes = null } = {}) {
    if (overview) touched = false;
    const box = picture.resize() ? boxOf(nodes, 40) : null;
    if (box) view.moveTo(view.over(box), animated);
  }

  function bringIntoSight(nodes, { close = false } = {}) {
    const box = picture.resize() ? boxOf(nodes, 40) : null;
    if (!box) return;
    touched = true;
    const outside = nodes.some((node) => {
      const { x, y } = scene.toScreen(node, view);
      return visibleNodes[node] && (x < 50 || y < 40 || x > view.width - 50 || y > view.height - 60);
    });
    const { scale, ...middle } = view.over(box, { nearest: Math.max(view.scale, close ? 0.9 : 0.6) });
    const wanted = Math.min(scale, 1.5);
    if (outside || wanted > view.scale * 1.05) view.moveTo({ ...middle, scale: wanted }, true);
  }

  // ---- communities ----

  const button = (text, on, act) => make('button', { type: 'button', 'aria-pressed': String(on), onclick: act }, text);

  function tellBar() {
    if (groups.count <= 2 || nodeCount < GROUPS_FROM) return;
    const tells = `${everything} ${inside} ${grouped()} ${inside >= 0 ? groups.shown[inside] : ''}`;
    if (tells === barTells) return;
    barTells = tells;
    const had = [...bar.children].indexOf(document.activeElement);
    bar.replaceChildren(
      button('Groups', !everything && inside < 0, () => open(-1)),
      button('Everything', everything, () => {
        everything = true;
        inside = -1;
        arrange();
        hooks.opened();
      }),
      ...(inside >= 0 ? [make('span', {}, `Only the group of ${groups.nameOf(inside)}: ${groups.shown[inside].toLocaleString('en')}`)] : []),
      ...(grouped() ? [make('span', {}, 'Click a group to see who is in it')] : [thinned]),
    );
    if (had >= 0 && bar.children[had]) bar.children[had].focus();
  }

  function arrange() {
    hands.forget();
    takeOver();
    scene.home();
    if (inside >= 0) {
      const members = [];
      for (let node = 0; node < nodeCount; node += 1) if (drawn.community[node] === inside) members.push(node);
      scene.arrange(members, Math.min(2.2, Math.max(0.6, view.width / Math.max(1, view.height))));
    }
    thinned.textContent = '';
    tellBar();
    touched = false;
    picture.forget();
    picture.change(true);
    fit();
  }

  const part = () => (everything ? 'everything' : inside < 0 ? '' : record.nodeId(groups.leaderOf(inside)));

  function setPart(text) {
    if (text === part()) return;
    const leader = record.nodeAt(text);
    everything = text === 'everything';
    inside = leader < 0 ? -1 : drawn.community[leader];
    arrange();
  }

  /** Shows the members of one community alone; -1 shows all communities. */
  function open(group) {
    everything = false;
    inside = group;
    if (showing.selection) hooks.picked(null);
    arrange();
    hooks.opened();
    say(group < 0 ? 'Groups' : `Group of ${groups.nameOf(group)}, ${groups.shown[group]} nodes`);
  }

  // ---- what is pointed at ----

  const covers = (box, x, y) => x > box.left && x < box.right && y > box.top && y < box.bottom;

  function itemAt({ x, y }) {
    if (grouped()) {
      const named = picture.onScreen(picture.groupBoxes).find((box) => covers(box, x, y));
      const group = named ? named.group : groups.at(view, x, y);
      return group < 0 ? null : { kind: 'group', at: group };
    }
    const { focus } = showing;
    const inFocus = (marks, shown) => (focus ? marks.map((mark, at) => (mark && shown[at] ? 1 : 0)) : null);
    // What stands out comes first, then all else.
    for (const [nodes, edges] of focus ? [[inFocus(focus.nodes, visibleNodes), inFocus(focus.edges, visibleEdges)], [visibleNodes, visibleEdges]] : [[visibleNodes, visibleEdges]]) {
      const node = scene.nodeAt(view, x, y, nodes);
      if (node >= 0) return { kind: 'node', at: node };
      const label = picture.onScreen(picture.boxes).find((box) => covers(box, x, y));
      if (label) return { kind: 'node', at: label.at };
      const edge = scene.edgeAt(view, x, y, edges);
      if (edge >= 0) return { kind: 'edge', at: edge };
    }
    return null;
  }

  function pick(item) {
    if (item && item.kind === 'group') open(item.at);
    else hooks.picked(item);
  }

  /** The communities that the keyboard may go to, where they are on the screen. */
  function stops() {
    return grouped() ? groupsShown().map((group) => ({ kind: 'group', at: group, ...groups.spot(group, view) })) : [];
  }

  const groupsShown = () => [...groups.shown.keys()].filter((group) => groups.shown[group]);

  function told({ at }) {
    say(`Group of ${groups.nameOf(at)}, ${groups.shown[at]} nodes. Enter opens it.`);
    picture.change(false);
  }

  function pointAt(ctx, item) {
    if (!item || grouped() !== (item.kind === 'group')) return;
    if (item.kind === 'group') {
      const { x, y, r } = groups.spot(item.at, view);
      ctx.strokeStyle = colour.accent;
      ctx.lineWidth = 3;
      ctx.beginPath();
      ctx.arc(x, y, Math.max(r, 4) + 5, 0, 2 * Math.PI);
      ctx.stroke();
    } else if (item.kind === 'edge') {
      ctx.strokeStyle = scene.inkOf(item.at);
      ctx.lineWidth = 3;
      ctx.beginPath();
      traceWay(ctx, scene.wayOf(item.at, view));
      ctx.stroke();
      writeNames(ctx, scene, view, { nodes: [], words: drawn.words, must: ends(item), mustEdges: [item.at] });
    } else {
      drawRing(ctx, scene, view, item.at);
      writeNames(ctx, scene, view, { nodes: [], words: drawn.words, must: [item.at] });
    }
  }

  /** Everything that is shown, in units of the layout; what is faint on the screen is left out. */
  function svg() {
    const box = boxOf(null, 100);
    if (!box) return writeSvg({ left: 0, top: 0, right: 1, bottom: 1 }, () => {});
    const all = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, scale: 1, width: box.right - box.left, height: box.bottom - box.top };
    return writeSvg({ left: 0, top: 0, right: all.width, bottom: all.height }, (out) => {
      if (grouped()) groups.draw(out, all, -1);
      else picture.write(out, all);
    });
  }

  new ResizeObserver(() => {
    if (!picture.resize()) return;
    if (!touched) fit();
    picture.ask();
  }).observe(container);
  canvas.addEventListener('focus', picture.ask);
  canvas.addEventListener('blur', picture.ask);

  takeOver();
  groups.update(visibleNodes, visibleEdges);
  tellBar();

  return {
    paint, fit, bringIntoSight,
    panBy: view.panBy,
    zoomBy: (factor) => view.zoomAt(factor),
    picture: ({ scale = Math.max(2, globalThis.devicePixelRatio || 1) } = {}) => picture.copy(scale),
    svg,
    labels: () => picture.onScreen(picture.boxes),
    /** Where nodes are now; a node that is not drawn is nowhere (NaN). */
    positions: () => ({ x: Float64Array.from(scene.x, (x, node) => (visibleNodes[node] ? x : NaN)), y: Float64Array.from(scene.y, (y, node) => (visibleNodes[node] ? y : NaN)) }),
    place({ x, y }) {
      drawn.x.set(x);
      drawn.y.set(y);
      everything = true;
      inside = -1;
      arrange();
    },
    point: (item) => (item.kind === 'node' ? scene.toScreen(item.at, view) : alongWay(scene.wayOf(item.at, view), 0.35)),
    retheme() {
      widths.clear();
      picture.change(true);
    },
    scale: () => view.scale,
    part, setPart,
    sight() {
      const points = grouped() ? groupsShown().map((group) => groups.spot(group, view)) : [];
      if (!grouped()) for (let node = 0; node < nodeCount; node += 1) if (visibleNodes[node]) points.push(scene.toScreen(node, view));
      return sightOf(points, view.width, view.height);
    },
    /** For tests: whether the picture is whole and up to date, and where the communities are. */
    settled: () => picture.settled(),
    groups: () => stops().map((stop) => ({ ...stop, name: groups.nameOf(stop.at), count: groups.shown[stop.at] })),
  };
}
