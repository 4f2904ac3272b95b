/* Which is real? The page's pictures are asked about one by one; the scores of the reader and of the classifier stand at the end. Without
   this script and in print all pictures stand there, the answers folded. */
(function () {
  "use strict";

  function start(box) {
    const given = JSON.parse(box.querySelector("script").textContent);
    const asked = box.querySelector(".question-asked");
    const text = asked.querySelector(".question-text");
    const said = asked.querySelector(".question-said");
    const picture = asked.querySelector("img");
    const details = box.querySelector("details");
    const stills = box.querySelectorAll(".question-still img");
    const [yes, no, next] = asked.querySelectorAll("button");
    const n = stills.length;
    const answers = [];

    function ask() {
      const k = answers.length;
      text.textContent = `Slice ${k + 1} of ${n}. ${given.question}`;
      picture.src = stills[k].src;
      picture.alt = stills[k].alt;
      said.textContent = "";
      yes.disabled = no.disabled = false;
      next.hidden = true;
    }

    function answer(event) {
      const k = answers.length;
      answers.push(event.currentTarget === yes);
      said.textContent = `${answers[k] === given.real[k] ? "Right" : "Wrong"}: ${given.truth[k]}.`;
      yes.disabled = no.disabled = true;
      next.textContent = answers.length < n ? "next" : "the scores";
      next.hidden = false;
      next.focus();
    }

    /* Of all slices the right answers; of the translated ones those taken for real. */
    function score(who, called) {
      const right = called.filter((answer, k) => answer === given.real[k]).length;
      const taken = called.filter((answer, k) => answer && given.translated[k]).length;
      const of = given.translated.filter(Boolean).length;
      return `${who}: ${right} of ${n} right; translated slices called “${given.yes}”: ${taken} of ${of}.`;
    }

    function finish() {
      text.textContent = score("You", answers);
      said.textContent = given.called ? score("Classifier", given.called) : "";
      details.querySelectorAll("li").forEach((row, k) => row.append(`; you: ${answers[k] ? given.yes : given.no}`));
      details.open = true;
      picture.remove();
      next.parentNode.remove();
      box.classList.remove("question-on");
    }

    yes.addEventListener("click", answer);
    no.addEventListener("click", answer);
    next.addEventListener("click", function () {
      if (answers.length < n) ask();
      else finish();
      text.focus();
    });
    box.classList.add("question-on");
    asked.hidden = false;
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".question").forEach(start));
})();
