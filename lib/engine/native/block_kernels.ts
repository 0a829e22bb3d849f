/**
 * The transforms of `tile_kernels.ts` with tiles side by side: the positions of some tiles are turned in squares,
 * channels by tiles.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import { endOf, ENTRY, type Grid, transformTile } from "./tile_kernels.ts";
import { SQUARE, transpose } from "./vector_kernels.ts";
import {
  add,
  add4,
  advance,
  and4,
  type Code,
  constant,
  get,
  greater4,
  least,
  load,
  loadInteger,
  type Local,
  loop,
  multiply,
  set,
  store,
  WasmFunction,
} from "./wasm.ts";

/** What happens to a result before it is written, with or without a sum and a mask. */
type Finish = { readonly add: boolean; readonly mask: boolean };

/** Planes of tiles side by side: blocks of `group` tiles, each of lines for one channel. */
type Blocks = {
  readonly table: Local;
  readonly tiles: Local;
  readonly channelBytes: Local;
  readonly at: Local;
  readonly planeBytes: Local;
  readonly blockBytes: Local;
  readonly lineBytes: Local;
};

/** The positions of a tile among the squares of tiles and channels that are turned to blocks, or from them. */
function squaresOf(square: Local, reach: number, group: number): Grid {
  const bytes = 4 * group * group;
  return { at: get(square), right: constant(bytes), down: constant(reach * bytes) };
}

/** Goes through blocks: `tile` is what happens to one tile, before its square is turned, or after it. */
function eachBlock(
  f: WasmFunction,
  group: number,
  reach: number,
  { table, tiles, channelBytes, at, planeBytes, blockBytes, lineBytes }: Blocks,
  { entry, channel, square }: Record<"entry" | "channel" | "square", Local>,
  tile: Code,
  direction: "to blocks" | "from blocks",
): Code {
  const [block, lines, line] = many(3, () => f.integer());
  const bytes = 4 * group;
  const squares = { at: square, rowBytes: constant(bytes) };
  const turned = { at: line, rowBytes: get(lineBytes), memory: "shared" } as const;
  const end = constant(SQUARE + reach * reach * bytes * group);
  const turning = [
    ...set(line, get(lines)),
    ...loop(square, constant(SQUARE), end, constant(bytes * group), [
      ...direction === "to blocks"
        ? transpose(f, group, squares, turned)
        : transpose(f, group, turned, squares),
      ...advance(line, get(planeBytes)),
    ]),
  ];
  const ofBlock = least(add(get(block), constant(ENTRY * group)), endOf(table, tiles));
  const transforming = [
    ...set(square, constant(SQUARE)),
    ...loop(entry, get(block), ofBlock, constant(ENTRY), [
      ...tile,
      ...advance(square, constant(bytes)),
    ]),
  ];
  return loop(block, get(table), endOf(table, tiles), constant(ENTRY * group), [
    ...set(lines, get(at)),
    ...loop(channel, constant(0), get(channelBytes), constant(bytes), [
      ...direction === "to blocks" ? [...transforming, ...turning] : [...turning, ...transforming],
      ...advance(lines, multiply(get(lineBytes), constant(group))),
    ]),
    ...advance(at, get(blockBytes)),
  ]);
}

/**
 * `name(table, tiles, source, rowBytes, channelBytes, target, planeBytes, blockBytes, lineBytes)`: as
 * `inputTransform`, with tiles side by side: blocks of `group` tiles, which are all there.
 */
export function inputToBlocks(name: string, matrix: number[][], group: number): WasmFunction {
  const f = new WasmFunction(name);
  const [table, tiles, source, rowBytes, channelBytes] = many(5, () => f.parameter());
  const [target, planeBytes, blockBytes, lineBytes] = many(4, () => f.parameter());
  const [entry, channel, square] = many(3, () => f.integer());
  const { prepare, code } = transformTile(f, matrix, group, {
    at: add(add(get(source), loadInteger(get(entry))), get(channel)),
    right: get(channelBytes),
    down: get(rowBytes),
  }, { ...squaresOf(square, matrix.length, group), write: store });
  const blocks = { table, tiles, channelBytes, at: target, planeBytes, blockBytes, lineBytes };
  const places = { entry, channel, square };
  const body = eachBlock(f, group, matrix.length, blocks, places, code, "to blocks");
  f.body = [...prepare, ...body];
  return f;
}

/**
 * `name(table, tiles, source, planeBytes, blockBytes, lineBytes, channelBytes, target, rowBytes, mask)`: as
 * `outputTransform`, from tiles side by side. With `add` the result is added to what `target` holds, with
 * `mask` it is kept where the mask, `mask` bytes behind the target, is positive.
 */
export function outputFromBlocks(
  name: string,
  matrix: number[][],
  group: number,
  finish: Finish,
): WasmFunction {
  const f = new WasmFunction(name);
  const reach = matrix[0]!.length;
  const [table, tiles, source, planeBytes, blockBytes, lineBytes] = many(6, () => f.parameter());
  const [channelBytes, target, rowBytes, mask] = many(4, () => f.parameter());
  const [entry, channel, square] = many(3, () => f.integer());
  const zero = f.vector();
  const { prepare, code } = transformTile(f, matrix, group, squaresOf(square, reach, group), {
    at: add(add(get(target), loadInteger(get(entry))), get(channel)),
    right: get(channelBytes),
    down: get(rowBytes),
    write(pointer, result, lane) {
      const sum = finish.add ? add4(result, load(pointer, lane)) : result;
      const positive = greater4(load(add(pointer, get(mask)), lane), get(zero));
      return store(pointer, finish.mask ? and4(sum, positive) : sum, lane);
    },
  });
  const blocks = { table, tiles, channelBytes, at: source, planeBytes, blockBytes, lineBytes };
  const places = { entry, channel, square };
  f.body = [...prepare, ...eachBlock(f, group, reach, blocks, places, code, "from blocks")];
  return f;
}
