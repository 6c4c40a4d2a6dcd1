// Owns the editor: its keys, colours, completion, and the mark at a mistake.
// Leaves what completion offers to names.js, and running a query to main.js.

const {
  EditorState, EditorView, HighlightStyle, autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, completionKeymap, defaultKeymap,
  drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, historyKeymap, indentUnit, keymap, lineNumbers,
  SparqlLanguage, lintGutter, placeholder, setDiagnostics, startCompletion, styleTags, syntaxHighlighting, tags,
} = codemirror;

/** A parse that leaves a text without colours where it is nested deeper than the grammar's tree can be built. */
function bounded(parse, input) {
  const flat = () => {
    const { constructor: Tree, type } = SparqlLanguage.parser.parse('');
    return new Tree(type, [], [], input.length);
  };
  return {
    get parsedPos() { return parse.parsedPos; },
    get stoppedAt() { return parse.stoppedAt; },
    stopAt: (position) => parse.stopAt(position),
    advance() {
      try {
        return parse.advance();
      } catch (error) {
        if (error instanceof RangeError) return flat();
        throw error;
      }
    },
  };
}

const language = SparqlLanguage.configure({
  wrap: bounded,
  // The grammar leaves names and languages without a colour.
  props: [styleTags({ 'Pname_ln Pname_ns PNAME_NS': tags.namespace, IriRef: tags.url, A_predicate: tags.namespace, Langtag: tags.annotation })],
});
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-word)', fontWeight: '600' },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: 'var(--code-variable)' },
  { tag: [tags.string, tags.number, tags.bool, tags.literal, tags.annotation], color: 'var(--code-value)' },
  { tag: [tags.url, tags.namespace, tags.propertyName, tags.typeName, tags.atom, tags.labelName, tags.name], color: 'var(--code-name)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--soft)', fontStyle: 'italic' },
]);

const looks = EditorView.theme({
  '&': { height: '100%', fontSize: '14px', color: 'var(--ink)', backgroundColor: 'var(--paper)', border: '1px solid var(--rule)', borderRadius: '6px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--sheet)', color: 'var(--soft)', border: 'none', borderRadius: '6px 0 0 6px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'color-mix(in srgb, var(--accent) 28%, transparent) !important' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--mark)' },
  '.cm-placeholder': { color: 'var(--soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--rule)', borderRadius: '6px', boxShadow: '0 6px 24px rgb(0 0 0 / .18)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'inherit', maxHeight: '15em', maxWidth: 'min(44rem, 92vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--paper)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '.8', marginLeft: '10px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
  '.cm-completionInfo': { maxWidth: '22rem', padding: '6px 10px' },
  '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px solid var(--wrong)', backgroundColor: 'color-mix(in srgb, var(--wrong) 16%, transparent)' },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--wrong)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--wrong)' },
  '.cm-gutter-lint': { width: '1.1em' },
});

const KINDS = { property: 'property', class: 'class', entity: 'variable', source: 'text', status: 'enum', term: 'constant' };

/** What stands before the cursor and may be the beginning of a name; a label may have several words. */
function offered(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const variable = /[?$][\w]*$/.exec(before);
  if (variable) return variables(context, line.from + variable.index);
  if (/(^|\s)#[^<>]*$/.test(before) || /<[^>\s]*$/.test(before)) return null;
  const short = /(?:[\p{L}][\w.-]*)?:[\w.-]*$/u.exec(before);
  if (short) return byShortName(short[0], line.from + short.index);
  const words = /[\p{L}\p{N}][\p{L}\p{M}\p{N}.'’-]*(?: [\p{L}\p{N}][\p{L}\p{M}\p{N}.'’-]*){0,5} ?$/u.exec(before);
  if (!words) return context.explicit ? byWord('', context.pos, true) : null;
  // The longest run of words that begins some name: "Steve Wit", but only "Wit" behind "WHERE { ?x a ".
  for (let at = 0; at >= 0 && at < words[0].length; at = words[0].indexOf(' ', at) + 1 || -1) {
    const run = words[0].slice(at);
    if (run.includes(' ') && run.trim().length > 2 && findNames(run, 1).some((name) => name.folded.some((word) => word.startsWith(fold(run.trimStart()))))) {
      return byWord(run, line.from + words.index + at, false);
    }
  }
  const last = words[0].slice(words[0].trimEnd().lastIndexOf(' ') + 1);
  if (last.endsWith(' ') && !context.explicit) return null;
  return byWord(last.trimEnd(), context.pos - last.length, context.explicit);
}

function option(name, boost = 0) {
  return {
    label: name.label, detail: `${name.short.length > 60 ? 'IRI' : name.short}${name.type ? ` · ${name.type}` : ''}`, type: KINDS[name.kind] || 'text', boost, apply: name.short,
    info: name.comment || (name.also.length ? `also ${name.also.slice(0, 6).join(', ')}` : undefined),
  };
}

const result = (from, options) => (options.length ? { from, options, filter: false } : null);

function byWord(text, from, explicit) {
  if (!text && !explicit) return null;
  const upper = text.toUpperCase();
  const words = text.length > 1 || explicit ? [...KEYWORDS].filter((word) => word.startsWith(upper)).slice(0, 6).map((word) => ({ label: word, type: 'keyword', apply: word })) : [];
  const prefixes = Object.keys(given.prefixes).filter((prefix) => prefix && prefix.startsWith(text.toLowerCase())).map((prefix) => ({ label: `${prefix}:`, detail: given.prefixes[prefix], type: 'namespace' }));
  const named = findNames(text).map((name) => option(name));
  return result(from, text === upper && text ? [...words, ...named, ...prefixes] : [...named, ...words, ...prefixes]);
}

function byShortName(text, from) {
  const [prefix, rest] = text.split(':');
  const space = given.prefixes[prefix];
  if (space === undefined) return null;
  const wanted = fold(rest);
  const mine = names.list.filter((name) => name.short.startsWith(`${prefix}:`) && (fold(name.short).includes(wanted) || name.folded.some((word) => word.startsWith(wanted))));
  mine.sort((a, b) => b.short.toLowerCase().startsWith(text.toLowerCase()) - a.short.toLowerCase().startsWith(text.toLowerCase()) || (a.short < b.short ? -1 : 1));
  return result(from, mine.slice(0, 60).map((name) => option(name)));
}

function variables(context, from) {
  const used = new Set(tokensOf(context.state.doc.toString()).filter((token) => token.kind === 'variable' && token.start !== from).map((token) => `?${token.text.slice(1)}`));
  const wanted = context.state.sliceDoc(from + 1, context.pos);
  return result(from, [...used].filter((name) => name.slice(1).startsWith(wanted)).sort().map((label) => ({ label, type: 'variable' })));
}

const editor = (() => {
  const host = byId('editor');
  const root = host.attachShadow({ mode: 'open' });  // its styles then come as sheets, which no policy on markup forbids
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      extensions: [
        keymap.of([
          { key: 'Mod-Enter', run: () => { runQuery(); return true; }, preventDefault: true },
        ]),
        lineNumbers(), lintGutter(), highlightSpecialChars(), codemirror.history(), drawSelection(), indentUnit.of('  '), bracketMatching(), closeBrackets(),
        autocompletion({ override: [async (context) => { await loadNames().catch(() => null); return context.aborted ? null : offered(context); }], icons: false }),
        highlightActiveLine(), highlightActiveLineGutter(), syntaxHighlighting(colours), language, looks, EditorView.lineWrapping,
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': 'SPARQL query. Control and Enter run it, Tab leaves it.', 'aria-multiline': 'true', autocapitalize: 'off', spellcheck: 'false' }),
        EditorView.updateListener.of((update) => { if (update.docChanged) noteEdit(); }),
        placeholder('SELECT ?who ?what WHERE { … }'),
      ],
    }),
  });
  return {
    view,
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    write(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 }, scrollIntoView: true });
    },
    complete: () => startCompletion(view),
    clear: () => view.dispatch(setDiagnostics(view.state, [])),
    /** Marks a Mistake and says its line and column. */
    mark(mistake) {
      const length = view.state.doc.length;
      const from = Math.min(mistake.from, length);
      const to = Math.min(Math.max(mistake.to, from), length);
      view.dispatch(setDiagnostics(view.state, [{ from, to, severity: 'error', message: mistake.message }]));
      view.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'nearest' }) });
      const line = view.state.doc.lineAt(from);
      return { line: line.number, column: from - line.from + 1 };
    },
    go(from) {
      view.dispatch({ selection: { anchor: Math.min(from, view.state.doc.length) }, scrollIntoView: true });
      view.focus();
    },
  };
})();
byId('editor').addEventListener('focusin', () => loadNames().catch(() => null), { once: true });
