/**
 * The kernel `TransportMap` on WebGPU: the iteration of `lib/loss/style/transport.ts` with what is element-wise
 * as part of its products, in four or five programs a step instead of fifteen.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { type Call, compute, flat, floats, integers, lines } from "./program.ts";
import { summed } from "./reductions.ts";

/** Coefficients of each step, lowest power first: two, three or five. */
type Steps = readonly (readonly number[])[];

/** Registers the kernel. */
export function registerTransportKernel(): void {
  tf.registerKernel({
    kernelName: "TransportMap",
    backendName: "webgpu",
    kernelFunc: (call) => transportMap(call),
  });
}

/** The whole iteration; names as there. */
function transportMap(call: Call): tf.TensorInfo {
  const { from, to } = call.inputs as { from: tf.TensorInfo; to: tf.TensorInfo };
  const { steps } = call.attrs as unknown as { steps: Steps };
  const backend = call.backend as WebGPUBackend;
  const drop = (...matrices: tf.TensorInfo[]) => {
    for (const { dataId } of matrices) backend.disposeData(dataId);
  };
  const product = (a: tf.TensorInfo, x: tf.TensorInfo, factors: Factors = { ofX: 1 }) =>
    productWith(call, a, x, factors);

  const first = product(to, from);
  const term = "sum = sum + first[index] * first[index];";
  const squares = summed(call, "squares", { first }, term, { factor: 1 });
  // The largest eigenvalue becomes at most 1.
  const over = (x: tf.TensorInfo, root: string) =>
    compute(call, `over ${root}`, { x, squares }, `setOutputAtIndex(index, x[index] / ${root});`);
  let x = over(first, "sqrt(squares[0])");
  let map = over(to, "sqrt(sqrt(squares[0]))");
  let inverse = over(from, "sqrt(sqrt(squares[0]))");
  drop(first, squares);
  for (const [i, c] of steps.entries()) {
    if (i > 0) x = product(map, inverse);
    // q(X) = c[0] I + factor Q; the identity becomes a sum in the products with q.
    let [q, factor] = [x, c[1]!];
    if (c.length > 2) {
      q = c.length === 3 ? product(x, x, { ofX: c[2]!, plusX: factor }) : quartic(x, c);
      factor = 1;
      drop(x);
    }
    const nextMap = product(q, map, { ofX: factor, plusX: c[0]! });
    drop(map);
    map = nextMap;
    if (i < steps.length - 1) {
      const nextInverse = product(inverse, q, { ofX: factor, ofIdentity: c[0]! });
      drop(inverse);
      inverse = nextInverse;
    }
    drop(q);
  }
  drop(inverse);
  return map;

  /** `X² (c[2] I + c[3] X + c[4] X²) + c[1] X` */
  function quartic(x: tf.TensorInfo, c: readonly number[]): tf.TensorInfo {
    const square = product(x, x);
    const sum = { ofIdentity: c[2]!, ofX: c[3]!, ofA: c[4]!, plusX: c[1]! };
    const result = product(square, x, sum);
    drop(square);
    return result;
  }
}

/** Of what the right factor is made up, and the addend. */
type Factors = { ofIdentity?: number; ofX?: number; ofA?: number; plusX?: number };

/** `A (ofIdentity I + ofX X + ofA A) + plusX X`, all of them square and of the same size. */
function productWith(
  { backend }: Call,
  a: tf.TensorInfo,
  x: tf.TensorInfo,
  { ofIdentity = 0, ofX = 0, ofA = 0, plusX = 0 }: Factors,
): tf.TensorInfo {
  const side = a.shape[0]!;
  const program = new SquareProgram(side, ofA !== 0);
  const uniforms = [...integers({ side }), ...floats({ ofIdentity, ofX, ofA, plusX })];
  const gpu = backend as WebGPUBackend;
  return { ...gpu.runWebGPUProgram(program, flat({ a, x }), "float32", uniforms), shape: a.shape };
}

/** Side of the tile that a group of threads computes, and rows and columns that a thread has of it. */
const [SIDE, EACH] = [32, 4];
const ACROSS = SIDE / EACH;
const THREADS = ACROSS * ACROSS;
const LOADS = SIDE * SIDE / THREADS;
/** Rows of the left tile lie so far apart that threads side by side do not wait for each other. */
const PITCH = SIDE + 1;

class SquareProgram implements WebGPUProgram {
  readonly workgroupSize: [number, number, number] = [THREADS, 1, 1];
  readonly dispatchLayout = { x: [0] };
  readonly variableNames = ["a", "x"];
  readonly dispatch: [number, number, number];
  readonly outputShape: number[];
  readonly shaderKey: string;
  readonly uniforms = "side : i32, ofIdentity : f32, ofX : f32, ofA : f32, plusX : f32,";

  constructor(side: number, readonly sumWithA: boolean) {
    this.outputShape = [side * side];
    const tiles = Math.ceil(side / SIDE);
    this.dispatch = [tiles, tiles, 1];
    this.shaderKey = `squareProduct ${sumWithA}`;
  }

  getUserCode(): string {
    const each = (line: (i: number, j: number) => string) =>
      lines(EACH, (i) => lines(EACH, (j) => line(i, j)));
    return `
      var<workgroup> left: array<f32, ${SIDE * PITCH}>;
      var<workgroup> right: array<f32, ${SIDE * SIDE}>;

      fn leftAt(row: i32, column: i32) -> f32 {
        if (row >= uniforms.side || column >= uniforms.side) { return 0.0; }
        return a[row * uniforms.side + column];
      }
      fn rightAt(row: i32, column: i32) -> f32 {
        if (row >= uniforms.side || column >= uniforms.side) { return 0.0; }
        let at = row * uniforms.side + column;
        var value = uniforms.ofX * x[at];
        ${this.sumWithA ? "value = value + uniforms.ofA * a[at];" : ""}
        return value + select(0.0, uniforms.ofIdentity, row == column);
      }

      fn main(index: i32) {
        let thread = i32(localIndex);
        let firstColumn = i32(workgroupId.x) * ${SIDE};
        let firstRow = i32(workgroupId.y) * ${SIDE};
        let line = thread / ${ACROSS} * ${EACH};
        let column = thread % ${ACROSS} * ${EACH};
        ${each((i, j) => `var sum${i}_${j} = 0.0;`)}
        for (var k = 0; k < uniforms.side; k = k + ${SIDE}) {
          workgroupBarrier(); // all are done with the tiles before
          ${
      lines(LOADS, (load) =>
        `{
            let at = thread + ${load * THREADS};
            let row = at / ${SIDE};
            left[row * ${PITCH} + at % ${SIDE}] = leftAt(firstRow + row, k + at % ${SIDE});
            right[at] = rightAt(k + row, firstColumn + at % ${SIDE});
          }`)
    }
          workgroupBarrier();
          for (var step = 0; step < ${SIDE}; step = step + 1) {
            ${lines(EACH, (i) => `let l${i} = left[(line + ${i}) * ${PITCH} + step];`)}
            ${lines(EACH, (j) => `let r${j} = right[step * ${SIDE} + column + ${j}];`)}
            ${each((i, j) => `sum${i}_${j} = fma(l${i}, r${j}, sum${i}_${j});`)}
          }
        }
        ${
      each((i, j) =>
        `{
          let row = firstRow + line + ${i};
          let place = firstColumn + column + ${j};
          if (row < uniforms.side && place < uniforms.side) {
            let at = row * uniforms.side + place;
            result[at] = sum${i}_${j} + uniforms.plusX * x[at];
          }
        }`
      )
    }
      }`;
  }
}
