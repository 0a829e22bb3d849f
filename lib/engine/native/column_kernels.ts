/**
 * The WebAssembly functions of `columns.ts`, what a filter sees, side by side, and of its gradient.
 *
 * @module
 */
import { many } from "../../base/many.ts";
import {
  add,
  add4,
  advance,
  constant,
  float,
  get,
  load,
  loop,
  multiply,
  set,
  splat,
  store,
  storeThree,
  VECTOR,
  WasmFunction,
} from "./wasm.ts";

/**
 * `gather(source, windows, stepBytes, rows, rowBytes, runBytes, target, targetBytes)`: of a row of windows, the
 * `rows` runs that each consists of, one after the other, and a 1. Reads and writes up to three floats
 * beyond the last.
 */
export function gatherFunction(): WasmFunction {
  const f = new WasmFunction("gather");
  const [source, windows, stepBytes, rows] = many(4, () => f.parameter());
  const [rowBytes, runBytes, target, targetBytes] = many(4, () => f.parameter());
  const [window, row, from, to, byte] = many(5, () => f.integer());
  const one = f.vector();
  const end = add(get(target), multiply(get(windows), get(targetBytes)));
  f.body = [
    ...set(one, splat(float(1))),
    ...loop(window, get(target), end, get(targetBytes), [
      ...set(from, get(source)),
      ...set(to, get(window)),
      ...loop(row, constant(0), get(rows), constant(1), [
        ...loop(byte, constant(0), get(runBytes), constant(VECTOR), [
          ...store(add(get(to), get(byte)), load(add(get(from), get(byte)))),
        ]),
        ...advance(from, get(rowBytes)),
        ...advance(to, get(runBytes)),
      ]),
      ...store(get(to), get(one)),
      ...advance(source, get(stepBytes)),
    ]),
  ];
  return f;
}

/**
 * `spread(source, windowBytes, pixels, taps, tapBytes, lines, lineBytes, target, pixelBytes)`: for each of some
 * pixels the sum of three numbers from `lines` times `taps` places. Reads one float beyond the last.
 */
export function spreadFunction(): WasmFunction {
  const f = new WasmFunction("spread");
  const [source, windowBytes, pixels, taps, tapBytes] = many(5, () => f.parameter());
  const [lines, lineBytes, target, pixelBytes] = many(4, () => f.parameter());
  const [pixel, line, tap, start, from] = many(5, () => f.integer());
  const sum = f.vector();
  f.body = loop(pixel, constant(0), get(pixels), constant(1), [
    ...set(sum, splat(float(0))),
    ...set(start, get(source)),
    ...loop(line, constant(0), get(lines), constant(1), [
      ...set(from, get(start)),
      ...loop(tap, constant(0), get(taps), constant(1), [
        ...set(sum, add4(get(sum), load(get(from)))),
        ...advance(from, get(tapBytes)),
      ]),
      ...advance(start, get(lineBytes)),
    ]),
    ...storeThree(get(target), get(sum)),
    ...advance(source, get(windowBytes)),
    ...advance(target, get(pixelBytes)),
  ]);
  return f;
}
