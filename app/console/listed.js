// One list: what it is for, its plates, its files, and who matched it.

import { request } from "./api.js";
import { announce, byId, element, percent } from "./dom.js";
import { entryTable } from "./entries.js";
import { listFiles } from "./listfiles.js";
import { listForm } from "./listform.js";
import { matchedTable } from "./matched.js";
import { facts } from "./parts.js";
import { confirmed, errorLine, tried } from "./sending.js";
import { smallButton } from "./tables.js";
import { LIST_USES, word } from "./words.js";

/** Shows a list. `onCounted` gets it when it has more or fewer plates than before. */
export function showList(list, { signal, onChanged, onCounted, onDeleted }) {
  const path = `lists/${encodeURIComponent(list.name)}`;
  const error = errorLine();
  const change = () => {
    const form = listForm(list, { onSaved: onChanged, onCancel: back });
    head.replaceChildren(form);
    form.elements.kind.focus();
  };
  const remove = async () => {
    if (!(await confirmed(`Delete the list ${list.name} and its plates?`, "Delete list"))) return;
    await tried(error, async () => {
      await request(path, { method: "DELETE" });
      announce(`${list.name} is deleted.`);
      await onDeleted();
    });
  };
  const count = async () => {
    const response = await request(path, { prompt: false, signal });
    onCounted(await response.json());
  };
  const head = element("div", { class: "head" });
  const back = () => {
    head.replaceChildren(
      element(
        "div",
        { class: "bar" },
        element("h3", {}, list.name),
        smallButton("Change list", change),
        smallButton("Delete list", remove),
      ),
      ...(list.description ? [element("p", {}, list.description)] : []),
      facts([
        ["What for", word(LIST_USES, list.kind)],
        ["A match from", percent(list.min_probability)],
        ["Hours of", list.time_zone],
      ]),
      error,
    );
  };
  back();
  const entries = entryTable(path, { signal, onCount: count });
  byId("listed").hidden = false;
  byId("listed").replaceChildren(
    head,
    entries.node,
    listFiles(path, list.name, { onFilled: () => Promise.all([entries.search(), count()]) }),
    matchedTable(list.name, signal),
  );
  entries.search();
  byId("listed").scrollIntoView({ block: "nearest" });
}
