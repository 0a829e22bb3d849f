/**
 * Total variation and its gradient as WebAssembly functions of some rows of numbers. Rows lie `strideBytes`
 * apart, with one more before and one after, and their first and last pixel once more at either end: a
 * difference beyond the border is then one of equal numbers, 0.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import { sumSegments } from "./vector_kernels.ts";
import {
  absolute4,
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
  loop,
  multiply,
  set,
  splat,
  store,
  subtract,
  subtract4,
  VECTOR,
  WasmFunction,
} from "./wasm.ts";

/**
 * `variation(source, rowBytes, strideBytes, pixelBytes, rows, sums)`: `|x - left| + |x - up|`, added up over
 * segments of each row, four sums for each; whole vectors only.
 */
export function variationFunction(): WasmFunction {
  const f = new WasmFunction("variation");
  const [source, rowBytes, strideBytes, pixelBytes] = many(4, () => f.parameter());
  const [rows, sums] = many(2, () => f.parameter());
  const [row, at] = many(2, () => f.integer());
  const [x, sum] = f.vectors(2);
  const difference = (back: Code) => absolute4(subtract4(get(x), load(subtract(get(at), back))));
  const end = add(get(row), get(rowBytes));
  const all = add(get(source), multiply(get(rows), get(strideBytes)));
  f.body = [
    ...loop(row, get(source), all, get(strideBytes), [
      ...sumSegments(f, { at, from: get(row), end, sum, sums }, [
        ...set(x, load(get(at))),
        ...set(
          sum,
          add4(get(sum), add4(difference(get(pixelBytes)), difference(get(strideBytes)))),
        ),
      ]),
    ]),
  ];
  return f;
}

/**
 * `variationGradient(source, rowBytes, strideBytes, pixelBytes, rows, target, dy)`: its gradient times `dy`, to
 * rows as far apart; the slope of a difference of 0 is 0. Writes up to three floats beyond a row.
 */
export function variationGradientFunction(): WasmFunction {
  const f = new WasmFunction("variationGradient");
  const [source, rowBytes, strideBytes, pixelBytes] = many(4, () => f.parameter());
  const [rows, target] = many(2, () => f.parameter());
  const dy = f.numberParameter();
  const [row, at, to] = many(3, () => f.integer());
  const [x, other, slope, sum] = f.vectors(4);
  /** Adds `dy` where a number is greater than another, and takes it away where it is less. */
  const push = (address: Code): Code => [
    ...set(other, load(address)),
    ...set(sum, add4(get(sum), and4(greater4(get(x), get(other)), get(slope)))),
    ...set(sum, subtract4(get(sum), and4(greater4(get(other), get(x)), get(slope)))),
  ];
  const all = add(get(source), multiply(get(rows), get(strideBytes)));
  f.body = [
    ...set(slope, splat(get(dy))),
    ...loop(row, get(source), all, get(strideBytes), [
      ...set(to, get(target)),
      ...loop(at, get(row), add(get(row), get(rowBytes)), constant(VECTOR), [
        ...set(x, load(get(at))),
        ...set(sum, splat(float(0))),
        ...push(subtract(get(at), get(pixelBytes))),
        ...push(add(get(at), get(pixelBytes))),
        ...push(subtract(get(at), get(strideBytes))),
        ...push(add(get(at), get(strideBytes))),
        ...store(get(to), get(sum)),
        ...advance(to, constant(VECTOR)),
      ]),
      ...advance(target, get(strideBytes)),
    ]),
  ];
  return f;
}
