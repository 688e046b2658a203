// Before anything is drawn, so that nothing flashes. A plain script: modules run after the first paint.
(() => {
  const key = 'bucketproxy-theme';
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const wish = () => {
    try { return localStorage.getItem(key) ?? 'auto'; } catch { return 'auto'; }
  };
  const apply = () => {
    const theme = wish();
    document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
    const button = document.getElementById('theme-button');
    if (button) button.textContent = `Theme: ${theme}`;
  };
  dark.addEventListener('change', apply);
  document.addEventListener('DOMContentLoaded', () => {
    apply();
    document.getElementById('theme-button').addEventListener('click', () => {
      const next = { auto: 'light', light: 'dark', dark: 'auto' }[wish()];
      try { localStorage.setItem(key, next); } catch { /* Private mode: it lasts until the page is closed. */ }
      apply();
    });
  });
  apply();
})();
