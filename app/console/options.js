// What the operator chose of the options that a request may have.

import { byId } from "./dom.js";

/** The query of a request, with its question mark; empty where all is left to the settings. */
export function chosenQuery() {
  const chosen = [...new FormData(byId("options-form"))].filter(([, value]) => value.trim() !== "");
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}

export function startOptions() {
  byId("options-form").addEventListener("submit", (event) => event.preventDefault());
}
