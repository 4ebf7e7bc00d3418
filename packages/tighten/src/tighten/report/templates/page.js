"use strict";
// Zooms the pictures; sorts and filters the table of trials. Without this script every number is
// still on the page.
(() => {
  for (const figure of document.querySelectorAll("figure")) {
    const plots = Array.from(figure.querySelectorAll("svg.plot"), (plot) => {
      const [x, y, width, height] = plot.getAttribute("viewBox").split(/\s+/).map(Number);
      return { plot, whole: { x, y, width, height }, view: { x, y, width, height } };
    });
    if (!plots.length) continue;

    const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
    const show = ({ plot, whole, view }) => {
      view.x = clamp(view.x, whole.x, whole.x + whole.width - view.width);
      view.y = clamp(view.y, whole.y, whole.y + whole.height - view.height);
      plot.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
      plot.classList.toggle("zoomed", view.width < whole.width);
    };
    const zoom = (factor) => plots.forEach((one) => {
      const { whole, view } = one;
      const width = clamp(view.width / factor, whole.width / 16, whole.width);
      const height = width * whole.height / whole.width;
      view.x += (view.width - width) / 2;
      view.y += (view.height - height) / 2;
      Object.assign(view, { width, height });
      show(one);
    });

    for (const one of plots) {
      one.plot.addEventListener("pointerdown", (event) => one.plot.setPointerCapture(event.pointerId));
      one.plot.addEventListener("pointermove", (event) => {
        if (!event.buttons) return;
        const scale = one.view.width / one.plot.clientWidth;
        one.view.x -= event.movementX * scale;
        one.view.y -= event.movementY * scale;
        show(one);
      });
    }
    const bar = document.createElement("div");
    bar.className = "zoom";
    for (const [name, factor] of [["zoom in", 1.5], ["zoom out", 1 / 1.5], ["whole picture", 0]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => zoom(factor || 1e-9));
      bar.append(button);
    }
    figure.prepend(bar);
  }
})();

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
