// A classic script in the head, so that it is there before what it looks after: files of the player that did not come,
// because the network changed or the server restarted while the page was loading. The page is loaded again, soon at
// first and then less often, and says so. With its modules there, the player copes by itself.
(() => {
  const KEY = 'dubplate.failedLoads';
  const FIRST_WAIT_MS = 300;
  const MOST_WAIT_MS = 30_000;
  const CLIENT = '/socket.io/socket.io.js';
  let hasFailed = false;

  // The catalogues of messages are among what may not have come.
  const TEXTS = {
    en: {
      failed: 'The player could not be loaded',
      failedText: 'The network changed, or the server is away for a moment. It is tried again by itself.',
      incomplete: 'The server is not complete',
      incompleteText: `It has no ${CLIENT}, the Socket.IO browser client, without which nothing plays. Whoever runs it gets socket.io.min.js from https://cdn.socket.io/4.8.1/socket.io.min.js, puts it beside the program dubplate or names it by --socketio-client, and starts the server again.`,
      again: 'Load again',
    },
    ru: {
      failed: 'Плеер не загрузился',
      failedText: 'Сменилась сеть, или сервер ненадолго пропал. Попытка повторится сама.',
      incomplete: 'На сервере не хватает файла',
      incompleteText: `Нет ${CLIENT} — браузерного клиента Socket.IO, без которого ничего не играет. Тому, кто держит сервер, нужно взять socket.io.min.js по адресу https://cdn.socket.io/4.8.1/socket.io.min.js, положить его рядом с программой dubplate или указать в --socketio-client и запустить сервер заново.`,
      again: 'Загрузить снова',
    },
  };

  function load() {
    location.reload();
  }

  /** @param {'failed' | 'incomplete'} what */
  function showBlank(what) {
    const texts = TEXTS[document.documentElement.lang === 'ru' ? 'ru' : 'en'];
    const blank = /** @type {HTMLElement} */ (document.getElementById('library-blank'));
    const say = (place, text) => {
      const node = blank.querySelector(place);
      if (node) node.textContent = text;
    };
    say('.blank__title', texts[what]);
    say('.blank__text', texts[`${what}Text`]);
    say('button', texts.again);
    blank.querySelector('button')?.addEventListener('click', load);
    // Nobody puts the page into another language any more.
    delete document.documentElement.dataset.awaits;
    blank.hidden = false;
  }

  const whenParsed = (work) => {
    if (document.readyState === 'loading') addEventListener('DOMContentLoaded', work);
    else work();
  };

  // A server that answers, and has no such file, won't have it in a moment either.
  async function clientFailed() {
    try {
      const answer = await fetch(CLIENT, { method: 'HEAD', cache: 'no-store' });
      if (answer.status >= 400 && answer.status < 500) return whenParsed(() => showBlank('incomplete'));
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
    whenParsed(() => showBlank('failed'));
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
