// Swagger UI hands over HTML as text, which DOMPurify has cleaned before: descriptions in Markdown.
window.trustedTypes?.createPolicy("default", { createHTML: (html) => html });

window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
