import { exposeDiagnostics, statsReader } from './diagnostics.js';
import { api } from './net/api.js';
import { Connection } from './net/connection.js';
import { Playback } from './player/playback.js';
import { setUpAccount } from './ui/account.js';
import { Deck } from './ui/deck.js';
import { byId } from './ui/dom.js';
import { setUpElsewhere } from './ui/elsewhere.js';
import { Library } from './ui/library.js';
import { setUpLogin } from './ui/login.js';
import { setUpMediaSession } from './ui/media-session.js';
import { NowPlaying } from './ui/now-playing.js';
import { setUpQualityMenu } from './ui/quality-menu.js';
import { setUpShortcuts } from './ui/shortcuts.js';
import { StatsPanel } from './ui/stats.js';
import { setUpTheme } from './ui/theme.js';
import { Ticker } from './ui/ticker.js';
import { toast } from './ui/toasts.js';

const LINK_TEXTS = {
  offline: 'Offline',
  connecting: 'Connecting',
  online: 'Connected',
  reconnecting: 'Reconnecting',
  expired: 'Logged out',
};

/** @type {import('./net/api.js').User | null} */
let user = null;

setUpTheme();
if (typeof globalThis.io !== 'function') {
  // Said here, since nothing below works without it.
  toast('The player cannot be loaded completely: the server does not give /socket.io/socket.io.js.');
}
const connection = new Connection();
// `?decoder=decodeAudioData` plays as a browser without WebCodecs would.
const forceFallback = new URLSearchParams(location.search).get('decoder') === 'decodeAudioData';
const playback = new Playback(connection, { forceFallback });
const library = new Library(playback);
const deck = new Deck(playback);
const now = new NowPlaying(playback);
const readStats = statsReader(playback, connection);
const stats = new StatsPanel(readStats);
const login = setUpLogin((newUser) => enter(newUser));

setUpQualityMenu(playback, () => user);
setUpElsewhere(connection);
setUpMediaSession(playback);
setUpShortcuts({ playback, library, stats, now });
setUpAccount(() => user, leave);
exposeDiagnostics({ playback, connection, stats: readStats });

playback.on('error', ({ message }) => toast(message));
connection.on('login_needed', () => login.show(user !== null));
api.onSessionEnd = () => login.show(user !== null);
connection.on('state', (state) => {
  byId('link').dataset.state = state;
  byId('link-text').textContent = LINK_TEXTS[state];
});

// A second of sound is what a slow moment may cost.
const isSoundAtRisk = () =>
  playback.isActive && !playback.receiver.hasAllChunks && playback.receiver.bufferedSeconds < 1;
new Ticker(tick, isSoundAtRisk).start();
restore();

/** @param {number} time ms */
function tick(time) {
  deck.tick();
  now.tick();
  stats.tick(time);
}

/** Goes on with the session that the cookie holds, or asks to log in. */
async function restore() {
  try {
    enter(await api.me());
  } catch (error) {
    if (error.status !== 401) toast(error.message);
    document.body.dataset.session = 'none';
    login.show();
  }
}

/** @param {import('./net/api.js').User} newUser */
function enter(newUser) {
  const isSame = user?.id === newUser.id;
  if (user && !isSame) playback.stop();
  user = newUser;
  document.body.dataset.session = 'open';
  byId('account-button').hidden = false;
  byId('account-initial').textContent = newUser.username.slice(0, 1);
  connection.connect();
  if (!isSame || library.list.total === null) library.reload();
  else library.refresh();
}

async function leave() {
  playback.stop();
  connection.close();
  library.clear();
  user = null;
  document.body.dataset.session = 'none';
  byId('account-button').hidden = true;
  now.expand(false);
  try {
    await api.logOut();
  } catch (error) {
    toast(error.message);
  }
  login.show();
}
