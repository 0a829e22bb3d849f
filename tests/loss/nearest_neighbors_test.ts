import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import type { Features } from "../../lib/network/features.ts";
import { seeThrough } from "../../lib/network/features.ts";
import {
  freshNeighborsOf,
  nearestNeighborsOf,
  nearestRows,
} from "../../lib/loss/nearest_neighbors.ts";
import type { Canvas, Term } from "../../lib/loss/term.ts";
import { adam, onPyramid } from "../../lib/mod.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { PLACES, placesPicture, seePlaces } from "../helpers/places.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const noise = (n: number, c: number, seed: number) =>
  tf.tensor2d(uniformNoise(n * c, -1, 1, seededRandom(seed)), [n, c]);

/** A term's value at a picture, and the function itself. */
async function at(term: Term, picture: Picture, canvas: Canvas = {}, evaluation = 0) {
  const see = seePlaces();
  const bound = term.bind(see, canvas);
  const value = (image: tf.Tensor4D) =>
    bound.value({ image, features: see(image, PLACES) as Features, evaluation });
  const found = (await value(toTensor(picture)).data())[0]!;
  return { found, value };
}

useEachEngine("nearestRows() goes by direction as seen from the mean, by hand", async () => {
  // Both means are (5, 5); seen from there (1, 1), (-2, -2), (-1, 1), (2, -2) look the same ways as
  // (4, 4), (-4, -4), (-1, 1), (1, -1), in another order.
  const wanted = tf.tensor2d([[6, 6], [3, 3], [4, 6], [7, 3]]);
  const known = tf.tensor2d([[1, 1], [9, 9], [6, 4], [4, 6]]);
  assertEquals(Array.from(await nearestRows([wanted], [known]).data()), [1, 0, 3, 2]);
});

useEachEngine("nearestRows(): a noisy copy of each place finds that place", async () => {
  const style = [noise(60, 7, 1), tf.mul(noise(60, 5, 2), 3) as tf.Tensor2D];
  const order = Array.from({ length: 60 }, (_, i) => (17 * i + 5) % 60);
  const copy = style.map((part, i) =>
    tf.add(tf.gather(part, order), tf.mul(noise(60, part.shape[1], 7 + i), 0.1)) as tf.Tensor2D
  );
  assertEquals(Array.from(await nearestRows(copy, style).data()), order);
});

useEachEngine("nearestRows() in blocks finds what it finds at once", async () => {
  // 2^24 / 4200 places at a time: 3994 of 4100, then the rest.
  const style = noise(4200, 3, 3);
  const order = Array.from({ length: 4100 }, (_, i) => (i * 37) % 4200);
  const found = await nearestRows([tf.gather(style, order)], [style]).data();
  const same = found.filter((row, i) => row === order[i]).length;
  // The copies' mean is not quite the style's, so that a few close neighbours are mistaken.
  assert(same > 3000, `${same} of 4100`);
  for (const start of [0, 4000]) {
    const part = tf.gather(style, order);
    const few = await nearestRows([part], [style]).slice(start, 50).data();
    assertEquals(Array.from(few), Array.from(found.slice(start, start + 50)));
  }
}, ENGINES.filter((engine) => engine === "native"));

useEachEngine("nearestNeighborsOf(): the style picture itself costs nothing", async () => {
  const style = placesPicture(12, 10, 3);
  const { found } = await at(
    nearestNeighborsOf(style, style, { layers: PLACES, stride: 2 }),
    style,
  );
  assertAllClose([found], [0], { rtol: 0, atol: 1e-6 });
  const other = placesPicture(12, 10, 4);
  const { found: more } = await at(
    nearestNeighborsOf(other, style, { layers: PLACES, stride: 2 }),
    other,
  );
  assert(more > 1e-3, `${more}`);
});

useEachEngine(
  "nearestNeighborsOf() goes by what the mixed image starts from, by its share",
  async () => {
    const [content, style, start] = [1, 2, 3].map((seed) => placesPicture(12, 10, seed));
    const of = async (blend: number, start?: Picture) =>
      (await at(
        nearestNeighborsOf(content!, style!, { layers: PLACES, stride: 2, blend }),
        content!,
        { width: 10, height: 12, start },
      )).found;
    const alone = await of(0, start);
    assertEquals(await of(1, content), alone);
    assert(await of(1, start) !== alone, "the start must count");
    // A start of another size is not compared with.
    assertEquals(await of(1, placesPicture(6, 5, 3)), alone);
  },
);

// freshNeighborsOf() jumps where a neighbour changes: its gradient is compared with PyTorch's only.
useEachEngine("nearestNeighborsOf() has the slope of its gradient", async () => {
  const [content, style] = [1, 2].map((seed) => placesPicture(12, 10, seed));
  const term = nearestNeighborsOf(content!, style!, { layers: PLACES, stride: 2 });
  const { value } = await at(term, content!);
  const error = await slopeError(value, toTensor(placesPicture(12, 10, 11)));
  assert(error < 2e-3, `${error}`);
});

useEachEngine(
  "freshNeighborsOf() looks at new places in every evaluation, the same for the same",
  async () => {
    const [content, style] = [1, 2].map((seed) => placesPicture(12, 10, seed));
    const term = freshNeighborsOf(style!, { layers: PLACES, positions: 12 });
    const values = [];
    for (const evaluation of [0, 1, 0]) {
      values.push((await at(term, content!, {}, evaluation)).found);
    }
    assertEquals(values[0], values[2]);
    assert(values[0] !== values[1]);
  },
);

useEachEngine(
  "a run on several sizes with both terms lowers them, and leaves no tensor",
  async () => {
    const network = stubNetwork();
    const [content, style] = [noisePicture(32, 24, 1), noisePicture(24, 24, 2)];
    const layers = ["relu1_1", "relu2_1"];
    for (
      const term of [
        nearestNeighborsOf(content, style, { layers }),
        freshNeighborsOf(style, { layers, positions: 64 }),
      ]
    ) {
      const run = () =>
        stylize(network, {
          losses: [term],
          start: content,
          sizes: [16, 32],
          iterations: 6,
          weighting: "constant",
          optimizer: onPyramid(adam({ stepSize: 3 })),
          readEvery: 1,
        });
      const { history } = await run(); // also makes the network's tensors
      const totals = history.slice(6).map(({ total }) => total);
      assert(totals.at(-1)! < totals[0]!, `${totals}`);
      assertEquals(await tensorsLeft(run), 0);
    }
  },
  ENGINES.filter((engine) => engine !== "webgpu"),
); // a software adapter takes minutes

Deno.test("settings out of range are refused before a run, unknown layers when it begins", () => {
  const picture = noisePicture(12, 12);
  assertThrows(() => nearestNeighborsOf(picture, picture, { blend: 2 }), RangeError, "blend");
  assertThrows(() => nearestNeighborsOf(picture, picture, { stride: 0 }), RangeError, "stride");
  assertThrows(() => nearestNeighborsOf(picture, picture, { weight: -1 }), RangeError, "weight");
  assertThrows(() => freshNeighborsOf(picture, { positions: 1.5 }), RangeError, "positions");
  const see = seeThrough(stubNetwork());
  const term = nearestNeighborsOf(picture, picture, { layers: ["relu9_9"] });
  assertThrows(() => term.bind(see, {}), Error, "relu9_9");
});
