/**
 * The transform of the filters of Winograd's convolution as WebAssembly functions. Files keep numbers of half
 * precision, which a vector of them widens: a plain loop takes far longer, most of all before V8 has compiled it.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import { combinations } from "./vector_kernels.ts";
import {
  add,
  advance,
  and4,
  type Code,
  constant,
  float,
  get,
  load,
  loadHalves,
  type Local,
  loop,
  multiply,
  multiply4,
  or4,
  set,
  shiftLeft4,
  splat,
  splatInteger,
  store,
  VECTOR,
  WasmFunction,
} from "./wasm.ts";

/** Of a number of half precision: its sign, and all else. */
const [SIGN, REST] = [-(2 ** 31), 2 ** 15 - 1];
/** The places by which its fraction is shorter, and the ratio of what an exponent of 0 stands for. */
const [SHIFT, RATIO] = [13, 2 ** 112];

/**
 * `name(source, sourceBytes, inputs, outputBytes, blockBytes, target, targetBytes)`: nine planes of a 3x3 filter,
 * `[inputs, outputs]` in single or half precision, so many bytes apart, to the 36 or 16 of its transform,
 * `[outputs / B, inputs, B]` each. Outputs and blocks are counted in bytes of single precision.
 */
export function filterTransform(name: string, matrix: number[][], half: boolean): WasmFunction {
  const f = new WasmFunction(name);
  const reach = matrix.length;
  const [source, sourceBytes, inputs, outputBytes] = many(4, () => f.parameter());
  const [blockBytes, target, targetBytes] = many(3, () => f.parameter());
  const [input, block, place, to, blocks] = many(5, () => f.integer());
  const pointers = many(9, () => f.integer());
  const [filter, across] = [f.vectors(9), f.vectors(3 * reach)];
  const read = half ? halves(f) : { prepare: [], load };
  const columns = [0, 1, 2].map((column) =>
    combinations(f, matrix, [0, 3, 6].map((row) => filter[row + column]!))
  );
  const rows = matrix.map((_, row) => combinations(f, matrix, across.slice(3 * row, 3 * row + 3)));
  const transform: Code = [
    ...filter.flatMap((value, i) => set(value, read.load(get(pointers[i]!)))),
    ...columns.flatMap(({ common, results }, column) => [
      ...common,
      ...results.flatMap((result, row) => set(across[3 * row + column]!, result)),
    ]),
    ...set(to, get(place)),
    ...rows.flatMap(({ common, results }) => [
      ...common,
      ...results.flatMap((result) => [
        ...store(get(to), result),
        ...advance(to, get(targetBytes)),
      ]),
    ]),
    ...pointers.flatMap((pointer) => advance(pointer, constant(half ? VECTOR / 2 : VECTOR))),
  ];
  const blockOf = multiply(get(inputs), get(blockBytes));
  const end = add(get(target), blockOf);
  f.body = [
    ...read.prepare,
    ...[...columns, ...rows].flatMap(({ prepare }) => prepare),
    ...pointers.flatMap((pointer, i) =>
      set(pointer, add(get(source), multiply(get(sourceBytes), constant(i))))
    ),
    ...loop(input, get(target), end, get(blockBytes), [
      ...set(blocks, add(get(input), multiply(get(inputs), get(outputBytes)))),
      ...loop(block, get(input), get(blocks), blockOf, [
        ...loop(place, get(block), add(get(block), get(blockBytes)), constant(VECTOR), transform),
      ]),
    ]),
  ];
  return f;
}

/** Numbers of half precision, widened: what an exponent means differs by a factor, for the smallest as well. */
function halves(f: WasmFunction): { prepare: Code; load: (address: Code) => Code } {
  const [sign, rest, ratio, bits]: Local[] = f.vectors(4);
  return {
    prepare: [
      ...set(sign!, splatInteger(constant(SIGN))),
      ...set(rest!, splatInteger(constant(REST))),
      ...set(ratio!, splat(float(RATIO))),
    ],
    load(address) {
      const size = shiftLeft4(and4(get(bits!), get(rest!)), SHIFT);
      const value = or4(multiply4(size, get(ratio!)), and4(get(bits!), get(sign!)));
      return [...set(bits!, loadHalves(address)), ...value];
    },
  };
}
