/**
 * The transforms of Winograd's convolution as WebAssembly functions, of the input and of the products, back to
 * features. Features are NHWC, so that a vector holds four neighbouring channels of a position. Tiles may be
 * anywhere: a table says where each begins.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import { combinations, spaced, vectorsOf } from "./vector_kernels.ts";
import {
  add,
  add4,
  advance,
  type Code,
  constant,
  get,
  load,
  loadInteger,
  type Local,
  loop,
  maximum4,
  type Memory,
  multiply,
  set,
  splat,
  store,
  WasmFunction,
} from "./wasm.ts";

/** Bytes of an entry in a table of tiles. */
export const ENTRY = 4;

/** Where a table of so many tiles ends. */
export function endOf(table: Local, tiles: Local): Code {
  return add(get(table), multiply(get(tiles), constant(ENTRY)));
}

/** Positions in rows and columns: where the first is, and how far the next ones are. */
export type Grid = { readonly at: Code; readonly right: Code; readonly down: Code };

/** A matrix from both sides: `group` channels of a tile, from the positions of a grid to those of another. */
export function transformTile(
  f: WasmFunction,
  matrix: number[][],
  group: number,
  from: Grid & { readonly memory?: Memory },
  to: Grid & { readonly write: (pointer: Code, result: Code, lane: number) => Code },
) {
  const [side, reach] = [matrix.length, matrix[0]!.length];
  const [bytes, vectors] = [4 * group, vectorsOf(group)];
  const row = reach * bytes;
  const [temporary, next] = many(2, () => f.integer());
  const pointers = many(reach, () => f.integer());
  const inputs = f.vectors(reach);
  const { prepare, common, results } = combinations(f, matrix, inputs);
  const code: Code = [
    ...set(next, from.at),
    ...loop(temporary, constant(0), constant(row), constant(bytes), [
      ...spaced(pointers, get(next), from.down),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(pointers[i]!), lane, from.memory))),
        ...common,
        ...results.flatMap((result, i) => store(get(temporary), result, i * row + lane)),
      ]),
      ...advance(next, from.right),
    ]),
    ...set(next, to.at),
    ...loop(temporary, constant(0), constant(side * row), constant(row), [
      ...spaced(pointers.slice(0, side), get(next), to.right),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(temporary), i * bytes + lane))),
        ...common,
        ...results.flatMap((result, i) => to.write(get(pointers[i]!), result, lane)),
      ]),
      ...advance(next, to.down),
    ]),
  ];
  return { prepare, code };
}

/**
 * `name(table, tiles, source, rowBytes, channelBytes, target, planeBytes, groupBytes, tileBytes)`: tiles of
 * 6x6 positions, or 4x4, to 36 or 16 planes, each of groups of channels, each of tiles.
 */
export function inputTransform(name: string, matrix: number[][], group: number): WasmFunction {
  const f = new WasmFunction(name);
  const [table, tiles, source, rowBytes, channelBytes] = many(5, () => f.parameter());
  const [target, planeBytes, groupBytes, tileBytes] = many(4, () => f.parameter());
  const [entry, channel, to] = many(3, () => f.integer());
  const { prepare, code } = transformTile(f, matrix, group, {
    at: add(get(channel), loadInteger(get(entry))),
    right: get(channelBytes),
    down: get(rowBytes),
  }, {
    at: get(to),
    right: get(planeBytes),
    down: multiply(get(planeBytes), constant(matrix.length)),
    write: (pointer, result, lane) => store(pointer, result, lane, "shared"),
  });
  f.body = [
    ...prepare,
    ...loop(channel, get(source), add(get(source), get(channelBytes)), constant(4 * group), [
      ...set(to, get(target)),
      ...loop(entry, get(table), endOf(table, tiles), constant(ENTRY), [
        ...code,
        ...advance(to, get(tileBytes)),
      ]),
      ...advance(target, get(groupBytes)),
    ]),
  ];
  return f;
}

/**
 * `name(table, tiles, source, planeBytes, groupBytes, tileBytes, channelBytes, target, rowBytes, bias,
 * floor)`: 36 or 16 planes, each of groups of channels, each of tiles, to tiles of 4x4 or 2x2 positions:
 * `max(result + bias, floor)`.
 */
export function outputTransform(name: string, matrix: number[][], group: number): WasmFunction {
  const f = new WasmFunction(name);
  const [table, tiles, source, planeBytes, groupBytes, tileBytes] = many(6, () => f.parameter());
  const [channelBytes, target, rowBytes, bias] = many(4, () => f.parameter());
  const floor = f.numberParameter();
  const [entry, channel, from] = many(3, () => f.integer());
  const lowest = f.vector();
  const { prepare, code } = transformTile(f, matrix, group, {
    at: get(from),
    right: get(planeBytes),
    down: multiply(get(planeBytes), constant(matrix[0]!.length)),
    memory: "shared",
  }, {
    at: add(add(get(target), loadInteger(get(entry))), get(channel)),
    right: get(channelBytes),
    down: get(rowBytes),
    write(pointer, result, lane) {
      const sum = add4(result, load(add(get(bias), get(channel)), lane));
      return store(pointer, maximum4(sum, get(lowest)), lane);
    },
  });
  f.body = [
    ...prepare,
    ...set(lowest, splat(get(floor))),
    ...loop(channel, constant(0), get(channelBytes), constant(4 * group), [
      ...set(from, get(source)),
      ...loop(entry, get(table), endOf(table, tiles), constant(ENTRY), [
        ...code,
        ...advance(from, get(tileBytes)),
      ]),
      ...advance(source, get(groupBytes)),
    ]),
  ];
  return f;
}
