/**
 * The transforms of Winograd's convolution as WebAssembly functions: of the products, back to features.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import {
  combinations,
  endOf,
  ENTRY,
  type Positions,
  spaced,
  SQUARE,
  transpose,
  vectorsOf,
} from "./vector_kernels.ts";
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
  maximum4,
  multiply,
  set,
  splat,
  store,
  WasmFunction,
} from "./wasm.ts";

/** What happens to a result before it is written. */
export type Finish = "bias" | { readonly add: boolean; readonly mask: boolean };

/** The parameters of `outputTile` that are the same for all tiles. */
type Output = {
  readonly channelBytes: Local;
  readonly rowBytes: Local;
  /** The bias, or where the mask is, and what results are at least. */
  readonly extra: Local;
  readonly floor?: Local;
};

/** The positions of a tile's products to the tile under `to`, `group` channels from `channel` on. */
function outputTile(
  f: WasmFunction,
  matrix: number[][],
  group: number,
  finish: Finish,
  from: Positions,
  to: { readonly at: Local; readonly channel: Local },
  { channelBytes, rowBytes, extra, floor }: Output,
) {
  const [side, reach] = [matrix.length, matrix[0]!.length];
  const [bytes, vectors] = [4 * group, vectorsOf(group)];
  const [temporary, next] = many(2, () => f.integer());
  const pointers = many(reach, () => f.integer());
  const inputs = f.vectors(reach);
  const lowest = f.vector();
  const { prepare, common, results } = combinations(f, matrix, inputs);
  const finished = (result: Code, pointer: Code, lane: number): Code => {
    if (finish === "bias") {
      return maximum4(
        add4(result, load(add(get(extra), get(to.channel)), lane)),
        get(lowest),
      );
    }
    const sum = finish.add ? add4(result, load(pointer, lane)) : result;
    if (!finish.mask) return sum;
    return and4(sum, greater4(load(add(pointer, get(extra)), lane), get(lowest)));
  };
  const code: Code = [
    ...set(next, get(from.at)),
    ...loop(temporary, constant(0), constant(reach * bytes), constant(bytes), [
      ...spaced(pointers, get(next), multiply(from.bytes, constant(reach))),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(pointers[i]!), lane, from.memory))),
        ...common,
        ...results.flatMap((result, i) => store(get(temporary), result, i * reach * bytes + lane)),
      ]),
      ...advance(next, from.bytes),
    ]),
    ...set(next, add(get(to.at), get(to.channel))),
    ...loop(temporary, constant(0), constant(side * reach * bytes), constant(reach * bytes), [
      ...spaced(pointers.slice(0, side), get(next), get(channelBytes)),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(temporary), i * bytes + lane))),
        ...common,
        ...results.flatMap((result, i) =>
          store(get(pointers[i]!), finished(result, get(pointers[i]!), lane), lane)
        ),
      ]),
      ...advance(next, get(rowBytes)),
    ]),
  ];
  return { prepare: [...prepare, ...(floor ? set(lowest, splat(get(floor))) : [])], code };
}

/**
 * `name(table, tiles, source, planeBytes, groupBytes, tileBytes, channelBytes, target, rowBytes, bias,
 * floor)`: 36 or 16 planes, each of groups of channels, each of tiles, to tiles of 4x4 or 2x2 positions:
 * `max(result + bias, floor)`.
 */
export function outputTransform(name: string, matrix: number[][], group: number): WasmFunction {
  const f = new WasmFunction(name);
  const [table, tiles, source, planeBytes, groupBytes, tileBytes] = many(6, () => f.parameter());
  const [channelBytes, target, rowBytes, extra] = many(4, () => f.parameter());
  const floor = f.numberParameter();
  const [entry, channel, from, at] = many(4, () => f.integer());
  const positions: Positions = { at: from, bytes: get(planeBytes), memory: "shared" };
  const output = { channelBytes, rowBytes, extra, floor };
  const to = { at, channel };
  const { prepare, code } = outputTile(f, matrix, group, "bias", positions, to, output);
  f.body = [
    ...prepare,
    ...loop(channel, constant(0), get(channelBytes), constant(4 * group), [
      ...set(from, get(source)),
      ...loop(entry, get(table), endOf(table, tiles), constant(ENTRY), [
        ...set(at, add(get(target), loadInteger(get(entry)))),
        ...code,
        ...advance(from, get(tileBytes)),
      ]),
      ...advance(source, get(groupBytes)),
    ]),
  ];
  return f;
}

/**
 * `name(table, tiles, source, planeBytes, blockBytes, lineBytes, channelBytes, target, rowBytes, mask)`: the
 * same from tiles side by side: blocks of `group` tiles, each of lines for one channel. With `add` the
 * result is added to what `target` holds, with `mask` it is kept where the mask, `mask` bytes behind the
 * target, is positive.
 */
export function outputFromBlocks(
  name: string,
  matrix: number[][],
  group: number,
  finish: Exclude<Finish, "bias">,
): WasmFunction {
  const f = new WasmFunction(name);
  const reach = matrix[0]!.length;
  const [table, tiles, source, planeBytes, blockBytes, lineBytes] = many(6, () => f.parameter());
  const [channelBytes, target, rowBytes, extra] = many(4, () => f.parameter());
  const [block, entry, channel, at, square, lines, line] = many(7, () => f.integer());
  const squareBytes = constant(4 * group * group);
  const positions = { at: square, bytes: squareBytes };
  const output = { channelBytes, rowBytes, extra };
  const to = { at, channel };
  const { prepare, code } = outputTile(f, matrix, group, finish, positions, to, output);
  const end = constant(SQUARE + reach * reach * 4 * group * group);
  const endOfBlock = least(add(get(block), constant(ENTRY * group)), endOf(table, tiles));
  f.body = [
    ...prepare,
    ...loop(block, get(table), endOf(table, tiles), constant(ENTRY * group), [
      ...set(lines, get(source)),
      ...loop(channel, constant(0), get(channelBytes), constant(4 * group), [
        ...set(line, get(lines)),
        ...loop(square, constant(SQUARE), end, squareBytes, [
          ...transpose(f, group, { at: line, rowBytes: get(lineBytes), memory: "shared" }, {
            at: square,
            rowBytes: constant(4 * group),
          }),
          ...advance(line, get(planeBytes)),
        ]),
        ...set(square, constant(SQUARE)),
        ...loop(entry, get(block), endOfBlock, constant(ENTRY), [
          ...set(at, add(get(target), loadInteger(get(entry)))),
          ...code,
          ...advance(square, constant(4 * group)),
        ]),
        ...advance(lines, multiply(get(lineBytes), constant(group))),
      ]),
      ...advance(source, get(blockBytes)),
    ]),
  ];
  return f;
}
