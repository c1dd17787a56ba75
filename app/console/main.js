// Ties the parts of the page together.

import { announce, byId, percent } from "./dom.js";
import { startInputs } from "./input.js";
import { startKeyDialog } from "./key.js";
import { chosenQuery, startOptions } from "./options.js";
import { progressText, showChosen, showList, showProgress, startList, updateRow } from "./list.js";
import { plate, spelled } from "./plate.js";
import { Queue } from "./queue.js";
import { showResult, textOf } from "./result.js";
import { clearStage, cutOut, showStage } from "./stage.js";
import { startStatus, stopStatus } from "./status.js";
import { sentence } from "./words.js";

const queue = new Queue();
const front = { item: null, plate: 0 }; // what is shown: an item, and which of its plates

queue.addEventListener("added", ({ detail: added }) => {
  document.body.classList.toggle("empty", queue.items.length === 0);
  if (added.length > 0) choose(added[0]);
  else bringForward(null);
  showList(queue, front.item, pick);
});

queue.addEventListener("changed", ({ detail: item }) => {
  updateRow(item);
  showProgress(queue);
  if (item === front.item) choose(item);
  if (queue.items.length === 1) announceItem(item);
});

queue.addEventListener("idle", () => {
  if (queue.items.length > 1) announce(`${progressText(queue)}.`);
});

function choose(item) {
  bringForward(item);
  showChosen(item);
}

/** On a small screen the picture is far above the table. */
function pick(item) {
  choose(item);
  byId("stage").scrollIntoView({ block: "nearest" });
}

function bringForward(item, index = 0) {
  Object.assign(front, { item, plate: index });
  if (item === null) return clearStage();
  const chooseOther = (other) => bringForward(item, other);
  showStage(item, index, chooseOther);
  showResult(item, index, { choose: chooseOther, retry: (failed) => queue.retry([failed]) });
}

// The enlarged plate can be cut out of the picture only once the picture is there, which may be
// after the answer: it is added to what is shown, so that nobody's focus is moved.
byId("stage").addEventListener("picture", () => {
  const found = front.item?.answer?.plates[front.plate];
  const hero = byId("result").querySelector(".hero:not(:has(.cut-out))");
  hero?.append(cutOut(found.bbox) ?? "");
});

function announceItem({ state, answer, error }) {
  if (state === "failed") return announce(sentence(error.message));
  if (state !== "done") return;
  const found = answer.plates.map((one) => `${spelled(textOf(one))}, ${percent(one.confidence)}`);
  announce(found.length ? `Read: ${found.join("; ")}.` : "No plate found.");
}

function showView() {
  const status = location.hash === "#status";
  byId("view-read").hidden = status;
  byId("view-status").hidden = !status;
  document.title = status ? "Status · NZ ALPR" : "NZ ALPR";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === (status ? "#status" : "#read")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (status) startStatus();
  else stopStatus();
}

byId("brand").append(plate("NZ ALPR"));
byId("motif").append(plate("ABC123"));
startKeyDialog();
startInputs((sources) => {
  if (!byId("view-status").hidden) location.hash = "#read";
  const query = chosenQuery();
  queue.add(sources.map((source) => ({ ...source, query })));
});
startOptions();
startList(queue);
addEventListener("hashchange", () => {
  if (location.hash === "#main") return; // the skip link: the view stays
  showView();
  byId("main").focus({ preventScroll: true });
});
showView();
