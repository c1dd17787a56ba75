// What decided how a vehicle that passed was read, beside the video.

import { element, moment, percent } from "./dom.js";
import { cancelled, failure, noPass, pending, unfinished } from "./notices.js";
import { candidates, facts, remarks, section, showParts, textOf } from "./parts.js";
import { plate as drawn } from "./plate.js";
import { curlCommand, snippet } from "./snippets.js";
import { progressText } from "./video.js";
import { FORMATS, MOTIONS, WAYS, word } from "./words.js";

/** Shows a pass of a video, or why there is none. */
export function showPass(item, passing, { retry }) {
  const { state, answer } = item;
  showParts([
    state === "failed" ? failure(item, retry) : null,
    state === "cancelled" ? cancelled(item, retry) : null,
    state === "waiting" || (state === "reading" && !passing) ? pending(item, progressText(item)) : null,
    answer?.warning ? unfinished(answer.warning) : null,
    state === "done" && !passing ? noPass() : null,
    ...(passing ? details(passing) : []),
    ...(answer ? texts(item) : []),
  ]);
}

/** The parts about a pass. `seen` and `at`, of its best frame, are its times in words. */
export function details(passing, { seen = span(passing), at = moment(passing.best.at_s) } = {}) {
  const { validation, best, ended } = passing;
  return [
    element("div", { class: "hero" }, drawn(textOf(passing)), crop(best, at)),
    element(
      "ul",
      { class: "chips" },
      element(
        "li",
        { class: validation.valid ? "good" : "bad" },
        validation.valid ? "Valid" : "Not a valid plate",
      ),
      validation.format && element("li", {}, word(FORMATS, validation.format)),
      !ended && element("li", { class: "mind" }, "Not over yet"),
    ),
    ...remarks(validation),
    facts([
      ["Reading", percent(passing.confidence, 1)],
      ["Agreeing", `${passing.agreeing} of ${passing.reads} reads`],
      ["Frames", String(passing.frames)],
      ["Seen", seen],
      ["Direction", directionWords(passing.direction)],
    ]),
    rawReads(passing),
    candidates(passing),
    section(
      "Best frame",
      facts([
        ["At", at],
        ["Reading", percent(best.confidence, 1)],
        ["Detection", percent(best.detection_confidence, 1)],
      ]),
    ),
  ];
}

export const span = ({ first_seen_s: first, last_seen_s: last }) =>
  `${moment(first)} – ${moment(last)}`;

function crop({ crop: data }, at) {
  const name = `The plate in the best frame, at ${at}`;
  return data && element("img", { class: "cut-out", src: `data:image/jpeg;base64,${data}`, alt: name });
}

/** In the picture, whose y goes down: 0 degrees to the right, 90 down. */
export function directionWords({ degrees, motion }) {
  if (degrees === null) return motion === "steady" ? "standing" : word(MOTIONS, motion);
  const way = `${WAYS[Math.round(degrees / 45) % 8]} (${Math.round(degrees)}°)`;
  return motion === "steady" ? way : `${way}, ${word(MOTIONS, motion)}`;
}

export function rawReads({ raw_reads: counts, reads, plate }) {
  const texts = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return section(
    "Read in single frames",
    element(
      "ul",
      { class: "shares raw-reads" },
      texts.map(([text, count]) =>
        element(
          "li",
          { style: { "--share": count / reads }, class: text === plate ? "same" : "" },
          element("span", { class: "text" }, text),
          element("span", { class: "value" }, `${count} (${percent(count / reads)})`),
        ),
      ),
    ),
  );
}

function texts(item) {
  const short = (name, value) => (name === "crop" && value ? "…" : value);
  return [
    snippet("Answer (JSON)", "json", JSON.stringify(item.answer, short, 2)),
    snippet("Command (curl)", "curl", curlCommand(item)),
  ];
}
