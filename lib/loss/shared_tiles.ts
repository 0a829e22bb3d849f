/**
 * Who computes which tile. Alone, one after the other; in a team, each member every so many-th, and what
 * comes of it is handed to all. It is used in the order of the tiles in both cases, so that all sums have
 * the same bytes however many work on them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Team } from "../base/team.ts";
import type { Tile } from "../network/tiles.ts";

/** Computes tensors of each tile, here or elsewhere, and uses them in the order of the tiles. */
export function forTiles(
  team: Team | undefined,
  tiles: readonly Tile[],
  compute: (tile: Tile) => tf.Tensor[],
  use: (tensors: tf.Tensor[], tile: Tile) => void,
): void {
  const members = team?.size ?? 1;
  for (let first = 0; first < tiles.length; first += members) {
    const turn = tiles.slice(first, first + members);
    computeEach(team, turn, compute).forEach((tensors, i) => {
      use(tensors, turn[i]!);
      tf.dispose(tensors);
    });
  }
}

/** What is not cut into tiles: the first member computes it, and all get what has these names. */
export function computedOnce<Name extends string, T extends Record<Name, tf.Tensor>>(
  team: Team | undefined,
  names: readonly Name[],
  compute: () => T,
): T {
  if (!team || team.size === 1) return compute();
  const [tensors] = computeEach(team, ["all of it"], () => {
    const computed = compute();
    return names.map((name) => computed[name]);
  });
  return Object.fromEntries(names.map((name, i) => [name, tensors![i]!])) as T;
}

/** What is computed of each item, of which there is at most one for each member. */
function computeEach<Item>(
  team: Team | undefined,
  items: readonly Item[],
  compute: (item: Item) => tf.Tensor[],
): tf.Tensor[][] {
  if (!team || team.size === 1) return items.map((item) => tf.tidy(() => compute(item)));
  const mine = team.rank < items.length;
  const own = mine ? numbersOf(() => compute(items[team.rank]!)) : new Float32Array(0);
  return team.gather(own).slice(0, items.length).map(tensorsOf);
}

/** Tensors as numbers: how many, then of each its rank, its shape and its values. */
function numbersOf(compute: () => tf.Tensor[]): Float32Array {
  const tensors = tf.tidy(compute);
  try {
    const heads = tensors.map(({ shape }) => [shape.length, ...shape]);
    const sizes = tensors.map(({ size }, i) => heads[i]!.length + size);
    const numbers = new Float32Array(sizes.reduce((sum, size) => sum + size, 1));
    let at = 0;
    numbers[at++] = tensors.length;
    tensors.forEach((tensor, i) => {
      numbers.set(heads[i]!, at);
      numbers.set(tensor.dataSync(), at + heads[i]!.length);
      at += sizes[i]!;
    });
    return numbers;
  } finally {
    tf.dispose(tensors);
  }
}

function tensorsOf(numbers: Float32Array): tf.Tensor[] {
  let at = 1;
  return Array.from({ length: numbers[0]! }, () => {
    const shape = Array.from(numbers.subarray(at + 1, at + 1 + numbers[at]!));
    at += 1 + shape.length;
    const size = tf.util.sizeFromShape(shape);
    return tf.tensor(numbers.slice(at, at += size), shape);
  });
}
