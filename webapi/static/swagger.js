SwaggerUIBundle({
  url: document.getElementById("reader").dataset.document,
  dom_id: "#reader",
  deepLinking: true,
  persistAuthorization: false,
  // The validator's badge would send our document to somebody else.
  validatorUrl: null,
});
