// A pass that is kept: its pictures, what was read, and the correction by hand.

import { ApiError, request } from "./api.js";
import { announce, byId, clock, element, percent } from "./dom.js";
import { candidates, facts, remarks, section } from "./parts.js";
import { directionWords, rawReads } from "./passing.js";
import { plate as drawn, spelled } from "./plate.js";
import { FORMATS, sentence, word } from "./words.js";

const addresses = []; // of the pictures that are shown

/** Shows the pass; `onCorrected` gets it as it is after a correction. */
export function showKept(passing, onCorrected) {
  for (const address of addresses.splice(0)) URL.revokeObjectURL(address);
  const { validation, plate, plate_hash: hash } = passing;
  const crop = element("div", { class: "pictures" });
  const parts = [
    element("div", { class: "hero" }, plate ? drawn(plate) : element("p", {}, `Hash ${hash}`)),
    crop,
    element(
      "ul",
      { class: "chips" },
      validation &&
        element(
          "li",
          { class: validation.valid ? "good" : "bad" },
          validation.valid ? "Valid" : "Not a valid plate",
        ),
      passing.format && element("li", {}, word(FORMATS, passing.format)),
      passing.matches.map((match) => element("li", { class: "mind" }, matchWords(match))),
    ),
    ...(validation ? remarks(validation) : []),
    facts([
      ["Reading", percent(passing.confidence, 1)],
      ["Agreeing", `${passing.agreeing} of ${passing.reads} reads`],
      ["Camera", passing.camera ?? "–"],
      ["Seen", `${clock(new Date(passing.at))} – ${clock(new Date(passing.last_at))}`],
      ["Direction", passing.direction ? directionWords(passing.direction) : "–"],
    ]),
    plate && correctionForm(passing, onCorrected),
    Object.keys(passing.raw_reads).length > 0 && rawReads(passing),
    candidates(passing),
  ];
  byId("kept").hidden = false;
  byId("kept").replaceChildren(...parts.filter(Boolean));
  for (const [kind, alt] of [
    ["crop", "The plate"],
    ["frame", "The whole picture"],
  ]) {
    if (passing[kind]) showPicture(crop, passing[kind].slice(1), alt);
  }
}

const matchWords = ({ list, entry, owner, probability, exact }) =>
  `${list}: ${owner || entry}, ${exact ? "exactly" : percent(probability, 1)}`;

async function showPicture(into, path, alt) {
  try {
    const response = await request(path, { prompt: false });
    const address = URL.createObjectURL(await response.blob());
    addresses.push(address);
    const picture = element("img", { src: address, alt });
    await picture.decode();
    into.append(picture);
  } catch (error) {
    // It may have been deleted since, or be of a kind that this browser does not show.
    if (!(error instanceof ApiError || error instanceof DOMException)) throw error;
  }
}

function correctionForm(passing, onCorrected) {
  const { id, plate, correction } = passing;
  const error = element("p", { class: "error", role: "alert" });
  const send = async (options, said) => {
    try {
      const response = await request(`passes/${id}/correction`, options);
      const corrected = await response.json();
      onCorrected(corrected);
      byId("kept").querySelector("#correction").focus();
      announce(said);
    } catch (failed) {
      if (!(failed instanceof ApiError)) throw failed;
      error.textContent = sentence(failed.message);
    }
  };
  const save = (text) => {
    const body = JSON.stringify({ plate: text });
    const headers = { "Content-Type": "application/json" };
    return send({ method: "PUT", body, headers }, `Kept as ${spelled(text)}.`);
  };
  const input = element("input", {
    id: "correction",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "40",
    required: true,
    value: correction?.plate ?? plate,
  });
  const onsubmit = (event) => {
    event.preventDefault();
    save(input.value);
  };
  const takeBack = () => send({ method: "DELETE" }, "Taken back.");
  return section(
    "What the plate is",
    element(
      "form",
      { class: "correction", onsubmit },
      element("label", { for: "correction" }, "As a person reads it"),
      input,
      element("button", { type: "submit", class: "main" }, "Save"),
      correction && element("button", { type: "button", onclick: takeBack }, "Take back"),
    ),
    correction &&
      element("p", { class: "hint" }, `By ${correction.by}, ${clock(new Date(correction.at))}.`),
    error,
  );
}
