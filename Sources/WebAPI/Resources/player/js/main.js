import { exposeDiagnostics, statsReader } from './diagnostics.js';
import { faultText, t } from './i18n/language.js';
import { MOST_REOPEN_MS, REOPEN_MS } from './limits.js';
import { decodableCodecs } from './audio/decoders.js';
import { api } from './net/api.js';
import { Connection } from './net/connection.js';
import { claimDeviceId } from './net/device.js';
import { keepLogin } from './net/login-keeper.js';
import { isInAlbumRun, wantNeighbours } from './player/album-run.js';
import { shareLogin } from './net/login-news.js';
import { goOnAfterOutage } from './player/after-outage.js';
import { wantedBuffer } from './player/buffer-wish.js';
import { NetworkReports } from './player/network-reports.js';
import { LoudnessChoice } from './player/loudness-choice.js';
import { followOrders } from './player/orders.js';
import { Playback } from './player/playback.js';
import { Session } from './player/session.js';
import { TrackStore } from './player/track-store.js';
import { Transport } from './player/transport.js';
import { Navigation } from './navigation.js';
import { preferences } from './preferences.js';
import { ClockSync } from './sync/clock-sync.js';
import { GroupPlay } from './sync/group-play.js';
import { setUpAccount } from './ui/account.js';
import { Deck } from './ui/deck.js';
import { DevicePanel } from './ui/device-panel.js';
import { byId } from './ui/dom.js';
import { setUpElsewhere } from './ui/elsewhere.js';
import { setUpServiceWorker } from './ui/install.js';
import { Library } from './ui/library.js';
import { setUpLogin } from './ui/login.js';
import { LyricsPanel } from './ui/lyrics-panel.js';
import { setUpMediaSession } from './ui/media-session.js';
import { NowPlaying } from './ui/now-playing.js';
import { setUpQualityMenu } from './ui/quality-menu.js';
import { QueuePanel } from './ui/queue-panel.js';
import { setUpShortcuts } from './ui/shortcuts.js';
import { SidePanel } from './ui/side-panel.js';
import { StatsPanel } from './ui/stats.js';
import { setText, setUpTexts } from './ui/texts.js';
import { setUpTheme } from './ui/theme.js';
import { Ticker } from './ui/ticker.js';
import { toast } from './ui/toasts.js';
import { TrackDrag } from './ui/track-drag.js';
import { TrackMenu } from './ui/track-menu.js';
import { setUpUpcoming } from './ui/upcoming.js';

const LINK_TEXTS = {
  offline: 'link.offline',
  connecting: 'link.connecting',
  online: 'link.online',
  reconnecting: 'link.reconnecting',
  expired: 'link.expired',
};

/** @type {import('./net/api.js').User | null} */
let user = null;

setUpTexts();
setUpTheme();
if (typeof globalThis.io !== 'function') {
  // Nothing below works without it. load-guard.js tries again, or says what is missing.
  throw new Error('the Socket.IO browser client is not there');
}
// `?decoder=decodeAudioData` plays as a browser without WebCodecs would.
const forceFallback = new URLSearchParams(location.search).get('decoder') === 'decodeAudioData';
const { id: deviceId, isTemporary } = await claimDeviceId();
const connection = new Connection(deviceId, async () => {
  const savesData = preferences.get('dataSaver', false);
  const { connection: link, deviceMemory: memoryGb } = /** @type {any} */ (navigator);
  return {
    codecs: await decodableCodecs({ forceFallback }),
    dataSaver: savesData,
    temporary: isTemporary,
    bufferSeconds: wantedBuffer({ savesData, link, memoryGb }),
  };
});
const clockSync = new ClockSync((payload) => connection.command('clock_sync', payload));
connection.on('online', () => {
  clockSync.start();
  library.retry();
});
// Until the first exchange this device's own clock has to do.
const serverNow = () => (clockSync.clock.isReady ? clockSync.clock.serverAt(performance.now()) : Date.now());
const session = new Session(connection, serverNow);
const store = new TrackStore((ids) => api.tracksById(ids));
const playback = new Playback(connection, session, store, { forceFallback });
const group = new GroupPlay(connection, playback.receiver, clockSync);
followOrders({ playback, session, group });
goOnAfterOutage({ playback, session, store, connection });
const files = () => performance.getEntriesByType('resource');
new NetworkReports({ connection, playback, group, clock: () => clockSync.clock, files }).start();
const transport = new Transport({ playback, session, store, connection, fetchPage: (page) => api.tracks(page) });
const menu = new TrackMenu(transport);
const navigation = new Navigation(window);
const drag = new TrackDrag();
const library = new Library(transport, menu, store, {
  onSearch: (query) => navigation.search(query),
  onScroll: (scrollTop) => navigation.keepScroll(scrollTop),
  drag,
});
const deck = new Deck(transport, session);
const now = new NowPlaying(transport, playback);
const queue = new QueuePanel({ session, store, transport, drag, onOpen: () => navigation.show('queue') });
const lyrics = new LyricsPanel(transport, (id) => api.track(id));
const panel = new SidePanel(navigation, (view) => {
  if (view === 'queue') queue.show();
  if (view === 'lyrics') lyrics.show();
});
const readStats = statsReader(playback, connection);
const stats = new StatsPanel(readStats, () => panel.show('playing'));
const devices = new DevicePanel({
  session,
  transport,
  volume: playback.volume,
  syncQuality: () => (group.isGrouped && clockSync.clock.isReady ? clockSync.clock.boundMs : null),
  now: serverNow,
  navigation,
});
let isLoggedIn = false;
const login = setUpLogin(
  (newUser) => {
    enter(newUser);
    loginNews.tell('in');
  },
  () => !isLoggedIn,
);
const loginNews = shareLogin({
  onLogOut: () => user && leave().then(() => toast(t('login.outElsewhere'), 'note')),
  onLogIn: () => !isLoggedIn && restore(),
});
// Another one when somebody else has logged in on another page of this browser.
const keeper = keepLogin({
  renew: api.renew,
  onRenewed: (renewed) => (renewed.id === user?.id ? (user = renewed) : enter(renewed)),
});

const loudness = new LoudnessChoice(playback.receiver, (stream) => isInAlbumRun(stream, session.queue, store));
session.on('change', () => wantNeighbours(session.queue, store));
setUpQualityMenu({ transport, session, loudness, user: () => user, say: (message) => toast(message, 'note') });
setUpElsewhere(session, transport);
setUpUpcoming(playback);
setUpMediaSession(transport);
setUpShortcuts({ transport, session, library, stats, panel, devices });
const account = setUpAccount(() => user, logOut, navigation);
followAddress();
navigation.on('change', followAddress);
byId('home').addEventListener('click', goHome);
setUpServiceWorker(connection, () => !playback.isActive);
exposeDiagnostics({ playback, transport, session, connection, group, clockSync, stats: readStats });

for (const source of [playback, transport]) source.on('error', ({ message, kind, undo }) => toast(message, kind, undo));
session.on('notice', ({ message }) => toast(message, 'note'));
connection.on('login_needed', () => askToLogIn());
api.onSessionEnd = () => askToLogIn();
connection.on('state', (state) => {
  byId('link').dataset.state = state;
  setText(byId('link-text'), LINK_TEXTS[state]);
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
  lyrics.tick();
  stats.tick(time);
}

/** Shows what the address says; the panel sees to itself. */
function followAddress() {
  library.show(navigation.route.query, navigation.scroll);
  // Nobody's devices are shown until somebody is logged in, and none are left open behind that.
  if (user || navigation.route.view !== 'devices') devices.follow();
  account.follow();
}

/** The logo is a link: with a modifier it opens another window, without one nothing is loaded. @param {MouseEvent} event */
function goHome(event) {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const isThere = navigation.route.view === 'library' && navigation.route.query === '';
  if (isThere) library.toTop();
  else navigation.home();
}

/** Goes on with the session that the cookie holds, or asks to log in; waits for a server that cannot be reached. */
async function restore(waitMs = REOPEN_MS) {
  try {
    enter(await api.me());
  } catch (error) {
    if (error.status === 401) {
      document.body.dataset.session = 'none';
      login.show();
      return;
    }
    document.body.dataset.session = 'unreachable';
    library.showError(error);
    setTimeout(() => restore(Math.min(waitMs * 2, MOST_REOPEN_MS)), waitMs);
  }
}

/** A renewal that is still out would undo what is done there. */
function askToLogIn() {
  isLoggedIn = false;
  keeper.stop();
  login.show(user !== null);
}

/** Ends the sound of this device. In a group the others play on. */
function fallSilent() {
  playback.stop(!session.isInGroup);
  group.leave();
}

/** @param {import('./net/api.js').User} newUser */
function enter(newUser) {
  const isSame = user?.id === newUser.id;
  if (user && !isSame) {
    fallSilent();
    // It was opened as the one before, and would go on commanding their session.
    connection.close();
    session.clear();
  }
  user = newUser;
  isLoggedIn = true;
  login.hide();
  document.body.dataset.session = 'open';
  byId('account-button').hidden = false;
  byId('account-initial').textContent = newUser.username.slice(0, 1);
  connection.connect();
  playback.receiver.prepare();
  keeper.start();
  if (!isSame || library.list.total === null) library.reload();
  else library.refresh();
  followAddress();
  if (navigation.isLost) {
    navigation.isLost = false;
    toast(t('app.lost'), 'note');
  }
}

function logOut() {
  loginNews.tell('out');
  return leave();
}

/** Logs out. A renewal of another page may undo it, so that each page that is told does it as well. */
async function leave() {
  isLoggedIn = false;
  fallSilent();
  clockSync.stop();
  const isAtRest = keeper.stop();
  connection.close();
  session.clear();
  library.clear();
  user = null;
  document.body.dataset.session = 'none';
  byId('account-button').hidden = true;
  navigation.restart();
  await isAtRest;
  try {
    await api.logOut();
  } catch (error) {
    toast(faultText(error));
  }
  login.show();
}
