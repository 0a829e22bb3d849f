/**
 * A writer of protobuf, field by field: a tag, then a varint, four bytes, or a length and as many
 * bytes.
 *
 * @module
 */

/** A number, seven bits a byte. */
export function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** A field of text, bytes or a further message. */
export function field(number: number, payload: ArrayLike<number> | string): number[] {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...Array.from(bytes)];
}

/** A field of a whole number. */
export const integer = (number: number, value: number) => [
  ...varint(number * 8),
  ...varint(value),
];
