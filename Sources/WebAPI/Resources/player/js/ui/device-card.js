import { MAX_OUTPUT_DELAY_MS, SECOND_PRESS_MS, VOLUME_STEP } from '../limits.js';
import { t } from '../i18n/language.js';
import { element, icon } from './dom.js';
import { SecondPress } from './second-press.js';
import { Slider } from './slider.js';
import { setText } from './texts.js';

const KINDS = new Set(['web', 'mobile', 'desktop', 'speaker', 'tv', 'car', 'other']);

/**
 * @typedef {object} CardView what a card shows, beside the device
 * @property {boolean} isMe
 * @property {boolean} canGroup whether there is something to play along with
 * @property {string} status a line for people
 *
 * @typedef {object} CardActions
 * @property {(deviceId: string) => void} onTransfer
 * @property {(deviceId: string, joins: boolean) => void} onGroup
 * @property {(deviceId: string, volume: number) => void} onVolume
 * @property {(settings: {deviceId: string, name?: string, outputDelayMs?: number}) => void} onSettings
 * @property {(deviceId: string) => void} onForget
 */

/** One device of the list: hand-over, volume, playing along, and what is set once. */
export class DeviceCard {
  root;
  #device;
  #main;
  #name = element('span', { class: 'device__name' });
  #status = element('span', { class: 'device__status' });
  #kind = element('span', { class: 'device__kind' });
  #group = element('button', { class: 'chip chip--small', type: 'button' }, icon('group'), element('span', {}));
  #forget = element('button', { class: 'button-quiet button-quiet--line device__forget', type: 'button' });
  #forgetting = new SecondPress(SECOND_PRESS_MS, () => this.#showForget());
  #gear = element(
    'button',
    { class: 'button-icon device__gear', type: 'button', 'aria-expanded': 'false', 'data-title': 'device.settingsHint' },
    icon('settings'),
  );
  #form;
  #nameField = /** @type {HTMLInputElement} */ (
    element('input', { class: 'field__input field__input--small', maxlength: '64', autocomplete: 'off' })
  );
  #delayField = /** @type {HTMLInputElement} */ (
    element('input', {
      class: 'field__input field__input--small',
      type: 'number',
      min: '0',
      max: String(MAX_OUTPUT_DELAY_MS),
      step: '5',
      inputmode: 'numeric',
    })
  );
  #sliderNode;
  #slider;

  /** @param {import('../player/session.js').Device} device @param {CardActions} actions */
  constructor(device, actions) {
    this.#device = device;
    const { deviceId } = device;
    this.#main = element(
      'button',
      { class: 'device__main', type: 'button' },
      this.#kind,
      element('span', { class: 'device__names' }, this.#name, this.#status),
    );
    this.#sliderNode = element(
      'div',
      { class: 'slider slider--device', role: 'slider', tabindex: '0', 'aria-valuemin': '0', 'aria-valuemax': '100' },
      element('span', { class: 'slider__track' }, element('span', { class: 'slider__fill' })),
      element('span', { class: 'slider__thumb' }),
    );
    this.#slider = new Slider(this.#sliderNode, {
      describe: (value) => `${Math.round(value)} %`,
      onStep: (direction, isLeap) => {
        const volume = this.#device.volume + direction * VOLUME_STEP * (isLeap ? 4 : 1);
        actions.onVolume(deviceId, Math.min(Math.max(volume, 0), 1));
      },
      onInput: (value) => actions.onVolume(deviceId, value / 100),
      onCommit: (value) => actions.onVolume(deviceId, value / 100),
    });
    this.#slider.setMax(100);
    this.#form = this.#makeForm(actions);
    this.root = element(
      'li',
      { class: 'device', 'data-device': deviceId },
      element('div', { class: 'device__row' }, this.#main, this.#forget, this.#gear),
      element('div', { class: 'device__volume' }, icon('volume'), this.#sliderNode, this.#group),
      this.#form,
    );
    this.#main.addEventListener('click', () => actions.onTransfer(deviceId));
    this.#group.addEventListener('click', () => actions.onGroup(deviceId, !this.#device.inGroup));
    this.#gear.addEventListener('click', () => this.#toggleForm());
    this.#forget.addEventListener('click', ({ detail }) => this.#forgetting.press(detail) && actions.onForget(deviceId));
    this.#forget.addEventListener('blur', () => this.#forgetting.cancel());
  }

  /** @param {import('../player/session.js').Device} device @param {CardView} view */
  show(device, { isMe, canGroup, status }) {
    this.#device = device;
    const { name, kind, active, online, inGroup, volume } = device;
    const text = isMe ? t('device.this', { name }) : name;
    if (this.#name.textContent !== text) this.#name.textContent = text;
    this.#status.textContent = status;
    this.#kind.replaceChildren(icon(`kind-${KINDS.has(kind) ? kind : 'other'}`));
    this.root.classList.toggle('is-active', active);
    this.root.classList.toggle('is-offline', !online);
    this.#main.disabled = !online || active;
    const main = active ? 'device.isPlaying' : online ? 'device.playOn' : 'device.isOffline';
    this.#main.setAttribute('aria-label', t(main, { name: text }));
    if (active) this.#main.setAttribute('aria-current', 'true');
    else this.#main.removeAttribute('aria-current');
    this.#group.hidden = !online || active || !canGroup;
    this.#group.setAttribute('aria-pressed', String(inGroup));
    this.#group.setAttribute('aria-label', t(inGroup ? 'device.leave' : 'device.join', { name: text }));
    const offer = isMe ? 'device.joinHere' : 'device.joinThere';
    /** @type {HTMLElement} */ (this.#group.lastChild).textContent = t(inGroup ? 'device.joined' : offer);
    this.#gear.setAttribute('aria-label', t('device.settings', { name }));
    this.#sliderNode.parentElement.hidden = !online;
    this.#sliderNode.setAttribute('aria-label', t('device.volume', { name: text }));
    this.#slider.set(volume * 100);
    this.#forget.hidden = online;
    if (online) this.#forgetting.cancel();
    this.#showForget();
  }

  #showForget() {
    const { isAsking } = this.#forgetting;
    const { name } = this.#device;
    setText(this.#forget, isAsking ? 'device.forgetAgain' : 'device.forget');
    this.#forget.setAttribute('aria-label', t(isAsking ? 'device.forgetNameAgain' : 'device.forgetName', { name }));
  }

  /** @param {CardActions} actions */
  #makeForm({ onSettings }) {
    const form = element(
      'form',
      { class: 'device__form', hidden: true },
      field('device.nameField', this.#nameField),
      field('device.delayField', this.#delayField),
      element('button', { class: 'button-quiet button-quiet--line', type: 'submit', 'data-text': 'device.save' }),
      element('p', { class: 'device__note', 'data-text': 'device.delayNote' }),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const delay = Number(this.#delayField.value);
      const name = this.#nameField.value.trim();
      onSettings({
        deviceId: this.#device.deviceId,
        ...(name && name !== this.#device.name ? { name } : {}),
        ...(Number.isFinite(delay) ? { outputDelayMs: Math.min(Math.max(delay, 0), MAX_OUTPUT_DELAY_MS) } : {}),
      });
      this.#toggleForm();
      this.#gear.focus();
    });
    return form;
  }

  #toggleForm() {
    const isOpen = this.#form.hidden;
    this.#form.hidden = !isOpen;
    this.#gear.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) return;
    this.#nameField.value = this.#device.name;
    this.#delayField.value = String(Math.round(this.#device.outputDelayMs ?? 0));
    this.#nameField.focus();
  }
}

/** @param {string} key of its label @param {HTMLElement} control */
function field(key, control) {
  return element('label', { class: 'field' }, element('span', { class: 'field__label', 'data-text': key }), control);
}
