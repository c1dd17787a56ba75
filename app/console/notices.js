// Sentences in place of a plate: what is under way, what failed, and what was left out.

import { element } from "./dom.js";
import { askForKey } from "./key.js";
import { REASONS, sentence, word } from "./words.js";

export function pending({ waiting, state }, reading = "Reading …") {
  const text = { waiting: "Waiting for its turn …", reading }[state];
  const busy = waiting && `The service is busy; trying again in ${waiting} s …`;
  return element("p", { class: "pending" }, busy ?? text);
}

export function failure(item, retry) {
  const partly = item.passes?.length ? " to its end" : "";
  return element(
    "div",
    { class: "notice bad", role: "alert" },
    element("h3", {}, `The ${item.kind ?? "picture"} was not read${partly}`),
    element("p", {}, sentence(item.error.message)),
    again(item, retry),
  );
}

export function cancelled(item, retry) {
  const kept = item.passes.length ? "What was read before is kept." : "Nothing was read before.";
  return element(
    "div",
    { class: "notice" },
    element("h3", {}, "Cancelled"),
    element("p", {}, kept),
    again(item, retry),
  );
}

function again(item, retry) {
  return element("button", { type: "button", onclick: () => retry(item) }, "Try again");
}

export function unfinished(warning) {
  return element(
    "div",
    { class: "notice" },
    element("h3", {}, "There may be more in the video"),
    element("p", {}, sentence(warning)),
  );
}

export function noPass() {
  return element(
    "div",
    { class: "notice" },
    element("h3", {}, "No vehicle was read"),
    element("p", {}, "No plate in this video was read alike in enough frames."),
  );
}

/** In place of a part of a page that could not be fetched; `again()` begins anew, with a key. */
export function refusal(error, again) {
  const missingKey = error.code === "unauthorized";
  const isForbidden = error.code === "forbidden";
  const label = missingKey ? "Enter key" : isForbidden ? "Use another key" : "Try again";
  const text = missingKey ? "This part is shown to those with a key." : sentence(error.message);
  const onclick = async () => (!(missingKey || isForbidden) || (await askForKey())) && again();
  return element(
    "div",
    { class: missingKey ? "notice" : "notice bad" },
    element("p", {}, text),
    element("button", { type: "button", onclick }, label),
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
