import { byId, element, icon } from './dom.js';
import { Menu } from './menu.js';

/**
 * @param {() => import('../net/api.js').User | null} user
 * @param {() => void} onLogOut
 */
export function setUpAccount(user, onLogOut) {
  const menu = new Menu(byId('account-button'), byId('account-menu'), () => {
    const head = element(
      'div',
      { class: 'menu__head', role: 'presentation' },
      element('div', { class: 'menu__name' }, user()?.username ?? ''),
      element('div', { class: 'menu__plan' }, `${user()?.plan === 'free' ? 'Free' : 'Premium'} plan`),
    );
    const logOut = element(
      'button',
      { class: 'menu__item', type: 'button', role: 'menuitem' },
      icon('logout'),
      element('span', {}, 'Log out'),
    );
    logOut.addEventListener('click', () => {
      menu.close(false);
      onLogOut();
    });
    return [head, logOut];
  });
}
