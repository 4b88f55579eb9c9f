// The chart of the start page: jobs that ended, minute by minute. Its colours are those of the sheet.
(() => {
  const draw = () => {
    const box = document.getElementById("ended");
    if (!box) return;
    const [xs, completed, asked, failed] = [0, 1, 2, 3].map((n) => JSON.parse(box.dataset.points).map((point) => point[n]));
    const probe = (name) => { box.style.color = `var(${name})`; const found = getComputedStyle(box).color; box.style.color = ""; return found; };
    const axis = { stroke: probe("--faint"), grid: { stroke: probe("--line"), width: 1 }, ticks: { show: false } };
    const bars = uPlot.paths.bars({ size: [0.7, 20] });
    const series = (label, name) => ({ label, paths: bars, points: { show: false }, fill: probe(name), stroke: probe(name), width: 0 });
    const ended = completed.map((count, n) => count + asked[n]); // each stands in front of the next, which is higher
    const total = ended.map((count, n) => count + failed[n]);
    const options = {
      width: box.clientWidth,
      height: 180,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), box.dataset.zone),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 32, 0, 0], // the last time of day hangs over
      scales: { y: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.1))] } },
      axes: [{ ...axis, size: 32, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toLocaleTimeString(document.documentElement.dataset.locale, { timeStyle: "short", timeZone: box.dataset.zone })) }, { ...axis, size: 44 }],
      series: [{}, series(box.dataset.failed, "--bad"), series(box.dataset.asked, "--warn"), series(box.dataset.completed, "--accent")],
    };
    box.replaceChildren();
    new uPlot(options, [xs, total, ended, completed], box);
  };
  addEventListener("DOMContentLoaded", draw);
  document.addEventListener("htmx:after:swap", draw);
  addEventListener("resize", draw);
})();
