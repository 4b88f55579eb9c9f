// Files by drag and drop, each sent by itself with its progress, two at once. Without this the form sends them all.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const input = form.elements.file, drop = document.getElementById("drop"), list = document.getElementById("sending");
  const line = document.getElementById("line"), words = document.getElementById("words").dataset;
  const heard = document.getElementById("heard");
  const AT_ONCE = 2;
  const waiting = [];
  let sending = 0, accepted = 0;
  input.required = false; // what was dropped is not in it

  // A file has a key for each address, for as long as the page is open: sent twice, it is taken once. To another address,
  // it is something else, which the key of what may have arrived would refuse.
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const size = (bytes) => {
    const [unit, count] = bytes < 1e6 ? ["kB", Math.ceil(bytes / 1e3)] : ["MB", bytes / 1e6];
    return `${count.toLocaleString(document.documentElement.dataset.locale, { maximumFractionDigits: 1 })} ${unit}`;
  };

  function add(files) {
    for (const file of files) {
      const row = line.content.firstElementChild.cloneNode(true);
      const item = { file, row, keys: {} };
      row.querySelector(".name").textContent = file.name;
      row.querySelector(".size").textContent = size(file.size);
      const out = row.querySelector(".drop-it");
      out.textContent = words.remove;
      out.addEventListener("click", () => { waiting.splice(waiting.indexOf(item), 1); row.remove(); });
      list.append(row);
      if (file.size > Number(form.dataset.most) * 1024 * 1024) refuse(item, words.large);
      else { tell(item, words.waits); waiting.push(item); }
    }
    input.value = "";
  }

  function tell(item, text) {
    const told = item.row.querySelector(".told");
    told.classList.remove("refused");
    told.textContent = text;
  }

  function refuse(item, text, again) {
    tell(item, text);
    item.row.querySelector(".told").classList.add("refused");
    item.row.querySelector("progress").hidden = true;
    const button = item.row.querySelector(".drop-it");
    button.hidden = !again;
    button.textContent = words.again;
    const fresh = button.cloneNode(true);
    button.replaceWith(fresh);
    fresh.addEventListener("click", () => { if (form.reportValidity()) { fresh.hidden = true; waiting.push(item); next(); } });
  }

  function address() {
    const params = {};
    for (const [name, value] of new FormData(form)) if (name.startsWith("constant.")) params[name.slice(9)] = value;
    const look = form.elements.look.value === "yes";
    const query = new URLSearchParams({ schema: form.elements.schema.value, params: JSON.stringify(params), dry_run: look });
    if (form.elements.corrects) query.set("corrects", form.elements.corrects.value);
    return { url: `/api/v1/uploads?${query}`, look };
  }

  function send(item) {
    const { url, look } = address(), request = new XMLHttpRequest(), bar = item.row.querySelector("progress");
    const body = new FormData();
    body.append("file", item.file, item.file.name);
    item.row.querySelector(".drop-it").hidden = true;
    bar.hidden = false;
    bar.setAttribute("aria-label", item.file.name);
    tell(item, words.sending);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("load", () => answered(item, request, look));
    request.addEventListener("error", () => refuse(item, words.lost, true));
    request.addEventListener("loadend", () => { sending -= 1; next(); });
    request.open("POST", url);
    request.setRequestHeader("Idempotency-Key", (item.keys[url] ??= newKey()));
    request.responseType = "json";
    request.send(body);
  }

  function answered(item, request, look) {
    const answer = request.response;
    if (request.status === 401) return location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    if (request.status !== 202) return explain(item, answer?.detail);
    const isAlone = !accepted && list.children.length === 1;
    accepted += 1;
    item.row.remove(); // from now on its fate is told below
    if (isAlone) return location.assign(look ? `/uploads/${answer.id}` : `/jobs/${answer.id}`);
    heard.textContent = `${item.file.name} ${words.accepted}`;
    document.getElementById("recent").dispatchEvent(new Event("sent"));
  }

  // The API answers in the one language of its own; the page has a translation.
  async function explain(item, detail) {
    const answer = detail && await fetch(`/translate?${new URLSearchParams({ text: detail })}`).catch(() => null);
    refuse(item, answer?.ok ? await answer.text() : detail ?? words.lost, true);
  }

  function next() {
    while (sending < AT_ONCE && waiting.length) { sending += 1; send(waiting.shift()); }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (waiting.length) next();
    else if (!sending) input.click();
  });
  input.addEventListener("change", () => add(input.files));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });
})();
