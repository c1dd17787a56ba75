// How the service is: health, networks, requests and latencies, settings.

import { request } from "./api.js";
import { byId, duration, element, percent } from "./dom.js";
import { histogram, parse, sums } from "./exposition.js";
import { refusal } from "./notices.js";
import { OUTCOMES, REASONS, sentence, STAGES, word } from "./words.js";

const EVERY = 5000;
let timer = null;

/** Shows the state now and again every few seconds, until `stopStatus`. */
export function startStatus() {
  stopStatus();
  refresh();
  showPart("settings", "settings", (response) => response.json(), settings);
  timer = setInterval(() => document.hidden || refresh(), EVERY);
}

export function stopStatus() {
  clearInterval(timer);
}

function refresh() {
  showPart("health", "health", (response) => response.json(), health);
  showPart("metrics", "metrics", (response) => response.text(), (text) => metrics(parse(text)));
}

/** Fetches one part and shows it, or the error as a sentence in its place. */
async function showPart(id, path, read, show) {
  try {
    const content = await read(await request(path, { prompt: false }));
    byId(id).replaceChildren(...show(content));
  } catch (error) {
    byId(id).replaceChildren(refusal(error, startStatus));
  }
}

function health(body) {
  const well = body.status === "healthy";
  const figures = [
    figure("Service", body.status, `Version ${body.version}`, well ? "good" : "bad"),
    figure("Up for", uptime(body.uptime_seconds), "since the last start"),
    figure("Pictures now", String(body.running), `${body.queued} waiting`),
    figure("Detector", body.detector.name, network(body.detector)),
    figure("Character reader", body.ocr.name, network(body.ocr)),
  ];
  return [element("dl", { class: "figures" }, figures)];
}

const SOURCES = { path: "given by path", hub: "from the hub", own: "the project's own" };

const network = ({ source, provider }) =>
  `${word(SOURCES, source)}, on ${provider.replace("ExecutionProvider", "")}`;

function figure(name, value, note, level = "") {
  return element(
    "div",
    { class: `figure ${level}` },
    element("dt", {}, name),
    element("dd", {}, element("strong", {}, value), element("span", {}, note)),
  );
}

function uptime(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0 s";
  let rest = seconds;
  return units.slice(first, first + 2).map(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return `${count} ${unit}`;
  }).join(" ");
}

function metrics(all) {
  return [
    panel("Pictures", shares(sums(all, "alpr_predictions_total", "status"), OUTCOMES)),
    panel("Time for a picture", stageTable(all)),
    panel("Requests", requestTable(all)),
    panel("Refused requests", shares(sums(all, "alpr_refused_requests_total", "code"), {})),
    panel(
      "Rejected detections",
      shares(sums(all, "alpr_rejected_detections_total", "reason"), REASONS),
    ),
  ];
}

function panel(title, content) {
  return element("section", { class: "panel" }, element("h3", {}, title), content);
}

function shares(counts, words) {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return element("p", { class: "none" }, "None since the start.");
  return element(
    "ul",
    { class: "shares" },
    counts.map(([name, count]) =>
      element(
        "li",
        { style: { "--share": count / total } },
        element("span", {}, sentence(word(words, name)).slice(0, -1)),
        element("span", { class: "value" }, `${count} (${percent(count / total)})`),
      ),
    ),
  );
}

function stageTable(all) {
  const line = (name, found) => [
    name,
    String(found.count),
    ...[found.mean, found.quantile(0.5), found.quantile(0.95), found.quantile(0.99)].map(time),
  ];
  const stages = Object.entries(STAGES).map(([stage, name]) =>
    line(name, histogram(all, "alpr_stage_duration_seconds", { stage })),
  );
  return grid(
    ["Stage", "Pictures", "Mean", "Median", "95 %", "99 %"],
    [...stages, line("Whole, without waiting", histogram(all, "alpr_inference_duration_seconds"))],
  );
}

function requestTable(all) {
  const routes = sums(all, "alpr_http_requests_total", "route");
  return grid(
    ["Route", "Requests", "Failed", "Median", "95 %"],
    routes.map(([route, count]) => {
      const found = histogram(all, "alpr_http_request_duration_seconds", { route });
      const failed = all
        .get("alpr_http_requests_total")
        .filter(({ labels }) => labels.route === route && labels.status >= "400")
        .reduce((sum, { value }) => sum + value, 0);
      const times = [found.quantile(0.5), found.quantile(0.95)].map(time);
      return [route, String(count), String(failed), ...times];
    }),
  );
}

const time = (milliseconds) => (milliseconds === null ? "–" : duration(milliseconds));

function settings(list) {
  const lines = list.map(({ name, value, description, is_default: untouched }) =>
    element(
      "div",
      {},
      element("dt", {}, `ALPR_${name.toUpperCase()}`),
      element("dd", { class: untouched ? "" : "changed" }, shown(value)),
      element("dd", { class: "meaning" }, description.replaceAll("`", "")),
    ),
  );
  return [element("dl", { class: "settings" }, lines)];
}

function shown(value) {
  if (value === null) return "not set";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}

/** A table in a region that scrolls on its own where it is wider than the page. */
function grid(heads, rows) {
  const cells = ([first, ...others]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, first),
      others.map((value) => element("td", {}, value)),
    );
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": `Table by ${heads[0].toLowerCase()}` },
    element(
      "table",
      { class: "numbers" },
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map(cells)),
    ),
  );
}
