/**
 * Paints one picture by a preset in a process of its own, judges it, and prints a line of JSON:
 * `deno run -A experiments/bench_run.ts --preset quick --size 512 --content FILE --style FILE`. The seconds
 * are those of the process from its start until the picture is written; the judge comes afterwards.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  createJudge,
  loadVgg16,
  type PresetName,
  presetOf,
  readPicture,
  stylize,
  useEngine,
  writePicture,
} from "stylebook";
import { peakBytes } from "./measured.ts";

const images = new URL("../notebooks/images/", import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    preset: { type: "string", default: "quick" },
    size: { type: "string", default: "512" },
    content: { type: "string", default: `${images}content/eilean-donan.jpg` },
    style: { type: "string", default: `${images}style/church-at-auvers.jpg` },
    out: { type: "string" },
  },
});

const maxSize = Number(values.size);
const content = await readPicture(values.content, { maxSize });
const style = await readPicture(values.style, { maxSize });
const engine = await useEngine();
const network = await loadVgg16();
const options = presetOf(values.preset as PresetName)(content, style);
const { picture } = await stylize(network, { ...options, onFrame: () => peakBytes() });
const out = values.out ?? await Deno.makeTempFile({ suffix: ".png" });
await writePicture(picture, out);
const seconds = (Date.now() - performance.timeOrigin) / 1000;
const peak = peakBytes();
if (values.out === undefined) await Deno.remove(out);

const judge = await createJudge(network, content, style, picture);
const { layers: _, ...judgment } = await judge(picture);
console.log(JSON.stringify({ engine: engine.name, seconds, peak_bytes: peak, ...judgment }));
Deno.exit(0);
