/**
 * Scripts of the project as a user calls them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");

/** A call of a script, not started yet; its relative paths count from the project's root. */
export function command(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", INIT_CWD: ROOT, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** What a call printed, and how it ended. */
export async function call(script: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(script, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr), said: text(stdout) + text(stderr) };
}
