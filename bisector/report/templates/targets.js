"use strict";
(() => {
  const filter = document.getElementById("filter");
  if (!filter) return;
  const rows = [...document.querySelectorAll("#matrix tbody tr")];
  const shown = document.getElementById("shown");
  const apply = () => {
    const wanted = filter.value.toLowerCase();
    for (const row of rows) row.hidden = !row.dataset.text.toLowerCase().includes(wanted);
    shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  filter.addEventListener("input", apply);
  apply();
})();
