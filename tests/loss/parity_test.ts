/**
 * The same numbers as PyTorch: activations, Gram matrices, losses and gradients of small pictures of
 * odd sizes, against the float64 values of `tests/reference/make_golden.py`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { denoiseLoss } from "../../lib/loss/losses.ts";
import { gramMatrix } from "../../lib/loss/style/gram.ts";
import { featuresOf, seeThrough } from "../../lib/network/features.ts";
import type { Network } from "../../lib/network/network.ts";
import { createObjective } from "../../lib/loss/objective.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import type { Term } from "../../lib/loss/term.ts";
import { styleOf } from "../../lib/loss/style_term.ts";
import { contentOf, denoise } from "../../lib/loss/terms.ts";
import { LAYERS, loadVgg16 } from "../../lib/network/vgg.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { ENGINES, useEachEngine } from "../helpers/engines.ts";
import {
  type GoldenArray,
  type GoldenCase,
  goldenPair,
  readGolden,
  startOf,
} from "../helpers/golden.ts";

/** Relative errors that the project promises: activations, Gram matrices and losses; gradients. */
const VALUES = 1e-4;
const GRADIENTS = 1e-3;
/** Faint start noise puts windows of a pooling within rounding of a tie: see the README there. */
const FAINT_GRADIENTS = 1e-2;

const golden = await readGolden();
let loaded: Network | undefined;
const network = async () => loaded ??= await loadVgg16();
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, rtol = VALUES) =>
  assertAllClose(actual, expected, { rtol, scale: "rms" });

/** The plain CPU engine takes seconds a picture: one case is enough for what is only a fallback. */
const casesOf = (engine: string) => golden.cases.filter((_, i) => engine !== "cpu" || i === 0);

const samples = (flat: ArrayLike<number>, { stride, values }: GoldenArray) =>
  values.map((_, i) => flat[i * stride]!);

const named = ({ case: name, input_scale }: GoldenCase) => `case ${name}, scale ${input_scale}`;

for (const engine of ENGINES) {
  for (const entry of casesOf(engine)) {
    if (!entry.activations) continue;
    useEachEngine(`activations and Gram matrices equal PyTorch's: ${named(entry)}`, async () => {
      const { content } = await goldenPair(golden, entry.pair);
      const x = tf.mul(toTensor(startOf(entry, content)), entry.input_scale) as tf.Tensor4D;
      const found = featuresOf(await network(), x, LAYERS);
      for (const layer of LAYERS) {
        const wanted = entry.activations![layer]!;
        assertEquals(found[layer]!.shape, [1, ...wanted.shape]);
        close(samples(await found[layer]!.data(), wanted), wanted.values);
        const gram = entry.gram_matrices![layer]!;
        close(samples(await gramMatrix(found[layer]!).data(), gram), gram.values);
      }
    }, [engine]);
  }

  for (const entry of casesOf(engine)) {
    for (const set of ["tutorial", "gatys"] as const) {
      useEachEngine(`losses and gradients equal PyTorch's: ${set}, ${named(entry)}`, async () => {
        const { content, style } = await goldenPair(golden, entry.pair);
        const { adjustments, losses } = entry[set];
        const names = ["content", "style", "denoise"] as const;
        const layers = golden.sets[set];
        const terms = [
          contentOf(content, { layers: layers.content, weight: golden.weights.content }),
          styleOf(style, { layers: layers.style, weight: golden.weights.style }),
          denoise({ weight: golden.weights.denoise }),
        ];
        const see = seeThrough(await network(), { inputScale: entry.input_scale });
        const x = toTensor(startOf(entry, content));
        const evaluate = (terms: Term[], adjustments: number[]) => {
          const objective = createObjective(see, terms, { adjustments });
          const evaluation = objective.evaluate(x);
          objective.dispose();
          return evaluation;
        };
        const faint = entry.start === "noise";
        const rtol = faint ? FAINT_GRADIENTS : GRADIENTS;
        const total = evaluate(terms, names.map((name) => adjustments[name]!));
        assertAllClose(await total.losses.data(), names.map((name) => losses[name]!.loss), {
          rtol: VALUES,
        });
        assertAllClose(await total.total.data(), [losses.total!.loss], { rtol: VALUES });
        close(await total.gradient.data(), golden.gradients[losses.total!.gradient!]!.data, rtol);
        for (const [i, name] of names.entries()) {
          const stored = losses[name]!.gradient;
          if (!stored) continue;
          const term = { ...terms[i]!, weight: 1 };
          // The adjustment keeps the numbers near 1; it is divided out again.
          const { gradient } = evaluate([term], [adjustments[name]!]);
          const scaled = golden.gradients[stored]!.data.map((value) => value * adjustments[name]!);
          close(await gradient.data(), scaled, rtol);
        }
      }, [engine]);
    }
  }
}

for (const entry of golden.denoise) {
  const { pair, start, loss, gradient } = entry;
  useEachEngine(`denoiseLoss() and its gradient equal PyTorch's: ${pair}, ${start}`, async () => {
    const { content } = await goldenPair(golden, pair);
    const x = toTensor(startOf(entry, content));
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => denoiseLoss(x as tf.Tensor4D))(x);
    assertAllClose(await value.data(), [loss], { rtol: 1e-6 });
    assertAllClose(await grad.data(), golden.gradients[gradient]!.data, { rtol: 0, atol: 1e-6 });
  });
}
