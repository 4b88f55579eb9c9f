// What HTML cannot do: ask before something that cannot be taken back, select all rows, show where one is.
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

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector("details.menu[open]")?.removeAttribute("open");
  });

  document.addEventListener("click", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.removeAttribute("open");
  });
})();
