// Shows the API's description in #docs.
window.SwaggerUIBundle({
  url: document.getElementById("docs").dataset.openapi,
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false, // a key stays in the memory of the page
  validatorUrl: null, // a service of somebody else's
});
