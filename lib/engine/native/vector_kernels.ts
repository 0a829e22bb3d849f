/**
 * The transforms of Winograd's convolution as WebAssembly functions. Features are NHWC, so that a
 * vector holds four neighbouring channels of a position; counts of channels are whole groups of 16.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import {
  add,
  add4,
  advance,
  and4,
  type Code,
  constant,
  float,
  get,
  greater4,
  load,
  type Local,
  loop,
  maximum4,
  multiply,
  multiply4,
  multiplyAdd4,
  multiplySubtract4,
  set,
  splat,
  store,
  subtract4,
  WasmFunction,
} from "./wasm.ts";
import { REACH, TILE } from "./winograd_matrices.ts";

/** Channels handled at a time: a line of the processor's cache. */
export const GROUP = 16;
const GROUP_BYTES = 4 * GROUP;
/** Bytes that the transforms use at the start of the memory, between their two passes. */
export const TEMPORARY_BYTES = REACH * REACH * GROUP_BYTES;
const ROW_BYTES = REACH * GROUP_BYTES;
const LANES = [0, 16, 32, 48];

/**
 * `name(source, rowBytes, channelBytes, tiles, target, planeBytes)`: a row of tiles, each 6x6
 * positions and 4 apart, to 36 planes `[tiles, channels]`.
 */
export function inputTransform(name: string, matrix: number[][]): WasmFunction {
  const f = new WasmFunction(name);
  const [source, rowBytes, channelBytes, tiles, target, planeBytes] = many(6, () => f.parameter());
  const [tile, channel, from, temporary] = many(4, () => f.integer());
  const pointers = many(REACH, () => f.integer());
  const inputs = f.vectors(REACH);
  const combine = combinations(f, matrix, inputs);
  const columns = loop(temporary, constant(0), constant(ROW_BYTES), constant(GROUP_BYTES), [
    ...spaced(pointers, get(from), get(rowBytes)),
    ...LANES.flatMap((lane) => [
      ...inputs.flatMap((input, i) => set(input, load(get(pointers[i]!), lane))),
      ...combine.results.flatMap((result, i) =>
        store(get(temporary), result, i * ROW_BYTES + lane)
      ),
    ]),
    ...advance(from, get(channelBytes)),
  ]);
  const plane = f.integer();
  const end = constant(REACH * ROW_BYTES);
  const rows = loop(temporary, constant(0), end, constant(ROW_BYTES), [
    ...spaced(pointers, get(plane), get(planeBytes)),
    ...set(plane, add(get(pointers[REACH - 1]!), get(planeBytes))),
    ...LANES.flatMap((lane) => [
      ...inputs.flatMap((input, i) => set(input, load(get(temporary), i * GROUP_BYTES + lane))),
      ...combine.results.flatMap((result, i) => store(get(pointers[i]!), result, lane)),
    ]),
  ]);
  const tileBytes = multiply(get(channelBytes), constant(TILE));
  f.body = [
    ...combine.prepare,
    ...loop(tile, get(source), add(get(source), multiply(get(tiles), tileBytes)), tileBytes, [
      ...loop(channel, constant(0), get(channelBytes), constant(GROUP_BYTES), [
        ...set(from, add(get(tile), get(channel))),
        ...columns,
        ...set(plane, get(target)),
        ...rows,
        ...advance(target, constant(GROUP_BYTES)),
      ]),
    ]),
  ];
  return f;
}

/**
 * `name(source, planeBytes, target)`: nine planes of a 3x3 filter, each of so many bytes, to the 36 of its
 * transform.
 */
export function filterTransform(name: string, matrix: number[][]): WasmFunction {
  const f = new WasmFunction(name);
  const [source, planeBytes, target] = many(3, () => f.parameter());
  const from = f.integer();
  const [filter, half] = [f.vectors(9), f.vectors(3 * REACH)];
  const pointers = many(9, () => f.integer());
  const to = f.integer();
  const down = [0, 1, 2].map((column) =>
    combinations(f, matrix, [0, 3, 6].map((row) => filter[row + column]!))
  );
  const across = matrix.map((_, row) => combinations(f, matrix, half.slice(3 * row, 3 * row + 3)));
  f.body = [
    ...[...down, ...across].flatMap(({ prepare }) => prepare),
    ...loop(from, get(source), add(get(source), get(planeBytes)), constant(16), [
      ...spaced(pointers, get(from), get(planeBytes)),
      ...filter.flatMap((value, i) => set(value, load(get(pointers[i]!)))),
      ...down.flatMap(({ results }, column) =>
        results.flatMap((result, row) => set(half[3 * row + column]!, result))
      ),
      ...set(to, get(target)),
      ...across.flatMap(({ results }) =>
        results.flatMap((result) => [
          ...store(get(to), result),
          ...advance(to, get(planeBytes)),
        ])
      ),
      ...advance(target, constant(16)),
    ]),
  ];
  return f;
}

/** What happens to a result before it is written. */
export type Finish = "bias" | { readonly add: boolean; readonly mask: boolean };

/**
 * `name(source, planeBytes, tiles, channelBytes, target, rowBytes, bias, floor)`: 36 planes to a row
 * of tiles, each 4x4 positions: `max(result + bias, floor)`. Or, with `add` and `mask`,
 * `name(…, rowBytes, mask)`: the result is added to what `target` holds, and kept where the mask,
 * `mask` bytes behind the target, is positive.
 */
export function outputTransform(name: string, matrix: number[][], finish: Finish): WasmFunction {
  const f = new WasmFunction(name);
  const [source, planeBytes, tiles, channelBytes, target, rowBytes] = many(6, () => f.parameter());
  const extra = f.parameter();
  const floor = finish === "bias" ? f.numberParameter() : undefined;
  const [tile, channel, from, temporary, to] = many(5, () => f.integer());
  const pointers = many(REACH, () => f.integer());
  const inputs = f.vectors(REACH);
  const least = f.vector();
  const combine = combinations(f, matrix, inputs);
  const columns = loop(temporary, constant(0), constant(ROW_BYTES), constant(GROUP_BYTES), [
    ...spaced(pointers, get(from), multiply(get(planeBytes), constant(REACH))),
    ...LANES.flatMap((lane) => [
      ...inputs.flatMap((input, i) => set(input, load(get(pointers[i]!), lane))),
      ...combine.results.flatMap((result, i) =>
        store(get(temporary), result, i * ROW_BYTES + lane)
      ),
    ]),
    ...advance(from, get(planeBytes)),
  ]);
  const finished = (result: Code, pointer: Code, lane: number): Code => {
    if (finish === "bias") {
      return maximum4(add4(result, load(add(get(extra), get(channel)), lane)), get(least));
    }
    const sum = finish.add ? add4(result, load(pointer, lane)) : result;
    if (!finish.mask) return sum;
    return and4(sum, greater4(load(add(pointer, get(extra)), lane), get(least)));
  };
  const end = constant(TILE * ROW_BYTES);
  const rows = loop(temporary, constant(0), end, constant(ROW_BYTES), [
    ...spaced(pointers.slice(0, TILE), get(to), get(channelBytes)),
    ...LANES.flatMap((lane) => [
      ...inputs.flatMap((input, i) => set(input, load(get(temporary), i * GROUP_BYTES + lane))),
      ...combine.results.flatMap((result, i) =>
        store(get(pointers[i]!), finished(result, get(pointers[i]!), lane), lane)
      ),
    ]),
    ...advance(to, get(rowBytes)),
  ]);
  const tileBytes = multiply(get(channelBytes), constant(TILE));
  f.body = [
    ...combine.prepare,
    ...(floor ? set(least, splat(get(floor))) : []),
    ...loop(tile, get(target), add(get(target), multiply(get(tiles), tileBytes)), tileBytes, [
      ...loop(channel, constant(0), get(channelBytes), constant(GROUP_BYTES), [
        ...set(from, get(source)),
        ...columns,
        ...set(to, add(get(tile), get(channel))),
        ...rows,
        ...advance(source, constant(GROUP_BYTES)),
      ]),
    ]),
  ];
  return f;
}

/** Sets pointers to `start`, `start + step`, `start + 2 · step`, … */
function spaced(pointers: readonly Local[], start: Code, step: Code): Code {
  return pointers.flatMap((pointer, i) =>
    set(pointer, i === 0 ? start : add(get(pointers[i - 1]!), step))
  );
}

type Term = { readonly factor: number; readonly x: Code };

/** The rows of a matrix times a vector of variables; factors of 0 and 1 cost nothing. */
function combinations(f: WasmFunction, matrix: number[][], inputs: readonly Local[]) {
  const factors = new Map<number, Local>();
  const prepare: number[] = [];
  const constantOf = (value: number): Code => {
    let local = factors.get(value);
    if (!local) {
      factors.set(value, local = f.vector());
      prepare.push(...set(local, splat(float(value))));
    }
    return get(local);
  };
  const results = matrix.map((row) => {
    const terms = row.map((factor, i) => ({ factor, x: get(inputs[i]!) }))
      .filter(({ factor }) => factor !== 0)
      .sort((a, b) => Number(b.factor === 1) - Number(a.factor === 1));
    const [first, ...others] = terms as [Term, ...Term[]]; // no row is all zeros
    const start = first.factor === 1 ? first.x : multiply4(constantOf(first.factor), first.x);
    return others.reduce((sum, { factor, x }) => {
      if (factor === 1) return add4(sum, x);
      if (factor === -1) return subtract4(sum, x);
      return factor > 0
        ? multiplyAdd4(constantOf(factor), x, sum)
        : multiplySubtract4(constantOf(-factor), x, sum);
    }, start);
  });
  return { prepare, results };
}
