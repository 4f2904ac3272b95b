/* The steady state of bSSFP, worked out in the page: curves, values and the image of a slice follow the sliders. The tissues come from the
   package's table, which the page carries as JSON; tests hold `signal` and the image against the package. */
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

  /* At TE = TR/2, water off resonance by off_hz, the tissue by its chemical shift besides. */
  function atEcho(tissue, setting, angle, off_hz) {
    return signal(tissue, angle, setting.repetition_time_ms, setting.repetition_time_ms / 2, off_hz + (tissue.shift_hz || 0));
  }

  function magnitude(tissue, setting, angle) {
    return Math.hypot(...atEcho(tissue, setting, angle, setting.off_resonance_hz));
  }

  /* Signal of each mixture in each column of the map, [mixture][column] = [real, imaginary]: the mean through the slab. Off-resonance rises
     from left to right by ramp_hz about its value in the middle. */
  function mixed(map, setting) {
    const tissues = map.fields[setting.field_strength_t];
    const columns = [...Array(map.columns).keys()];
    const hertz = columns.map((k) => setting.off_resonance_hz + setting.ramp_hz * ((k + 0.5) / map.columns - 0.5));
    const pure = tissues.map((tissue) => hertz.map((hz) => atEcho(tissue, setting, setting.flip_angle_deg, hz)));
    const mean = (mixture, k, part) => mixture.reduce((sum, tissue) => sum + pure[tissue][k][part], 0) / mixture.length;
    return map.mixtures.map((mixture) => columns.map((k) => [mean(mixture, k, 0), mean(mixture, k, 1)]));
  }

  /* Magnitudes row by row; a pixel is the complex mean of map.voxels x map.voxels voxels. */
  function image(map, setting) {
    const signals = mixed(map, setting);
    const n = map.voxels;
    const values = [];
    for (let row = 0; row + n <= map.rows; row += 1) {
      for (let column = 0; column + n <= map.columns; column += 1) {
        let real = 0;
        let imaginary = 0;
        for (let y = row; y < row + n; y += 1) {
          for (let x = column; x < column + n; x += 1) {
            const part = signals[map.places[y * map.columns + x]][x];
            real += part[0];
            imaginary += part[1];
          }
        }
        values.push(Math.hypot(real, imaginary) / (n * n));
      }
    }
    return values;
  }

  function placesOf(runs) {
    const places = [];
    for (let k = 0; k < runs.length; k += 2) for (let n = 0; n < runs[k + 1]; n += 1) places.push(runs[k]);
    return places;
  }

  /* A function that draws the slice under a setting and says in words what is shown. */
  function slice(picture) {
    const map = JSON.parse(picture.querySelector("script").textContent);
    map.places = placesOf(map.runs);
    const canvas = picture.querySelector("canvas");
    const description = canvas.getAttribute("aria-label");
    const context = canvas.getContext("2d");
    const shown = context.createImageData(canvas.width, canvas.height);
    canvas.hidden = false;
    picture.classList.add("contrast-on");
    return function (setting, words) {
      image(map, setting).forEach(function (value, k) {
        const grey = Math.round(255 * Math.min(1, value / map.white));
        shown.data.set([grey, grey, grey, 255], 4 * k);
      });
      context.putImageData(shown, 0, 0);
      canvas.setAttribute("aria-label", `${description} Shown: ${words}.`);
    };
  }

  function start(box) {
    const given = JSON.parse(box.querySelector("script").textContent); // before the picture comes in with its own
    const { start: setting, drawing } = given;
    const controls = box.querySelector(".moving-controls");
    const chart = box.querySelector(".contrast-chart");
    const picture = document.querySelector(`.contrast-picture[data-follows="${box.id}"]`);
    if (picture) box.prepend(picture);
    const draw = picture ? slice(picture) : () => {};
    const x = (angle) => drawing.left + (angle / drawing.angle) * (drawing.width - drawing.left - drawing.right);
    const y = (value) => drawing.bottom - (Math.min(value, drawing.signal) / drawing.signal) * (drawing.bottom - drawing.top);
    const at = (angle, value) => `${x(angle).toFixed(1)} ${y(value).toFixed(1)}`;

    function put(name, text) {
      const cell = box.querySelector(`[data-${name}]`);
      if (cell) cell.textContent = text;
    }

    function read() {
      return [...controls.querySelectorAll("input")].filter((input) => input.type === "range" || input.checked).map(function (input) {
        setting[input.dataset.sets] = Number(input.value);
        if (input.type === "radio") return input.parentNode.textContent.trim();
        const words = input.value + input.dataset.unit;
        input.setAttribute("aria-valuetext", words);
        controls.querySelector(`output[for="${input.id}"]`).textContent = words;
        return `${input.labels[0].textContent} ${words}`;
      });
    }

    function show() {
      const words = read();
      const tissues = given.fields ? given.fields[setting.field_strength_t] : given.tissues; // older pages have one field
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
        put(`t1="${k}"`, tissue.t1_ms);
        put(`t2="${k}"`, tissue.t2_ms);
        put(`signal="${k}"`, values[k].toFixed(3));
      });
      const ratio = (values[0] / values[2]).toFixed(2);
      put("ratio", ratio);
      draw(setting, `${words.join(", ")}; left blood over myocardium ${ratio}`);
    }

    controls.addEventListener("input", show);
    controls.hidden = false;
    show();
  }

  window.sim2real = { signal };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".moving.contrast").forEach(start));
})();
