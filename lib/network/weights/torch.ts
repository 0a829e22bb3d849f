/**
 * Weights from PyTorch's files (`.pth`, `.pt`): a dictionary of tensors, as
 * `torch.save(model.state_dict(), FILE)` writes it. Since PyTorch 1.6 that is a zip archive with a
 * pickle and a file for each storage; before, pickles one after the other with the storages behind
 * them, as in the files that torchvision and the makers of neural-style-pt publish to this day.
 *
 * Format: PyTorch, `torch/serialization.py`, `torch/_utils.py`.
 *
 * @module
 */
import { describe } from "../../base/check.ts";
import { Made, type Pickled, unpickle } from "./pickle.ts";
import {
  countingValues,
  isCounts,
  isOfConvolution,
  NUMBER_TYPES,
  type NumberType,
  readNumbers,
  type Refuse,
  refusing,
  rowMajor,
  type Weights,
} from "./tensors.ts";
import type { Member } from "./zip.ts";

/** Where numbers lie; read only when they are needed. */
type Storage = { key: string; type: string; count: number };
type Lazy = { storage: Storage; offset: number; shape: number[]; strides: number[] };

const TYPES: Record<string, NumberType> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
};
/** What the first pickle of the older format holds: 0x1950a86a20f9469cfc6c. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const MAGIC_BYTES = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** Whether an archive is PyTorch's. */
export function isTorchZip(members: readonly Member[]): boolean {
  return members.some(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
}

/** Whether a file is PyTorch's older format. */
export function isOldTorch(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && MAGIC_BYTES.every((byte, i) => bytes[2 + i] === byte);
}

/** Whether a file is some pickle. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && (bytes[1] ?? 9) <= 5 && bytes.at(-1) === ".".charCodeAt(0);
}

/**
 * The tensors of an archive that may belong to convolutions, as they lie there: kernels
 * `[out, in, height, width]`. Nothing in the file is run.
 *
 * @throws {Error} when it holds anything but tensors and dictionaries, or contradicts itself.
 */
export function parseTorchZip(members: readonly Member[], name = "weights"): Weights {
  const refuse = refusing(name);
  const pickle = members.find((member) => member.name.endsWith("/data.pkl"))!;
  const root = pickle.name.slice(0, -"data.pkl".length);
  const order = members.find((member) => member.name === `${root}byteorder`);
  const endian = order && new TextDecoder().decode(order.unpack());
  if (endian && endian !== "little") refuse("its numbers must be little-endian", endian);
  const { value } = unpickle(pickle.unpack(), 0, torchObjects(refuse));
  return readTensors(value, refuse, ({ key }) => {
    const data = members.find((member) => member.name === `${root}data/${key}`);
    return data?.unpack() ?? refuse(`the archive must hold ${root}data/${key}`, undefined);
  });
}

/** The same of a file in the older format. */
export function parseOldTorch(bytes: Uint8Array, name = "weights"): Weights {
  const refuse = refusing(name);
  const objects = torchObjects(refuse);
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, at, objects);
    at = end;
    return value;
  };
  const [magic, protocol, system, state, keys] = [next(), next(), next(), next(), next()];
  if (magic !== MAGIC || protocol !== 1001) refuse("its version must be 1001", describe(protocol));
  const little = system instanceof Map ? system.get("little_endian") : undefined;
  if (little !== true) refuse("its numbers must be little-endian", describe(little));
  if (!Array.isArray(keys)) return refuse("it must list its storages", describe(keys));
  // Behind the pickles, for each storage: how many values, then the values.
  const types = storageTypes(state);
  const places = new Map<Pickled, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const size = BYTES[types.get(key) ?? ""];
    if (size === undefined) refuse("its storages must be of known types", describe(key));
    if (at + 8 > bytes.length) refuse("the file must be whole", `${bytes.length} bytes`);
    const end = at + 8 + Number(view.getBigUint64(at, true)) * size!;
    if (end > bytes.length) refuse(`the file must have at least ${end} bytes`, bytes.length);
    places.set(key, bytes.subarray(at + 8, at = end));
  }
  return readTensors(state, refuse, ({ key }) => {
    return places.get(key) ?? refuse(`it must hold the storage ${key}`, undefined);
  });
}

/** Bytes a value of all storages there are, the whole numbers too, to step over them. */
const BYTES: Record<string, number> = {
  ...Object.fromEntries(Object.entries(TYPES).map(([type, n]) => [type, NUMBER_TYPES[n].bytes])),
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
};

/** The few names that a dictionary of tensors needs. */
function torchObjects(refuse: Refuse): Parameters<typeof unpickle>[2] {
  const tensor = (storage?: Pickled, offset?: Pickled, shape?: Pickled, strides?: Pickled) => {
    const found = storage instanceof Made ? storage.value as Storage : undefined;
    const fits = found && isCounts([offset]) && isCounts(shape) && isCounts(strides) &&
      shape.length === strides.length;
    if (!fits) return refuse("tensors must have a storage, a shape and strides", describe(shape));
    return new Made({ storage: found, offset: offset as number, shape, strides } satisfies Lazy);
  };
  return {
    refuse,
    functions: {
      "collections.OrderedDict": (items) =>
        new Map(Array.isArray(items) ? items as [Pickled, Pickled][] : []),
      "torch._utils._rebuild_tensor": tensor,
      "torch._utils._rebuild_tensor_v2": tensor,
      "torch._utils._rebuild_parameter": (data) => data ?? null,
    },
    isKnown: (name) => /^torch\.\w+Storage$/.test(name),
    persistent: (id) => {
      const [kind, type, key, , count] = Array.isArray(id) ? id : [];
      const typeName = (type as { name?: string } | undefined)?.name?.replace(/^torch\./, "");
      if (kind !== "storage" || !typeName) {
        return refuse("objects outside the pickle must be storages", describe(id));
      }
      return new Made({ key: String(key), type: typeName, count: Number(count) } satisfies Storage);
    },
  };
}

/** The dictionary of tensors, which checkpoints keep under a name of its own. */
function stateOf(value: Pickled): Map<Pickled, Pickled> | undefined {
  if (!(value instanceof Map)) return undefined;
  for (const key of ["state_dict", "model_state_dict", "model"]) {
    const inside = value.get(key);
    if (inside instanceof Map) return inside;
  }
  return value;
}

function tensorsOf(value: Pickled): [string, Lazy][] {
  return [...stateOf(value) ?? []].flatMap(([name, made]) =>
    made instanceof Made && typeof name === "string" && "storage" in (made.value as object)
      ? [[name, made.value as Lazy]]
      : []
  );
}

function storageTypes(value: Pickled): Map<Pickled, string> {
  return new Map(tensorsOf(value).map(([, { storage }]) => [storage.key, storage.type]));
}

function readTensors(
  value: Pickled,
  refuse: Refuse,
  bytesOf: (storage: Storage) => Uint8Array,
): Weights {
  if (!stateOf(value)) refuse("it must hold a dictionary of tensors", describe(value));
  const count = countingValues(refuse);
  const weights: Weights = {};
  for (const [name, { storage, offset, shape, strides }] of tensorsOf(value)) {
    const type = Object.hasOwn(TYPES, storage.type) ? TYPES[storage.type] : undefined;
    if (!type || !isOfConvolution(shape)) continue;
    const values = count(name, shape);
    const span = values && 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis]!, 0);
    const { bytes } = NUMBER_TYPES[type];
    const part = bytesOf(storage).subarray(bytes * offset, bytes * (offset + span));
    if (part.length !== bytes * span) {
      refuse(`${name} [${shape}] must lie within its storage`, `${part.length} bytes`);
    }
    weights[name] = { shape: [...shape], data: rowMajor(readNumbers(part, type), shape, strides) };
  }
  return weights;
}
