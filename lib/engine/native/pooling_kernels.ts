/**
 * 2x2 max pooling and its gradient as WebAssembly functions, a row of windows at a time. Counts of
 * channels are whole groups of 16.
 *
 * @module
 */
import { many, type Tuple } from "../../base/many.ts";
import { GROUP } from "./vector_kernels.ts";
import {
  add as plus,
  add4,
  advance,
  and4,
  andNot4,
  bytesOf,
  type Code,
  constant,
  equal4,
  equalIntegers4,
  get,
  greater4,
  integersOf,
  load,
  type Local,
  loop,
  maximum4,
  multiply,
  or4,
  set,
  splatInteger,
  store,
  WasmFunction,
} from "./wasm.ts";

const GROUP_BYTES = 4 * GROUP;
const LANES = [0, 16, 32, 48];

/** `pool(source, rowBytes, channelBytes, windows, target)`: two rows to one. */
export function poolFunction(): WasmFunction {
  const f = new WasmFunction("pool");
  const [source, rowBytes, channelBytes, windows, target] = many(5, () => f.parameter());
  const corners = many(4, () => f.integer());
  f.body = eachWindow(f, { source, rowBytes, channelBytes, windows, corners }, [
    ...LANES.flatMap((lane) => {
      const values = corners.map((corner) => load(get(corner), lane));
      return store(get(target), largest(values), lane);
    }),
    ...advance(target, constant(GROUP_BYTES)),
  ]);
  return f;
}

/**
 * `poolGradient…(source, rowBytes, channelBytes, windows, gradient, target)`: a row of gradients to
 * two rows, each to the first maximum of its window; the target, `target` bytes behind the source,
 * is laid out in the same way. With `add` on top of what the target holds; with `mask` only where
 * the source is positive.
 */
export function poolGradientFunction(name: string, add: boolean, mask: boolean): WasmFunction {
  const f = new WasmFunction(name);
  const [source, rowBytes, channelBytes, windows, gradient, beyond] = many(6, () => f.parameter());
  const corners = many(4, () => f.integer());
  const values = f.vectors(4);
  const [most, dy, taken, zero] = f.vectors(4);
  f.body = eachWindow(f, { source, rowBytes, channelBytes, windows, corners }, [
    ...LANES.flatMap((lane) => [
      ...values.flatMap((value, i) => set(value, load(get(corners[i]!), lane))),
      ...set(most, largest(values.map(get))),
      ...set(dy, load(get(gradient), lane)),
      ...set(taken, get(zero)),
      ...eachFirst(values, most, taken, (first, i) => {
        const address = plus(get(corners[i]!), get(beyond));
        const share = and4(get(dy), first);
        const all = add ? add4(share, load(address, lane)) : share;
        const kept = mask ? and4(all, greater4(get(values[i]!), get(zero))) : all;
        return store(address, kept, lane);
      }),
    ]),
    ...advance(gradient, constant(GROUP_BYTES)),
  ]);
  return f;
}

/**
 * `poolPlaces(source, rowBytes, channelBytes, windows, target, places)`: as `pool`, and for each value a byte:
 * 1 to 4 for the corner of the first maximum, 0 where that is not positive.
 */
export function poolPlacesFunction(): WasmFunction {
  const f = new WasmFunction("poolPlaces");
  const [source, rowBytes, channelBytes, windows, target, places] = many(6, () => f.parameter());
  const corners = many(4, () => f.integer());
  const values = f.vectors(4);
  const found = f.vectors(LANES.length);
  const [most, taken, zero] = f.vectors(3);
  f.body = eachWindow(f, { source, rowBytes, channelBytes, windows, corners }, [
    ...LANES.flatMap((lane, vector) => [
      ...values.flatMap((value, i) => set(value, load(get(corners[i]!), lane))),
      ...set(most, largest(values.map(get))),
      ...store(get(target), get(most), lane),
      // What is not positive is nobody's: as if somebody had taken it already.
      ...set(taken, equal4(maximum4(get(most), get(zero)), get(zero))),
      ...set(found[vector]!, get(zero)),
      ...eachFirst(values, most, taken, (first, i) => {
        const place = and4(first, splatInteger(constant(i + 1)));
        return set(found[vector]!, or4(get(found[vector]!), place));
      }),
    ]),
    ...store(get(places), bytesOf(...found.map(get) as Tuple<Code, 4>)),
    ...advance(target, constant(GROUP_BYTES)),
    ...advance(places, constant(GROUP)),
  ]);
  return f;
}

/**
 * `unpool(gradient, places, windows, channelBytes, place, target)`: of a row of windows, one of its two rows: each
 * gradient where the byte of its window is `place`, at the left, or the next number, at the right; else 0.
 */
export function unpoolFunction(): WasmFunction {
  const f = new WasmFunction("unpool");
  const [gradient, places, windows, channelBytes, place, target] = many(6, () => f.parameter());
  const [window, left, end] = many(3, () => f.integer());
  const [dy, bytes, integers, atLeft, atRight] = f.vectors(5);
  const step = multiply(get(channelBytes), constant(2));
  f.body = [
    ...set(atLeft, splatInteger(get(place))),
    ...set(atRight, splatInteger(plus(get(place), constant(1)))),
    ...loop(window, get(target), plus(get(target), multiply(get(windows), step)), step, [
      ...set(end, plus(get(window), get(channelBytes))),
      ...loop(left, get(window), get(end), constant(GROUP_BYTES), [
        ...set(bytes, load(get(places))),
        ...LANES.flatMap((lane, vector) => [
          ...set(dy, load(get(gradient), lane)),
          ...set(integers, integersOf(get(bytes), vector)),
          ...store(get(left), and4(get(dy), equalIntegers4(get(integers), get(atLeft))), lane),
          ...store(
            plus(get(left), get(channelBytes)),
            and4(get(dy), equalIntegers4(get(integers), get(atRight))),
            lane,
          ),
        ]),
        ...advance(gradient, constant(GROUP_BYTES)),
        ...advance(places, constant(GROUP)),
      ]),
    ]),
  ];
  return f;
}

type Walk = {
  source: Local;
  rowBytes: Local;
  channelBytes: Local;
  windows: Local;
  corners: Tuple<Local, 4>;
};

/** Visits the values of a window with the mask of where each is the first maximum that nobody has `taken`. */
function eachFirst(
  values: readonly Local[],
  most: Local,
  taken: Local,
  visit: (first: Code, i: number) => Code,
): Code {
  return values.flatMap((value, i) => {
    const equal = equal4(get(value), get(most));
    return [...visit(andNot4(equal, get(taken)), i), ...set(taken, or4(get(taken), equal))];
  });
}

/** The largest of four values, taken in pairs. */
function largest(values: readonly Code[]): Code {
  const [a, b, c, d] = values as Tuple<Code, 4>;
  return maximum4(maximum4(a, b), maximum4(c, d));
}

/** Runs `body` for each window and group of channels, with pointers to the window's corners. */
function eachWindow(f: WasmFunction, walk: Walk, body: Code): Code {
  const { source, rowBytes, channelBytes, windows, corners: [a, b, c, d] } = walk;
  const [window, channel] = [f.integer(), f.integer()];
  const step = multiply(get(channelBytes), constant(2));
  const end = plus(get(source), multiply(get(windows), step));
  return loop(window, get(source), end, step, [
    ...loop(channel, constant(0), get(channelBytes), constant(GROUP_BYTES), [
      ...set(a, plus(get(window), get(channel))),
      ...set(b, plus(get(a), get(channelBytes))),
      ...set(c, plus(get(a), get(rowBytes))),
      ...set(d, plus(get(c), get(channelBytes))),
      ...body,
    ]),
  ]);
}
