// Owns which theme the page is in: the reader's system's, or the one chosen with the button.
// Leaves drawing anew to retheme() of the page, where it has one.

const root = document.documentElement;
const themeButton = make('button', { type: 'button', class: 'square', id: 'theme', 'aria-label': 'Dark theme', title: 'Dark or light' }, '◐');
document.querySelector('.tools').append(themeButton);
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => root.classList.contains('dark') || (prefersDark.matches && !root.classList.contains('light'));

function showTheme() {
  themeButton.setAttribute('aria-pressed', String(isDark()));
  if (typeof retheme === 'function') retheme();
}

/** `light`, `dark`, or '' for the system's. */
function setTheme(name) {
  root.classList.remove('light', 'dark');
  if (name) root.classList.add(name);
}

function keptTheme() {
  try {
    return ['light', 'dark'].find((name) => name === localStorage.getItem('onrecord-theme')) || '';
  } catch {
    return '';  // a frame of its own keeps nothing
  }
}

setTheme(keptTheme());
themeButton.setAttribute('aria-pressed', String(isDark()));
themeButton.addEventListener('click', () => {
  setTheme(isDark() ? 'light' : 'dark');
  try {
    localStorage.setItem('onrecord-theme', isDark() ? 'dark' : 'light');
  } catch {
    // Nothing is kept; the theme is chosen for this visit.
  }
  showTheme();
});
prefersDark.addEventListener('change', showTheme);

let beforePrint = '';
addEventListener('beforeprint', () => {
  beforePrint = root.classList.contains('dark') ? 'dark' : root.classList.contains('light') ? 'light' : '';
  setTheme('light');
  showTheme();
});
addEventListener('afterprint', () => {
  setTheme(beforePrint);
  showTheme();
});
