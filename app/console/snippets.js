// The answer and the request as text to copy.

import { announce, element } from "./dom.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as a curl command. The key in it is a variable of the shell, never the key. */
export function curlCommand({ kind, name, url, query = "" }, base = document.baseURI) {
  const route = url ? "predict/url" : kind === "video" ? "predict/video" : "predict/file";
  const endpoint = new URL(route + query, base).href;
  const key = '-H "X-API-Key: $ALPR_KEY"';
  if (url) {
    const body = quoted(JSON.stringify({ url }));
    return `curl ${key} -H 'Content-Type: application/json' \\\n  -d ${body} \\\n  ${quoted(endpoint)}`;
  }
  // curl takes ; and , in a file name apart unless it is in double quotes.
  const file = /^[\w.-]+$/.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
  return `curl ${key} \\\n  -F ${quoted(`file=@${file}`)} \\\n  ${quoted(endpoint)}`;
}

/** Folded text with a button that copies it. */
export function snippet(title, name, text) {
  const shown = element("pre", { tabindex: 0, "aria-label": title }, text);
  const button = element("button", { type: "button", class: "small" }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copy(text, shown).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Not allowed";
    announce(done ? `${title} copied` : "The browser did not allow copying.");
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  const summary = element("summary", {}, title);
  return element("details", { class: "code", id: `code-${name}` }, summary, button, shown);
}

/** Works without https, too, where the clipboard API is absent. */
async function copy(text, shownIn) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(shownIn);
  const done = document.execCommand("copy");
  getSelection().removeAllRanges();
  if (!done) throw new Error("copying was refused");
}
