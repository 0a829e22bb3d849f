/**
 * Measures one step on one engine at one size, in a process of its own, and prints a line of JSON:
 * `deno run -A experiments/bench_step.ts --backend native --size 256 --steps 9 --preset gatys`.
 * The step goes from picture to updated picture and reads the losses once, as
 * `tests/reference/pytorch_step.py` does; with `--read-every 10` it is a tenth of ten steps.
 *
 * @module
 */
import { parseArgs } from "node:util";
// What `deno task stylize` loads: charts and what else a notebook may want are not part of a step.
import { type EngineName, useEngine } from "../lib/engine/engine.ts";
import { loadVgg16 } from "../lib/network/vgg.ts";
import { adam } from "../lib/optimizers/adam.ts";
import { readPicture } from "../lib/picture/read.ts";
import { frames } from "../lib/run/frames.ts";
import { gatys, tutorial } from "../lib/run/presets.ts";
import { peakBytes } from "./measured.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "native" },
    size: { type: "string", default: "256" },
    steps: { type: "string", default: "9" },
    preset: { type: "string", default: "gatys" },
    tile: { type: "string", default: "none" },
    "read-every": { type: "string", default: "1" },
    "warm-up": { type: "string", default: "2" },
  },
});
const [size, steps] = [Number(values.size), Number(values.steps)];
const warmUp = Number(values["warm-up"]);
const readEvery = Number(values["read-every"]);
const images = new URL("../notebooks/images/", import.meta.url);

const square = { size: [size, size] as [number, number] };
const content = await readPicture(new URL("content/eilean-donan.jpg", images), square);
const style = await readPicture(new URL("style/church-at-auvers.jpg", images), square);
const engine = await useEngine(values.backend as EngineName);
const network = await loadVgg16();
const preset = values.preset === "tutorial"
  ? tutorial(content, style)
  : { ...gatys(content, style), optimizer: adam({ stepSize: 5 }) };

const times: number[] = [];
let began = performance.now();
const run = frames(network, {
  ...preset,
  iterations: (warmUp + steps) * readEvery,
  readEvery,
  tile: values.tile === "none" ? "none" : Number(values.tile),
});
for await (const { picture } of run) {
  if (!picture) continue;
  times.push((performance.now() - began) / 1000 / readEvery);
  peakBytes();
  began = performance.now();
}
const sorted = times.slice(warmUp).sort((a, b) => a - b);
const quantile = (q: number) => sorted[Math.round(q * (sorted.length - 1))];
console.log(JSON.stringify({
  engine: engine.name,
  description: engine.description,
  preset: values.preset,
  size,
  steps,
  read_every: readEvery,
  median: quantile(0.5),
  q1: quantile(0.25),
  q3: quantile(0.75),
  first: times[0],
  peak_bytes: peakBytes(),
  deno: Deno.version.deno,
}));
Deno.exit(0);
