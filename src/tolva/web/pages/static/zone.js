// The reader's time zone, for the server to write times in. In the head and at once: the page is asked for again
// before anything of it is shown, and only when the zone was not known.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const kept = `tolva_tz=${zone}`;
  const isKept = () => document.cookie.split("; ").includes(kept);
  if (!zone || isKept()) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${kept}; path=/; max-age=31536000; samesite=lax${secure}`;
  const [visit] = performance.getEntriesByType("navigation");
  if (isKept() && document.documentElement.dataset.method !== "post" && visit?.type !== "reload") location.reload();
})();
