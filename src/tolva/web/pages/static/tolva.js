// What HTML cannot do: ask before something that cannot be taken back, select all rows, copy a secret, show where one
// is, go on with the page of a list that was asked for, and leave open what was when its part of the page is renewed.
(() => {
  document.querySelector("header nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  }, true);

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-selects]");
    if (!all) return;
    for (const box of document.querySelectorAll(`input[name="${all.dataset.selects}"]`)) box.checked = all.checked;
  });

  for (const line of document.querySelectorAll("[data-copy]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: line.dataset.copy });
    const said = document.createElement("output");
    button.addEventListener("click", () => {
      getSelection().selectAllChildren(line.querySelector("code"));
      const isCopied = document.execCommand("copy"); // the newer way is not there without HTTPS
      said.textContent = isCopied ? line.dataset.copied : line.dataset.notCopied;
    });
    line.append(button, said);
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx) ctx.open = [...ctx.target.querySelectorAll("details[open][id]")].map((details) => details.id);
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { open = [], sourceElement, target } = event.detail.ctx ?? {};
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (!sourceElement?.matches("a")) return;
    const first = target.querySelector("tbody td, .empty");
    if (first) first.tabIndex = -1;
    first?.focus();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector("details.menu[open]")?.removeAttribute("open");
  });

  document.addEventListener("click", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.removeAttribute("open");
  });
})();
