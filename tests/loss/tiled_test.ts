import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seeThrough } from "../../lib/network/features.ts";
import type { Network } from "../../lib/network/network.ts";
import { eachTile, marginOf, tilesOf } from "../../lib/network/tiles.ts";
import { loadVgg16 } from "../../lib/network/vgg.ts";
import { createObjective } from "../../lib/loss/objective.ts";
import { gram } from "../../lib/loss/style/gram.ts";
import { MEASURES } from "../../lib/loss/style/measures.ts";
import { styleOf } from "../../lib/loss/style_term.ts";
import type { Term } from "../../lib/loss/term.ts";
import { contentOf, denoise } from "../../lib/loss/terms.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

/** Two halves, side by side. */
function halves(width: number, height: number): Picture {
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data[3 * i] = i % width < width / 2 ? 0 : 255;
  return { width, height, data };
}

/** Root mean square of the difference over that of the values. */
async function relativeError(found: tf.Tensor, wanted: tf.Tensor): Promise<number> {
  const error = tf.tidy(() =>
    tf.sqrt(tf.div(tf.sum(tf.square(tf.sub(found, wanted))), tf.sum(tf.square(wanted))))
  );
  return (await error.data())[0]!;
}

/** The same picture evaluated whole and in tiles: losses and gradient must agree. */
async function compare(
  network: Network,
  terms: Term[],
  [width, height]: number[],
  tile: number,
  rtol = 1e-5,
) {
  const see = seeThrough(network);
  const x = toTensor(noisePicture(width!, height!, 3));
  const canvas = { width, height };
  const make = (tile?: number) =>
    createObjective(see, terms, { canvas: { ...canvas, tile }, weighting: "constant" });
  const [whole, tiled] = [make(), make(tile)];
  const [a, b] = [whole.evaluate(x), tiled.evaluate(x)];
  assertAllClose(await b.losses.data(), await a.losses.data(), { rtol });
  assertAllClose(await b.total.data(), await a.total.data(), { rtol });
  const error = await relativeError(b.gradient, a.gradient);
  assert(error < rtol, `relative gradient error ${error}`);
  const measured = tiled.measure(x);
  assertAllClose(await measured.losses.data(), await a.losses.data(), { rtol });
  tf.dispose([a, b, measured]);
  whole.dispose();
  tiled.dispose();
}

const style = noisePicture(45, 53, 2);
const content = noisePicture(53, 41, 1);

for (const [name, measure] of Object.entries(MEASURES)) {
  if (!measure.additive) continue;
  useEachEngine(`tiles give the losses and the gradient of the whole: ${name}`, async () => {
    const network = stubNetwork();
    const terms = [
      contentOf(content, { layers: ["relu2_1", "relu3_2"] }),
      styleOf(style, { measure, weight: name === "gram" ? 1e-7 : 1 }),
      denoise(),
    ];
    // Covariances are small differences of large sums.
    const rtol = name.startsWith("wasserstein") ? 1e-4 : 1e-5;
    for (const tile of [32, 16]) await compare(network, terms, [53, 41], tile, rtol);
    network.dispose();
  });
}

useEachEngine(
  "tiles give the losses and the gradient of the whole: regions, two styles",
  async () => {
    const network = stubNetwork();
    const regions = { content: halves(53, 41), styles: [halves(45, 53), halves(45, 53)] };
    const measure = gram("mean");
    const term = styleOf([style, noisePicture(45, 53, 7)], { measure, shares: [1, 2], regions });
    await compare(network, [term], [53, 41], 24);
    network.dispose();
  },
);

useEachEngine(
  "tiles give the losses and the gradient of the whole: a smoothness that weighs nothing",
  async () => {
    const network = stubNetwork();
    const terms = [contentOf(content, { layers: ["relu2_1"] }), denoise({ weight: 0 })];
    await compare(network, terms, [53, 41], 16);
    network.dispose();
  },
);

useEachEngine("tiles give VGG-16's losses and gradient at odd sizes", async () => {
  const network = await loadVgg16();
  const terms = [
    contentOf(noisePicture(301, 219, 1), { layers: ["relu4_2"] }),
    styleOf(noisePicture(200, 180, 2), {
      measure: gram("normalized"),
      weight: 500,
      layers: ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"],
    }),
    denoise({ weight: 0.1 }),
  ];
  await compare(network, terms, [301, 219], 128);
  network.dispose();
}, ["native"]);

useEachEngine("the features of all tiles are those of the whole picture", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(37, 29, 3));
  const layers = ["relu1_1", "relu2_1", "relu3_2"];
  const whole = see(x, layers);
  let positions = 0;
  const parts: [string, tf.Tensor4D, number, number][] = [];
  eachTile(see, x, layers, 16, (features, place) => {
    for (const layer of layers) {
      const { top, left, height, width } = place.of(layer);
      assertEquals(features[layer]!.shape.slice(1, 3), [height, width]);
      parts.push([layer, tf.keep(features[layer]!), top, left]);
      if (layer === "relu3_2") positions += height * width;
    }
  });
  for (const [layer, part, top, left] of parts) {
    const wanted = tf.slice(whole[layer]!, [0, top, left, 0], part.shape);
    assertAllClose(await part.data(), await wanted.data(), { rtol: 1e-4, scale: "rms" });
    part.dispose();
  }
  assertEquals(positions, 10 * 8);
  network.dispose();
});

Deno.test("a margin covers what the deepest layer sees, and no more", async () => {
  const network = await loadVgg16();
  // 2·1 + 2·2 + 3·4 + 3·8 + 1·16 = 58 pixels, in steps of 16.
  assertEquals(marginOf(network, ["relu1_1", "relu5_1"]), 64);
  assertEquals(marginOf(network, ["relu1_1"]), 1);
  for (const width of [257, 300, 511, 1000]) {
    const tiles = tilesOf(network, ["relu5_1"], { width, height: 140 }, 96);
    let next = 0;
    for (const { owned, window } of tiles) {
      assertEquals([owned.left, owned.top, owned.height], [next, 0, 140]);
      next += owned.width;
      assertEquals([owned.left % 16, window.left % 16], [0, 0]);
      const [left, right] = [owned.left - window.left, window.left + window.width - next];
      assert(window.left === 0 || left >= 64, `${left} pixels to the left`);
      assert(window.left + window.width === width || right >= 64, `${right} pixels to the right`);
      assert(window.width <= 96 + 2 * 64 + 15, `a window of ${window.width} pixels`);
    }
    assertEquals(next, width);
  }
  network.dispose();
});

useEachEngine("tiles leave no tensor, and refuse what is no sum", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(40, 40, 1));
  const canvas = { width: 40, height: 40, tile: 16 };
  const once = () => {
    const objective = createObjective(see, [contentOf(content), styleOf(style), denoise()], {
      canvas,
    });
    tf.dispose([objective.evaluate(x), objective.measure(x)]);
    objective.dispose();
  };
  once();
  assertEquals(await tensorsLeft(once), 0);
  const own: Term = {
    name: "greatest",
    weight: 1,
    bind: () => ({
      layers: ["relu1_1"],
      value: ({ features }) => tf.max(features.relu1_1!),
      dispose() {},
    }),
  };
  const left = await tensorsLeft(() =>
    assertThrows(
      () => createObjective(see, [styleOf(style), own], { canvas }),
      RangeError,
      "the greatest loss tile by tile",
    )
  );
  assertEquals(left, 0);
  network.dispose();
});
