// Who is told of passes: how each is doing, tests, and what stops and starts them.

import { ApiError, pause, request } from "./api.js";
import { announce, byId, element } from "./dom.js";
import { shownMoment } from "./moments.js";
import { confirmed, errorLine, tried } from "./sending.js";
import { cells, scrollTable, smallButton } from "./tables.js";
import { sentence } from "./words.js";

const EVERY = 5; // seconds between two looks
const PATIENCE = 20; // looks, half a second apart, for what became of a test

const COLUMNS = {
  Kind: ({ kind, form }) => form ?? kind,
  Address: ({ address }) => address || "not in the file any more",
  State: ({ disabled, reason }) =>
    disabled
      ? element("span", { class: "failed" }, `Told nothing since ${shownMoment(disabled)}: ${reason}`)
      : "Told",
  Waiting: ({ waiting, oldest }) => (waiting ? `${waiting}, since ${shownMoment(oldest)}` : "0"),
};

/** Shows the targets, and how they are doing until the signal. Throws ApiError where it may not. */
export async function startTargets(signal, { onSent, onFailed }) {
  const wrong = element("div");
  const said = element("p", { class: "hint" });
  const error = errorLine();
  const headings = ["Who", ...Object.keys(COLUMNS), "Actions"];
  const table = scrollTable("target-rows", "Table of who is told", headings);
  byId("targets").replaceChildren(element("h3", {}, "Who is told"), wrong, table, said, error);
  const rows = new Map(); // name of a target to its row

  async function look() {
    const response = await request("deliveries/targets", { prompt: false, signal });
    const { targets, error: fault } = await response.json();
    const text = fault && `The file of targets was not taken: ${sentence(fault)}`;
    wrong.replaceChildren(...(text ? [element("div", { class: "notice bad" }, text)] : []));
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, row] of rows) {
      if (names.has(name)) continue;
      row.remove();
      rows.delete(name);
    }
    for (const target of targets) show(target);
  }

  /** Its cells anew; the buttons stay, with whoever's focus is on them. */
  function show(target) {
    const contents = Object.values(COLUMNS).map((content) => content(target));
    const known = rows.get(target.name);
    if (known?.dataset.disabled === String(target.disabled)) {
      contents.forEach((content, i) => known.cells[i + 1].replaceChildren(content));
      return;
    }
    const row = element("tr", {}, cells(target.name, [...contents, actions(target)]));
    row.dataset.disabled = String(target.disabled);
    if (known) known.replaceWith(row);
    else table.querySelector("tbody").append(row);
    rows.set(target.name, row);
  }

  function actions({ name, kind, form, disabled }) {
    const path = `deliveries/targets/${encodeURIComponent(name)}`;
    const button = (text, onclick) => smallButton(text, onclick, { "aria-label": `${text}: ${name}` });
    const post = (what, words) => () =>
      tried(error, async () => {
        await request(`${path}/${what}`, { method: "POST" });
        await look();
        tell(words);
      });
    const replay = () =>
      tried(error, async () => {
        const response = await request(`${path}/replay`, { method: "POST" });
        const { replayed } = await response.json();
        tell(`${replayed} ${replayed === 1 ? "message is" : "messages are"} sent to ${name} again.`);
        await onSent();
      });
    const test = async () => {
      const question = `A test asks the relay ${name}, which opens its gate. Open it?`;
      if (form === "relay" && !(await confirmed(question, "Open"))) return;
      await tried(error, async () => {
        const response = await request(`${path}/test`, { method: "POST" });
        const { id } = await response.json();
        tell(`The test of ${name} is on its way …`);
        tell(`Test of ${name}: ${await outcome(name, id, signal)}`);
        await onSent();
      });
    };
    return element(
      "div",
      { class: "buttons" },
      kind !== "unknown" && button("Test", test),
      button("What failed", () => onFailed(name)),
      button("Send failed again", replay),
      disabled
        ? button("Enable", post("enable", `${name} is told again.`))
        : button("Disable", post("disable", `${name} is told nothing.`)),
    );
  }

  const tell = (text) => {
    said.textContent = text;
    announce(text);
  };

  await look();
  keepLooking(look, signal);
}

/** A page that nobody sees asks for nothing. */
async function keepLooking(look, signal) {
  for (;;) {
    await pause(EVERY, signal);
    if (signal.aborted) return;
    try {
      if (!document.hidden) await look();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the next look may be luckier
    }
  }
}

/** What became of a message after its first try, in words. */
async function outcome(target, id, signal) {
  const query = new URLSearchParams({ target, limit: 100 });
  for (let look = 0; look < PATIENCE; look += 1) {
    await pause(0.5, signal);
    const response = await request(`deliveries?${query}`, { prompt: false, signal });
    const { deliveries } = await response.json();
    const found = deliveries.find((each) => each.id === id);
    if (found?.state === "delivered") return "delivered.";
    if (found?.attempts > 0) return sentence(found.error ?? "it failed");
  }
  return "it still waits.";
}
