/**
 * Writes a WebAssembly module at run time: loops over vectors of four floats, for what ONNX Runtime
 * has no operation for. Code is composed from expressions, each the bytes that leave one value on
 * the stack.
 *
 * Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html
 *
 * @module
 */
import { many, type Tuple } from "../../base/many.ts";

/** Bytes of a vector. */
export const VECTOR = 16;
/** Its floats. */
export const FLOATS = VECTOR / 4;

/** Bytes of code. */
export type Code = readonly number[];

/** A variable of a function; numbers are byte addresses and sizes. */
export type Local = { readonly index: number; readonly type: number };

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const EMPTY = 0x40;

/** A function under construction: its parameters, variables and code. */
export class WasmFunction {
  readonly name: string;
  readonly parameters: Local[] = [];
  readonly variables: Local[] = [];
  body: Code = [];

  constructor(name: string) {
    this.name = name;
  }

  /** A parameter: an address, a size or a count. All parameters come before all variables. */
  parameter(): Local {
    return this.#local(this.parameters, I32);
  }

  /** A parameter that is a number. */
  numberParameter(): Local {
    return this.#local(this.parameters, F32);
  }

  /** A variable for an address or a count. */
  integer(): Local {
    return this.#local(this.variables, I32);
  }

  /** A variable for four floats. */
  vector(): Local {
    return this.#local(this.variables, V128);
  }

  /** Several variables for four floats each. */
  vectors<N extends number>(count: N): Tuple<Local, N> {
    return many(count, () => this.vector());
  }

  #local(list: Local[], type: number): Local {
    const local = { index: this.parameters.length + this.variables.length, type };
    list.push(local);
    return local;
  }
}

export const get = ({ index }: Local): Code => [0x20, ...unsigned(index)];
export const set = ({ index }: Local, value: Code): Code => [...value, 0x21, ...unsigned(index)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const subtract = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
/** The smaller of two addresses or counts. */
export const least = (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, 0x49, 0x1b];
/** An address or a count in memory. */
export const loadInteger = (address: Code, offset = 0): Code => [
  ...address,
  0x28,
  2,
  ...unsigned(offset),
];
/** Adds to an address or a count. */
export const advance = (local: Local, by: Code): Code => set(local, add(get(local), by));

/** Repeats `body`, at least once, while `local` steps from `start` to before `end`. */
export function loop(local: Local, start: Code, end: Code, step: Code, body: Code): Code {
  const again = [...get(local), ...end, 0x49, 0x0d, 0];
  return [...set(local, start), 0x03, EMPTY, ...body, ...advance(local, step), ...again, 0x0b];
}

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const binary = (opcode: number) => (a: Code, b: Code): Code => [...a, ...b, ...simd(opcode)];

/** One of the two memories of a module: that of its own, or that which all threads see. */
export type Memory = "own" | "shared";
const place = (offset: number, memory: Memory): Code => [
  ...(memory === "own" ? [2] : [2 | 0x40, 1]),
  ...unsigned(offset),
];

/** Four floats at an address plus a constant number of bytes. */
export const load = (address: Code, offset = 0, memory: Memory = "own"): Code => [
  ...address,
  ...simd(0x00),
  ...place(offset, memory),
];
/** Four numbers of 16 bits, as whole numbers with their signs. */
export const loadHalves = (address: Code): Code => [...address, ...simd(0x03), ...place(0, "own")];
export const store = (
  address: Code,
  value: Code,
  offset = 0,
  memory: Memory = "own",
): Code => [
  ...address,
  ...value,
  ...simd(0x0b),
  ...place(offset, memory),
];
/** Stores three of the four floats. */
export const storeThree = (address: Code, value: Code): Code => [
  ...[...address, ...value, ...simd(0x5b), ...place(0, "own"), 0],
  ...[...address, ...value, ...simd(0x5a), ...place(8, "own"), 2],
];
export const splat = (value: Code): Code => [...value, ...simd(0x13)];
export const float = (value: number): Code => [
  0x43,
  ...new Uint8Array(Float32Array.of(value).buffer),
];
export const add4 = binary(0xe4);
export const subtract4 = binary(0xe5);
export const multiply4 = binary(0xe6);
/** `a · b + c`, rounded once or twice, as the processor likes. */
export const multiplyAdd4 = (a: Code, b: Code, c: Code): Code => [...a, ...b, ...c, ...simd(0x105)];
/** `c - a · b`. */
export const multiplySubtract4 = (a: Code, b: Code, c: Code): Code => [
  ...a,
  ...b,
  ...c,
  ...simd(0x106),
];
export const absolute4 = (a: Code): Code => [...a, ...simd(0xe0)];
export const maximum4 = binary(0xe9);
export const equal4 = binary(0x41);
export const greater4 = binary(0x44);
export const and4 = binary(0x4e);
/** Bits of `a` that are not set in `b`. */
export const andNot4 = binary(0x4f);
export const or4 = binary(0x50);
/** Four whole numbers that are the same. */
export const splatInteger = (value: Code): Code => [...value, ...simd(0x11)];
export const equalIntegers4 = binary(0x37);
export const shiftLeft4 = (a: Code, places: number): Code => [
  ...a,
  ...constant(places),
  ...simd(0xab),
];
/** Four vectors of four whole numbers from 0 to 255 as 16 bytes. */
export const bytesOf = (a: Code, b: Code, c: Code, d: Code): Code => {
  const halves = binary(0x86);
  return binary(0x66)(halves(a, b), halves(c, d));
};
/** Four of 16 bytes as whole numbers. */
export const integersOf = (bytes: Code, quarter: number): Code => [
  ...bytes,
  ...simd(quarter < 2 ? 0x89 : 0x8a),
  ...simd(quarter % 2 === 0 ? 0xa9 : 0xaa),
];
/** Four of the floats of `a`, which are 0 to 3, and of `b`, 4 to 7. */
export const pick4 = (a: Code, b: Code, places: readonly number[]): Code => [
  ...a,
  ...b,
  ...simd(0x0d),
  ...places.flatMap((place) => [0, 1, 2, 3].map((byte) => 4 * place + byte)),
];

/** The most pages of 64 KB that a memory can have: shared ones must say how large they may grow. */
export const MOST_PAGES = 65536;

/** Encodes a module that imports the memories `own` and `shared` from `env` and exports its functions. */
export function encodeModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...vector(parameters.map(({ type }) => [type])),
    0,
  ]);
  const exports = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]);
  const bodies = functions.map(({ variables, body }) =>
    sized([...vector(variables.map(({ type }) => [1, type])), ...body, 0x0b])
  );
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [
      [...text("env"), ...text("own"), 0x02, 0x00, 1],
      [...text("env"), ...text("shared"), 0x02, 0x03, 1, ...unsigned(MOST_PAGES)],
    ]),
    ...section(3, functions.map((_, i) => unsigned(i))),
    ...section(7, exports),
    ...section(10, bodies),
  ]);
}

function section(id: number, items: Code[]): Code {
  return [id, ...sized(vector(items))];
}

function vector(items: Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): Code {
  return sized([...new TextEncoder().encode(value)]);
}

function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function signed(value: number): Code {
  const bytes: number[] = [];
  for (; value < -64 || value >= 64; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value & 127];
}
