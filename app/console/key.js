// The API key: typed once, kept by this tab until it is closed, never written anywhere else.

import { byId } from "./dom.js";

const STORED = "nz-alpr-key";
let asking = null;
let declined = 0;

export const currentKey = () => sessionStorage.getItem(STORED);

/** How often the field was closed without a key. */
export const timesDeclined = () => declined;

/** Opens the key field; resolves to whether a key was given. Several who ask share one dialog. */
export function askForKey(reason = "") {
  asking ??= new Promise((resolve) => {
    const dialog = byId("key-dialog");
    if (reason !== "") sessionStorage.removeItem(STORED); // the one there is was refused
    byId("key-reason").textContent = reason;
    byId("key-forget").hidden = currentKey() === null;
    byId("key-input").value = "";
    dialog.returnValue = "";
    const answer = () => {
      const given = dialog.returnValue === "given";
      if (!given) declined += 1;
      resolve(given);
    };
    dialog.addEventListener("close", answer, { once: true });
    dialog.showModal();
  }).finally(() => {
    asking = null;
    showState();
  });
  return asking;
}

export function startKeyDialog() {
  const dialog = byId("key-dialog");
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = byId("key-input").value.trim();
    if (key === "") return;
    sessionStorage.setItem(STORED, key);
    dialog.close("given");
  });
  byId("key-forget").addEventListener("click", () => {
    sessionStorage.removeItem(STORED);
    dialog.close();
  });
  byId("key-cancel").addEventListener("click", () => dialog.close());
  byId("key-button").addEventListener("click", () => askForKey());
  showState();
}

function showState() {
  const given = currentKey() !== null;
  byId("key-button").dataset.given = String(given);
  byId("key-state").textContent = given ? "Key given" : "Enter key";
}
