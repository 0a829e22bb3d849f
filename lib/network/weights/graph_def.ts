/**
 * Weights from a frozen TensorFlow graph: a GraphDef, which is a protobuf message with a node for
 * every operation. Trained numbers are nodes of the kind `Const`, named as the graph's author named
 * them; how the nodes hang together is not read.
 *
 * Format: TensorFlow, core/framework/graph.proto, node_def.proto, attr_value.proto, tensor.proto and
 * tensor_shape.proto; the schema below has the fields that matter, others are skipped.
 *
 * @module
 */
import protobuf from "protobufjs";
import {
  countingValues,
  isOfConvolution,
  NUMBER_TYPES,
  type NumberType,
  readNumbers,
  type Refuse,
  refusing,
  type Tensor,
  type Weights,
} from "./tensors.ts";

const SCHEMA = `
  syntax = "proto3";
  message NodeDef { string name = 1; string op = 2; map<string, AttrValue> attr = 5; }
  message AttrValue { TensorProto tensor = 8; }
  message TensorProto {
    int32 dtype = 1;
    TensorShape tensor_shape = 2;
    bytes tensor_content = 4;
    repeated float float_val = 5;
    repeated double double_val = 6;
    repeated int32 half_val = 13;
  }
  message TensorShape { repeated Dim dim = 2; bool unknown_rank = 3; }
  message Dim { int64 size = 1; }
`;

type TensorProto = {
  dtype: number;
  tensorShape?: { dim: { size: unknown }[] };
  tensorContent: Uint8Array;
  floatVal: number[];
  doubleVal: number[];
  halfVal: number[];
};
type Node = { name: string; op: string; attr: Record<string, { tensor?: TensorProto }> };

const NodeDef = protobuf.parse(SCHEMA).root.lookupType("NodeDef");

/** Types by their number in types.proto. */
const TYPES: Record<number, NumberType> = { 1: "float32", 2: "float64", 19: "float16" };

/** Field 1 of a GraphDef, a message: what a file of this format starts with. */
const NODE = (1 << 3) | 2;

/** Whether a file may be a GraphDef. */
export function isGraphDef(bytes: Uint8Array): boolean {
  return bytes[0] === NODE;
}

/**
 * The constants of a graph that may belong to convolutions, of rank 4 or 1, by name.
 *
 * @throws {Error} when the message is malformed or a tensor contradicts itself.
 */
export function parseGraphDef(bytes: Uint8Array, name = "weights"): Weights {
  const refuse = refusing(name);
  const count = countingValues(refuse);
  const constants = new Map<string, { shape: number[]; values: number; tensor: TensorProto }>();
  let last = "the start";
  const reader = protobuf.Reader.create(bytes);
  // Node by node rather than as a whole: a file of empty nodes would take fifty times its size.
  while (reader.pos < reader.len) {
    let node: Node | undefined;
    const at = reader.pos;
    try {
      const tag = reader.uint32();
      if (tag === NODE) node = NodeDef.decode(reader, reader.uint32()) as unknown as Node;
      else reader.skipType(tag & 7);
    } catch (error) {
      const { message } = error as Error;
      refuse(`the message after ${last} must be a whole GraphDef`, `${message} at byte ${at}`);
    }
    if (node?.name) last = node.name;
    if (node?.op !== "Const") continue;
    const tensor = Object.hasOwn(node.attr, "value") ? node.attr.value!.tensor : undefined;
    if (!tensor || !(tensor.dtype in TYPES)) continue;
    if (constants.has(node.name)) refuse("names must differ", node.name);
    const shape = (tensor.tensorShape?.dim ?? []).map(({ size }) => Number(size));
    if (!isOfConvolution(shape)) continue;
    constants.set(node.name, { shape, values: count(node.name, shape), tensor });
  }
  // Only now, as a constant of a few bytes may stand for any number of values.
  const read = [...constants].map(([name, { shape, values, tensor }]) => [
    name,
    readTensor(`${name} [${shape}]`, shape, values, tensor, refuse),
  ]);
  return Object.fromEntries(read);
}

function readTensor(
  label: string,
  shape: number[],
  values: number,
  { dtype, tensorContent: content, floatVal, doubleVal, halfVal }: TensorProto,
  refuse: Refuse,
): Tensor {
  const type = TYPES[dtype]!;
  const { bytes } = NUMBER_TYPES[type];
  if (content.length > 0) {
    if (content.length !== values * bytes) {
      refuse(`${label} takes ${values * bytes} bytes`, content.length);
    }
    return { shape, data: readNumbers(content, type) };
  }
  const lists = { float32: floatVal, float64: doubleVal, float16: halfVal };
  const given = lists[type as keyof typeof lists];
  if (given.length === 0 || given.length > values) {
    refuse(`${label} must list 1 to ${values} values`, given.length);
  }
  const listed = type === "float16"
    ? readNumbers(new Uint8Array(Uint16Array.from(given).buffer), type)
    : given;
  // A list that is shorter than the tensor stands for one that repeats its last value.
  const data = new Float32Array(values).fill(listed.at(-1)!);
  data.set(listed);
  return { shape, data };
}
