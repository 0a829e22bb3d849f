/**
 * Weights from Caffe's `.caffemodel` files: a NetParameter, which is a protobuf message with a
 * message for every layer. Layers are either of the kind of 2014 (`V1LayerParameter`, as in the
 * published files of VGG) or of the later one (`LayerParameter`).
 *
 * Format: Caffe, `src/caffe/proto/caffe.proto`.
 *
 * @module
 */
import protobuf from "protobufjs";
import {
  countingValues,
  fromOutFirst,
  isCounts,
  readNumbers,
  type Refuse,
  refusing,
  type Tensor,
  type Weights,
} from "./tensors.ts";

/** Where a layer's fields are, and what it calls a convolution. */
const LAYERS: Record<number, { name: number; type: number; blobs: number; convolution: unknown }> =
  {
    2: { name: 4, type: 5, blobs: 6, convolution: 4 },
    100: { name: 1, type: 2, blobs: 7, convolution: "Convolution" },
  };

/** A field of a message: a number, or bytes that hold text, numbers or a further message. */
type Field = { number: number; value: number | Uint8Array };

/** No message of weights has nearly as many fields. */
const MOST_FIELDS = 100_000;

/** Whether a file may be Caffe's: a name, which is text, then layers; a graph starts with a message. */
export function isCaffeModel(bytes: Uint8Array): boolean {
  const start = Array.from(bytes.subarray(0, 4096));
  if (start[0] === 0x12 || (start[0] === 0xa2 && start[1] === 0x06)) return true;
  const length = start[1] ?? 0;
  const name = start.slice(2, 2 + length);
  if (start[0] !== 0x0a || length > 127 || name.length < length) return false;
  if (name.some((byte) => byte < 0x20 || byte > 0x7e)) return false;
  const [tag, next] = start.slice(2 + length);
  return length > 0 && (tag === 0x12 || tag === 0x1a || (tag === 0xa2 && next === 0x06));
}

/**
 * The convolutions as `<layer>.kernel` `[height, width, in, out]` and `<layer>.bias` `[out]`.
 *
 * @throws {Error} when the message is malformed or a blob contradicts itself.
 */
export function parseCaffeModel(bytes: Uint8Array, name = "weights"): Weights {
  const refuse = refusing(name);
  const count = countingValues(refuse);
  const weights: Weights = {};
  let last = "the start";
  try {
    for (const { number, value } of readFields(bytes)) {
      const kind = LAYERS[number];
      if (!kind || typeof value === "number") continue;
      const fields = readFields(value);
      const find = (number: number) => fields.find((field) => field.number === number)?.value;
      const label = textOf(find(kind.name));
      const type = find(kind.type);
      last = label || last;
      if ((typeof type === "number" ? type : textOf(type)) !== kind.convolution) continue;
      const blobs = fields.filter((field) => field.number === kind.blobs);
      if (blobs.length !== 2) refuse(`${label} must have a kernel and a bias`, blobs.length);
      const [kernel, bias] = blobs.map(({ value }, i) => {
        const part = `${label}.${["kernel", "bias"][i]}`;
        const blob = readBlob(messageOf(value), part, refuse);
        count(part, blob.shape);
        return blob;
      }) as [Tensor, Tensor];
      if (Object.hasOwn(weights, `${label}.kernel`)) refuse("names must differ", label);
      if (kernel.shape.length !== 4) refuse(`${label} must have a kernel of rank 4`, kernel.shape);
      weights[`${label}.kernel`] = fromOutFirst(kernel);
      weights[`${label}.bias`] = { shape: [bias.data.length], data: bias.data };
    }
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith("Cannot")) throw error;
    refuse(`the message after ${last} must be a whole caffemodel`, message);
  }
  return weights;
}

function readBlob(fields: Field[], name: string, refuse: Refuse): Tensor {
  const numbers = (number: number) => fields.filter((field) => field.number === number);
  const shape = numbers(7).length > 0
    ? numbers(7).flatMap(({ value }) => readCounts(messageOf(value)))
    : [1, 2, 3, 4].map((number) => Number(numbers(number)[0]?.value ?? 0));
  if (!isCounts(shape)) refuse(`${name} must have a shape of counts`, `[${shape}]`);
  const [floats, doubles] = [5, 8].map((number) => joined(numbers(number)));
  const data = doubles!.length > 0 && floats!.length === 0
    ? readNumbers(doubles!.subarray(0, doubles!.length & ~7), "float64")
    : readNumbers(floats!.subarray(0, floats!.length & ~3), "float32");
  const size = shape.reduce((product, n) => product * n, 1);
  if (data.length !== size) refuse(`${name} [${shape}] must have ${size} values`, data.length);
  return { shape, data };
}

/** The sizes in a BlobShape: packed in one field, or a field each. */
function readCounts(fields: Field[]): number[] {
  return fields.filter(({ number }) => number === 1).flatMap(({ value }) => {
    if (typeof value === "number") return [value];
    const reader = protobuf.Reader.create(value);
    const sizes: number[] = [];
    while (reader.pos < reader.len) sizes.push(Number(reader.int64()));
    return sizes;
  });
}

/** The values of a repeated field, packed in one piece or each by itself. */
function joined(fields: Field[]): Uint8Array {
  const parts = fields.flatMap(({ value }) => typeof value === "number" ? [] : [value]);
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function textOf(value: number | Uint8Array | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value.subarray(0, 1000)) : "";
}

/** The fields of a message inside another. */
function messageOf(value: Field["value"]): Field[] {
  if (typeof value === "number") throw new Error("a number where a message must be");
  return readFields(value);
}

/** The fields of a message, in order; numbers of four and eight bytes as their bytes. */
function readFields(message: Uint8Array): Field[] {
  const reader = protobuf.Reader.create(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    if (fields.length === MOST_FIELDS) throw new Error(`more than ${MOST_FIELDS} fields`);
    const tag = reader.uint32();
    const [number, kind] = [tag >>> 3, tag & 7];
    if (kind === 0) {
      fields.push({ number, value: Number(reader.int64()) });
      continue;
    }
    const length = kind === 2 ? reader.uint32() : 0;
    const start = reader.pos;
    if (kind === 2) reader.skip(length);
    else reader.skipType(kind);
    fields.push({ number, value: message.subarray(start, reader.pos) });
  }
  return fields;
}
