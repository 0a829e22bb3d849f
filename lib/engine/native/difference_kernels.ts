/**
 * The WebAssembly functions of `differences.ts`.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import { sumSegments } from "./vector_kernels.ts";
import {
  add,
  add4,
  advance,
  type Code,
  constant,
  get,
  load,
  type Local,
  loop,
  multiply4,
  set,
  splat,
  store,
  subtract4,
  VECTOR,
  WasmFunction,
} from "./wasm.ts";

/** `scale · a - b` of a vector each. */
const difference = (a: Local, b: Local, scale: Local): Code =>
  subtract4(multiply4(load(get(a)), get(scale)), load(get(b)));

/** `squares(a, b, bytes, sums, scale)`: `Σ (scale · a - b)²` of each segment, as four sums; whole vectors only. */
export function squaresFunction(): WasmFunction {
  const f = new WasmFunction("squares");
  const [a, b, bytes, sums] = many(4, () => f.parameter());
  const scale = f.numberParameter();
  const end = f.integer();
  const [scales, x, sum] = f.vectors(3);
  f.body = [
    ...set(scales, splat(get(scale))),
    ...set(end, add(get(a), get(bytes))),
    ...sumSegments(f, { at: a, from: get(a), end: get(end), sum, sums }, [
      ...set(x, difference(a, b, scales)),
      ...set(sum, add4(get(sum), multiply4(get(x), get(x)))),
      ...advance(b, constant(VECTOR)),
    ]),
  ];
  return f;
}

/** `difference(a, b, bytes, target, scale, by)`: `(scale · a - b) · by`; whole vectors only. */
export function differenceFunction(): WasmFunction {
  const f = new WasmFunction("difference");
  const [a, b, bytes, target] = many(4, () => f.parameter());
  const [scale, by] = many(2, () => f.numberParameter());
  const end = f.integer();
  const [scales, factors] = f.vectors(2);
  f.body = [
    ...set(scales, splat(get(scale))),
    ...set(factors, splat(get(by))),
    ...set(end, add(get(a), get(bytes))),
    ...loop(a, get(a), get(end), constant(VECTOR), [
      ...store(get(target), multiply4(difference(a, b, scales), get(factors))),
      ...advance(b, constant(VECTOR)),
      ...advance(target, constant(VECTOR)),
    ]),
  ];
  return f;
}
