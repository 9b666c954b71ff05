import { byId, element, icon } from './dom.js';
import { Menu } from './menu.js';

/**
 * @param {() => import('../net/api.js').User | null} user
 * @param {() => void} onLogOut
 * @param {import('../navigation.js').Navigation} navigation
 */
export function setUpAccount(user, onLogOut, navigation) {
  const fill = () => {
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
  };
  const toggled = (/** @type {boolean} */ isOpen) => (isOpen ? navigation.show('account') : navigation.close('account'));
  const menu = new Menu(byId('account-button'), byId('account-menu'), fill, toggled);
  return {
    /** Shows the menu where the address says so and somebody is logged in. */
    follow() {
      if (navigation.route.view !== 'account') menu.close(false);
      else if (user()) menu.open();
    },
  };
}
