/* What a cell of Table 1 tells: its interval and its numbers, where a pointer or the keyboard's focus rests.
   Tab comes to the table, arrow keys go from cell to cell, Escape puts the words away. */
(function () {
  "use strict";
  const words = document.createElement("div");
  let closing = 0;

  function close() {
    words.hidden = true;
  }

  function tell(item) {
    clearTimeout(closing);
    words.textContent = item.dataset.told;
    words.hidden = false;
    const box = item.getBoundingClientRect();
    const above = box.top - words.offsetHeight - 4;
    words.style.top = `${above > 0 ? above : box.bottom + 4}px`;
    words.style.left = `${Math.max(4, Math.min(box.left, document.documentElement.clientWidth - words.offsetWidth - 4))}px`;
  }

  function leave() {
    closing = setTimeout(close, 200); // time enough to go from the cell to its words
  }

  /* rows: lists of elements with data-told, as they lie on the page. */
  function start(rows) {
    const items = rows.flat();
    items.forEach(function (item, k) {
      item.classList.add("tells");
      item.tabIndex = k ? -1 : 0;
      item.addEventListener("mouseenter", () => tell(item));
      item.addEventListener("mouseleave", leave);
      item.addEventListener("blur", close);
      item.addEventListener("focus", function () {
        items.forEach((other) => (other.tabIndex = other === item ? 0 : -1));
        tell(item);
      });
      item.addEventListener("keydown", function (event) {
        const line = rows.findIndex((row) => row.includes(item));
        const place = rows[line].indexOf(item);
        const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
        if (!steps) return;
        const row = rows[Math.max(0, Math.min(rows.length - 1, line + steps[0]))];
        row[Math.max(0, Math.min(row.length - 1, place + steps[1]))].focus();
        event.preventDefault();
      });
    });
  }

  function startTable(table) {
    const rows = [...table.rows].map((row) => [...row.querySelectorAll("td[title]")]).filter((row) => row.length);
    rows.flat().forEach(function (cell) {
      cell.dataset.told = cell.title;
      cell.setAttribute("aria-description", cell.title);
      cell.removeAttribute("title");
    });
    start(rows);
  }

  document.addEventListener("DOMContentLoaded", function () {
    words.className = "told";
    words.setAttribute("role", "tooltip");
    words.hidden = true;
    words.addEventListener("mouseenter", () => clearTimeout(closing));
    words.addEventListener("mouseleave", leave);
    document.body.append(words);
    document.addEventListener("keydown", (event) => event.key === "Escape" && close());
    window.addEventListener("scroll", close, { passive: true });
    document.querySelectorAll("table.sim2real-table1").forEach(startTable);
  });
})();
