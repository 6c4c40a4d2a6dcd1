// Owns which theme the page is in: the reader's system's, or the one that was chosen and kept.
// A page of a site runs this before anything is drawn, so that no page flashes in the other theme.

const root = document.documentElement;
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => root.classList.contains('dark') || (prefersDark.matches && !root.classList.contains('light'));

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
