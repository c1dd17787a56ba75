// The request of this page as a curl command. The key is a variable of the shell, never the key.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlCommand({ name, url }, base = document.baseURI) {
  const endpoint = new URL(url ? "predict/url" : "predict/file", base).href;
  const key = '-H "X-API-Key: $ALPR_KEY"';
  if (url) {
    const body = quoted(JSON.stringify({ url }));
    return `curl ${key} -H 'Content-Type: application/json' \\\n  -d ${body} \\\n  ${quoted(endpoint)}`;
  }
  // curl takes ; and , in a file name apart unless it is in double quotes.
  const file = /^[\w.-]+$/.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
  return `curl ${key} \\\n  -F ${quoted(`file=@${file}`)} \\\n  ${quoted(endpoint)}`;
}

/** Copies text; works without https, too, where the clipboard API is absent. */
export async function copy(text, shownIn) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(shownIn);
  const done = document.execCommand("copy");
  getSelection().removeAllRanges();
  if (!done) throw new Error("copying was refused");
}
