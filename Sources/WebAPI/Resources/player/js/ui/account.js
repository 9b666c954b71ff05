import { LANGUAGES, language } from '../i18n/language.js';
import { byId, element, icon } from './dom.js';
import { Menu } from './menu.js';

/**
 * @param {() => import('../net/api.js').User | null} user
 * @param {() => void} onLogOut
 * @param {import('../navigation.js').Navigation} navigation
 */
export function setUpAccount(user, onLogOut, navigation) {
  const fill = () => {
    const isFree = user()?.plan === 'free';
    const head = element(
      'div',
      { class: 'menu__head', role: 'presentation' },
      element('div', { class: 'menu__name' }, user()?.username ?? ''),
      element('div', { class: 'menu__plan', 'data-text': isFree ? 'account.free' : 'account.premium' }),
    );
    const logOut = element(
      'button',
      { class: 'menu__item', type: 'button', role: 'menuitem' },
      icon('logout'),
      element('span', { 'data-text': 'account.logOut' }),
    );
    logOut.addEventListener('click', () => {
      menu.close(false);
      onLogOut();
    });
    return [head, languages(), logOut];
  };
  const languages = () => {
    const choices = [
      languageItem('auto', { 'data-text': 'account.languageAuto' }),
      ...Object.entries(LANGUAGES).map(([id, name]) => languageItem(id, { lang: id }, name)),
    ];
    const heading = element('div', { class: 'menu__heading', id: 'account-languages', 'data-text': 'account.language' });
    return element('div', { role: 'group', 'aria-labelledby': heading.id, class: 'menu__group' }, heading, ...choices);
  };
  const languageItem = (id, attributes, ...name) =>
    menu.choice(
      { isChosen: id === language.choice, data: { 'data-language': id } },
      [element('span', attributes, ...name)],
      () => language.choose(id),
    );
  const toggled = (/** @type {boolean} */ isOpen) => (isOpen ? navigation.show('account') : navigation.close('account'));
  const menu = new Menu(byId('account-button'), byId('account-menu'), fill, toggled);
  // Chosen on another page; what is marked by `data-text` is written anew once it's here.
  language.on('change', () => menu.refresh());
  return {
    /** Shows the menu where the address says so and somebody is logged in. */
    follow() {
      if (navigation.route.view !== 'account') menu.close(false);
      else if (user()) menu.open();
    },
  };
}
