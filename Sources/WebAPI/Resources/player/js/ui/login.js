import { faultText, t } from '../i18n/language.js';
import { api } from '../net/api.js';
import { byId } from './dom.js';
import { setText } from './texts.js';

/**
 * The log-in dialog: in front of everything at first, closable when a session has run out while something plays.
 *
 * @param {(user: import('../net/api.js').User) => void} onUser
 * @param {() => boolean} isWanted whether nobody is logged in: then there is a button that opens the dialog again
 * @returns {{show: (isExpired?: boolean) => void, hide: () => void}}
 */
export function setUpLogin(onUser, isWanted) {
  const dialog = byId('login');
  const form = byId('login-form');
  const username = byId('login-username');
  const password = byId('login-password');
  const error = byId('login-error');
  const submit = byId('login-submit');
  const later = byId('login-later');

  const say = (message) => {
    error.textContent = message;
    error.hidden = message === '';
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!username.value.trim() || !password.value) {
      say(t('login.incomplete'));
      (username.value.trim() ? password : username).focus();
      return;
    }
    submit.disabled = true;
    say('');
    try {
      const user = await api.logIn(username.value.trim(), password.value);
      password.value = '';
      dialog.close();
      onUser(user);
    } catch (reason) {
      say(faultText(reason));
      password.select();
    } finally {
      submit.disabled = false;
    }
  });
  later.addEventListener('click', () => dialog.close());
  const again = byId('login-again');
  again.addEventListener('click', () => show(true));
  dialog.addEventListener('close', () => {
    again.hidden = !isWanted();
  });
  dialog.addEventListener('cancel', (event) => {
    if (later.hidden) event.preventDefault();
  });

  function show(isExpired = false) {
    if (dialog.open) return;
    again.hidden = true;
    setText(byId('login-title'), isExpired ? 'login.again' : 'login.title');
    setText(byId('login-lead'), isExpired ? 'login.expired' : 'app.lead');
    later.hidden = !isExpired;
    say('');
    dialog.showModal();
    (username.value ? password : username).focus();
  }

  return {
    show,
    hide() {
      again.hidden = true;
      if (dialog.open) dialog.close();
    },
  };
}
