import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seeThrough } from "../../lib/network/features.ts";
import { keepFeatures } from "../../lib/network/kept_features.ts";
import { toTensor } from "../../lib/picture/picture.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

useEachEngine("features kept in a file are those that are kept in memory", async () => {
  const network = stubNetwork();
  const see = seeThrough(network);
  const layers = ["relu1_1", "relu3_2"];
  const image = toTensor(noisePicture(53, 41, 1));
  tf.tidy(() => void see(image, layers)); // prepares the filters, which stay
  const left = await tensorsLeft(async () => {
    const most = [1e9, 0]; // all in memory, all in a file
    const [inMemory, inFile] = most.map((most) => keepFeatures(see, image, layers, 16, most));
    for (const layer of layers) {
      const where = { top: 3, left: 2, height: 5, width: 7 };
      for (const look of ["whole", "part"] as const) {
        const [a, b] = tf.tidy(() => [inMemory!, inFile!].map((kept) => kept[look](layer, where)));
        assertEquals(b!.shape, a!.shape);
        assertEquals(await b!.data(), await a!.data());
        if (look === "part") tf.dispose(a!);
        tf.dispose(b!);
      }
      assertEquals(inFile!.size(layer), inMemory!.size(layer));
    }
    inMemory!.dispose();
    inFile!.dispose();
  });
  assertEquals(left, 0);
  image.dispose();
  network.dispose();
}, ["cpu", "native"]);
