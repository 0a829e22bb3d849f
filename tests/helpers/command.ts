/**
 * Scripts of the project as a user calls them, and folders that go away again.
 *
 * @module
 */
const root = new URL("../../", import.meta.url);

/** A call of a script, not started yet. */
export function command(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...args],
    cwd: root,
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

/** What a call printed, and how it ended. */
export async function call(script: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(script, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A folder for a test, removed after it. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of what lies in a folder. */
export const namesIn = (folder: string): string[] =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
