// Sentences in place of a plate: what is under way, what failed, and what was left out.

import { element } from "./dom.js";
import { REASONS, sentence, word } from "./words.js";

export function pending({ waiting, state }) {
  const text = { waiting: "Waiting for its turn …", reading: "Reading …" }[state];
  const busy = waiting && `The service is busy; trying again in ${waiting} s …`;
  return element("p", { class: "pending" }, busy ?? text);
}

export function failure(item, retry) {
  return element(
    "div",
    { class: "notice bad", role: "alert" },
    element("h3", {}, "The picture was not read"),
    element("p", {}, sentence(item.error.message)),
    element("button", { type: "button", onclick: () => retry(item) }, "Try again"),
  );
}

export function nothing() {
  return element(
    "div",
    { class: "notice" },
    element("h3", {}, "No plate found"),
    element("p", {}, "Nothing in this picture looks enough like a plate."),
  );
}

export function leftOut(rejected) {
  const reasons = rejected.map(({ reason, plate }) =>
    plate ? `${plate} (${word(REASONS, reason)})` : `one ${word(REASONS, reason)}`,
  );
  return element("p", { class: "remark" }, `Left out: ${reasons.join(", ")}.`);
}
