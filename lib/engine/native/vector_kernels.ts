/**
 * What the WebAssembly functions have in common, most of all those of Winograd's convolution. There a vector
 * holds four neighbouring channels of a position, or four tiles.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import {
  add,
  add4,
  advance,
  type Code,
  constant,
  float,
  get,
  least,
  load,
  type Local,
  loop,
  type Memory,
  multiply4,
  multiplyAdd4,
  multiplySubtract4,
  pick4,
  set,
  splat,
  store,
  subtract4,
  VECTOR,
  type WasmFunction,
} from "./wasm.ts";

/** Counts of channels that the functions take are multiples of this: a line of the processor's cache. */
export const GROUP = 16;
/** So many numbers are added up in single precision, in the four sums of a vector; their sums are in double. */
export const SEGMENT = 256;
export const SEGMENT_BYTES = 4 * SEGMENT;

/**
 * Visits the vectors from one address to another with `at`, and stores after each segment what `sum`, which
 * begins at 0, has become.
 */
export function sumSegments(
  f: WasmFunction,
  { at, from, end, sum, sums }: { at: Local; from: Code; end: Code; sum: Local; sums: Local },
  visit: Code,
): Code {
  const segment = f.integer();
  const segmentEnd = least(add(get(segment), constant(SEGMENT_BYTES)), end);
  return loop(segment, from, end, constant(SEGMENT_BYTES), [
    ...set(sum, splat(float(0))),
    ...loop(at, get(segment), segmentEnd, constant(VECTOR), visit),
    ...store(get(sums), get(sum)),
    ...advance(sums, constant(VECTOR)),
  ]);
}

/** The most positions of a tile along an axis. */
const REACH = 6;
/** Where the transforms put a square of numbers for each position; before it is what is between two passes. */
export const SQUARE = REACH * REACH * 4 * GROUP;
/** Bytes that the transforms use at the start of the memory. */
export const TEMPORARY_BYTES = SQUARE + REACH * REACH * 4 * GROUP * GROUP;

/** Where the vectors of so many floats begin. */
export function vectorsOf(floats: number): number[] {
  return Array.from({ length: floats / 4 }, (_, i) => i * VECTOR);
}

/** Sets pointers to `start`, `start + step`, `start + 2 · step`, … */
export function spaced(pointers: readonly Local[], start: Code, step: Code): Code {
  return pointers.flatMap((pointer, i) =>
    set(pointer, i === 0 ? start : add(get(pointers[i - 1]!), step))
  );
}

/** A square of floats in memory: where it is, and how far apart its rows are. */
export type Square = { readonly at: Local; readonly rowBytes: Code; readonly memory?: Memory };

/** Writes a square of so many floats, rows as columns, to another. */
export function transpose(f: WasmFunction, side: number, from: Square, to: Square): Code {
  const [row, source, target, column] = many(4, () => f.integer());
  const [sources, targets] = [many(4, () => f.integer()), many(4, () => f.integer())];
  const [values, pairs] = [f.vectors(4), f.vectors(4)];
  const [a, b, c, d] = values.map(get) as [Code, Code, Code, Code];
  const [low, high, nextLow, nextHigh] = pairs.map(get) as [Code, Code, Code, Code];
  const turned: Code = [
    ...values.flatMap((value, i) => set(value, load(get(sources[i]!), 0, from.memory))),
    ...set(pairs[0], pick4(a, b, [0, 4, 1, 5])),
    ...set(pairs[1], pick4(a, b, [2, 6, 3, 7])),
    ...set(pairs[2], pick4(c, d, [0, 4, 1, 5])),
    ...set(pairs[3], pick4(c, d, [2, 6, 3, 7])),
    ...store(get(targets[0]), pick4(low, nextLow, [0, 1, 4, 5]), 0, to.memory),
    ...store(get(targets[1]), pick4(low, nextLow, [2, 3, 6, 7]), 0, to.memory),
    ...store(get(targets[2]), pick4(high, nextHigh, [0, 1, 4, 5]), 0, to.memory),
    ...store(get(targets[3]), pick4(high, nextHigh, [2, 3, 6, 7]), 0, to.memory),
  ];
  const bytes = constant(4 * side);
  return [
    ...set(target, get(to.at)),
    ...loop(column, constant(0), bytes, constant(VECTOR), [
      ...spaced(targets, get(target), to.rowBytes),
      ...set(target, add(get(targets[3]), to.rowBytes)),
      ...set(source, add(get(from.at), get(column))),
      ...loop(row, constant(0), bytes, constant(VECTOR), [
        ...spaced(sources, get(source), from.rowBytes),
        ...set(source, add(get(sources[3]), from.rowBytes)),
        ...turned,
        ...targets.flatMap((pointer) => advance(pointer, constant(VECTOR))),
      ]),
    ]),
  ];
}

type Row = Map<Local, number>;

/** The rows of a matrix times a vector of variables; what two rows have in common is computed once. */
export function combinations(f: WasmFunction, matrix: number[][], inputs: readonly Local[]) {
  const factors = new Map<number, Local>();
  const constants: number[] = [];
  const constantOf = (value: number): Code => {
    let local = factors.get(value);
    if (!local) {
      factors.set(value, local = f.vector());
      constants.push(...set(local, splat(float(value))));
    }
    return get(local);
  };
  const sumOf = (row: Row): Code => {
    const terms = [...row].sort((a, b) => Number(b[1] === 1) - Number(a[1] === 1));
    return terms.reduce<Code>((sum, [local, factor], i) => {
      const x = get(local);
      if (i === 0) return factor === 1 ? x : multiply4(constantOf(factor), x);
      if (factor === 1) return add4(sum, x);
      if (factor === -1) return subtract4(sum, x);
      return factor > 0
        ? multiplyAdd4(constantOf(factor), x, sum)
        : multiplySubtract4(constantOf(-factor), x, sum);
    }, []);
  };
  const rows = matrix.map((row): Row =>
    new Map(row.flatMap((factor, i) => factor === 0 ? [] : [[inputs[i]!, factor]]))
  );
  const common: number[] = [];
  for (let pair; (pair = commonPair(rows));) {
    const sum = f.vector();
    common.push(...set(sum, sumOf(new Map([[pair.a, 1], [pair.b, pair.ratio]]))));
    for (const row of rows) {
      const factor = row.get(pair.a);
      if (factor === undefined || row.get(pair.b) !== factor * pair.ratio) continue;
      row.delete(pair.a);
      row.delete(pair.b);
      row.set(sum, factor);
    }
  }
  const results = rows.map(sumOf);
  return { prepare: constants, common, results };
}

/** Two variables of which at least two rows have a multiple of the same sum, and most rows. */
function commonPair(rows: readonly Row[]): { a: Local; b: Local; ratio: number } | undefined {
  const found = new Map<string, { a: Local; b: Local; ratio: number; count: number }>();
  for (const row of rows) {
    for (const [a, first] of row) {
      for (const [b, second] of row) {
        if (a.index >= b.index) continue;
        const ratio = second / first;
        const key = `${a.index} ${b.index} ${ratio}`;
        const pair = found.get(key) ?? { a, b, ratio, count: 0 };
        found.set(key, { ...pair, count: pair.count + 1 });
      }
    }
  }
  const best = [...found.values()].sort((a, b) => b.count - a.count)[0];
  return best && best.count > 1 ? best : undefined;
}
