// Owns the notes that the graph has changed, or that its files are broken: asks the server which build it serves.
// Leaves loading the page anew to the reader.

(function () {
  'use strict';
  const note = document.getElementById('live');
  const broken = document.getElementById('broken');
  const address = JSON.parse(document.getElementById('data').textContent).live || '/live';
  let first = null;

  async function ask() {
    try {
      const answer = await fetch(address, { cache: 'no-store' });
      if (answer.ok) {
        const { build, problems } = await answer.json();
        if (first === null) first = build;
        note.hidden = build === first;
        broken.hidden = !problems;
      }
    } catch {
      // The server is away; asked again in a while.
    }
    setTimeout(ask, document.hidden ? 15000 : 2000);
  }
  if (location.protocol !== 'file:') ask();
})();
