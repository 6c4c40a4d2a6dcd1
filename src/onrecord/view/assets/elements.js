// Owns what every script needs: the JSON block, elements made of it, and how words are compared.
// Leaves what the block holds to data.js. All files share one scope; nothing writes markup.

const given = JSON.parse(document.getElementById('data').textContent);

/** An element with properties and children; strings become text, never markup. */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === 'class') element.className = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== '') element.append(child);
  }
  return element;
}

/** A link when the address is http or https and names no user; otherwise only its text. */
function link(address, text) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    return text;
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.username || url.password) return text;
  return make('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank' }, text);
}

const byId = (id) => document.getElementById(id);

/** Sets the text of an element, where it is another one: the same text again would be laid out again. */
function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Lower case and without accents, for finding. */
const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const collator = (() => {
  const options = { numeric: true, sensitivity: 'base' };
  try {
    return new Intl.Collator(document.documentElement.lang || 'en', options);
  } catch {
    return new Intl.Collator('en', options);  // the graph's language is no language tag
  }
})();
