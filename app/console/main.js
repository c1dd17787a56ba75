// Ties the parts of the page together.

import { startCameras, stopCameras } from "./cameras.js";
import { announce, byId, percent } from "./dom.js";
import { startDeliveries, startDeliveryView, stopDeliveries } from "./deliveries.js";
import { openDrawing, startDrawing } from "./drawing.js";
import { startInputs } from "./input.js";
import { startKept, startKeptSearch, stopKept } from "./kept.js";
import { startKeyDialog } from "./key.js";
import { chosenQuery, startOptions } from "./options.js";
import { startLists, startListView, stopLists } from "./lists.js";
import { progressText, showChosen, showList, showProgress, startList, updateRow } from "./list.js";
import { startPasses } from "./passes.js";
import { plate, spelled } from "./plate.js";
import { Queue } from "./queue.js";
import { foundIn, textOf } from "./parts.js";
import { clearVideo, frameShown, showVideo } from "./player.js";
import { showResult } from "./result.js";
import { clearStage, cutOut, pictureShown, showStage } from "./stage.js";
import { startStatus, stopStatus } from "./status.js";
import { isVideo } from "./video.js";
import { sentence } from "./words.js";

const queue = new Queue();
// What is shown: an item, and which of its plates by place, or of its passes by id.
const front = { item: null, chosen: undefined };

queue.addEventListener("added", ({ detail: added }) => {
  document.body.classList.toggle("empty", queue.items.length === 0);
  if (added.length > 0) choose(added[0]);
  else bringForward(null);
  showList(queue, front.item, pick);
});

queue.addEventListener("changed", ({ detail: item }) => {
  updateRow(item);
  showProgress(queue);
  if (item === front.item) bringForward(item, front.chosen);
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

function bringForward(item, chosen) {
  if (item !== front.item) {
    clearStage();
    clearVideo();
  }
  Object.assign(front, { item, chosen });
  if (item === null) return;
  const actions = {
    choose: (other) => bringForward(item, other),
    retry: (failed) => queue.retry([failed]),
    cancel: (reading) => queue.cancel(reading),
  };
  if (item.kind === "video") return showVideo(item, chosen, actions);
  showStage(item, chosen ?? 0, actions.choose);
  showResult(item, chosen ?? 0, actions);
}

// The enlarged plate can be cut out of the picture only once the picture is there, which may be
// after the answer: it is added to what is shown, so that nobody's focus is moved.
byId("stage").addEventListener("picture", () => {
  const found = front.item?.answer?.plates?.[front.chosen ?? 0];
  const hero = byId("result").querySelector(".hero:not(:has(.cut-out))");
  hero?.append(cutOut(found.bbox) ?? "");
});

function announceItem(item) {
  if (item.state === "failed") return announce(sentence(item.error.message));
  if (item.state === "cancelled") return announce("Cancelled.");
  if (item.state !== "done") return;
  const found = foundIn(item).map((one) => `${spelled(textOf(one))}, ${percent(one.confidence)}`);
  announce(found.length ? `Read: ${found.join("; ")}.` : "No plate found.");
}

const VIEWS = {
  "#read": { start: () => {}, stop: () => {} },
  "#cameras": { start: startCameras, stop: stopCameras },
  "#passes": { start: startKept, stop: stopKept },
  "#lists": { start: startLists, stop: stopLists },
  "#deliveries": { start: startDeliveries, stop: stopDeliveries },
  "#status": { start: startStatus, stop: stopStatus },
};

let view = "#read";

function showView() {
  const chosen = location.hash in VIEWS ? location.hash : view; // the skip link names none
  view = chosen;
  for (const [hash, { stop }] of Object.entries(VIEWS)) {
    byId(`view-${hash.slice(1)}`).hidden = hash !== chosen;
    if (hash !== chosen) stop();
  }
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash !== chosen) link.removeAttribute("aria-current");
    else link.setAttribute("aria-current", "page");
  }
  const title = document.querySelector("nav [aria-current]").textContent;
  document.title = chosen === "#read" ? "NZ ALPR" : `${title} · NZ ALPR`;
  VIEWS[chosen].start();
}

byId("brand").append(plate("NZ ALPR"));
byId("motif").append(plate("ABC123"));
startKeyDialog();
startInputs((sources) => {
  if (byId("view-read").hidden) location.hash = "#read";
  queue.add(
    sources.map((source) => {
      const kind = source.blob && isVideo(source.blob) ? "video" : "picture";
      const passes = kind === "video" ? [] : undefined;
      return { ...source, kind, passes, query: chosenQuery(kind) };
    }),
  );
});
startOptions();
startDrawing();
startPasses();
startKeptSearch();
startListView();
startDeliveryView();
byId("draw").addEventListener("click", () => {
  openDrawing(pictureShown() ?? frameShown(), byId("options-form"));
});
startList(queue);
addEventListener("hashchange", () => {
  if (location.hash === "#main") return; // the skip link: the view stays
  showView();
  byId("main").focus({ preventScroll: true });
});
byId("key-dialog").addEventListener("close", showView); // with a key it shows more
showView();
