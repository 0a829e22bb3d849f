import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { layerStride } from "../../lib/network/architecture.ts";
import { seeThrough } from "../../lib/network/features.ts";
import { guidesFor, planGuides } from "../../lib/loss/guidance.ts";
import { createObjective } from "../../lib/loss/objective.ts";
import { type Guide, mixSums, sumsOf } from "../../lib/loss/style/measure.ts";
import { MEASURES } from "../../lib/loss/style/measures.ts";
import { styleOf, type StyleOptions } from "../../lib/loss/style_term.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

/** Red to the left of `edge`, blue to the right, one soft column between. */
function halves(width: number, height: number, edge: number, right = [0, 0, 255]): Picture {
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const part = Math.min(1, Math.max(0, (i % width - edge) / 2 + 0.5));
    data.set([255, 0, 0].map((value, c) => (1 - part) * value + part * right[c]!), 3 * i);
  }
  return { width, height, data };
}

/** The same with rows as columns. */
function turned({ width, height, data }: Picture): Picture {
  const at = (i: number) => 3 * (i % height * width + Math.floor(i / height));
  const values = Array.from(
    { length: width * height },
    (_, i) => [...data.slice(at(i), at(i) + 3)],
  );
  return { width: height, height: width, data: Float32Array.from(values.flat()) };
}

const canvas = { width: 24, height: 16 };
const style = noisePicture(20, 18, 2);
const regions = { content: halves(24, 16, 9), styles: halves(20, 18, 12) };

useEachEngine("the guided sums of all regions add up to those of the whole", async () => {
  const network = stubNetwork();
  const layers = ["relu1_1", "relu3_1"];
  const guides = guidesFor(network, layers, { styles: [style], canvas, regions });
  const x = toTensor(noisePicture(24, 16, 1));
  const features = seeThrough(network)(x, layers);
  for (const layer of layers) {
    const whole = sumsOf(features[layer]!);
    const each = guides.of(layer).map(({ mixed }) => sumsOf(features[layer]!, mixed));
    assertEquals(each.length, 2);
    const count = each.reduce((sum, { count }) => sum + count, 0);
    assert(Math.abs(count - whole.count) < 1e-3, `${count} of ${whole.count}`);
    for (const name of ["sum", "products"] as const) {
      const sum = tf.add(each[0]![name], each[1]![name]);
      assertAllClose(await sum.data(), await whole[name].data(), { rtol: 1e-4, scale: "rms" });
    }
  }
  const parts = guides.of("relu1_1").map(({ part }) => part);
  assert(Math.abs(parts.reduce((a, b) => a + b) - 1) < 1e-6);
  guides.dispose();
  network.dispose();
});

useEachEngine(
  "positions before the first and behind the last that counts change nothing",
  async () => {
    const network = stubNetwork();
    const layers = ["relu1_1"];
    // Above and below of the halves: rows that count for nothing.
    const upper = halves(16, 24, 9);
    const content = turned(upper);
    const guides = guidesFor(network, layers, {
      styles: [content],
      canvas,
      regions: { content, styles: content },
    });
    const x = toTensor(noisePicture(24, 16, 1));
    const features = seeThrough(network)(x, layers).relu1_1!;
    const [, height, width, channels] = features.shape;
    const wanted = tf.randomNormal([channels, channels], 0, 1, "float32", 3) as tf.Tensor2D;
    const ends = guides.of("relu1_1").map(({ mixed }) => mixed!.positions!);
    assert(ends.every(([first, end]) => end - first < height * width), `${ends.join("; ")}`);
    for (const { mixed } of guides.of("relu1_1")) {
      const { weights, total } = mixed!;
      const value = (guide: Guide) => (x: tf.Tensor) =>
        tf.sum(tf.mul(wanted, sumsOf(x as tf.Tensor4D, guide).products)) as tf.Scalar;
      const some = tf.valueAndGrad(value(mixed!))(features);
      const all = tf.valueAndGrad(value({ weights, total }))(features);
      // In single operations of TensorFlow.js' own.
      const plain = tf.valueAndGrad((x: tf.Tensor) => {
        const rooted = tf.mul(tf.reshape(x, [-1, channels]), tf.sqrt(tf.reshape(weights, [-1, 1])));
        return tf.sum(
          tf.mul(wanted, tf.matMul(tf.transpose(rooted) as tf.Tensor2D, rooted as tf.Tensor2D)),
        );
      })(features);
      for (const found of [some, all]) {
        for (const name of ["value", "grad"] as const) {
          const [is, should] = [await found[name].data(), await plain[name].data()];
          assertAllClose(is, should, { rtol: 1e-4, scale: "rms" });
        }
      }
    }
    guides.dispose();
    network.dispose();
  },
);

for (const [name, measure] of Object.entries(MEASURES)) {
  if (!measure.additive) continue;
  useEachEngine(`regions and several styles: the gradient of ${name} fits its slope`, async () => {
    const network = stubNetwork();
    const others = [style, noisePicture(20, 18, 7)];
    const term = styleOf(others, {
      measure,
      layers: ["relu1_1", "relu2_1"],
      weight: name === "gram" ? 1e-6 : 1,
      shares: [0.7, 0.3],
      regions: { ...regions, styles: [regions.styles, regions.styles] },
    });
    const see = seeThrough(network);
    const objective = createObjective(see, [term], { canvas, weighting: "constant" });
    const x = toTensor(noisePicture(24, 16, 4));
    const { gradient } = objective.evaluate(x);
    const error = await slopeError((x) => objective.evaluate(x).total, x, gradient);
    assert(error < 1e-2, `relative error ${error}`);
    objective.dispose();
    network.dispose();
  });
}

useEachEngine("a region is painted from its own colour alone", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(24, 16, 4));
  const gradientOf = async (styles: Picture) => {
    const term = styleOf(style, { layers: ["relu1_1"], regions: { ...regions, styles } });
    const objective = createObjective(see, [term], { canvas, weighting: "constant" });
    const { gradient } = objective.evaluate(x);
    objective.dispose();
    return await gradient.data();
  };
  // Another edge in the style changes what both halves are compared with.
  const [a, b] = [await gradientOf(halves(20, 18, 12)), await gradientOf(halves(20, 18, 6))];
  assert(a.some((value, i) => Math.abs(value - b[i]!) > 1e-3 * Math.abs(value)));
  network.dispose();
}, ["cpu"]);

Deno.test("masks that do not fit are refused, by colour and layer", () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const refuses = (changes: Partial<typeof regions>, message: string) => {
    const term = styleOf(style, { regions: { ...regions, ...changes } });
    const left = tf.memory().numTensors;
    assertThrows(() => createObjective(see, [term], { canvas }), RangeError, message);
    assertEquals(tf.memory().numTensors, left);
  };
  tf.dispose(see(tf.zeros([1, 8, 8, 3]), ["relu3_2"]));
  refuses({ styles: halves(20, 18, 12, [0, 255, 0]) }, "#0000ff is only in that of the content");
  refuses({ content: halves(24, 24, 12) }, "the proportions of its picture, 24x16");
  const narrow = halves(20, 18, 30);
  narrow.data.set([0, 0, 255], 0);
  narrow.data.set([0, 0, 255], 3);
  refuses({ styles: narrow }, "#0000ff of the style must cover at least one position of relu2_1");
  assertEquals(layerStride(network, "relu3_2"), 4);
  network.dispose();
});

useEachEngine("with all the share, one of two styles is that style alone", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(24, 16, 4));
  const other = noisePicture(20, 18, 9);
  // A mean over positions: the mix of raw moments has no number of positions of its own.
  const measure = MEASURES["gram-mean"]!;
  const totals: number[] = [];
  for (
    const term of [
      styleOf([style, other], { measure, shares: [2, 0] }),
      styleOf(style, { measure }),
    ]
  ) {
    const objective = createObjective(see, [term], { canvas, weighting: "constant" });
    totals.push(...await objective.evaluate(x).total.data());
    objective.dispose();
  }
  assertAllClose([totals[0]!], [totals[1]!], { rtol: 1e-4 });
  const binding = () => createObjective(see, [styleOf([style, other])], { canvas }).dispose();
  assertEquals(await tensorsLeft(binding), 0);
  network.dispose();
});

useEachEngine("one style per region: each paints what its own mask names", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(24, 16, 4));
  const [red, blue] = [[255, 0, 0], [0, 0, 255]].map((rgb) => ({
    width: 1,
    height: 1,
    data: Float32Array.from(rgb),
  }));
  const measure = MEASURES["gram-mean"]!;
  const totalOf = async (styles: Picture[], masks: Picture[], shares?: number[]) => {
    const term = styleOf(styles, {
      measure,
      layers: ["relu1_1", "relu2_1"],
      regions: { content: regions.content, styles: masks },
      shares,
    });
    const objective = createObjective(see, [term], { canvas, weighting: "constant" });
    const [total] = await objective.evaluate(x).total.data();
    objective.dispose();
    return total!;
  };
  const [a, b] = [noisePicture(20, 18, 5), noisePicture(17, 19, 6)];
  const each = await totalOf([a, b], [red!, blue!]);
  // A share says nothing where a style has its region alone.
  assertAllClose([await totalOf([a, b], [red!, blue!], [0.9, 0.1])], [each], { rtol: 1e-6 });
  const swapped = await totalOf([b, a], [red!, blue!]);
  assert(Math.abs(swapped / each - 1) > 1e-3, `${swapped} and ${each}`);
  assertAllClose([await totalOf([b, a], [blue!, red!])], [each], { rtol: 1e-4 });
  network.dispose();
});

useEachEngine("blend terms mixes distances, blend targets the statistics", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const x = toTensor(noisePicture(24, 16, 4));
  const [a, b] = [noisePicture(20, 18, 5), noisePicture(17, 19, 6)];
  const measure = MEASURES["gram-mean"]!;
  const totalOf = async (styles: Picture[], options: Partial<StyleOptions> = {}) => {
    const term = styleOf(styles, { measure, layers: ["relu1_1", "relu3_1"], ...options });
    const objective = createObjective(see, [term], { canvas, weighting: "constant" });
    const [total] = await objective.evaluate(x).total.data();
    objective.dispose();
    return total!;
  };
  const [ofA, ofB] = [await totalOf([a]), await totalOf([b])];
  const shares = [0.75, 0.25];
  const terms = await totalOf([a, b], { shares, blend: "terms" });
  assertAllClose([terms], [0.75 * ofA + 0.25 * ofB], { rtol: 1e-4 });
  // ‖x - Σ s m‖² = Σ s ‖x - m‖² - Σ s ‖m - Σ s m‖²: the mixed target is nearer.
  const targets = await totalOf([a, b], { shares });
  assert(targets < terms * (1 - 1e-4), `${targets} and ${terms}`);
  network.dispose();
});

Deno.test("mixSums() of Gram matrices keeps their size: sums as of the mean number of positions", () => {
  const sums = (count: number, value: number) => ({
    count,
    sum: tf.tensor1d([value]),
    products: tf.tensor2d([[value]]),
  });
  tf.tidy(() => {
    // Means over positions: 2 / 4 and 12 / 8, mixed 1; of (4 + 8) / 2 = 6 positions, 6.
    const { count, sum, products } = mixSums([sums(4, 2), sums(8, 12)], [0.5, 0.5]);
    assertEquals([count, ...sum.dataSync(), ...products.dataSync()], [6, 6, 6]);
  });
});

Deno.test("regions need a measure that adds up, and a share for each region", () => {
  const whole = MEASURES["sliced"]!;
  assertThrows(() => styleOf(style, { measure: whole, regions }), RangeError, '"sliced"');
  assertThrows(() => styleOf(style, { blend: "stir" as never }), RangeError, "targets, terms");
  const network = stubNetwork();
  const flat = (rgb: number[]) => ({ width: 1, height: 1, data: Float32Array.from(rgb) });
  const masks = { ...regions, styles: [flat([255, 0, 0]), flat([0, 0, 255])] };
  const refuses = (shares: number[], message: string) =>
    assertThrows(
      () =>
        planGuides(network, ["relu1_1"], {
          styles: [style, style],
          canvas,
          regions: masks,
          shares,
        }),
      RangeError,
      message,
    );
  refuses([1, 0], "a style that has the region #0000ff must have a share above 0");
  masks.styles.pop();
  refuses([1], "there must be a mask for each of the 2 styles");
  network.dispose();
});

Deno.test("a mask still fits when its picture was reduced twice", () => {
  const network = stubNetwork();
  // 397x500 at 128 is 101x128, and that at 48 is 37x48; at once it would be 38x48.
  const style = { width: 37, height: 48 };
  const masks = { content: regions.content, styles: halves(397, 500, 200) };
  const plan = planGuides(network, ["relu1_1"], { styles: [style], canvas, regions: masks });
  assertEquals(plan.get("relu1_1")!.length, 2);
  const other = { styles: [{ width: 32, height: 48 }], canvas, regions: masks };
  assertThrows(() => planGuides(network, ["relu1_1"], other), RangeError, "32x48");
  network.dispose();
});

Deno.test("shares are one for each style, not negative, and not all 0", () => {
  const pair = [style, noisePicture(20, 18, 9)];
  assertThrows(() => styleOf(pair, { shares: [0, 0] }), RangeError, "above 0");
  assertThrows(() => styleOf(pair, { shares: [1] }), RangeError, "each of the 2 styles");
  assertThrows(() => styleOf(pair, { shares: [-1, 2] }), RangeError, "not negative");
});
