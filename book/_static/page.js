/* What the theme leaves undone for those who use a keyboard, a screen reader or a phone: names for the folds of the table of contents,
   a place in the order of Tab for whatever scrolls sideways, a way to a picture in its own size (shown on narrow screens alone). */
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

  function enlarge(picture) {
    const link = document.createElement("a");
    link.className = "sim2real-enlarge";
    link.href = picture.getAttribute("src");
    link.textContent = "Enlarge the picture";
    link.setAttribute("aria-label", `Enlarge the picture: ${picture.alt}`);
    const caption = picture.closest("figure")?.querySelector("figcaption p");
    if (caption) caption.append(" ", link);
    else picture.after(link);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll('.bd-article :is(figure, .cell_output) img[src*="_images/"]').forEach(enlarge);
    document.querySelectorAll(".bd-links li details > summary").forEach(name);
  });
  window.addEventListener("load", function () {
    const wide = ".bd-article :is(pre, div.math, .pst-scrollable-table-container, div.output.text_html, div.sim2real-wide)";
    document.querySelectorAll(wide).forEach(reach);
  });
})();
