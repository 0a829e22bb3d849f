import { assertEquals, assertThrows } from "@std/assert";
import { checkLayers, layerStride } from "../../lib/network/architecture.ts";
import { INCEPTION5H } from "../../lib/network/inception.ts";
import { createNetwork } from "../../lib/network/network.ts";
import { borderPlaces, inputsOf, samePadding, shapesOf } from "../../lib/network/operation.ts";
import { withPadding } from "../../lib/network/variants.ts";
import { VGG16 } from "../../lib/network/vgg.ts";
import { SMALL } from "../helpers/seeded_networks.ts";
import { stubNetwork } from "../helpers/stub.ts";

Deno.test("inputsOf() of a convolution is one, of a concatenation are several", () => {
  const [first] = INCEPTION5H.graph;
  const concat = INCEPTION5H.graph.find(({ op }) => op === "concat");
  assertEquals(inputsOf(first!), ["image"]);
  assertEquals(inputsOf(concat!), [
    "mixed3a_1x1",
    "mixed3a_3x3",
    "mixed3a_5x5",
    "mixed3a_pool_reduce",
  ]);
});

Deno.test("samePadding() is what is missing, the greater half after", () => {
  // Windows of 3 at 0, 2, 4 of a side of 5 reach from -1 to 5; of 2 at 0, 2, 4 to 5.
  assertEquals([samePadding(5, 3, 2), samePadding(5, 2, 2)], [[1, 1], [0, 1]]);
  assertEquals([samePadding(6, 3, 2), samePadding(7, 1, 1)], [[0, 1], [0, 0]]);
});

Deno.test("shapesOf() keeps odd rows at a pooling and adds channels at a concatenation", () => {
  const stub = shapesOf(stubNetwork(), [7, 10]);
  assertEquals(stub.get("image"), { height: 7, width: 10, channels: 3 });
  assertEquals(stub.get("relu2_1"), { height: 4, width: 5, channels: 6 });
  assertEquals(stub.get("relu3_2"), { height: 2, width: 3, channels: 8 });
  const inception = shapesOf(createNetwork(INCEPTION5H, SMALL.inception5h!()), [33, 38]);
  // Three halvings, rounded up: 17, 9, 5 and 19, 10, 5; branches of 2 + 3 + 1 + 2 channels.
  assertEquals(inception.get("mixed3a"), { height: 5, width: 5, channels: 8 });
});

Deno.test("shapesOf() of a network with borders: two rows more, and gone again", () => {
  const network = withPadding(stubNetwork(), { padding: "replicate", where: "all" });
  const [bordered, plain] = [network, stubNetwork()].map((each) => shapesOf(each, [7, 10]));
  assertEquals(bordered!.get("relu1_1:replicate"), { height: 9, width: 12, channels: 3 });
  for (const layer of network.layers) assertEquals(bordered!.get(layer), plain!.get(layer));
});

Deno.test("borderPlaces() repeats the outermost or goes on at the far side, several times if need be", () => {
  const places = (border: "replicate" | "circular", length: number, size: number) =>
    borderPlaces(length, size, { border, strides: 1 });
  assertEquals(places("replicate", 3, 5), [0, 0, 0, 1, 2, 2, 2]);
  assertEquals(places("circular", 3, 5), [1, 2, 0, 1, 2, 0, 1]);
  assertEquals(places("circular", 1, 7), [0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("checkLayers() lists the layers and says which one is meant", () => {
  const refusals: [string, string][] = [
    ["block3_conv1", 'relu5_3 (it is called relu3_1 here): current value is "block3_conv1"'],
    ["block4_conv2", "(it is called relu4_2 here)"],
    ["relu3_4", "(did you mean relu3_1?)"],
    ["Relu1_1", "(did you mean relu1_1?)"],
    ["mixed4a", "relu5_3: current value"],
  ];
  for (const [name, message] of refusals) {
    const error = assertThrows(() => checkLayers(VGG16, "see", [name]), RangeError, message);
    assertEquals(error.message.startsWith("Cannot see as layer must be one of relu1_1, "), true);
  }
  checkLayers(VGG16, "see", [...VGG16.layers, "conv3_1"]);
  assertThrows(() => checkLayers(INCEPTION5H, "see", ["conv3_1"]), RangeError, "conv2d0");
});

Deno.test("layerStride() of an unknown layer is an error, not undefined", () => {
  const rule = "Cannot use a layer of VGG-16 as layer must be one of relu1_1";
  assertThrows(() => layerStride(VGG16, "relu9_9"), RangeError, rule);
  assertThrows(() => layerStride(VGG16, "block2_conv1"), RangeError, "it is called relu2_1 here");
});
