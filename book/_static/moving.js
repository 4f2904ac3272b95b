/* Pictures that a reader moves. The page holds a mosaic of all cells, shown whole without this script and in print;
   here one cell of it is shown at a time, or one fades into another. No library, nothing loaded. */
(function () {
  "use strict";

  function layerOf(still) {
    const layer = still.cloneNode(true);
    layer.setAttribute("class", "moving-layer");
    layer.setAttribute("aria-hidden", "true");
    layer.removeAttribute("role");
    layer.removeAttribute("aria-label");
    return layer;
  }

  function start(box) {
    const still = box.querySelector(".moving-still");
    const view = box.querySelector(".moving-view");
    const controls = box.querySelector(".moving-controls");
    const [width, height] = still.dataset.cell.split(" ").map(Number);
    const wrap = Number(still.dataset.wrap);
    const lines = Number(still.dataset.lines);
    const description = still.getAttribute("aria-label");
    const under = view.appendChild(layerOf(still));
    const over = box.dataset.moving === "wipe" ? view.appendChild(layerOf(still)) : null;
    const share = controls.querySelector("[data-sets=share]");

    function value(name, otherwise) {
      const input = controls.querySelector(`input[type=radio][data-sets=${name}]:checked, [data-sets=${name}]:not([type=radio])`);
      return input ? input.value : otherwise;
    }

    function place(layer, line, column) {
      const below = Math.floor(column / wrap) * lines + line;
      layer.setAttribute("viewBox", `${(column % wrap) * width} ${below * height} ${width} ${height}`);
    }

    function show() {
      const column = Number(value("column", 1)) - 1;
      const line = Number(value("line", 0));
      place(under, over ? 0 : line, column);
      if (over) {
        const part = Number(share.value);
        const wipes = value("mode", "wipe") === "wipe";
        place(over, line, column);
        over.style.clipPath = wipes ? `inset(0 ${100 - part}% 0 0)` : "none";
        over.style.opacity = wipes ? 1 : part / 100;
        view.style.setProperty("--edge", wipes && part > 0 && part < 100 ? `${part}%` : "-1rem");
      }
      const outlines = controls.querySelector("[data-sets=outlines]");
      view.classList.toggle("moving-plain", Boolean(outlines) && !outlines.checked);
      const said = [];
      controls.querySelectorAll("input[type=range]").forEach(function (input) {
        const words = input.dataset.said.replace("{}", input.value);
        input.setAttribute("aria-valuetext", words);
        controls.querySelector(`output[for="${input.id}"]`).textContent = words;
        said.push(`${input.labels[0].textContent} ${words}`);
      });
      controls.querySelectorAll("input[type=radio]:checked").forEach((input) => said.push(input.parentNode.textContent.trim()));
      view.setAttribute("aria-label", `${description} Shown: ${said.join(", ")}.`);
    }

    function drag(event) {
      if (share && event.buttons === 1) {
        const box = view.getBoundingClientRect();
        share.value = Math.round((100 * (event.clientX - box.left)) / box.width);
        show();
      }
    }

    controls.addEventListener("input", show);
    view.addEventListener("pointerdown", drag);
    view.addEventListener("pointermove", drag);
    view.hidden = controls.hidden = false;
    box.classList.add("moving-on");
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".moving[data-moving]").forEach(start));
})();
