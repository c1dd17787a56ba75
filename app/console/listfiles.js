// A list from a file, and as a file.

import { form as fileForm, request } from "./api.js";
import { saveFile } from "./csv.js";
import { announce, element } from "./dom.js";
import { section } from "./parts.js";
import { confirmed, errorLine, tried } from "./sending.js";
import { choice, labelled, smallButton } from "./tables.js";

const FORMS = { csv: "CSV", frigate: "Frigate (YAML)" };
const MODES = { add: "add and change plates", replace: "replace all plates" };
const SUFFIXES = { csv: "csv", frigate: "yml" };

/** The part of a page about files of the list at `path`. */
export function listFiles(path, name, { onFilled }) {
  const error = errorLine();
  const done = element("p", { class: "hint" });
  const file = element("input", { type: "file", required: true, accept: ".csv,.txt,.tsv,.yml,.yaml" });
  const kind = choice(FORMS);
  const mode = choice(MODES);
  const onsubmit = async (event) => {
    event.preventDefault();
    done.textContent = "";
    const question = `Remove the plates of ${name} that the file does not have?`;
    if (mode.value === "replace" && !(await confirmed(question, "Replace plates"))) return;
    const [chosen] = file.files;
    const query = new URLSearchParams({ form: kind.value, mode: mode.value });
    await tried(error, async () => {
      const body = fileForm(chosen, chosen.name);
      const response = await request(`${path}/import?${query}`, { body });
      done.textContent = said(await response.json());
      announce(done.textContent);
      await onFilled();
    });
  };
  const save = (which) => () =>
    tried(error, async () => {
      const response = await request(`${path}/export?form=${which}`);
      saveFile(await response.blob(), `${name}.${SUFFIXES[which]}`);
    });
  return section(
    "Files",
    element(
      "form",
      { class: "fields", onsubmit },
      labelled({ File: file, "Written as": kind, "To do": mode }),
      element("div", { class: "actions" }, element("button", { type: "submit" }, "Import file")),
    ),
    error,
    done,
    element(
      "div",
      { class: "bar" },
      smallButton("Export CSV", save("csv")),
      smallButton("Export for Frigate", save("frigate")),
    ),
  );
}

function said({ added, changed, unchanged, removed, ignored_columns: ignored }) {
  const counts = `${added} added, ${changed} changed, ${unchanged} as before, ${removed} removed.`;
  return ignored.length ? `${counts} Columns not understood: ${ignored.join(", ")}.` : counts;
}
