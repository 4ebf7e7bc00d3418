"use strict";
// Sorts and filters the table of trials. Without this script every number is still on the page.
(() => {
  const table = document.getElementById("all-trials");
  if (!table) return;
  const bodies = Array.from(table.tBodies);
  const find = document.getElementById("find");
  const verdict = document.getElementById("verdict");
  const shown = document.getElementById("shown");

  const number = (text) => parseFloat(text.replace(/\u2212/g, "-").replace(/,/g, ""));

  function compare(column, sign) {
    const key = (body) => body.rows[0].cells[column].textContent.trim();
    const keys = new Map(bodies.map((body) => [body, key(body)]));
    return (a, b) => {
      const left = number(keys.get(a));
      const right = number(keys.get(b));
      if (isNaN(left) && isNaN(right)) return sign * keys.get(a).localeCompare(keys.get(b));
      if (isNaN(left) || isNaN(right)) return isNaN(left) ? 1 : -1;
      return sign * (left - right);
    };
  }

  function sort(header) {
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const all = document.createDocumentFragment();
    for (const body of bodies.sort(compare(header.cellIndex, sign))) all.append(body);
    table.append(all);
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const body of bodies) {
      const mark = body.querySelector(".mark").textContent;
      const change = body.rows[1].querySelector("summary") || body.rows[1];
      const text = (body.rows[0].textContent + " " + change.textContent).toLowerCase();
      const fits = (!verdict.value || verdict.value === mark) && words.every((w) => text.includes(w));
      body.hidden = !fits;
      if (fits) count += 1;
    }
    shown.textContent = `${count} of ${bodies.length} shown`;
  }

  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }
  find.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  document.querySelector(".controls").hidden = false;
  filter();
})();
