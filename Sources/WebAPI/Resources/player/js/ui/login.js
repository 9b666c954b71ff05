import { api } from '../net/api.js';
import { byId } from './dom.js';

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
      say('Enter a username and a password.');
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
      say(reason.code === 'wrong_credentials' ? 'Username or password is wrong.' : reason.message);
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
    byId('login-title').textContent = isExpired ? 'Log in again' : 'Welcome to Dubplate';
    byId('login-lead').textContent = isExpired
      ? 'Your session has run out. What is buffered plays on.'
      : 'Your library, cut for one listener.';
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
