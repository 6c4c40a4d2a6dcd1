// Owns the questions kept with the graph: the list, the one chosen, its parameters filled in.
// Leaves running it to main.js. What a default stands for comes with the page; other values are looked up here.

const XSD = 'http://www.w3.org/2001/XMLSchema#';
const LEXICAL = { integer: /^[+-]?\d+$/, decimal: /^[+-]?(\d+\.?\d*|\.\d+)$/, double: /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|INF|-INF|NaN)$/, boolean: /^(true|false|0|1)$/, date: /^-?\d{4,}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?$/, gYear: /^-?\d{4,}$/ };
const chosen = { question: null, values: {}, text: '' };

const quoteText = (text) => `"${text.replace(/["\\\n\r\t]/g, (char) => ({ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[char])}"`;

/** The term, as a query has it, that `value` stands for in a parameter of that type. */
function termOf(parameter, type, value) {
  if (type === 'iri') {
    const found = names.byName.get(fold(value)) || [];
    const exact = found.filter((name) => [name.label, ...name.also].includes(value));
    const best = exact.length ? exact : found;
    if (best.length > 1) throw new Error(`${parameter}: ${best.length} things are called "${value}"; write ${best.map((name) => name.short).join(' or ')}`);
    if (best.length) return best[0].short;
    const iri = expandName(value.includes(':') ? value : `:${value}`);
    if (iri && names.byIri.has(iri)) return compact(iri);
    const address = value.replace(/^<|>$/g, '');
    if (/^[a-z][a-z0-9+.-]*:\/\/[^<>"{}|^`\\\x00-\x20]+$/i.test(address)) return `<${address}>`;
    throw new Error(`${parameter}: nothing is called "${value}"`);
  }
  if (type in LEXICAL && !LEXICAL[type].test(value)) throw new Error(`${parameter}: "${value}" is no xsd:${type}`);
  if (type === 'string' || !type) return quoteText(value);
  if (type in LEXICAL || type === 'dateTime' || type === 'anyURI') return `${quoteText(value)}^^<${XSD}${type}>`;
  return `${quoteText(value)}@${type.replace(/_/g, '-')}`;
}

/** The query of a question with `values` for its parameters. */
function fillIn(question, values) {
  const terms = {};
  for (const parameter of question.parameters) {
    const value = values[parameter.name];
    for (const [variable, type, term] of parameter.variables) {
      if (value === '' || value === undefined) throw new Error(`${parameter.name} needs a value`);
      terms[variable] = term && value === parameter.value ? term.replace(/^<(.*)>$/, (_, iri) => compact(iri)) : termOf(parameter.name, type, value);
    }
  }
  return bindTerms(question.text, terms);
}

const isDefault = () => chosen.question !== null && chosen.question.parameters.every((parameter) => chosen.values[parameter.name] === parameter.value);

/** What to say of an answer to the question as it was put: whether its rows come to what it expects. */
function remarkOn(answer, text) {
  const question = chosen.question;
  if (!question || text !== chosen.text || !isDefault() || question.rows === null || question.lens || answer.kind === 'graph') return '';
  const found = answer.kind === 'boolean' ? 1 : answer.count;
  return found === question.rows ? 'As many as the question expects' : `The question expects ${count(question.rows, 'row', 'rows')}`;
}

function choose(question) {
  chosen.question = question;
  chosen.values = Object.fromEntries(question.parameters.map((parameter) => [parameter.name, parameter.value]));
  for (const button of byId('questions').querySelectorAll('button')) {
    if (button.dataset.name === question.name) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  const fields = question.parameters.map((parameter) => make('label', {}, make('span', {}, parameter.name), make('input', {
    type: 'text', value: parameter.value, list: parameter.variables.some((variable) => variable[1] === 'iri') ? 'known' : null, spellcheck: 'false', autocomplete: 'off',
    oninput: (event) => { chosen.values[parameter.name] = event.target.value.trim(); suggest(event.target); },
    onchange: () => writeChosen(),
    onkeydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); if (writeChosen()) runQuery(); } },
  })));
  byId('question').replaceChildren(
    make('h2', {}, question.title),
    question.description ? make('p', {}, question.description) : '',
    question.lens ? make('p', { class: 'lens' }, `This question is asked through a lens (${question.lens}). The console holds everything on record, so it may give other rows.`) : '',
    fields.length ? make('div', { class: 'fields' }, fields) : '',
  );
  byId('question').hidden = false;
}

/** Offers names for what stands in a field. */
function suggest(field) {
  if (!field.getAttribute('list')) return;
  loadNames().then(() => byId('known').replaceChildren(...findNames(field.value, 12).map((name) => make('option', { value: name.label }, name.type))), () => null);
}

/** Writes the chosen question, with its values, into the editor; says so where a value names nothing. */
function writeChosen() {
  try {
    chosen.text = fillIn(chosen.question, chosen.values);
  } catch (error) {
    showProblem(error);
    return false;
  }
  hideProblem();
  editor.write(chosen.text);
  return true;
}

async function ask(question) {
  choose(question);
  if (matchMedia('(max-width: 900px)').matches) {  // the list would stand between the reader and the answer
    byId('library').open = false;
    byId('question').focus();
  }
  if (writeChosen()) await runQuery();
}

function listQuestions() {
  const wanted = fold(byId('find-question').value).split(/\s+/).filter(Boolean);
  const found = given.questions.filter((question) => wanted.every((word) => fold(`${question.title} ${question.description} ${question.name}`).includes(word)));
  byId('questions').replaceChildren(...found.map((question) => make('li', {}, make('button', {
    type: 'button', 'data-name': question.name, 'aria-current': chosen.question === question ? 'true' : null, onclick: () => ask(question),
  }, question.title))));
  byId('no-question').hidden = found.length > 0;
}

byId('find-question').addEventListener('input', listQuestions);
if (given.questions.length) listQuestions();
