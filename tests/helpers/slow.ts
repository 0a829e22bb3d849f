/**
 * Tests that take their time in files that are quick otherwise.
 *
 * @module
 */

/** A test that `deno task test --quick` leaves out, and says so. */
export function slowTest(name: string, test: () => Promise<void> | void): void {
  const ignore = Deno.env.has("STYLEBOOK_QUICK");
  if (ignore) console.log(`skipped: ${name} (--quick)`);
  Deno.test({ name, ignore, fn: test });
}
