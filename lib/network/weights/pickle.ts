/**
 * Python's pickles, read without running anything. A pickle is a program for a small stack machine;
 * what it may call is looked up by name in a table that the caller hands in, and a name that is not
 * there ends the reading. So whole models, whose classes would have to be imported, are refused.
 *
 * Format: Python, `Lib/pickletools.py`; the operations that protocols 0 to 5 use for plain data.
 *
 * @module
 */
import { describe } from "../../base/check.ts";
import type { Refuse } from "./tensors.ts";

/** What comes out; tuples and lists are arrays, dictionaries maps. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | Global
  | Made;

/** A class or function by its full name. */
export class Global {
  constructor(readonly name: string) {}
}

/** What one of the allowed functions has made. */
export class Made {
  constructor(readonly value: unknown) {}
}

/** What a pickle may do. */
export type UnpickleOptions = {
  refuse: Refuse;
  /** The functions that it may call, by `module.name`. */
  functions: Readonly<Record<string, (...inputs: Pickled[]) => Pickled>>;
  /** Classes that it may name, but not call. */
  isKnown?: (name: string) => boolean;
  /** Finds an object that lies outside the pickle. */
  persistent?: (id: Pickled) => Pickled;
};

/** No file of weights has nearly as many objects. */
const MOST_OPERATIONS = 2 ** 21;
const MARK = new Global("mark");

/**
 * Runs the pickle that starts at a byte.
 *
 * @returns the object, and the byte after the pickle
 * @throws {Error} when it is cut off, or does something that is not allowed; the message names it.
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  { refuse, functions, isKnown = () => false, persistent }: UnpickleOptions,
): { value: Pickled; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Pickled[] = [];
  const memo = new Map<number, Pickled>();
  let at = start;

  const take = (length: number) => {
    if (at + length > bytes.length) refuse("the pickle must be whole", `its end at byte ${at}`);
    return bytes.subarray(at, at += length);
  };
  const text = (length: number) => new TextDecoder().decode(take(length));
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) refuse("the pickle must be whole", `no end of the line at byte ${at}`);
    const read = text(end - at);
    take(1);
    return read;
  };
  const number = (length: number) => take(length).reduceRight((sum, byte) => 256 * sum + byte, 0);
  const signed = (length: number) => {
    const whole = take(length).reduceRight((sum, byte) => 256n * sum + BigInt(byte), 0n);
    const value = BigInt.asIntN(8 * length, whole);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === MARK) return refuse("the pickle must be in order", at);
    return value;
  };
  const popMany = (count: number) => Array.from({ length: count }, pop).reverse();
  const popToMark = () => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) refuse("the pickle must be in order", at);
    const values = stack.splice(mark + 1);
    stack.pop();
    return values;
  };
  const top = (): Pickled => stack.at(-1) ?? null;
  const global = (name: string) => {
    if (Object.hasOwn(functions, name) || isKnown(name)) return new Global(name);
    return refuse(
      "a pickle may hold only tensors and dictionaries, as torch.save(model.state_dict(), FILE) " +
        "writes them (nothing in it is run)",
      name,
    );
  };
  const call = () => {
    const [callee, inputs] = popMany(2);
    const name = callee instanceof Global ? callee.name : describe(callee);
    if (!Object.hasOwn(functions, name)) refuse("a pickle may call only what is known", name);
    return functions[name]!(...(Array.isArray(inputs) ? inputs : []));
  };
  const setItems = (items: Pickled[]) => {
    const map = top();
    if (!(map instanceof Map)) return refuse("the pickle must be in order", at);
    for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  };
  const append = (items: Pickled[]) => {
    const list = top();
    if (!Array.isArray(list)) return refuse("the pickle must be in order", at);
    for (const item of items) list.push(item);
  };

  const operations: Record<string, () => void> = {
    "\x80": () => void take(1), // the protocol
    "\x95": () => void take(8), // the length of a frame
    "N": () => stack.push(null),
    "\x88": () => stack.push(true),
    "\x89": () => stack.push(false),
    "K": () => stack.push(number(1)),
    "M": () => stack.push(number(2)),
    "J": () => stack.push(signed(4)),
    "\x8a": () => stack.push(signed(number(1))),
    "I": () => {
      const word = line();
      stack.push(word === "01" ? true : word === "00" ? false : Number(word));
    },
    "L": () => stack.push(Number(line().replace(/L$/, ""))),
    "F": () => stack.push(Number(line())),
    "G": () => {
      take(8);
      stack.push(view.getFloat64(at - 8));
    },
    "X": () => stack.push(text(number(4))),
    "\x8c": () => stack.push(text(number(1))),
    "\x8d": () => stack.push(text(number(8))),
    "U": () => stack.push(text(number(1))),
    "T": () => stack.push(text(number(4))),
    "V": () => stack.push(line()),
    "S": () => stack.push(line().slice(1, -1)),
    "C": () => stack.push(take(number(1))),
    "B": () => stack.push(take(number(4))),
    "(": () => stack.push(MARK),
    ")": () => stack.push([]),
    "]": () => stack.push([]),
    "}": () => stack.push(new Map()),
    "t": () => stack.push(popToMark()),
    "l": () => stack.push(popToMark()),
    "\x85": () => stack.push(popMany(1)),
    "\x86": () => stack.push(popMany(2)),
    "\x87": () => stack.push(popMany(3)),
    "a": () => append(popMany(1)),
    "e": () => append(popToMark()),
    "s": () => setItems(popMany(2)),
    "u": () => setItems(popToMark()),
    "0": () => void pop(),
    "1": () => void popToMark(),
    "2": () => stack.push(top()),
    "q": () => memo.set(number(1), top()),
    "r": () => memo.set(number(4), top()),
    "p": () => memo.set(Number(line()), top()),
    "\x94": () => memo.set(memo.size, top()),
    "h": () => stack.push(recall(number(1))),
    "j": () => stack.push(recall(number(4))),
    "g": () => stack.push(recall(Number(line()))),
    "c": () => stack.push(global(`${line()}.${line()}`)),
    "\x93": () => stack.push(global(popMany(2).join("."))),
    "R": () => stack.push(call()),
    "b": () => void pop(), // attributes of an object: state dictionaries keep versions there
    "Q": () => stack.push(persistent?.(pop()) ?? refuse("a pickle must stand alone", "an id")),
  };
  const recall = (key: number): Pickled => {
    const value = memo.get(key);
    return value === undefined ? refuse("the pickle must be in order", `memo ${key}`) : value;
  };

  for (let count = 0; count < MOST_OPERATIONS; count++) {
    const code = String.fromCharCode(number(1));
    if (code === ".") return { value: pop(), end: at };
    const operation = Object.hasOwn(operations, code) ? operations[code] : undefined;
    if (!operation) {
      const shown = `0x${code.charCodeAt(0).toString(16)} at byte ${at - 1}`;
      return refuse("a pickle of weights may use only plain operations", shown);
    }
    operation();
  }
  return refuse(`a pickle must have at most ${MOST_OPERATIONS} operations`, "more");
}
