// A classic script in the head, so that what was chosen is there before the first paint: the theme, and the language.
// `ui/theme.js` and `i18n/language.js` do the rest.
(() => {
  const LANGUAGES = ['en', 'ru'];
  const root = document.documentElement;
  const chosen = (key) => {
    try {
      return JSON.parse(localStorage.getItem(`dubplate.${key}`) ?? 'null');
    } catch {
      return null; // No storage, no choice: as the system and the browser have it.
    }
  };
  const theme = chosen('theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  const wanted = [chosen('language'), ...navigator.languages].map((name) => String(name).toLowerCase().split('-')[0]);
  root.lang = wanted.find((name) => LANGUAGES.includes(name)) ?? 'en';
  // The page is written in English; until its texts are put into another language they aren't shown.
  if (root.lang !== 'en') root.dataset.awaits = 'texts';
})();
