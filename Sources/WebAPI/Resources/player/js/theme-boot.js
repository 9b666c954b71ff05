// A classic script in the head, so that a chosen theme is there before the first paint. `ui/theme.js` does the rest.
try {
  const theme = JSON.parse(localStorage.getItem('dubplate.theme') ?? 'null');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice: the system's scheme it is.
}
