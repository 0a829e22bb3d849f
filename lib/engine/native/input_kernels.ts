/**
 * The transforms of Winograd's convolution as WebAssembly functions: of the input. Features are NHWC, so
 * that a vector holds four neighbouring channels of a position. Tiles may be anywhere: a table says where
 * each begins.
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
  advance,
  type Code,
  constant,
  get,
  load,
  loadInteger,
  type Local,
  loop,
  multiply,
  set,
  store,
  WasmFunction,
} from "./wasm.ts";

/** The positions of a tile under `from` to those of its transform, `group` channels. */
function inputTile(
  f: WasmFunction,
  matrix: number[][],
  group: number,
  from: { readonly at: Local; readonly rowBytes: Code; readonly channelBytes: Code },
  to: Positions,
) {
  const reach = matrix.length;
  const [bytes, vectors] = [4 * group, vectorsOf(group)];
  const [temporary, next] = many(2, () => f.integer());
  const pointers = many(reach, () => f.integer());
  const inputs = f.vectors(reach);
  const { prepare, common, results } = combinations(f, matrix, inputs);
  const code: Code = [
    ...set(next, get(from.at)),
    ...loop(temporary, constant(0), constant(reach * bytes), constant(bytes), [
      ...spaced(pointers, get(next), from.rowBytes),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(pointers[i]!), lane))),
        ...common,
        ...results.flatMap((result, i) => store(get(temporary), result, i * reach * bytes + lane)),
      ]),
      ...advance(next, from.channelBytes),
    ]),
    ...set(next, get(to.at)),
    ...loop(temporary, constant(0), constant(reach * reach * bytes), constant(reach * bytes), [
      ...spaced(pointers, get(next), to.bytes),
      ...set(next, add(get(pointers[reach - 1]!), to.bytes)),
      ...vectors.flatMap((lane) => [
        ...inputs.flatMap((input, i) => set(input, load(get(temporary), i * bytes + lane))),
        ...common,
        ...results.flatMap((result, i) => store(get(pointers[i]!), result, lane, to.memory)),
      ]),
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
  const [entry, channel, at, to] = many(4, () => f.integer());
  const { prepare, code } = inputTile(f, matrix, group, {
    at,
    rowBytes: get(rowBytes),
    channelBytes: get(channelBytes),
  }, { at: to, bytes: get(planeBytes), memory: "shared" });
  f.body = [
    ...prepare,
    ...loop(channel, get(source), add(get(source), get(channelBytes)), constant(4 * group), [
      ...set(to, get(target)),
      ...loop(entry, get(table), endOf(table, tiles), constant(ENTRY), [
        ...set(at, add(get(channel), loadInteger(get(entry)))),
        ...code,
        ...advance(to, get(tileBytes)),
      ]),
      ...advance(target, get(groupBytes)),
    ]),
  ];
  return f;
}

/**
 * `name(table, tiles, source, rowBytes, channelBytes, target, planeBytes, blockBytes, lineBytes)`: the same
 * with tiles side by side: blocks of `group` tiles, which are all there, each of lines for one channel.
 */
export function inputToBlocks(name: string, matrix: number[][], group: number): WasmFunction {
  const f = new WasmFunction(name);
  const reach = matrix.length;
  const [table, tiles, source, rowBytes, channelBytes] = many(5, () => f.parameter());
  const [target, planeBytes, blockBytes, lineBytes] = many(4, () => f.parameter());
  const [block, entry, channel, at, square, lines, line] = many(7, () => f.integer());
  const squareBytes = constant(4 * group * group);
  const { prepare, code } = inputTile(f, matrix, group, {
    at,
    rowBytes: get(rowBytes),
    channelBytes: get(channelBytes),
  }, { at: square, bytes: squareBytes });
  const end = constant(SQUARE + reach * reach * 4 * group * group);
  f.body = [
    ...prepare,
    ...loop(block, get(table), endOf(table, tiles), constant(ENTRY * group), [
      ...set(lines, get(target)),
      ...loop(channel, constant(0), get(channelBytes), constant(4 * group), [
        ...set(square, constant(SQUARE)),
        ...loop(entry, get(block), add(get(block), constant(ENTRY * group)), constant(ENTRY), [
          ...set(at, add(add(get(source), loadInteger(get(entry))), get(channel))),
          ...code,
          ...advance(square, constant(4 * group)),
        ]),
        ...set(line, get(lines)),
        ...loop(square, constant(SQUARE), end, squareBytes, [
          ...transpose(f, group, { at: square, rowBytes: constant(4 * group) }, {
            at: line,
            rowBytes: get(lineBytes),
            memory: "shared",
          }),
          ...advance(line, get(planeBytes)),
        ]),
        ...advance(lines, multiply(get(lineBytes), constant(group))),
      ]),
      ...advance(target, get(blockBytes)),
    ]),
  ];
  return f;
}
