/* What the theme leaves undone for those who use a keyboard or a screen reader: names for the folds of the table of contents,
   and a place in the order of Tab for whatever scrolls sideways. */
(function () {
  "use strict";

  function name(summary) {
    const link = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", `Pages below ${link.textContent.trim()}`);
  }

  function reach(box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls && !box.hasAttribute("tabindex")) box.tabIndex = 0;
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".bd-links li details > summary").forEach(name);
  });
  window.addEventListener("load", function () {
    const wide = ".bd-article :is(pre, div.math, .pst-scrollable-table-container, div.output.text_html, div.sim2real-wide)";
    document.querySelectorAll(wide).forEach(reach);
  });
})();
