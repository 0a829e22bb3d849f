/**
 * The measures of style against PyTorch, in float64: `tests/reference/make_measures_golden.py`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom, uniformNoise } from "../../../lib/base/random.ts";
import { selfSimilarityLoss } from "../../../lib/loss/self_similarity.ts";
import { histogram } from "../../../lib/loss/style/histogram.ts";
import { type StyleMeasure, sumsOf } from "../../../lib/loss/style/measure.ts";
import { MEASURES } from "../../../lib/loss/style/measures.ts";
import { moments } from "../../../lib/loss/style/moments.ts";
import { sliced } from "../../../lib/loss/style/sliced.ts";
import { wasserstein } from "../../../lib/loss/style/wasserstein.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { useEachEngine } from "../../helpers/engines.ts";
import { slopeError } from "../../helpers/finite_differences.ts";
import { tensorsLeft } from "../../helpers/stub.ts";

type Shape = [number, number, number];
type Evaluated = { value: number; gradient: number[] };
type Case = { name: string; shape: Shape; style_shape: Shape; seeds: [number, number, number] } & {
  [measure: string]: Evaluated;
};

const file = new URL("../../golden/measures.json", import.meta.url);
const golden: { cases: Case[] } = JSON.parse(await Deno.readTextFile(file));

/** 200 u v, with u for each value and v for each position. */
function features([height, width, channels]: Shape, seed: number): tf.Tensor4D {
  const u = uniformNoise(height * width * channels, 0, 1, seededRandom(seed));
  const random = seededRandom(seed + 100);
  const v = Array.from({ length: height * width }, random);
  // The generator's numbers have 32 bits: one rounding to float32, as in the script.
  const exact = seededRandom(seed);
  const values = u.map((_, i) => 200 * exact() * v[Math.floor(i / channels)]!);
  return tf.tensor4d(values, [1, height, width, channels]);
}

function distanceOf(measure: StyleMeasure, style: tf.Tensor4D, seed = 3) {
  const wanted = measure.additive ? measure.describe(sumsOf(style)) : measure.describe(style);
  return (x: tf.Tensor4D): tf.Scalar =>
    measure.additive
      ? measure.distance(sumsOf(x), wanted)
      : measure.distance(x, wanted, seededRandom(seed));
}

/** Measures with names as in the script, which takes eight directions. */
const COMPARED: Record<string, StyleMeasure> = {
  moments: moments(),
  wasserstein: wasserstein(),
  sliced: sliced({ directions: 8 }),
  histogram: histogram(),
};

for (const entry of golden.cases) {
  for (const [name, measure] of Object.entries(COMPARED)) {
    useEachEngine(`${name} and its gradient equal PyTorch's: case ${entry.name}`, async () => {
      const [seed, styleSeed] = entry.seeds;
      const distance = distanceOf(measure, features(entry.style_shape, styleSeed));
      const x = features(entry.shape, seed);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => distance(x as tf.Tensor4D))(x);
      const wanted = entry[name]!;
      assertAllClose(await value.data(), [wanted.value], { rtol: 1e-3 });
      assertAllClose(await grad.data(), wanted.gradient, { rtol: 1e-3, scale: "rms" });
    });
  }

  useEachEngine(
    `self-similarity and its gradient equal PyTorch's: case ${entry.name}`,
    async () => {
      const [seed, , contentSeed] = entry.seeds;
      const channels = entry.shape[2];
      const rows = (x: tf.Tensor) => tf.reshape(x, [-1, channels]) as tf.Tensor2D;
      const content = rows(features(entry.shape, contentSeed));
      const x = rows(features(entry.shape, seed));
      const loss = (x: tf.Tensor) => selfSimilarityLoss(x as tf.Tensor2D, content);
      const { value, grad } = tf.valueAndGrad(loss)(x);
      const wanted = entry.self_similarity!;
      assertAllClose(await value.data(), [wanted.value], { rtol: 1e-3 });
      assertAllClose(await grad.data(), wanted.gradient, { rtol: 1e-3, scale: "rms" });
    },
  );
}

for (const [name, measure] of Object.entries({ ...MEASURES, sliced: COMPARED.sliced! })) {
  useEachEngine(`the gradient of ${name} fits finite differences`, async () => {
    const distance = distanceOf(measure, features([5, 4, 5], 2));
    const error = await slopeError(distance, features([4, 6, 5], 1));
    assert(error < 2e-3, `relative error ${error}`);
  });

  useEachEngine(`${name} is 0 for the style itself, and for its positions shuffled`, async () => {
    const style = features([4, 6, 5], 1);
    const distance = distanceOf(measure, style);
    const far = (await distance(features([4, 6, 5], 2)).data())[0]!;
    const same = (await distance(style).data())[0]!;
    const shuffled = (await distance(tf.reverse(style, [1, 2])).data())[0]!;
    assert(Math.abs(same) < 1e-5 * far, `${same} of ${far}`);
    assert(Math.abs(shuffled) < 1e-5 * far, `${shuffled} of ${far}`);
  });

  useEachEngine(`${name} leaves no tensor behind`, async () => {
    const [style, x] = [features([4, 6, 5], 1), features([5, 5, 5], 2)];
    const left = await tensorsLeft(async () => {
      const wanted = tf.tidy(() =>
        measure.additive ? measure.describe(sumsOf(style)) : measure.describe(style)
      );
      const grad = tf.tidy(() =>
        tf.grad((x: tf.Tensor) =>
          measure.additive
            ? measure.distance(sumsOf(x as tf.Tensor4D), wanted)
            : measure.distance(x as tf.Tensor4D, wanted, seededRandom(1))
        )(x)
      );
      assertEquals((await grad.data()).length, x.size);
      tf.dispose([wanted, grad]);
    });
    assertEquals(left, 0);
  });
}
