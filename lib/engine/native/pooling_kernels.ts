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
  type Code,
  constant,
  equal4,
  get,
  greater4,
  load,
  type Local,
  loop,
  maximum4,
  multiply,
  or4,
  set,
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
      ...set(taken, equal4(get(values[0]), get(most))),
      ...values.flatMap((value, i) => {
        const equal = equal4(get(value), get(most));
        const first = i === 0 ? get(taken) : andNot4(equal, get(taken));
        const address = plus(get(corners[i]!), get(beyond));
        const share = and4(get(dy), first);
        const all = add ? add4(share, load(address, lane)) : share;
        const kept = mask ? and4(all, greater4(get(value), get(zero))) : all;
        return [
          ...store(address, kept, lane),
          ...(i === 0 ? [] : set(taken, or4(get(taken), equal))),
        ];
      }),
    ]),
    ...advance(gradient, constant(GROUP_BYTES)),
  ]);
  return f;
}

type Walk = {
  source: Local;
  rowBytes: Local;
  channelBytes: Local;
  windows: Local;
  corners: Tuple<Local, 4>;
};

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
