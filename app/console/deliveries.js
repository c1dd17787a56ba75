// Messages to others: whom they went to, and what failed.

import { request } from "./api.js";
import { announce, byId, element } from "./dom.js";
import { shownMoment } from "./moments.js";
import { refusal } from "./notices.js";
import { tried } from "./sending.js";
import { cells, choice, countText, labelled, scrollTable, smallButton } from "./tables.js";
import { startTargets } from "./targets.js";
import { DELIVERY_STATES, word } from "./words.js";

const COLUMNS = {
  To: ({ target }) => target,
  Tells: ({ kind }) => kind,
  State: ({ state }) => element("span", { class: state }, word(DELIVERY_STATES, state)),
  Tries: ({ attempts }) => String(attempts),
  "Last answer": ({ error, status }) =>
    element("span", { class: "answer" }, error ?? (status === null ? "–" : `HTTP ${status}`)),
  "Next try": ({ due }) => shownMoment(due),
  Over: ({ done }) => shownMoment(done),
};
const OPENS = "gate.open"; // never sent again: it would open a gate late

let next = null; // cursor of the next page
let shown = 0;
let round = null; // ends what is going on

export function startDeliveryView() {
  const state = choice({ "": "any", ...DELIVERY_STATES }, { name: "state" });
  const target = element("input", { name: "target", maxlength: "64", size: "12", spellcheck: "false" });
  const onsubmit = (event) => {
    event.preventDefault();
    search();
  };
  byId("view-deliveries").append(
    element("h2", {}, "Deliveries"),
    element("div", { id: "deliveries-note" }),
    element("section", { id: "targets", "aria-label": "Who is told", hidden: true }),
    element(
      "section",
      { id: "deliveries", "aria-label": "Messages", hidden: true },
      element(
        "form",
        { id: "delivery-form", class: "filter", autocomplete: "off", onsubmit },
        labelled({ State: state, To: target }),
        element("button", { type: "submit", class: "main" }, "Show messages"),
        element("span", { id: "delivery-count" }),
      ),
      element("p", { class: "error", id: "delivery-error", role: "alert" }),
      scrollTable("delivery-rows", "Table of messages", ["Since", ...Object.keys(COLUMNS), "Actions"]),
      smallButton("Show more messages", () => guarded(page), { id: "delivery-more", hidden: true }),
    ),
  );
}

/** Shows who is told and what, until `stopDeliveries`. */
export function startDeliveries() {
  stopDeliveries();
  round = new AbortController();
  return guarded(async () => {
    await startTargets(round.signal, { onSent: search, onFailed: showFailed });
    await begin();
  });
}

export function stopDeliveries() {
  round?.abort();
}

const search = () => guarded(begin);

/** What a target was not told. */
function showFailed(target) {
  const { elements } = byId("delivery-form");
  elements.state.value = "failed";
  elements.target.value = target;
  return search().then(() => byId("deliveries").scrollIntoView({ block: "nearest" }));
}

async function guarded(action) {
  const { signal } = round;
  try {
    await action();
    byId("deliveries-note").replaceChildren();
    for (const id of ["targets", "deliveries"]) byId(id).hidden = false;
  } catch (error) {
    if (signal.aborted) return;
    for (const id of ["targets", "deliveries"]) byId(id).hidden = true;
    const none = element("p", {}, "This service tells nobody: name a file of targets in ALPR_NOTIFY_FILE.");
    const off = element("div", { class: "notice" }, none);
    byId("deliveries-note").replaceChildren(
      error.code === "not_found" ? off : refusal(error, startDeliveries),
    );
  }
}

async function begin() {
  next = null;
  await page(() => {
    byId("delivery-rows").replaceChildren();
    shown = 0;
  });
}

async function page(before = () => {}) {
  const asked = [...new FormData(byId("delivery-form")), ["cursor", next ?? ""]];
  const filled = asked.map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled);
  const response = await request(`deliveries?${query}`, { prompt: false, signal: round.signal });
  const found = await response.json();
  before();
  byId("delivery-rows").append(...found.deliveries.map(row));
  shown += found.deliveries.length;
  next = found.next;
  byId("delivery-more").hidden = next === null;
  byId("delivery-count").textContent = countText(shown, next === null, "message", "messages");
}

function row(delivery) {
  const contents = Object.values(COLUMNS).map((content) => content(delivery));
  const canReplay = delivery.state === "failed" && delivery.kind !== OPENS;
  const again = canReplay ? smallButton("Send again", () => replay(delivery)) : "";
  return element("tr", {}, cells(shownMoment(delivery.created), [...contents, again]));
}

async function replay({ id, target }) {
  const done = await tried(byId("delivery-error"), () =>
    request(`deliveries/${id}/replay`, { method: "POST" }),
  );
  if (!done) return;
  await search();
  announce(`It is sent to ${target} again.`);
}
