/**
 * Arrays whose length is known to the compiler.
 *
 * @module
 */

/** An array of exactly `N` entries: each that is taken apart by name is known to be there. */
export type Tuple<T, N extends number, Made extends T[] = []> = number extends N ? T[]
  : Made["length"] extends N ? Made
  : Tuple<T, N, [...Made, T]>;

/** What `make` returns in so many calls: `const [a, b] = many(2, () => new Float64Array(9))`. */
export function many<T, N extends number>(count: N, make: () => T): Tuple<T, N> {
  return Array.from({ length: count }, make) as Tuple<T, N>;
}
