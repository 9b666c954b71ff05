import { language, t } from '../i18n/language.js';
import { DeviceCard } from './device-card.js';
import { inOrder } from './device-list.js';
import { byId, element } from './dom.js';
import { ago, number } from './format.js';
import { Popover } from './popover.js';

/** The devices of this listener: which plays, how loud, which play together. */
export class DevicePanel {
  #session;
  #transport;
  #syncQuality;
  #now;
  #panel = byId('devices-panel');
  #list = element('ul', { class: 'devices__list', role: 'list' });
  /** @type {Map<string, DeviceCard>} */
  #cards = new Map();
  #popover;
  #navigation;
  #volume;

  /**
   * @param {object} parts
   * @param {import('../player/session.js').Session} parts.session
   * @param {import('../player/transport.js').Transport} parts.transport
   * @param {import('../player/volume.js').Volume} parts.volume of this device
   * @param {() => number | null} parts.syncQuality ms by which its picture of the server's clock may be off; null: it is
   *   in no group
   * @param {() => number} parts.now the server's clock, Unix ms
   * @param {import('../navigation.js').Navigation} parts.navigation
   */
  constructor({ session, transport, volume, syncQuality, now, navigation }) {
    this.#session = session;
    this.#transport = transport;
    this.#volume = volume;
    this.#syncQuality = syncQuality;
    this.#now = now;
    this.#panel.append(
      element('h2', { class: 'devices__title', 'data-text': 'devices.title' }),
      this.#list,
      element('p', { class: 'devices__note', 'data-text': 'devices.note' }),
    );
    if (!globalThis.isSecureContext) {
      this.#panel.append(element('p', { class: 'devices__note', 'data-text': 'devices.insecure' }));
    }
    const opened = () => {
      navigation.show('devices');
      this.#show();
    };
    const closed = () => navigation.close('devices');
    this.#popover = new Popover(byId('devices-button'), this.#panel, opened, 'd', closed);
    this.#navigation = navigation;
    session.on('change', () => this.#changed());
    volume.on('change', () => this.#changed());
    language.on('change', () => this.#changed());
    setInterval(() => this.#popover.isOpen && session.isInGroup && this.#show(), 1_000);
    this.#changed();
  }

  toggle() {
    if (this.#popover.isOpen) this.#popover.close();
    else this.#popover.open();
  }

  /** Opens or closes as the address says. */
  follow() {
    if (this.#navigation.route.view === 'devices') this.#popover.open();
    else this.#popover.close(false);
  }

  #changed() {
    const { elsewhere, isInGroup, group } = this.#session;
    const button = byId('devices-button');
    button.classList.toggle('is-elsewhere', elsewhere !== undefined || isInGroup);
    const alone = elsewhere ? t('devices.playingOn', { name: elsewhere.name }) : t('devices.title');
    const label = isInGroup ? t('devices.together', { count: group.length }) : alone;
    button.setAttribute('aria-label', label);
    button.title = `${label} (D)`;
    if (this.#popover.isOpen) this.#show();
  }

  #show() {
    const devices = inOrder(this.#session.devices, this.#session.deviceId, language.wording.language);
    const ids = new Set(devices.map(({ deviceId }) => deviceId));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      // The focus would be lost with it.
      if (card.root.contains(document.activeElement)) this.#panel.focus();
      card.root.remove();
      this.#cards.delete(id);
    }
    for (const [at, device] of devices.entries()) {
      const card = this.#cards.get(device.deviceId) ?? this.#makeCard(device);
      const isMe = device.deviceId === this.#session.deviceId;
      const canGroup = this.#session.devices.some(({ active, online }) => active && online);
      // This device's own volume is known best here: the server hears of it a moment later.
      const volume = isMe ? (this.#volume.isMuted ? 0 : this.#volume.level) : device.volume;
      card.show({ ...device, volume }, { isMe, canGroup, status: this.#statusOf(device, isMe) });
      if (this.#list.children[at] !== card.root) this.#list.insertBefore(card.root, this.#list.children[at] ?? null);
    }
  }

  #statusOf({ active, online, inGroup, outputDelayMs, lastUsed }, isMe) {
    const { state, group } = this.#session;
    const delay = outputDelayMs > 0 && t('device.delay', { delay: Math.round(outputDelayMs) });
    const status = (/** @type {(string | false)[]} */ ...parts) => [...parts, delay].filter(Boolean).join(' · ');
    if (!online && lastUsed === undefined) return t('device.offline');
    if (!online) return t('device.lastUsed', { ago: ago(this.#now() - lastUsed) });
    if (inGroup && group.length > 1) {
      const error = isMe ? this.#syncQuality() : null;
      const precision = error !== null && t('device.clock', { error: number(error, error < 10 ? 1 : 0) });
      return status(t('device.inSync', { count: group.length - 1 }), precision);
    }
    if (!active) return status(t(isMe ? 'device.clickHere' : 'device.clickThere'));
    const isPlaying = this.#transport.isActive || state?.status === 'playing';
    return status(t(isPlaying ? 'device.playing' : 'device.paused'));
  }

  #makeCard(device) {
    const transport = this.#transport;
    const session = this.#session;
    const card = new DeviceCard(device, {
      onTransfer: (id) => transport.transfer(id),
      onGroup: (id, joins) => transport.setGrouped(id, joins),
      onVolume: (id, volume) => {
        if (id === session.deviceId) this.#volume.set(volume);
        else this.#tellVolume(id, volume);
      },
      onSettings: (settings) => transport.attempt(session.setDevice(settings)),
      onForget: (id) => transport.attempt(session.forget(id)),
    });
    this.#cards.set(device.deviceId, card);
    return card;
  }

  #volumeTimer = 0;
  /** @type {Map<string, number>} */
  #volumes = new Map();

  /** A finger on a slider makes thirty values a second; the server is told a few. */
  #tellVolume(id, volume) {
    const device = this.#session.device(id);
    if (device) device.volume = volume;
    this.#volumes.set(id, volume);
    this.#show();
    this.#volumeTimer ||= setTimeout(() => {
      this.#volumeTimer = 0;
      for (const [deviceId, level] of this.#volumes) this.#transport.attempt(this.#session.setVolume(deviceId, level));
      this.#volumes.clear();
    }, 150);
  }
}
