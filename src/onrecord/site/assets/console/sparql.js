// Owns SPARQL as text: tokens, what a query may not do, parameters, and where a mistake stands.
// Leaves evaluating to worker.js. The rules are those of onrecord/sparql, for a reader's own browser.

Object.assign(given, JSON.parse(byId('console-data').textContent));
const TOKEN = new RegExp([
  /(?<space>\s+)/, /(?<comment>#[^\n\r]*)/, /(?<iri><[^<>"{}|^`\\\x00-\x20]*>)/,
  /(?<string>"""(?:"{0,2}(?:[^"\\]|\\.))*"""|'''(?:'{0,2}(?:[^'\\]|\\.))*'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/,
  /(?<variable>[?$][\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*)/u, /(?<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)/, /(?<blank>_:[\p{L}\p{M}\p{N}_.-]+)/u,
  /(?<name>(?:\p{L}(?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_-])?)?:(?:(?:[\p{L}\p{M}\p{N}_:]|%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=\/?#@%])(?:\.*(?:[\p{L}\p{M}\p{N}_:-]|%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=\/?#@%]))*)?)/u,
  /(?<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/, /(?<word>[\p{L}_][\p{L}\p{M}\p{N}_]*)/u, /(?<sign>\^\^|&&|\|\||!=|<=|>=|[^])/,
].map((part) => part.source).join('|'), 'gsu');
const KEYWORDS = new Set(('SELECT CONSTRUCT DESCRIBE ASK WHERE FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER BIND VALUES EXISTS NOT IN AS DISTINCT REDUCED GROUP BY '
  + 'HAVING ORDER ASC DESC LIMIT OFFSET PREFIX BASE UNDEF SEPARATOR STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT SUBSTR '
  + 'STRLEN REPLACE UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID '
  + 'MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT '
  + 'ADJUST TRIPLE SUBJECT PREDICATE OBJECT ISTRIPLE').split(' '));
const FORMS = new Set(['SELECT', 'CONSTRUCT', 'DESCRIBE', 'ASK']);
const UPDATES = new Set(['INSERT', 'DELETE', 'LOAD', 'CLEAR', 'CREATE', 'DROP', 'COPY', 'MOVE', 'ADD', 'WITH']);
const PAIRS = { '}': '{', ')': '(', ']': '[' };
const MAX_QUERY = 256 * 1024;

/** The tokens of a query: `{ kind, text, start }`, white space and comments left out. */
function tokensOf(query) {
  const out = [];
  for (const match of query.matchAll(TOKEN)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    if (kind !== 'space' && kind !== 'comment') out.push({ kind, text: match[0], start: match.index });
  }
  return out;
}

const isWord = (token, word) => token !== undefined && token.kind === 'word' && token.text.toUpperCase() === word;

/** The prefixes that a query declares itself. */
function declaredIn(found) {
  const out = {};
  for (const [at, token] of found.entries()) {
    if (isWord(found[at - 1], 'PREFIX') && token.kind === 'name' && found[at + 1]?.kind === 'iri') out[token.text.slice(0, -1)] = found[at + 1].text.slice(1, -1);
  }
  return out;
}

/** A mistake in a query: what is wrong, what to do, and which characters it is about. */
class Mistake extends Error {
  constructor(what, fix, token) {
    super(fix ? `${what}. ${fix[0].toUpperCase()}${fix.slice(1)}${fix.endsWith('?') ? '' : '.'}` : `${what}.`);
    this.from = token ? token.start : 0;
    this.to = token ? token.start + Math.max(1, token.text.length) : 1;
  }
}

/** What the engine needs to know of a query; throws a Mistake for what would reach out of the graph or change it. */
function readQuery(query) {
  if (query.length > MAX_QUERY) throw new Mistake('This query is longer than 256 KiB', 'shorten it');
  const found = tokensOf(query);
  const known = { ...given.prefixes, ...declaredIn(found) };
  const first = found.find((token) => token.kind === 'word' && !['PREFIX', 'BASE'].includes(token.text.toUpperCase()));
  if (first && UPDATES.has(first.text.toUpperCase())) {
    throw new Mistake(`${first.text.toUpperCase()} would change the graph; queries only read`, 'the statement files are the truth', first);
  }
  const service = found.find((token) => isWord(token, 'SERVICE'));
  if (service) throw new Mistake('SERVICE would send data to another server; this graph is queried alone', 'delete it', service);
  let depth = 0;
  let chooses = false;
  for (const [at, token] of found.entries()) {
    if (token.kind === 'sign') depth += '{(['.includes(token.text) - '})]'.includes(token.text);
    if (depth || !isWord(token, 'FROM')) continue;
    chooses = true;
    const target = isWord(found[at + 1], 'NAMED') ? found[at + 2] : found[at + 1];
    if (!target || !['iri', 'name'].includes(target.kind)) continue;  // a mistake with a place of its own
    const address = target.kind === 'iri' ? target.text.slice(1, -1) : expandName(target.text, known);
    if (address !== null && !given.graphs.includes(address)) {
      throw new Mistake(`${target.text} is no graph of this dataset, and nothing is fetched`, `it has: ${given.graphs.map(compact).join(', ')}`, target);
    }
  }
  const form = found.find((token) => token.kind === 'word' && FORMS.has(token.text.toUpperCase()));
  return { form: form ? form.text.toUpperCase() : 'SELECT', chooses, ordered: found.some((token) => isWord(token, 'ORDER')) };
}

/** `query` with the variables of parameters replaced by terms. */
function bindTerms(query, terms) {
  let out = '';
  let reached = 0;
  for (const token of tokensOf(query)) {
    const term = token.kind === 'variable' ? terms[token.text.slice(1)] : undefined;
    if (term === undefined) continue;
    out += query.slice(reached, token.start) + term;
    reached = token.start + token.text.length;
  }
  return out + query.slice(reached);
}

/** How many letters apart two words are, two that changed places counted once; for finding what was meant. */
function distance(one, other) {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= other.length; j += 1) {
      rows[i].push(Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] !== other[j - 1])));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[one.length][other.length];
}

function meant(word, choices) {
  const near = [...choices].map((choice) => [distance(word, choice), choice]).sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))[0];
  return near && near[0] <= Math.max(1, Math.floor(word.length / 3)) ? `did you mean ${near[1]}?` : '';
}

/** The Mistake in a query that did not parse, placed as well as can be told from the engine's `message`. */
function findMistake(query, message) {
  const found = tokensOf(query);
  const known = { ...given.prefixes, ...declaredIn(found) };
  return unclosedIn(found) || foreignIn(found, known) || misspeltIn(found) || stoppedAt(found, query, message);
}

function unclosedIn(found) {
  const opened = [];
  for (const token of found) {
    if (token.kind !== 'sign') continue;
    if (token.text === '"' || token.text === "'") return new Mistake('This string is not closed', `write ${token.text} at its end`, token);
    if ('{(['.includes(token.text)) opened.push(token);
    else if (token.text in PAIRS) {
      if (opened.length && opened[opened.length - 1].text === PAIRS[token.text]) opened.pop();
      else if (!opened.some((before) => before.text === PAIRS[token.text])) return new Mistake(`This ${token.text} closes nothing`, 'delete it, or open one', token);
      else break;
    }
  }
  const last = opened[opened.length - 1];
  return last ? new Mistake(`This ${last.text} is not closed`, 'close it', last) : null;
}

function foreignIn(found, known) {
  for (const [at, token] of found.entries()) {
    if (token.kind === 'language' && /^@(prefix|base)$/i.test(token.text)) {
      return new Mistake(`"${token.text}" is Turtle`, `write ${token.text.slice(1).toUpperCase()}, without a dot after it`, token);
    }
    if (token.kind === 'name' && !isWord(found[at - 1], 'PREFIX')) {
      const prefix = token.text.split(':')[0];
      if (!(prefix in known)) {
        const fix = meant(`${prefix}:`, Object.keys(known).filter(Boolean).map((key) => `${key}:`)) || `write PREFIX ${prefix}: <...> at the top`;
        return new Mistake(`The prefix "${prefix}:" is not declared`, fix, { ...token, text: `${prefix}:` });
      }
    }
  }
  return null;
}

function misspeltIn(found) {
  for (const token of found) {
    if (token.kind !== 'word' || KEYWORDS.has(token.text.toUpperCase()) || ['a', 'true', 'false', 'TRUE', 'FALSE'].includes(token.text)) continue;
    const near = meant(token.text.slice(0, 50).toUpperCase(), KEYWORDS);
    return new Mistake(`"${token.text}" is no word of SPARQL`, near || `a variable is written ?${token.text}, a name with its prefix`, token);
  }
  return null;
}

/** The token at which the engine gave up; it counts a keyword that it tried as read. */
function stoppedAt(found, query, message) {
  const match = /error at (\d+):(\d+): expected (?:one of )?([^]*)/.exec(message);
  if (!match) return new Mistake(`This is not SPARQL: ${message}`, '', null);
  let offset = query.split('\n').slice(0, Number(match[1]) - 1).reduce((sum, line) => sum + line.length + 1, 0) + Number(match[2]) - 1;
  const expected = match[3].split(', ').map((item) => item.trim());
  const keywords = expected.filter((item) => /^[A-Za-z]\w*$/.test(item));
  const remark = expected.find((item) => !/^['"[]/.test(item) && item.split(' ').length > 2) || '';
  if (remark === 'IRI parsing failed') offset = query.lastIndexOf('<', offset);
  else if (keywords.length && expected.every((item) => keywords.includes(item) || item === '[_]')) offset -= Math.min(...keywords.map((word) => word.length));
  else if (query[offset - 1] === '.') offset -= 1;
  const selects = found.filter((token) => isWord(token, 'SELECT'));
  const about = remark.includes('SELECT') && selects.length === 1;
  const stopped = about ? selects[0] : found.find((token) => token.start + token.text.length > offset);
  if (!stopped) {
    const last = found[found.length - 1];
    return new Mistake('The query ends too early', 'write the rest of it', last || null);
  }
  return new Mistake(remark ? `This is not SPARQL: ${remark}` : `"${stopped.text.slice(0, 40)}" cannot stand here`, 'look at the place marked, and right before it', stopped);
}
