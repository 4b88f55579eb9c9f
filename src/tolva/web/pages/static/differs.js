// Marks the form of a preview as soon as it says something else than it came with: what a dry run foretold is then not
// what a load would do. By what the page came with, not by what was changed: a browser that goes back fills forms again.
(() => {
  const form = document.getElementById("said");

  function differs(control) {
    if (control.tagName === "INPUT") return control.value !== control.defaultValue;
    if (control.tagName !== "SELECT") return false;
    const came = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(0, came);
  }

  const mark = () => form.classList.toggle("differs", [...form.elements].some(differs));
  form.addEventListener("input", mark);
  addEventListener("pageshow", mark);
})();
