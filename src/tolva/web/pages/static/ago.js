// "3 minutes ago" goes on while a page is open, in the words and roundings of formats.py, by the server's clock.
(() => {
  const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const NEARLY_ONE = 0.85; // from here on the larger unit is told
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  const ahead = Date.now() - Number(document.documentElement.dataset.now);

  function tell() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const seconds = (Date.parse(time.dateTime) + ahead - Date.now()) / 1000;
      const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size * NEARLY_ONE) ?? UNITS.at(-1);
      const told = words.format(Math.sign(seconds) * Math.max(1, Math.round(Math.abs(seconds) / size)), unit);
      if (time.textContent !== told) time.textContent = told;
    }
  }

  setInterval(tell, 5000);
  document.addEventListener("visibilitychange", tell);
})();
