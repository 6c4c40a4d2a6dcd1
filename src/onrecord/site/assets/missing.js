// Owns finding the site's folder from the page that a host serves at an address without one. Leaves the words to the page.
// The deepest folder above that holds the site's styles is the one: another site may stand farther up.

const MOST_FOLDERS = 20;
const links = [...document.querySelectorAll('a[data-path]')];
const leadFrom = (folder) => links.forEach((link) => link.setAttribute('href', folder + link.dataset.path));

async function isSite(folder) {
  try {
    const answer = await fetch(`${folder}assets/site.css`, { method: 'HEAD' });
    return answer.ok && (answer.headers.get('content-type') || '').startsWith('text/css');
  } catch {
    return false;
  }
}

async function findSite() {
  const parts = location.pathname.split('/').slice(0, MOST_FOLDERS);
  for (let count = parts.length - 1; count > 0; count -= 1) {
    const folder = `${location.origin}${parts.slice(0, count).join('/')}/`;
    if (await isSite(folder)) {
      leadFrom(folder);
      return;
    }
  }
}

const { site } = document.querySelector('main').dataset;
if (location.protocol === 'file:') leadFrom('');
else if (!site || !location.href.startsWith(site)) findSite();
