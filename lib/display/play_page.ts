/**
 * The page of a control panel: sliders and buttons, and beside them the picture and the course of the losses.
 *
 * @module
 */
import { escapeXml } from "../base/words.ts";
import type { PlaySetup } from "./play_panel.ts";
import { colour } from "./plot.ts";

const STYLE = `
:root { color-scheme: light dark; font: 13px/1.4 system-ui, sans-serif; }
body { margin: 4px; display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
img { max-width: min(512px, 100%); min-height: 120px; border-radius: 3px; }
label { display: grid; grid-template-columns: 6.5em 11em 4.5em; align-items: center; gap: 6px; }
output { font-variant-numeric: tabular-nums; }
button { margin: 6px 4px 0 0; }
.branches button { font-weight: 600; }
canvas { display: block; margin-top: 8px; }
p { margin: 6px 0 0; min-height: 1.4em; }
`;

const SCRIPT = `
const find = (selector) => document.querySelector(selector);
const say = (words) => { find("p").textContent = words; };
const send = async (command) => {
  const answer = await fetch("command", { method: "POST", body: JSON.stringify(command) })
    .catch(() => undefined);
  if (!answer || !answer.ok) say(answer ? await answer.text() : "The run has ended.");
};
const short = (value) => Number(value.toPrecision(3)).toString();
for (const slider of document.querySelectorAll("input")) {
  const value = () => 10 ** Number(slider.value);
  const show = () => {
    const sign = slider.name === "" ? "" : "× ";
    slider.nextElementSibling.textContent = sign + short(value());
  };
  slider.addEventListener("input", show);
  slider.addEventListener("change", () => {
    const { name } = slider;
    send(name === "" ? { kind: "stepSize", value: value() } : { kind: "factor", name, value: value() });
  });
  show();
}
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => send({ kind: button.dataset.kind }));
}
let curves = {};
function draw() {
  const canvas = find("canvas");
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const names = Object.keys(curves);
  const band = height / Math.max(1, names.length);
  names.forEach((name, k) => {
    const points = curves[name].map(([x, y]) => [x, Math.log10(y + 1e-30)]);
    const ys = points.map(([, y]) => y);
    const [low, high] = [Math.min(...ys), Math.max(...ys, Math.min(...ys) + 0.05)];
    const [first, last] = [points[0][0], Math.max(points.at(-1)[0], points[0][0] + 1)];
    context.strokeStyle = context.fillStyle = colours[k % colours.length];
    context.font = "12px system-ui, sans-serif";
    context.fillText(name + " " + short(curves[name].at(-1)[1]), 2, k * band + 12);
    context.beginPath();
    for (const [x, y] of points) {
      context.lineTo(
        2 + (x - first) / (last - first) * (width - 4),
        k * band + 18 + (1 - (y - low) / (high - low)) * (band - 24),
      );
    }
    context.stroke();
  });
}
const events = new EventSource("events");
events.addEventListener("frame", ({ data }) => {
  const { iteration, picture, losses } = JSON.parse(data);
  for (const curve of Object.values(curves)) {
    while (curve.length > 1 && curve.at(-1)[0] >= iteration) curve.pop();
  }
  for (const [name, value] of Object.entries(losses)) (curves[name] ??= []).push([iteration, value]);
  find("img").src = picture;
  draw();
});
events.addEventListener("state", ({ data }) => {
  const { words, isPaused, branches, ended } = JSON.parse(data);
  say(words);
  find("[data-kind=pause]").disabled = isPaused;
  find("[data-kind=go]").disabled = !isPaused;
  const list = find(".branches");
  list.replaceChildren(...branches.map((name, index) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.addEventListener("click", () => send({ kind: "take", index }));
    return button;
  }));
  if (!ended) return;
  events.close();
  for (const each of document.querySelectorAll("button, input")) each.disabled = true;
});
events.onerror = () => say("The run has ended.");
`;

const BUTTONS = {
  pause: "Pause",
  go: "Go on",
  step: "One step",
  undo: "Undo",
  branch: "Keep as branch",
  finish: "Finish",
};

/** The page, for the losses and the step size that a run begins with. */
export function playPage(
  { losses, stepSize }: PlaySetup,
  { least, most }: { least: number; most: number },
  mostFactor: number,
): string {
  const slider = (label: string, name: string, value: number, from: number, to: number) =>
    `<label>${escapeXml(label)}<input type="range" name="${escapeXml(name)}" ` +
    `min="${Math.log10(from)}" max="${Math.log10(to)}" step="any" value="${Math.log10(value)}">` +
    `<output></output></label>`;
  const sliders = losses.map((name) => slider(name, name, 1, 1 / mostFactor, mostFactor));
  const buttons = Object.entries(BUTTONS).map(([kind, words]) =>
    `<button data-kind="${kind}">${words}</button>`
  );
  const colours = JSON.stringify(losses.map((_, i) => colour(i)));
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Play</title>` +
    `<style>${STYLE}</style><body><img alt="the mixed image"><div>${sliders.join("")}` +
    `${slider("step size", "", stepSize, least, most)}<div>${buttons.join("")}</div>` +
    `<div class="branches"></div><p></p><canvas width="330" height="${
      56 * losses.length
    }"></canvas>` +
    `</div><script>const colours = ${colours};${SCRIPT}</script></body></html>`;
}
