/**
 * How a notebook shows what is made below this room, when it is the last line of a cell: a picture as a
 * picture, a result with its losses, a network as a table of its layers.
 *
 * @module
 */
import { showKind } from "../base/notebook.ts";
import { alignColumns, duration, shortNumber } from "../base/words.ts";
import { layerStride } from "../network/architecture.ts";
import type { Network } from "../network/network.ts";
import type { Picture } from "../picture/picture.ts";
import type { Result } from "../run/frame.ts";
import { legible, pictureBundle } from "./compose.ts";
import { besidePanel } from "./panel.ts";
import { type Bundle, DISPLAY } from "./publish.ts";
import { table } from "./table.ts";

showKind<Picture>("picture", (picture) => {
  const { width, height } = picture;
  return pictureBundle(legible(picture), `a picture, ${width}×${height}`);
});
showKind<Result>("result", resultBundle);
showKind<Network>("network", (network) => table(layersOf(network))[DISPLAY]());

function resultBundle(result: Result): Bundle {
  const { picture, iterations, stopped, seconds, engine, history, losses, total, notes } = result;
  const share = (part: number) => `${Math.round(100 * part)} %`;
  const curves = Object.fromEntries(
    Object.keys(losses).map((
      name,
    ) => [name, history.map(({ losses }) => losses[name]?.loss ?? NaN)]),
  );
  const step = `${stopped ? "Stopped after" : "After"} ${iterations} iterations`;
  const values = Object.fromEntries(
    Object.entries(losses).map(([name, { loss, share: part }]) => [
      name,
      `${shortNumber(loss)} · ${share(part)}`,
    ]),
  );
  const time = `${duration(seconds)} · ${engine.name} · ${picture.width}×${picture.height}`;
  const view = besidePanel(picture, undefined, { step, time, curves, values });
  const rows = Object.entries(losses).map(([name, { loss, weight, share: part }]) => [
    name,
    shortNumber(loss),
    shortNumber(weight),
    share(part),
  ]);
  const text = [
    `${step}, ${time}: total ${shortNumber(total)}`,
    alignColumns([["loss", "value", "weight", "share"], ...rows]),
    ...notes,
  ].join("\n");
  return pictureBundle(view, text);
}

/** A row for each layer that losses can look at. */
function layersOf(network: Network): Record<string, string | number>[] {
  const channels: Record<string, number> = { image: 3 };
  for (const step of network.graph) {
    channels[step.name] = step.op === "concat"
      ? step.inputs.reduce((sum, input) => sum + (channels[input] ?? 0), 0)
      : step.op === "conv2d"
      ? network.weights[step.filter]?.shape[3] ?? NaN
      : channels[step.input] ?? NaN;
  }
  return network.layers.map((layer, id) => ({
    id,
    [`layer of ${network.name}`]: layer,
    channels: channels[layer] ?? NaN,
    "pixels a side": layerStride(network, layer),
  }));
}
