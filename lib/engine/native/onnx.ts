/**
 * Writes small ONNX models at run time.
 *
 * An ONNX file is one Protocol Buffers message: numbered fields, each a variable-length integer, a
 * 4-byte number or a length with that many bytes after it. A graph of a few nodes needs no library.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 *
 * @module
 */

/** An attribute of a node: whole numbers are written as integers, `{ float }` as a float. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One operation of a model. */
export type Node = {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
};

/** A node with one output. */
export function node(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = "",
): Node {
  return { op, domain, inputs, outputs: [output], attributes };
}

/** A model: nodes in topological order, and the rank of every input and output. */
export type Model = {
  readonly nodes: readonly Node[];
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
};

/** A model of one operation, whose result and inputs all have so many axes. */
export function modelOf(op: string, inputs: readonly string[], rank = 1): Model {
  return {
    nodes: [node(op, inputs, "y")],
    inputs: Object.fromEntries(inputs.map((name) => [name, rank])),
    outputs: { y: rank },
  };
}

const IR_VERSION = 10;
const OPSETS: readonly [domain: string, version: number][] = [
  ["", 21],
  ["com.microsoft", 1],
  ["com.microsoft.nchwc", 1],
];
const FLOAT = 1;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };

/** Encodes a model with float32 inputs and outputs whose sizes stay open. */
export function encodeModel({ nodes, inputs, outputs }: Model): Uint8Array<ArrayBuffer> {
  const graph = message(
    ...nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, "graph"),
    ...Object.entries(inputs).map(([name, rank]) => bytes(11, encodeValue(name, rank))),
    ...Object.entries(outputs).map(([name, rank]) => bytes(12, encodeValue(name, rank))),
  );
  return message(
    integer(1, IR_VERSION),
    bytes(7, graph),
    ...OPSETS.map(([domain, version]) => bytes(8, message(text(1, domain), integer(2, version)))),
  );
}

function encodeNode({ op, domain = "", inputs, outputs, attributes = {} }: Node): Uint8Array {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
    text(7, domain),
  );
}

function encodeAttribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") {
    return message(text(1, name), integer(3, value), integer(20, ATTRIBUTE_TYPE.int));
  }
  if (typeof value === "string") {
    return message(text(1, name), text(4, value), integer(20, ATTRIBUTE_TYPE.string));
  }
  if ("float" in value) {
    return message(text(1, name), float(2, value.float), integer(20, ATTRIBUTE_TYPE.float));
  }
  return message(
    text(1, name),
    ...value.map((item) => integer(8, item)),
    integer(20, ATTRIBUTE_TYPE.ints),
  );
}

function encodeValue(name: string, rank: number): Uint8Array {
  const shape = message(...Array.from({ length: rank }, () => bytes(1, new Uint8Array(0))));
  const type = message(bytes(1, message(integer(1, FLOAT), bytes(2, shape))));
  return message(text(1, name), bytes(2, type));
}

function message(...fields: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let offset = 0;
  for (const field of fields) {
    result.set(field, offset);
    offset += field.length;
  }
  return result;
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function float(field: number, value: number): Uint8Array {
  return message(
    Uint8Array.from(varint((field << 3) | 5)),
    new Uint8Array(Float32Array.of(value).buffer),
  );
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return message(Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length)]), value);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function varint(value: number): number[] {
  if (value < 0) throw new RangeError(`Cannot encode an integer as it must be >= 0: ${value}`);
  const result: number[] = [];
  while (value >= 128) {
    result.push((value % 128) | 128);
    value = Math.floor(value / 128);
  }
  return [...result, value];
}
