// A classic script in the head, so that it is there before what it looks after: files of the player that did not come,
// because the network changed or the server restarted while the page was loading. The page is loaded again, soon at
// first and then less often, and says so. With its modules there, the player copes by itself.
(() => {
  const KEY = 'dubplate.failedLoads';
  const FIRST_WAIT_MS = 300;
  const MOST_WAIT_MS = 30_000;
  const CLIENT = '/socket.io/socket.io.js';
  let hasFailed = false;

  function load() {
    location.reload();
  }

  function showBlank() {
    const blank = /** @type {HTMLElement} */ (document.getElementById('library-blank'));
    blank.querySelector('button')?.addEventListener('click', load);
    blank.hidden = false;
  }

  function sayThatTheClientIsMissing() {
    const blank = /** @type {HTMLElement} */ (document.getElementById('library-blank'));
    const say = (name, text) => {
      const line = blank.querySelector(`.blank__${name}`);
      if (line) line.textContent = text;
    };
    say('title', 'The server is not complete');
    say(
      'text',
      `It has no ${CLIENT}, the Socket.IO browser client, without which nothing plays. Whoever runs it gets socket.io.min.js from https://cdn.socket.io/4.8.1/socket.io.min.js, puts it beside the program dubplate or names it by --socketio-client, and starts the server again.`,
    );
    showBlank();
  }

  const whenParsed = (work) => {
    if (document.readyState === 'loading') addEventListener('DOMContentLoaded', work);
    else work();
  };

  // A server that answers, and has no such file, won't have it in a moment either.
  async function clientFailed() {
    try {
      const answer = await fetch(CLIENT, { method: 'HEAD', cache: 'no-store' });
      if (answer.status >= 400 && answer.status < 500) return whenParsed(sayThatTheClientIsMissing);
    } catch {
      // Nobody answers: it is the network, or the server is away.
    }
    failed();
  }

  function failed() {
    // What is missing of a page that has begun is for the page to say.
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
    whenParsed(showBlank);
  }

  // An `error` of a file does not bubble; it is seen on its way down.
  const isNeeded = (target) =>
    target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
  const isClient = (target) => target instanceof HTMLScriptElement && target.getAttribute('src') === CLIENT;
  addEventListener('error', ({ target }) => isNeeded(target) && (isClient(target) ? clientFailed() : failed()), true);
  addEventListener('load', () => {
    if (hasFailed) return;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  });
})();
