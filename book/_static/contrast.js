/* The steady state of bSSFP, worked out in the page: curves and values follow the sliders. The tissues come from the package's table,
   which the page carries as JSON; a test holds `signal` against the package. */
(function () {
  "use strict";

  /* Complex signal [real, imaginary] at the echo, pulses of alternating sign. With theta = 2 pi df TR and theta' = theta + pi:
     M = PD (1 - E1) sin a (1 - E2 exp(-i theta')) / d  exp(-TE/T2) exp(i theta TE/TR),
     d = (1 - E1 cos a)(1 - E2 cos theta') - E2 (E1 - cos a)(E2 - cos theta'). */
  function signal(tissue, flip_angle_deg, repetition_time_ms, echo_time_ms, off_resonance_hz) {
    const angle = (flip_angle_deg * Math.PI) / 180;
    const theta = (2 * Math.PI * off_resonance_hz * repetition_time_ms) / 1000;
    const e1 = Math.exp(-repetition_time_ms / tissue.t1_ms);
    const e2 = Math.exp(-repetition_time_ms / tissue.t2_ms);
    const cosine = Math.cos(angle);
    const turned = Math.cos(theta + Math.PI);
    const d = (1 - e1 * cosine) * (1 - e2 * turned) - e2 * (e1 - cosine) * (e2 - turned);
    const size = ((tissue.pd * (1 - e1) * Math.sin(angle)) / d) * Math.exp(-echo_time_ms / tissue.t2_ms);
    const real = 1 - e2 * turned;
    const imaginary = e2 * Math.sin(theta + Math.PI);
    const phase = (theta * echo_time_ms) / repetition_time_ms;
    return [
      size * (real * Math.cos(phase) - imaginary * Math.sin(phase)),
      size * (real * Math.sin(phase) + imaginary * Math.cos(phase)),
    ];
  }

  function magnitude(tissue, setting, angle) {
    return Math.hypot(...signal(tissue, angle, setting.repetition_time_ms, setting.repetition_time_ms / 2, setting.off_resonance_hz));
  }

  function start(box) {
    const { tissues, start: setting, drawing } = JSON.parse(box.querySelector("script").textContent);
    const controls = box.querySelector(".moving-controls");
    const chart = box.querySelector(".contrast-chart");
    const x = (angle) => drawing.left + (angle / drawing.angle) * (drawing.width - drawing.left - drawing.right);
    const y = (value) => drawing.bottom - (Math.min(value, drawing.signal) / drawing.signal) * (drawing.bottom - drawing.top);
    const at = (angle, value) => `${x(angle).toFixed(1)} ${y(value).toFixed(1)}`;

    function show() {
      controls.querySelectorAll("input").forEach(function (input) {
        setting[input.dataset.sets] = Number(input.value);
        const words = input.value + input.dataset.unit;
        input.setAttribute("aria-valuetext", words);
        controls.querySelector(`output[for="${input.id}"]`).textContent = words;
      });
      const now = chart.querySelector(".contrast-now");
      now.setAttribute("x1", x(setting.flip_angle_deg).toFixed(1));
      now.setAttribute("x2", x(setting.flip_angle_deg).toFixed(1));
      const values = tissues.map((tissue) => magnitude(tissue, setting, setting.flip_angle_deg));
      const curves = chart.querySelectorAll(".contrast-curve");
      const dots = chart.querySelectorAll(".contrast-dot");
      tissues.forEach(function (tissue, k) {
        const points = [];
        for (let angle = 0; angle <= drawing.angle; angle += 2) points.push(at(angle, magnitude(tissue, setting, angle)));
        curves[k].setAttribute("d", "M" + points.join("L"));
        dots[k].setAttribute("cx", x(setting.flip_angle_deg).toFixed(1));
        dots[k].setAttribute("cy", y(values[k]).toFixed(1));
        box.querySelector(`[data-signal="${k}"]`).textContent = values[k].toFixed(3);
      });
      box.querySelector("[data-ratio]").textContent = (values[0] / values[2]).toFixed(2);
    }

    controls.addEventListener("input", show);
    controls.hidden = false;
    show();
  }

  window.sim2real = { signal };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".moving.contrast").forEach(start));
})();
