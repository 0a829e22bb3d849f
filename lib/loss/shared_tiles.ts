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
    if (members === 1) {
      const tensors = tf.tidy(() => compute(turn[0]!));
      use(tensors, turn[0]!);
      tf.dispose(tensors);
      continue;
    }
    const own = turn[team!.rank];
    const numbers = own ? numbersOf(() => compute(own)) : new Float32Array(0);
    const gathered = team!.gather(numbers);
    turn.forEach((tile, i) => {
      const tensors = tensorsOf(gathered[i]!);
      use(tensors, tile);
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
  const here = () => {
    const computed = compute();
    return names.map((name) => computed[name]);
  };
  const numbers = team.rank === 0 ? numbersOf(here) : new Float32Array(0);
  const tensors = tensorsOf(team.gather(numbers)[0]!);
  return Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) as T;
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
