// Says so where the stream of a job's page is away for some seconds; a form that is sent then would lead out of the page.
(() => {
  const PATIENCE = 3000; // a restart of one process is over by then
  const notice = document.getElementById("lost");
  let waiting = 0;

  const wait = () => { waiting ||= setTimeout(() => { notice.hidden = false; }, PATIENCE); };
  const found = () => { clearTimeout(waiting); waiting = 0; notice.hidden = true; };
  document.addEventListener("htmx:sse:before:connection", wait);
  document.addEventListener("htmx:sse:after:connection", found);
  document.addEventListener("htmx:sse:close", found);

  addEventListener("submit", (event) => {
    if (notice.hidden) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
