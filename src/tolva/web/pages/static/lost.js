// Says so where the stream of a job's page is away for some seconds: the page stands still then. Whether Tolva is away as
// well is asked, also before a form is sent, which would lead out of the page to nothing.
(() => {
  const PATIENCE = 3000; // a restart of one process is over by then
  const ANSWER = 2000; // Tolva is asked no longer
  const AGAIN = 4000; // htmx tries again what has broken off, not what never was there
  const GONE = [401, 404]; // there is no more of this page, for this reader: the page itself says so, or asks who it is
  const [live, away, still] = ["live", "away", "still"].map((id) => document.getElementById(id));
  let waiting = 0, held = null, free = false;

  const answers = () => fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(ANSWER) }).then((answer) => answer.ok, () => false);

  async function tell() {
    const isThere = await answers();
    away.hidden = !waiting || isThere;
    still.hidden = !waiting || !isThere;
    return isThere || !waiting;
  }

  function lost() {
    if (!waiting) waiting = setTimeout(tell, PATIENCE);
    else if (!away.hidden || !still.hidden) tell();
  }

  function found() {
    clearTimeout(waiting);
    waiting = 0;
    away.hidden = still.hidden = true;
  }

  function failed(status) {
    if (GONE.includes(status)) location.reload();
  }

  function neverThere(event) {
    if (event.target !== live) return;
    failed(event.detail.ctx?.response?.status);
    lost();
    setTimeout(() => htmx.trigger(live, "again"), AGAIN);
  }

  live.addEventListener("htmx:sse:before:connection", lost);
  live.addEventListener("htmx:sse:after:connection", found);
  live.addEventListener("htmx:sse:close", found);
  live.addEventListener("htmx:sse:error", (event) => failed(event.detail.status));
  live.addEventListener("htmx:error", neverThere);
  live.addEventListener("htmx:response:error", neverThere);

  const stands = (form, submitter) => form.isConnected && (!submitter || submitter.form === form);

  addEventListener("submit", async (event) => {
    if (!waiting || free) return;
    const { target: form, submitter } = event;
    event.preventDefault();
    event.stopPropagation();
    if (held === form) return; // pressed twice: once is meant
    held = form;
    try {
      const isThere = await tell();
      if (held !== form) return; // another one was pressed since: a browser leads to the last
      if (!isThere) away.focus(); // it may have been there all the time: this answers the press
      else if (stands(form, submitter)) {
        free = true;
        form.requestSubmit(submitter);
      }
    } finally {
      if (held === form) held = null;
      free = false;
    }
  }, true);
})();
