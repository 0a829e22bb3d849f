/**
 * The kernel `NetworkFeatures`: the whole network as one differentiable operation, from a picture
 * `[1, H, W, 3]` to the features of the layers asked for.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Network } from "../../network/network.ts";
import { BACKEND, type NativeBackend } from "./backend.ts";
import { runBackward } from "./backward.ts";
import { collectGarbage } from "./collector.ts";
import { NetworkFilters } from "./filters.ts";
import { type Pass, runForward } from "./forward.ts";
import { HandedOut } from "./handed_out.ts";
import type { Features } from "./layout.ts";
import type { Operations } from "./operations.ts";

const FORWARD = "NetworkFeatures";
const BACKWARD = "NetworkFeaturesGradient";

type Attributes = { network: Network; layers: string[] };

/** The latest pass, the picture that it belongs to, and the layers that were asked for, as tensors if handed out. */
type Latest = {
  pass: Pass;
  image: tf.DataId;
  layers: ReadonlySet<string>;
  outputs: ReadonlyMap<string, tf.TensorInfo>;
};

/** What the engine keeps for a network until `network.dispose()`. */
class NetworkState {
  readonly filters: NetworkFilters;
  #operations: Operations;
  #latest?: Latest;

  constructor(filters: NetworkFilters, operations: Operations) {
    this.#operations = operations;
    this.filters = filters;
  }

  /** The pass of a picture, if it was the latest one and went as deep. */
  passOf(image: tf.DataId, layers: readonly string[]): Latest | undefined {
    const latest = this.#latest;
    const fits = latest?.image === image && layers.every((layer) => latest.layers.has(layer));
    return fits ? latest : undefined;
  }

  /** Remembers a pass and lets go of the one before. */
  keep(latest: Latest): void {
    this.release();
    this.#latest = latest;
  }

  /** Gives the buffers of the latest pass back, or only if it belongs to `image`. */
  release(image?: tf.DataId): void {
    if (!this.#latest || (image && image !== this.#latest.image)) return;
    for (const value of this.#latest.pass.values.values()) this.#operations.give(value);
    this.#latest = undefined;
  }
}

/** Registers the kernel, its gradient and the kernel of the gradient. */
export function registerNetworkKernel(operations: Operations): void {
  const states = new WeakMap<Network, NetworkState>();
  /** By what networks that share their weights have in common. */
  const filters = new WeakMap<Network["releases"], NetworkFilters>();
  /** Of the latest picture, if no gradient is to follow. */
  let passing: string | undefined;

  function stateOf(network: Network): NetworkState {
    let state = states.get(network);
    if (!state) {
      const { releases } = network;
      const shared = filters.get(releases) ?? new NetworkFilters(network, operations);
      filters.set(releases, shared);
      state = new NetworkState(shared, operations);
      states.set(network, state);
      releases.add(() => {
        states.get(network)?.release();
        states.delete(network);
        filters.delete(releases);
      });
    }
    return state;
  }

  function forward(
    backend: NativeBackend,
    image: tf.TensorInfo,
    { network, layers }: Attributes,
    withOutputs: boolean,
  ): tf.TensorInfo[] {
    const state = stateOf(network);
    state.release();
    const [, height, width] = image.shape as [1, number, number, 3];
    // The targets are computed once each: the next size of picture needs other buffers.
    if (passing && passing !== `${height}x${width}`) operations.pool.clear();
    else operations.pool.startPass();
    const keep = !withOutputs || tf.engine().state.gradientDepth > 0;
    passing = keep ? undefined : `${height}x${width}`;
    if (keep && withOutputs) collectGarbage();
    const outputs = new Map<string, tf.TensorInfo>();
    const output = (layer: string, { height, width, channels, data }: Features) => {
      outputs.set(layer, backend.adopt([1, height, width, channels], data));
    };
    const pass = runForward(operations, state.filters, network, {
      pixels: backend.floats(image),
      height,
      width,
      layers,
      output: withOutputs ? output : undefined,
      keep,
    });
    if (keep) {
      state.keep({ pass, image: image.dataId, layers: new Set(layers), outputs });
      backend.onDispose(image, () => state.release(image.dataId));
    }
    return layers.map((layer) => outputs.get(layer)!);
  }

  function backward(
    backend: NativeBackend,
    { image, ...upstream }: Inputs,
    attributes: Attributes,
  ): tf.TensorInfo {
    const { network, layers } = attributes;
    const state = stateOf(network);
    // Another picture went through in between: the features of this one are gone.
    if (!state.passOf(image.dataId, layers)) forward(backend, image, attributes, false);
    const { pass, outputs } = state.passOf(image.dataId, layers)!;
    const { info, values } = backend.output(image.shape);
    const gradients = Object.fromEntries(
      layers.map((layer, i) => [layer, backend.floatsOrDeferral(upstream[i]!)]),
    );
    const handedOut = new HandedOut(backend, {
      image,
      outputs,
      upstream: new Map(layers.map((layer, i) => [layer, upstream[i]!])),
      again: (pixels, layer) => featuresAgain(state, network, image.shape, pixels, layer),
    });
    runBackward(operations, state.filters, pass, gradients, values, handedOut);
    state.release();
    return info;
  }

  /** One layer of a picture, in a buffer that nobody else has. */
  function featuresAgain(
    { filters }: NetworkState,
    network: Network,
    [, height, width]: readonly number[],
    pixels: Float32Array,
    layer: string,
  ): Float32Array {
    let features: Float32Array | undefined;
    const output = (_: string, { data }: Features) => features = data;
    const sizes = { height: height!, width: width! };
    const options = { pixels, ...sizes, layers: [layer], output, keep: false };
    runForward(operations, filters, network, options);
    return features!;
  }

  const register = (kernelName: string, run: (params: KernelParams) => tf.TensorInfo[]) => {
    const kernelFunc = ((params: KernelParams) => run(params)) as unknown as tf.KernelFunc;
    tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
  };
  register(FORWARD, ({ inputs, attrs, backend }) => forward(backend, inputs.image, attrs, true));
  register(BACKWARD, ({ inputs, attrs, backend }) => [backward(backend, inputs, attrs)]);
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["image"],
    gradFunc: (dy, [image], attributes) => {
      const upstream = Array.isArray(dy) ? dy : [dy];
      const inputs = { image: image!, ...Object.fromEntries(upstream.entries()) };
      const run = () => tf.engine().runKernel(BACKWARD, inputs, attributes) as tf.Tensor[];
      return { image: () => run()[0]! };
    },
  });
}

/** The picture, and for the gradient what comes from above for each layer, by its number. */
type Inputs = { image: tf.TensorInfo; [layer: number]: tf.TensorInfo };

type KernelParams = {
  inputs: Inputs;
  attrs: Attributes;
  backend: NativeBackend;
};
