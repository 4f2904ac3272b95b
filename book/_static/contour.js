/* An outline that the reader draws on a slice, scored by its Dice with the reference label. The page carries the slice and the label as
   runs; a test holds the score against Python's for the same outline. Without this script the slice stands there, the reference folded. */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const SPACING = 1.5; // pixels of the slice between two points of a drawn line

  /* Which pixels' centres lie within a polygon of points [x, y], in pixels from the upper left corner: by even and odd crossings. */
  function inside(points, rows, columns) {
    const mask = new Uint8Array(rows * columns);
    for (let row = 0; row < rows; row += 1) {
      const y = row + 0.5;
      const crossings = [];
      points.forEach(function ([x1, y1], k) {
        const [x2, y2] = points[(k + 1) % points.length];
        if (y1 <= y !== y2 <= y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
      });
      for (let column = 0; column < columns; column += 1) {
        mask[row * columns + column] = crossings.filter((x) => x <= column + 0.5).length % 2;
      }
    }
    return mask;
  }

  function maskOf(runs) {
    const mask = [];
    for (let k = 0; k < runs.length; k += 2) for (let n = 0; n < runs[k + 1]; n += 1) mask.push(runs[k]);
    return mask;
  }

  function start(box) {
    const given = JSON.parse(box.querySelector("script").textContent);
    const reference = maskOf(given.runs);
    const view = box.querySelector(".contour-view");
    const picture = view.querySelector("svg");
    const controls = box.querySelector(".contour-controls");
    const said = controls.querySelector(".contour-said");
    const [score, clear] = controls.querySelectorAll("button");
    const own = picture.appendChild(document.createElementNS(SVG, "path"));
    const cross = picture.appendChild(document.createElementNS(SVG, "path"));
    let points = [];
    let cursor = [given.columns / 2, given.rows / 2];
    let scored = false;

    function show() {
      const [x, y] = cursor;
      own.setAttribute("d", points.length ? `M${points.map((point) => point.map((value) => value.toFixed(2)).join(" ")).join("L")}Z` : "");
      cross.setAttribute("d", `M${x - 3} ${y}H${x + 3}M${x} ${y - 3}V${y + 3}`);
      score.disabled = scored || points.length < 3;
      box.classList.toggle("contour-scored", scored);
    }

    function placeOf(event) {
      const seen = picture.getBoundingClientRect();
      const place = [((event.clientX - seen.left) / seen.width) * given.columns, ((event.clientY - seen.top) / seen.height) * given.rows];
      return [Math.min(Math.max(place[0], 0), given.columns), Math.min(Math.max(place[1], 0), given.rows)];
    }

    function draw(event) {
      if (scored || event.buttons !== 1) return;
      const place = placeOf(event);
      const last = points[points.length - 1];
      if (event.type === "pointerdown" || !last || Math.hypot(place[0] - last[0], place[1] - last[1]) >= SPACING) {
        points.push(place);
        cursor = place;
        show();
      }
    }

    function press(event) {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const step = steps[event.key];
      const acts = step || event.key === "Enter" || event.key === "Backspace";
      if (!acts || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (scored) return;
      if (step) {
        const size = event.shiftKey ? 5 : 1;
        cursor = [Math.min(Math.max(cursor[0] + size * step[0], 0), given.columns), Math.min(Math.max(cursor[1] + size * step[1], 0), given.rows)];
      } else if (event.key === "Enter") {
        points.push(cursor);
        said.textContent = `Point ${points.length}: row ${Math.round(cursor[1])}, column ${Math.round(cursor[0])}.`;
      } else {
        points.pop();
        said.textContent = `${points.length} points are left.`;
      }
      show();
    }

    score.addEventListener("click", function () {
      const mask = inside(points, given.rows, given.columns);
      let both = 0;
      let drawn = 0;
      let labelled = 0;
      reference.forEach(function (value, k) {
        both += value * mask[k];
        drawn += mask[k];
        labelled += value;
      });
      const dice = (2 * both) / (drawn + labelled);
      said.textContent = `Dice ${dice.toFixed(3)}: you hold ${drawn} pixels, the reference ${labelled}, both of you ${both}.`;
      scored = true;
      show();
      clear.focus();
    });
    clear.addEventListener("click", function () {
      points = [];
      cursor = [given.columns / 2, given.rows / 2];
      scored = false;
      said.textContent = "";
      show();
      view.focus();
    });
    view.addEventListener("pointerdown", function (event) {
      view.setPointerCapture(event.pointerId);
      draw(event);
    });
    view.addEventListener("pointermove", draw);
    view.addEventListener("keydown", press);

    own.setAttribute("class", "contour-own");
    cross.setAttribute("class", "contour-cross");
    view.tabIndex = 0;
    view.setAttribute("role", "application");
    view.setAttribute("aria-label", `${picture.getAttribute("aria-label")}. Arrow keys move the cross, Enter sets a point.`);
    picture.removeAttribute("role");
    picture.removeAttribute("aria-label");
    picture.setAttribute("aria-hidden", "true");
    controls.hidden = false;
    box.classList.add("contour-on");
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".contour").forEach(start));
})();
