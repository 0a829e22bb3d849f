import * as tf from "@tensorflow/tfjs";
import { freshNeighborsOf, nearestNeighborsOf } from "../../lib/loss/nearest_neighbors.ts";
import { strotssOf } from "../../lib/loss/strotss.ts";
import type { Term } from "../../lib/loss/term.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { PLACES, placesPicture, seePlaces } from "../helpers/places.ts";

type Entry = { loss: number; gradient: number[] };
const golden: Record<string, Entry> = JSON.parse(
  await Deno.readTextFile(new URL("../golden/transport.json", import.meta.url)),
);

const [mixed, content, start] = [31, 32, 33].map((seed) => placesPicture(10, 12, seed));
const style = placesPicture(14, 9, 34);
const TERMS: Record<string, Term> = {
  fixed: nearestNeighborsOf(content!, style, { layers: PLACES, stride: 2, blend: 0.25 }),
  fresh: freshNeighborsOf(style, { layers: PLACES, positions: 20 }),
  strotss: strotssOf(content!, style, { layers: PLACES, positions: 20, contentWeight: 4 }),
};

for (const [name, term] of Object.entries(TERMS)) {
  useEachEngine(`${name}: value and gradient equal PyTorch's in double precision`, async () => {
    const see = seePlaces();
    const bound = term.bind(see, { width: 12, height: 10, start });
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => {
      const image = x as tf.Tensor4D;
      return bound.value({ image, features: see(image, PLACES), evaluation: 5 });
    })(toTensor(mixed!));
    const { loss, gradient } = golden[name]!;
    assertAllClose(await value.data(), [loss], { rtol: 1e-4 });
    assertAllClose(await grad.data(), gradient, { rtol: 1e-3, scale: "rms" });
    bound.dispose();
  });
}
