// A classic script in the head, so that it is there before what it looks after: files of the player that did not come,
// because the network changed or the server restarted while the page was loading. The page is loaded again, soon at
// first and then less often, and says so. With its modules there, the player copes by itself.
(() => {
  const KEY = 'dubplate.failedLoads';
  const FIRST_WAIT_MS = 300;
  const MOST_WAIT_MS = 30_000;
  let hasFailed = false;

  function load() {
    location.reload();
  }

  function showBlank() {
    const blank = /** @type {HTMLElement} */ (document.getElementById('library-blank'));
    blank.querySelector('button')?.addEventListener('click', load);
    blank.hidden = false;
  }

  function failed() {
    // A page whose socket.io.js is missing has begun without it, and has said so.
    if (hasFailed || (document.body && document.body.dataset.session !== 'unknown')) return;
    hasFailed = true;
    try {
      const before = Number(sessionStorage.getItem(KEY)) || 0;
      sessionStorage.setItem(KEY, String(before + 1));
      setTimeout(load, Math.min(FIRST_WAIT_MS * 2 ** before, MOST_WAIT_MS));
      if (before === 0) return;
    } catch {
      // No storage, no count: it is for the listener to try again.
    }
    if (document.readyState === 'loading') addEventListener('DOMContentLoaded', showBlank);
    else showBlank();
  }

  // An `error` of a file does not bubble; it is seen on its way down.
  const isNeeded = (target) =>
    target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
  addEventListener('error', ({ target }) => isNeeded(target) && failed(), true);
  addEventListener('load', () => {
    if (hasFailed) return;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  });
})();
