// Shows the API's description in #docs, dark where the other pages are.
const page = document.documentElement;
const night = matchMedia("(prefers-color-scheme: dark)");
const dress = () => page.classList.toggle("dark-mode", page.dataset.theme ? page.dataset.theme === "dark" : night.matches);
night.addEventListener("change", dress);
dress();
window.SwaggerUIBundle({
  url: document.getElementById("docs").dataset.openapi,
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false, // a key stays in the memory of the page
  validatorUrl: null, // a service of somebody else's
});
