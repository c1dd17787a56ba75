// Prometheus' text format, as far as the status view needs it.

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** Samples by metric name: lists of { labels, value }. */
export function parse(text) {
  const metrics = new Map();
  for (const line of text.split("\n")) {
    const sample = SAMPLE.exec(line);
    if (sample === null) continue; // a comment or an empty line
    const [, name, labelText = "", value] = sample;
    const labels = {};
    for (const [, label, escaped] of labelText.matchAll(LABEL)) {
      labels[label] = escaped.replace(/\\[n"\\]/g, (pair) => ESCAPES[pair]);
    }
    if (!metrics.has(name)) metrics.set(name, []);
    metrics.get(name).push({ labels, value: number(value) });
  }
  return metrics;
}

/** Sums of a counter by one label, largest first: [label value, sum]. */
export function sums(metrics, name, label) {
  const totals = new Map();
  for (const { labels, value } of metrics.get(name) ?? []) {
    totals.set(labels[label], (totals.get(labels[label]) ?? 0) + value);
  }
  return [...totals].filter(([, total]) => total > 0).sort((a, b) => b[1] - a[1]);
}

/** A histogram of seconds, of the samples with these labels, in milliseconds. */
export function histogram(metrics, name, wanted = {}) {
  const matching = (suffix) =>
    (metrics.get(name + suffix) ?? []).filter(({ labels }) =>
      Object.entries(wanted).every(([label, value]) => labels[label] === value),
    );
  const total = (suffix) => matching(suffix).reduce((sum, { value }) => sum + value, 0);
  const buckets = new Map();
  for (const { labels, value } of matching("_bucket")) {
    const edge = number(labels.le);
    buckets.set(edge, (buckets.get(edge) ?? 0) + value);
  }
  const edges = [...buckets].sort((a, b) => a[0] - b[0]);
  const count = total("_count");
  return {
    count,
    mean: count ? (total("_sum") / count) * 1e3 : null,
    quantile: (share) => (count ? quantile(edges, share * count) * 1e3 : null),
  };
}

/** Between two bucket edges the values are taken to lie evenly, as Prometheus does. */
function quantile(edges, rank) {
  let [below, counted] = [0, 0];
  for (const [edge, cumulated] of edges) {
    if (cumulated >= rank) {
      if (edge === Infinity) return below; // all that is known: beyond the last edge
      return below + ((edge - below) * (rank - counted)) / Math.max(1e-12, cumulated - counted);
    }
    [below, counted] = [edge, cumulated];
  }
  return below;
}

function number(text) {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}
