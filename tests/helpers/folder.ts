/**
 * Folders that go away again.
 *
 * @module
 */

/** Calls `test` with an empty folder, which is gone afterwards. */
export async function inFolder(test: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "stylebook-test-" });
  try {
    await test(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of what lies in a folder. */
export const namesIn = (folder: string): string[] =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
