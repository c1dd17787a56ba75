// What the operator chose of the options that a request may have.

import { byId } from "./dom.js";

/** The query of a request, with its question mark; empty where all is left to the settings. */
export function chosenQuery(kind) {
  const video = kind === "video";
  const chosen = [...new FormData(byId("options-form"))].filter(
    ([name, value]) => value.trim() !== "" && (video || name !== "fps"),
  );
  if (video) chosen.push(["crops", "true"]);
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}

export function startOptions() {
  byId("options-form").addEventListener("submit", (event) => event.preventDefault());
}
