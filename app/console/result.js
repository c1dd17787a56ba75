// What was read in a picture, beside it.

import { duration, element, percent } from "./dom.js";
import { failure, leftOut, nothing, pending } from "./notices.js";
import { candidates, facts, remarks, section, showParts, textOf } from "./parts.js";
import { character, plate as drawn } from "./plate.js";
import { curlCommand, snippet } from "./snippets.js";
import { cutOut } from "./stage.js";
import { FORMATS, sentence, STAGES, word } from "./words.js";

const LOW_CONFIDENCE = 0.75; // the default of ALPR_LOW_CONFIDENCE

/** Shows an item; `chosen` is the plate in front, `choose(index)` brings another one there. */
export function showResult(item, chosen, { choose, retry }) {
  showParts(parts(item, chosen, choose, retry));
}

function parts(item, chosen, choose, retry) {
  if (item.state === "failed") return [failure(item, retry)];
  if (item.state !== "done") return [pending(item)];
  const { plates } = item.answer;
  const found = plates[chosen];
  return [
    item.answer.image.damaged ? damaged() : null,
    found ? null : nothing(),
    item.answer.rejected?.length ? leftOut(item.answer.rejected) : null,
    plates.length > 1 ? others(plates, chosen, choose) : null,
    ...(found ? details(found) : []),
    timings(item),
    snippet("Answer (JSON)", "json", JSON.stringify(item.answer, null, 2)),
    snippet("Command (curl)", "curl", curlCommand(item)),
  ];
}

function damaged() {
  return element(
    "div",
    { class: "notice" },
    element("h3", {}, "The picture is damaged"),
    element("p", {}, "Part of the file is lost, and plates perhaps with it. The rest was read."),
  );
}

function others(plates, chosen, choose) {
  return element(
    "ul",
    { class: "others", "aria-label": "Plates in the picture" },
    plates.map((plate, i) => {
      const pressed = { "aria-pressed": String(i === chosen), onclick: () => choose(i) };
      return element(
        "li",
        {},
        element("button", { type: "button", class: "bare", ...pressed }, drawn(textOf(plate))),
      );
    }),
  );
}

function details(plate) {
  const { validation, correction } = plate;
  const format = correction?.format ?? validation.format;
  const lawful = correction !== null || validation.valid;
  const judged = plate.cut ? "Cut by the edge" : lawful ? "Valid" : "Not a valid plate";
  const doubtful = plate.confidence < LOW_CONFIDENCE;
  return [
    element("div", { class: "hero" }, drawn(textOf(plate)), cutOut(plate.bbox)),
    element(
      "ul",
      { class: "chips" },
      element("li", { class: plate.cut ? "mind" : lawful ? "good" : "bad" }, judged),
      !plate.cut && format && element("li", {}, word(FORMATS, format)),
      correction && element("li", { class: "mind" }, "Corrected"),
      doubtful && element("li", { class: "mind" }, "Low confidence"),
    ),
    correction ? [] : remarks(validation),
    facts([
      ...(correction ? [["As read", plate.plate]] : []),
      ["Reading", percent(plate.confidence, 1)],
      ["Is a plate", percent(plate.plate_confidence, 1)],
      ["Text is right", percent(plate.text_confidence, 1)],
      ["Detection", percent(plate.detection_confidence, 1)],
    ]),
    characters(plate),
    correction && corrected(plate),
    candidates(plate),
  ].flat();
}

function characters(plate) {
  const changed = new Set(plate.correction?.changes.map(({ position }) => position));
  const tile = (confidence, i) => {
    const level = confidence >= 0.9 ? "high" : confidence >= 0.7 ? "middle" : "low";
    const name = `${plate.plate[i]}, ${percent(confidence)}`;
    return element(
      "li",
      { class: changed.has(i) ? `${level} changed` : level },
      element("span", { class: "visually-hidden" }, name),
      character(plate.plate[i]),
      element("span", { class: "bar", style: { "--share": confidence }, "aria-hidden": "true" }),
      element("span", { class: "value", "aria-hidden": "true" }, percent(confidence)),
    );
  };
  return section(
    "Characters as read",
    element("ol", { class: "characters" }, plate.char_confidences.map(tile)),
  );
}

function corrected(plate) {
  const { changes, reason } = plate.correction;
  const change = ({ kind, position, read, corrected: now }) => {
    const place = `Character ${position + 1}`;
    if (kind === "substitution") return `${place}: ${read} became ${now}`;
    return kind === "insertion" ? `${place}: ${now} was added` : `${place}: ${read} was left out`;
  };
  return section(
    "Corrected",
    element("p", {}, sentence(reason)),
    element("ul", { class: "changes" }, changes.map((one) => element("li", {}, change(one)))),
  );
}

function timings({ answer, roundTrip }) {
  const { total, ...stages } = answer.timings_ms;
  const spent = Object.entries(stages).filter(([, value]) => value > 0);
  return section(
    `Time: ${duration(total)}`,
    element(
      "div",
      { class: "timeline", "aria-hidden": "true" },
      spent.map(([name, value]) => element("i", { class: name, style: { "--share": value } })),
    ),
    element(
      "dl",
      { class: "legend" },
      [...spent, ["trip", roundTrip]].map(([name, value]) =>
        element(
          "div",
          { class: name },
          element("dt", {}, name === "trip" ? "In this browser" : word(STAGES, name)),
          element("dd", {}, duration(value)),
        ),
      ),
    ),
  );
}
