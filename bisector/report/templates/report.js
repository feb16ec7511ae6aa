"use strict";
(() => {
  // Everything here only adds to a page that is complete without it.
  const made = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const status = made("p", { className: "unseen" });
  status.setAttribute("role", "status");
  document.querySelector("main").append(status);

  const copied = async (source) => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      return true;
    } catch {
      // Without a secure context or the permission, the older way works from a selection.
      getSelection().selectAllChildren(source);
      return document.execCommand("copy");
    }
  };

  for (const source of document.querySelectorAll("[data-copy]")) {
    const button = made("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", `Copy ${source.dataset.copy}`);
    button.addEventListener("click", async () => {
      const done = await copied(source);
      button.textContent = done ? "Copied" : "Selected";
      status.textContent = done ? `Copied ${source.dataset.copy}` : "Selected; copy it with the keyboard";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    if (source.tagName === "PRE") source.before(button);
    else source.after(button);
  }

  // Rows of `list` without every word of the text are hidden.
  const filter = (list, rows, before, name) => {
    const input = made("input", { type: "search", placeholder: `Filter ${name}` });
    input.setAttribute("aria-label", `Filter ${name}`);
    const count = made("span", { className: "count" });
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown += 1;
      }
      list.classList.toggle("filtered", words.length > 0);
      count.textContent = words.length > 0 ? `${shown} of ${rows.length}` : "";
      status.textContent = count.textContent && `${count.textContent} ${name}`;
    });
    const bar = made("div", { className: "filter" });
    bar.append(input, count);
    before.before(bar);
  };

  // A running hunt's page loads again, unless that would undo what the reader is doing.
  const live = document.querySelector("[data-refresh]");
  if (live) {
    const isInUse = () => document.hidden || document.querySelector("details[open]")
      || [...document.querySelectorAll("input")].some((input) => input.value)
      || !getSelection().isCollapsed;
    setInterval(() => { if (!isInUse()) location.reload(); }, 1000 * live.dataset.refresh);
  }

  const graph = document.querySelector(".graph");
  if (graph) filter(graph, [...graph.querySelectorAll("li[id]")], graph, "commits");

  const table = document.querySelector("table.readings");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  filter(table, rows, table.parentElement, "readings");

  // A cell is ordered by its number where it has one, else by its text; cells without either come last.
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.order ?? cell.textContent.trim();
    return text === "" ? null : cell.dataset.order === undefined ? text : Number(text);
  };
  const compared = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
  const sort = (column, heading) => {
    const way = heading.ariaSort === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", way);
    const ordered = rows.map((row, at) => [key(row, column), at, row]);
    ordered.sort(([a, at], [b, bt]) => {
      if (a === null || b === null) return (a === null) - (b === null) || at - bt;
      return (way === "ascending" ? compared(a, b) : compared(b, a)) || at - bt;
    });
    body.append(...ordered.map(([, , row]) => row));
    status.textContent = `Sorted by ${heading.textContent}, ${way}`;
  };
  // A phone shows no headings.
  if (!matchMedia("(min-width: 641px)").matches) return;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = made("button", { type: "button", textContent: heading.textContent });
    button.addEventListener("click", () => sort(column, heading));
    heading.replaceChildren(button);
  });
})();
