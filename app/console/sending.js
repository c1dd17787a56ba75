// Changes of what the service keeps.

import { ApiError, request } from "./api.js";
import { element } from "./dom.js";
import { sentence } from "./words.js";

/** The answer to a value sent as JSON. Throws ApiError. */
export async function sendJson(method, path, value) {
  const headers = { "Content-Type": "application/json" };
  const response = await request(path, { method, body: JSON.stringify(value), headers });
  return response.json();
}

/** Does it, and says in the paragraph `error` what the service refused; whether it was done. */
export async function tried(error, action) {
  error.textContent = "";
  try {
    await action();
    return true;
  } catch (failed) {
    if (!(failed instanceof ApiError)) throw failed;
    error.textContent = sentence(failed.message);
    return false;
  }
}

export const errorLine = () => element("p", { class: "error", role: "alert" });

/** Asks before something that cannot be taken back; resolves to whether it is wanted. */
export function confirmed(question, label) {
  const close = (answer) => () => dialog.close(answer);
  const dialog = element(
    "dialog",
    { "aria-labelledby": "question" },
    element("p", { id: "question" }, question),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", onclick: close("") }, "Cancel"),
      element("button", { type: "button", class: "main", onclick: close("yes") }, label),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
