/**
 * Named test problems as objectives on a picture: `x = 128 + unit * z`, where z are the variables of
 * the literature. `tests/reference/make_lbfgs_golden.py` has them too and finds their minima.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Evaluation } from "../../lib/loss/objective.ts";
import type { Evaluate } from "../../lib/optimizers/mod.ts";

/** A row of `tests/golden/lbfgs.json`. */
export type Problem = {
  name: keyof typeof FUNCTIONS;
  unit: number;
  start: number[];
  start_value: number;
  minimum: number[];
  minimum_value: number;
  at_bound: number;
  scipy_evaluations: number;
};

/** The problems with the minima that SciPy found. */
export async function readProblems(): Promise<Problem[]> {
  const file = new URL("../golden/lbfgs.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(file)).problems;
}

/** The variables of each block: `parts[i]` is z[i], z[i + size], z[i + 2 size], … */
function blocks(z: tf.Tensor1D, size: 2): [tf.Tensor, tf.Tensor];
function blocks(z: tf.Tensor1D, size: 4): [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
function blocks(z: tf.Tensor1D, size: number): tf.Tensor[] {
  return tf.split(tf.reshape(z, [-1, size]), size, 1);
}

const scaled = (factor: number, x: tf.Tensor) => tf.mul(x, factor);
const sum = (...terms: tf.Tensor[]) => tf.sum(terms.reduce((a, b) => tf.add(a, b))) as tf.Scalar;
const square = (x: tf.Tensor) => tf.mul(x, x);

function quadratic(z: tf.Tensor1D, centre: number): tf.Scalar {
  const n = z.size;
  const each = (value: (i: number) => number) =>
    tf.tensor1d(Array.from({ length: n }, (_, i) => value(i)));
  const length = Math.sqrt(
    Array.from({ length: n }, (_, i) => (i + 1) ** 2).reduce((a, b) => a + b),
  );
  const mirror = each((i) => (i + 1) / length);
  const difference = tf.sub(z, each((i) => centre * Math.cos(i)));
  const along = tf.sum(tf.mul(mirror, difference));
  const mirrored = tf.sub(difference, scaled(2, tf.mul(mirror, along)));
  return sum(scaled(0.5, tf.mul(each((i) => 10 ** (4 * i / (n - 1))), square(mirrored))));
}

const FUNCTIONS = {
  rosenbrock(z: tf.Tensor1D) {
    const [a, b] = blocks(z, 2);
    return sum(scaled(100, square(tf.sub(b, square(a)))), square(tf.sub(1, a)));
  },
  beale(z: tf.Tensor1D) {
    const [a, b] = blocks(z, 2);
    const powers = [b, square(b), tf.mul(b, square(b))];
    const wanted = [1.5, 2.25, 2.625];
    return sum(...powers.map((p, i) => square(tf.sub(wanted[i]!, tf.mul(a, tf.sub(1, p))))));
  },
  powell(z: tf.Tensor1D) {
    const [a, b, c, d] = blocks(z, 4);
    return sum(
      square(tf.add(a, scaled(10, b))),
      scaled(5, square(tf.sub(c, d))),
      square(square(tf.sub(b, scaled(2, c)))),
      scaled(10, square(square(tf.sub(a, d)))),
    );
  },
  wood(z: tf.Tensor1D) {
    const [a, b, c, d] = blocks(z, 4);
    return sum(
      scaled(100, square(tf.sub(b, square(a)))),
      square(tf.sub(1, a)),
      scaled(90, square(tf.sub(d, square(c)))),
      square(tf.sub(1, c)),
      scaled(10, square(tf.sub(tf.add(b, d), 2))),
      scaled(0.1, square(tf.sub(b, d))),
    );
  },
  quadratic: (z: tf.Tensor1D) => quadratic(z, 1),
  outside: (z: tf.Tensor1D) => quadratic(z, 6),
};

/** `Σ curvature (x - target)² / 2`; a curvature for all, or one for each. */
export function bowl(target: number[], curvature: number[] = [1]): Evaluate {
  return (image) =>
    evaluation(image, (x) => {
      const difference = tf.sub(tf.reshape(x, [-1]), tf.tensor1d(target));
      return scaled(0.5, sum(tf.mul(tf.tensor1d(curvature), square(difference)))) as tf.Scalar;
    });
}

/** The objective of a problem, times `factor`, with the gradient by automatic differentiation. */
export function objectiveOf({ name, unit }: Pick<Problem, "name" | "unit">, factor = 1): Evaluate {
  return (image) =>
    evaluation(image, (x) => {
      const z = tf.reshape(tf.div(tf.sub(x, 128), unit), [-1]) as tf.Tensor1D;
      return tf.mul(FUNCTIONS[name](z), factor) as tf.Scalar;
    });
}

function evaluation(
  image: tf.Tensor4D,
  value: (x: tf.Tensor) => tf.Scalar,
): Evaluation {
  return tf.tidy(() => {
    const { value: total, grad } = tf.valueAndGrad(value)(image);
    const losses = tf.reshape(total, [1]) as tf.Tensor1D;
    const gradient = grad as tf.Tensor4D;
    return {
      total: total as tf.Scalar,
      gradient,
      losses,
      terms: losses.clone(),
      adjustments: tf.ones([1]),
    };
  });
}
