/**
 * A stand-in for `jsr:@std/assert`, for machines that cannot reach JSR: the few functions that the
 * tests use, over `node:assert`. `tests/run.ts` maps the bare name here only when JSR does not answer.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";

const given = (message?: string): [Error] | [] =>
  message === undefined ? [] : [new nodeAssert.AssertionError({ message })];

/** Passes when `value` is truthy. */
export function assert(value: unknown, message = "Expected a truthy value"): asserts value {
  if (!value) throw new nodeAssert.AssertionError({ message });
}

/** Passes when both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, ...given(message));
}

/** Passes when the values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, ...given(message));
}

/** Passes when `actual` is within `tolerance` (default 1e-7) of `expected`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7): void {
  assert(
    Math.abs(actual - expected) <= tolerance,
    `Expected ${actual} to be within ${tolerance} of ${expected}`,
  );
}

/** Passes when `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assert(actual.includes(expected), message ?? `Expected "${actual}" to include "${expected}"`);
}

/** Passes when `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  nodeAssert.match(actual, expected, ...given(message));
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function checkError<E extends Error>(error: unknown, type?: ErrorClass<E>, text?: string): E {
  assert(error instanceof Error, `Expected an Error, got ${error}`);
  if (type) {
    assert(error instanceof type, `Expected ${type.name}, got ${error.name}: ${error.message}`);
  }
  if (text !== undefined) assertStringIncludes(error.message, text);
  return error as E;
}

/** Passes when `run` throws an error of the class `type` whose message includes `text`. */
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  type?: ErrorClass<E>,
  text?: string,
): E {
  try {
    run();
  } catch (error) {
    return checkError(error, type, text);
  }
  throw new nodeAssert.AssertionError({ message: "Expected the function to throw" });
}

/** Passes when `run` rejects with an error of the class `type` whose message includes `text`. */
export async function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  type?: ErrorClass<E>,
  text?: string,
): Promise<E> {
  try {
    await run();
  } catch (error) {
    return checkError(error, type, text);
  }
  throw new nodeAssert.AssertionError({ message: "Expected the promise to be rejected" });
}
