// Owns the button that changes the theme, and the light theme on paper.
// Leaves drawing anew to retheme() of the page, where it has one.

const themeButton = make('button', { type: 'button', class: 'square', id: 'theme', 'aria-label': 'Dark theme', title: 'Dark or light' }, '◐');
document.querySelector('.tools').append(themeButton);

function showTheme() {
  themeButton.setAttribute('aria-pressed', String(isDark()));
  if (typeof retheme === 'function') retheme();
}

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
