/**
 * The networks by name. A further one needs a file with its architecture and where its weights are,
 * and a line here.
 *
 * @module
 */
import type { Architecture } from "./architecture.ts";
import { INCEPTION5H, loadInception5h } from "./inception.ts";
import type { LoadOptions } from "./load.ts";
import type { Network } from "./network.ts";
import { loadVgg16, loadVgg19, VGG16, VGG19 } from "./vgg.ts";

/** A network that can be asked for by name. */
export type NetworkEntry = {
  architecture: Architecture;
  load: (options?: LoadOptions) => Promise<Network>;
};

/** The networks for `--network` and `deno task convert`. */
export const NETWORKS: Readonly<Record<string, NetworkEntry>> = {
  vgg16: { architecture: VGG16, load: loadVgg16 },
  vgg19: { architecture: VGG19, load: loadVgg19 },
  inception5h: { architecture: INCEPTION5H, load: loadInception5h },
};
