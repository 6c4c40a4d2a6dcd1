// Owns the buttons that copy a citation, and on narrow screens shows where in the site the reader is. Leaves the words
// to the page.

document.querySelectorAll('button.copy').forEach((button) => {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const told = byId(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(told.textContent);
      button.textContent = 'Copied';
    } catch {
      const range = document.createRange();
      range.selectNodeContents(told);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = 'Selected: copy it with the keyboard';
    }
    setTimeout(() => { button.textContent = words; }, 2500);
  });
});

// Not scrollIntoView: that would scroll the page too.
document.querySelectorAll('.top nav a[aria-current]').forEach((link) => {
  const strip = link.closest('nav');
  strip.scrollLeft = link.offsetLeft - strip.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
});
