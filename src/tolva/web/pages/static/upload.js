// Files by drag and drop, each sent by itself with its progress, two at once; large ones go on where the line broke
// (resumable.js). Without this the form sends them all.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const input = form.elements.file, drop = document.getElementById("drop"), list = document.getElementById("sending");
  const line = document.getElementById("line"), words = document.getElementById("words").dataset;
  const heard = document.getElementById("heard"), left = document.getElementById("left");
  const { locale } = document.documentElement.dataset;
  const AT_ONCE = 2;
  const waiting = [];
  let sending = 0, taken = 0;
  input.required = false; // what was dropped is not in it

  // A file has a key for each address, for as long as the page is open: sent twice, it is taken once. To another address,
  // it is something else, which the key of what may have arrived would refuse.
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const size = (bytes) => {
    const [unit, count] = bytes < 1e6 ? ["kB", Math.ceil(bytes / 1e3)] : ["MB", bytes / 1e6];
    return `${count.toLocaleString(locale, { maximumFractionDigits: 1 })} ${unit}`;
  };
  // Never 100 % before the last byte.
  const part = (sent, total) => `${size(sent)} / ${size(total)} · ${(Math.floor((100 * sent) / total) / 100).toLocaleString(locale, { style: "percent" })}`;

  function lineOf(file) {
    const row = line.content.firstElementChild.cloneNode(true);
    row.querySelector(".name").textContent = file.name;
    row.querySelector(".size").textContent = size(file.size);
    return row;
  }

  function add(files) {
    for (const file of files) {
      const row = lineOf(file), item = { file, row, keys: {} };
      offer(item, words.remove, () => { waiting.splice(waiting.indexOf(item), 1); row.remove(); });
      list.append(row);
      for (const known of left.children) if (known.dataset.file === `${file.size} ${file.name}`) known.remove();
      if (file.size > Number(form.dataset.most) * 1024 * 1024) refuse(item, words.large);
      else { tell(item, words.waits); waiting.push(item); }
    }
    input.value = "";
  }

  function tell(item, text) {
    const told = item.row.querySelector(".told");
    told.classList.remove("refused");
    if (told.textContent !== text) told.textContent = text; // what is read aloud is not read twice
  }

  function offer(item, text, act) {
    const button = item.row.querySelector(".drop-it");
    button.hidden = !act;
    button.textContent = text;
    button.onclick = act;
  }

  function refuse(item, text, again) {
    tell(item, text);
    item.row.querySelector(".told").classList.add("refused");
    item.row.querySelector("progress").hidden = true;
    item.row.querySelector(".size").textContent = size(item.file.size);
    offer(item, words.again, again && (() => { if (form.reportValidity()) { offer(item); waiting.push(item); next(); } }));
  }

  // What the form says of its files.
  function said() {
    const params = {};
    for (const [name, value] of new FormData(form)) if (name.startsWith("constant.")) params[name.slice(9)] = value;
    const told = { schema: form.elements.schema.value, params: JSON.stringify(params), dry_run: form.elements.look.value === "yes" };
    if (form.elements.corrects) told.corrects = form.elements.corrects.value;
    return told;
  }

  function send(item) {
    const bar = item.row.querySelector("progress");
    offer(item);
    bar.hidden = false;
    bar.setAttribute("aria-label", item.file.name);
    tell(item, words.sending);
    (item.file.size > resumable.LARGE ? sendInPieces : sendWhole)(item, bar, said());
  }

  function sendInPieces(item, bar, told) {
    const stop = resumable.send(item.file, told, {
      progress(sent, total) {
        tell(item, sent < total ? words.sending : words.whole);
        item.row.querySelector(".size").textContent = part(sent, total);
        bar.value = sent / total;
        item.row.querySelector(".drop-it").hidden = sent === total;
      },
      away: () => tell(item, words.away),
      failed: (status, detail) => { unanswered(item, status, detail, words.kept); ended(); },
      done: (job) => { accepted(item, job, told.dry_run); ended(); },
    });
    offer(item, words.cancel, () => {
      stop(); // where the line is away for long, the next visit of the page offers it again
      item.row.remove();
      ended();
    });
  }

  function sendWhole(item, bar, told) {
    const request = new XMLHttpRequest(), body = new FormData(), url = `/api/v1/uploads?${new URLSearchParams(told)}`;
    body.append("file", item.file, item.file.name);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("load", () => {
      if (request.status === 202) accepted(item, request.response.id, told.dry_run);
      else unanswered(item, request.status, request.response?.detail, words.lost);
    });
    request.addEventListener("error", () => refuse(item, words.lost, true));
    request.addEventListener("loadend", ended);
    request.open("POST", url);
    request.setRequestHeader("Idempotency-Key", (item.keys[url] ??= newKey()));
    request.responseType = "json";
    request.send(body);
  }

  function accepted(item, job, look) {
    const isAlone = !taken && list.children.length === 1;
    taken += 1;
    item.row.remove(); // from now on its fate is told below
    if (isAlone) return location.assign(look ? `/uploads/${job}` : `/jobs/${job}`);
    heard.textContent = `${item.file.name} ${words.accepted}`;
    document.getElementById("recent").dispatchEvent(new Event("sent"));
  }

  // The API answers in the one language of its own; the page has a translation. What was `lost` is said without an answer.
  async function unanswered(item, status, detail, lost) {
    if (status === 401) return location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    const answer = detail && await fetch(`/translate?${new URLSearchParams({ text: detail })}`).catch(() => null);
    refuse(item, answer?.ok ? await answer.text() : detail ?? lost, true);
  }

  function ended() {
    sending -= 1;
    next();
  }

  function next() {
    while (sending < AT_ONCE && waiting.length) { sending += 1; send(waiting.shift()); }
  }

  resumable.left().then((files) => {
    for (const file of files) {
      const item = { row: lineOf(file) };
      item.row.dataset.file = `${file.size} ${file.name}`;
      tell(item, words.left);
      offer(item, words.cancel, () => { offer(item); file.drop().then(() => item.row.remove(), () => tell(item, words.lost)); });
      left.append(item.row);
    }
  });

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
