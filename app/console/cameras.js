// The cameras that the service watches: how they are doing, what they see, and who passes.

import { ApiError, pause, request } from "./api.js";
import { byId, clock, duration, element } from "./dom.js";
import { openDrawing } from "./drawing.js";
import { refusal } from "./notices.js";
import { facts, textOf } from "./parts.js";
import { isKnown, takePass } from "./passes.js";
import { follow } from "./stream.js";
import { CAMERA_STATES, sentence, word } from "./words.js";

const EVERY = 2; // seconds between two rounds; in each, one request at a time

const cards = new Map(); // name of a camera to its card
const place = { id: null }; // the last event that came
let round = null; // ends what is going on

/** Shows the cameras and their passes, until `stopCameras`. */
export function startCameras() {
  stopCameras();
  round = new AbortController();
  const { signal } = round;
  const fail = (error) => {
    if (signal.aborted) return;
    stopCameras();
    byId("cameras-note").replaceChildren(refusal(error, startCameras));
  };
  watch(signal).catch(fail);
  const onState = (live) => {
    byId("stream-state").textContent = live ? "As they come" : "Connection lost, trying again …";
  };
  follow("passes/stream", { signal, place, onEvent: takeEvent, onState }).catch(fail);
}

export function stopCameras() {
  round?.abort();
}

function takeEvent({ event, data }) {
  const told = JSON.parse(data);
  if (event !== "missed") return takePass(told);
  byId("stream-state").textContent = `${told.missed} events were missed while away`;
}

/** Round after round; a page that nobody sees asks for nothing. */
async function watch(signal) {
  for (; !signal.aborted; await pause(EVERY, signal)) {
    if (document.hidden) continue;
    try {
      const response = await request("cameras", { prompt: false, signal });
      showCameras(await response.json());
      for (const card of cards.values()) {
        if (isSeen(card.node)) await renewFrame(card, signal);
      }
    } catch (error) {
      if (signal.aborted || error.code === "unauthorized") throw error;
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      note(`${sentence(error.message)} Trying again …`);
    }
  }
}

const note = (...text) =>
  byId("cameras-note").replaceChildren(element("div", { class: "notice" }, element("p", {}, text)));

function showCameras({ cameras, error }) {
  const names = new Set(cameras.map(({ name }) => name));
  for (const [name, card] of cards) {
    if (names.has(name)) continue;
    card.node.remove();
    forget(card);
    cards.delete(name);
  }
  const others = cameras.filter(({ name, last_pass: last }) => last && !cards.has(name));
  const before = others.map(({ last_pass: last }) => last).filter((last) => !isKnown(last));
  before.sort((a, b) => new Date(a.at) - new Date(b.at)).forEach(takePass);
  for (const camera of cameras) {
    const card = cards.get(camera.name) ?? newCard(camera.name);
    card.camera = camera;
    card.text.replaceChildren(...told(camera));
  }
  byId("passing").hidden = cameras.length === 0;
  if (error) note(`The file of cameras was not taken: ${sentence(error)}`);
  else if (cameras.length === 0) {
    note("No camera is watched: name a file like deploy/cameras.example.yml in ALPR_CAMERAS_FILE.");
  } else byId("cameras-note").replaceChildren();
}

function newCard(name) {
  const picture = element("div", { class: "seen" }, element("p", { class: "none" }, "No frame yet"));
  const text = element("div", { class: "told" });
  const onclick = () => openDrawing(picture.querySelector("img"));
  const draw = element(
    "button",
    { type: "button", class: "small", "aria-haspopup": "dialog", onclick },
    "Draw region and masks",
  );
  const title = element("h3", {}, name);
  const card = { picture, text, node: element("li", {}, picture, title, text, draw) };
  cards.set(name, card);
  byId("cameras").append(card.node);
  return card;
}

const LEVELS = { live: "good", waiting: "bad", ended: "bad", unowned: "bad", connecting: "mind" };

function told(camera) {
  const { state, since, error, latency_ms: latency, last_pass: last } = camera;
  const size = camera.width ? `${camera.width} × ${camera.height}` : "";
  return [
    element(
      "ul",
      { class: "chips" },
      element("li", { class: LEVELS[state] ?? "" }, word(CAMERA_STATES, state)),
      since && element("li", {}, `since ${clock(new Date(since))}`),
      size && element("li", {}, size),
    ),
    ...(error && state !== "live" ? [element("p", { class: "remark" }, sentence(error))] : []),
    facts([
      ["Frames read", String(camera.read)],
      ["Dropped", String(camera.dropped)],
      ["Latency", latency ? `${duration(latency.p50)}, 95 % ${duration(latency.p95)}` : "–"],
      ["Passes", String(camera.passes)],
      ["Last pass", last ? `${textOf(last.pass)}, ${clock(new Date(last.last_seen))}` : "–"],
    ]),
    element("p", { class: "source" }, camera.source),
  ];
}

function isSeen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** The newest frame, where there is a newer one than that on the page. */
async function renewFrame(card, signal) {
  const { name, last_frame: time } = card.camera;
  if (time === null || time === card.time) return;
  const path = `cameras/${encodeURIComponent(name)}/frame.jpg`;
  try {
    const response = await request(path, { prompt: false, signal });
    const address = URL.createObjectURL(await response.blob());
    const picture = element("img", { src: address, alt: `What ${name} sees, at ${clock(new Date(time))}` });
    await picture.decode();
    card.picture.replaceChildren(picture);
    forget(card);
    Object.assign(card, { time, address });
  } catch (error) {
    // The camera, or its frame, may be gone by now; the next round tells.
    if (!(error instanceof ApiError || error instanceof DOMException)) throw error;
  }
}

function forget(card) {
  if (card.address) URL.revokeObjectURL(card.address);
}
