/**
 * Compares what a run is said to take with what it takes, in a process of its own:
 * `deno run -A experiments/bench_estimate.ts --backend native --size 256 --preset gatys`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  type EngineName,
  estimate,
  gatys,
  loadVgg16,
  painting,
  quick,
  readPicture,
  stylize,
  tutorial,
  useEngine,
} from "stylebook";
import { peakBytes } from "./measured.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "auto" },
    size: { type: "string", default: "256" },
    preset: { type: "string", default: "gatys" },
  },
});
const size = Number(values.size);
const images = new URL("../notebooks/images/", import.meta.url);
const content = await readPicture(new URL("content/eilean-donan.jpg", images), { maxSize: size });
const style = await readPicture(new URL("style/church-at-auvers.jpg", images), { maxSize: size });
const { name } = await useEngine(values.backend as EngineName);
const network = await loadVgg16();
const presets: Record<string, () => ReturnType<typeof quick>> = {
  gatys: () => gatys(content, style, { iterations: 10 }),
  tutorial: () => tutorial(content, style, { iterations: 10 }),
  quick: () => quick(content, style),
  painting: () => painting(content, style),
};
const options = presets[values.preset]!();
const said = await estimate(network, options);
const began = performance.now();
await stylize(network, options);
const seconds = (performance.now() - began) / 1000;

const ratio = (a: number, b: number) => (a / b).toFixed(2);
const bytes = peakBytes();
console.log(
  `${String(size).padStart(5)} px  ${name} ${values.preset}: said ${
    said.seconds.toFixed(1)
  } s, took ` +
    `${seconds.toFixed(1)} s (ratio ${ratio(said.seconds, seconds)}); said ` +
    `${(said.bytes / 1e6).toFixed(0)} MB, took ${(bytes / 1e6).toFixed(0)} MB ` +
    `(ratio ${ratio(said.bytes, bytes)})`,
);
Deno.exit(0);
