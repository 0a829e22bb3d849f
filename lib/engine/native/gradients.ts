/**
 * The gradients of a network's layers while they are being added up.
 *
 * @module
 */
import { inputsOf, type Operation, type Shape } from "../../network/operation.ts";
import { type Deferral, isDeferral, writeDeferral } from "./deferral.ts";
import type { Pass } from "./forward.ts";
import type { HandedOut } from "./handed_out.ts";
import { addInPlace, maskByRelu } from "./layers.ts";
import type { Features } from "./layout.ts";
import type { Operations } from "./operations.ts";

/** The gradient of a layer, or how it is made when it is needed. */
export type Upstream = Float32Array | Deferral;

/** A gradient so far: handed in by others, or in a buffer of our own. */
type Sum = { readonly value: Features; readonly own: boolean; readonly masked: boolean };

/** How a gradient is written: on top of `add`, and only where `mask` is positive. */
type Write = (dx: Features, add?: Upstream, mask?: Float32Array) => void;

/** Gradients on their way: those handed in, and those that later layers have sent so far. */
export class Gradients {
  #operations: Operations;
  #values: Map<string, Features>;
  #shapes: ReadonlyMap<string, Shape>;
  #steps: readonly Operation[];
  #relus = new Set<string>();
  #sums = new Map<string, Sum>();
  #foreign = new Set<Float32Array>();
  #deferred = new Map<string, Deferral>();
  #handedOut?: HandedOut;

  constructor(
    operations: Operations,
    pass: Pass,
    upstream: Readonly<Record<string, Upstream>>,
    handedOut?: HandedOut,
  ) {
    this.#operations = operations;
    this.#handedOut = handedOut;
    this.#values = pass.values;
    this.#steps = pass.steps;
    this.#shapes = pass.shapes;
    for (const step of pass.steps) {
      if (step.op === "conv2d" && step.relu) this.#relus.add(step.name);
    }
    for (const [name, data] of Object.entries(upstream)) {
      if (isDeferral(data)) {
        this.#deferred.set(name, data);
        continue;
      }
      const value = { ...this.#shapes.get(name)!, data };
      this.#foreign.add(data);
      this.#sums.set(name, { value, own: false, masked: false });
    }
  }

  shape(name: string): Shape {
    return this.#shapes.get(name)!;
  }

  /** The gradient of a layer before its ReLU, if there is any. */
  take(name: string): Features | undefined {
    const sum = this.#sum(name);
    this.#sums.delete(name);
    if (!sum || sum.masked || !this.#relus.has(name)) return sum?.value;
    const result = sum.own ? sum.value : this.#take(name);
    maskByRelu(sum.value.data, this.#values.get(name)!.data, result.data);
    return result;
  }

  /** Gives back what `take` returned, unless it is a gradient again. */
  give(gradient: Features): void {
    const used = [...this.#sums.values()].some(({ value }) => value.data === gradient.data);
    if (!used && !this.#foreign.has(gradient.data)) this.#operations.give(gradient);
  }

  /** Gives the features of a layer back. */
  release(name: string): void {
    const value = this.#values.get(name);
    if (value) this.#operations.give(value);
    this.#values.delete(name);
  }

  /**
   * Adds to the gradient of a layer, with a function that can add, also what is only written as it goes, and
   * mask as it writes. It writes to the buffer of `spare`, which nothing else needs, if that has the right
   * shape; or over the features of the layer, where `reader` is the last to need them.
   */
  send(name: string, reader: Operation, write: Write, spare?: Features): void {
    const deferred = this.#deferred.get(name);
    this.#deferred.delete(name);
    const sum = this.#sums.get(name);
    const mask = this.#relus.has(name) ? this.#values.get(name)!.data : undefined;
    const value = sum?.own
      ? sum.value
      : this.#reuse(name, spare) ?? this.#over(name, reader) ?? this.#take(name);
    write(value, deferred ?? sum?.value.data, mask);
    this.#sums.set(name, { value, own: true, masked: !!mask });
  }

  /** Adds to the gradient of a layer, with a function that overwrites. */
  sendPlain(name: string, write: (dx: Features) => void): void {
    const dx = this.#take(name);
    write(dx);
    const sum = this.#sum(name);
    if (sum) addInPlace(dx.data, sum.value.data);
    if (sum?.own) this.#operations.give(sum.value);
    this.#sums.set(name, { value: dx, own: true, masked: false });
  }

  /** The gradient so far; what was put off is written now. */
  #sum(name: string): Sum | undefined {
    const deferral = this.#deferred.get(name);
    if (deferral) {
      this.#deferred.delete(name);
      const value = this.#take(name);
      writeDeferral(this.#operations, deferral, value.data, 0);
      this.#sums.set(name, { value, own: true, masked: false });
    }
    return this.#sums.get(name);
  }

  #reuse(name: string, spare?: Features): Features | undefined {
    const { channels, height, width } = this.shape(name);
    const fits = spare?.channels === channels && spare.height === height && spare.width === width;
    return fits && !this.#foreign.has(spare.data) ? spare : undefined;
  }

  /** The buffer of a layer's features, if nobody needs them after `reader`. */
  #over(name: string, reader: Operation): Features | undefined {
    const value = this.#values.get(name);
    const only = this.#steps.every((step) => step === reader || !inputsOf(step).includes(name));
    if (!value || !only || this.#foreign.has(value.data)) return undefined;
    const alone = this.#operations.pool.owners(value.data) === 1;
    if (!alone && !this.#handedOut?.surrender(name, value)) return undefined;
    this.#values.delete(name);
    return value;
  }

  #take(name: string): Features {
    const { channels, height, width } = this.shape(name);
    return this.#operations.take(channels, height, width);
  }
}
