import { language, t } from '../i18n/language.js';
import { preferences } from '../preferences.js';
import { byId, setIcon } from './dom.js';

const THEMES = /** @type {const} */ (['auto', 'light', 'dark']);
const ICONS = { auto: 'auto', light: 'sun', dark: 'moon' };
const NAMES = { auto: 'theme.auto', light: 'theme.light', dark: 'theme.dark' };

/** The button that goes round: as the system, light, dark. */
export function setUpTheme() {
  const button = byId('theme-button');
  let theme = preferences.get('theme', 'auto');
  const show = () => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    setIcon(byId('theme-icon'), ICONS[theme] ?? 'auto');
    button.title = t(NAMES[theme] ?? NAMES.auto);
    button.setAttribute('aria-label', button.title);
    document.dispatchEvent(new Event('themechange'));
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    preferences.set('theme', theme);
    show();
  });
  preferences.onElsewhere('theme', () => {
    theme = preferences.get('theme', 'auto');
    show();
  });
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', show);
  language.on('change', show);
  show();
}
