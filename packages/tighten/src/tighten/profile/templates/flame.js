"use strict";
for (const flame of document.querySelectorAll(".flame")) {
  const graph = flame.querySelector(".flame-graph");
  const detail = flame.querySelector(".flame-detail");
  const search = flame.querySelector("input");
  const reset = flame.querySelector("button");
  const found = flame.querySelector("output");
  const boxes = [...graph.children];
  const value = (box, name) => parseFloat(box.style.getPropertyValue(name));
  const root = boxes[0];
  let shown = root;

  const fit = () => {
    const scale = graph.clientWidth / value(shown, "--w");
    for (const box of boxes) box.classList.toggle("thin", value(box, "--w") * scale < 24);
  };
  const zoom = (box) => {
    shown = box;
    graph.style.setProperty("--zx", value(box, "--x"));
    graph.style.setProperty("--zw", value(box, "--w"));
    reset.disabled = box === root;
    fit();
  };
  const tell = (box) => { detail.textContent = box.title; };
  const match = () => {
    const wanted = search.value.trim().toLowerCase();
    graph.classList.toggle("is-searched", wanted !== "");
    let share = 0, covered = [];
    for (const box of boxes) {
      const hit = wanted !== "" && box.title.toLowerCase().includes(wanted);
      box.classList.toggle("found", hit);
      const x = value(box, "--x"), w = value(box, "--w");
      if (hit && !covered.some(([a, b]) => a - 1e-9 <= x && x + w <= b + 1e-9)) {
        covered.push([x, x + w]);
        share += w;
      }
    }
    found.textContent = wanted === "" ? "" : `${share.toFixed(1)} % of the whole`;
  };

  flame.classList.add("is-live");
  flame.querySelector(".flame-controls").hidden = false;
  for (const box of boxes) { box.tabIndex = -1; box.setAttribute("role", "button"); }
  root.tabIndex = 0;
  graph.addEventListener("click", (event) => {
    const box = event.target.closest("span");
    if (box) { zoom(box === shown ? root : box); tell(box); }
  });
  graph.addEventListener("pointerover", (event) => {
    const box = event.target.closest("span");
    if (box) tell(box);
  });
  graph.addEventListener("focusin", (event) => tell(event.target));
  graph.addEventListener("keydown", (event) => {
    const at = boxes.indexOf(event.target);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && boxes[at + step]) boxes[at + step].focus();
    else if (event.key === "Enter" || event.key === " ") zoom(boxes[at]);
    else if (event.key === "Escape") zoom(root);
    else return;
    event.preventDefault();
  });
  reset.addEventListener("click", () => zoom(root));
  search.addEventListener("input", match);
  addEventListener("resize", fit);
  zoom(root);
}
