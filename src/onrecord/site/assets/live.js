// Owns the note that the graph has changed: asks the server which build it serves, and says when it is another.
// Leaves loading the page anew to the reader.

(function () {
  'use strict';
  const note = document.getElementById('live');
  const address = JSON.parse(document.getElementById('data').textContent).live || '/live';
  let first = null;

  async function ask() {
    try {
      const answer = await fetch(address, { cache: 'no-store' });
      if (answer.ok) {
        const { build } = await answer.json();
        if (first === null) first = build;
        note.hidden = build === first;
      }
    } catch {
      // The server is away; asked again in a while.
    }
    setTimeout(ask, document.hidden ? 15000 : 2000);
  }
  if (location.protocol !== 'file:') ask();
})();
