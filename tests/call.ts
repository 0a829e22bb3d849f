/**
 * A call of `deno test` and what came of it.
 *
 * @module
 */

/** What came of a call of `deno test`. */
export type Outcome = {
  passed: number;
  failed: number;
  ignored: number;
  ok: boolean;
  skipped: string[];
  seconds: number;
  /** Of a failed call: how it ended, and what it printed from its errors on. */
  trouble?: string;
};

/** How many lines of a failed call are shown again at the end. */
const TROUBLE_LINES = 60;

/**
 * On Linux WebGPU is Vulkan alone: where OpenGL is opened too, libEGL and the thread of the tests free
 * the same memory at the end of a process, which ends one in some 200 by SIGABRT after its last test.
 */
const ENVIRONMENT: Record<string, string> =
  Deno.build.os === "linux" && !Deno.env.has("DENO_WEBGPU_BACKEND")
    ? { DENO_WEBGPU_BACKEND: "vulkan" }
    : {};

/** One call of `deno test`: its output is passed on, or shown at the end if `held`, and read. */
export async function runTests(
  args: string[],
  { env = {}, held = false }: { env?: Record<string, string>; held?: boolean } = {},
): Promise<Outcome> {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...args],
    cwd: new URL("../", import.meta.url),
    env: { ...ENVIRONMENT, ...env },
    stdout: "piped",
    stderr: held ? "piped" : "inherit",
  }).spawn();
  const errors = held ? new Response(child.stderr).text() : Promise.resolve("");
  const parts: Uint8Array[] = [];
  for await (const chunk of child.stdout) {
    if (!held) await Deno.stdout.write(chunk);
    parts.push(chunk);
  }
  const { success, code, signal } = await child.status;
  const text = await new Blob(parts as BlobPart[]).text();
  const all = text + await errors;
  if (held) console.log(all);
  const plain = withoutColors(text);
  const summary = plain.match(/^(?:ok|FAILED) \| .*$/gm)?.at(-1) ?? "";
  const count = (word: string) => Number(summary.match(`(\\d+) ${word}`)?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    ignored: count("ignored"),
    ok: success,
    skipped: [...plain.matchAll(/^skipped: .*$/gm)].map(([line]) => line),
    seconds: (performance.now() - began) / 1000,
    trouble: success
      ? undefined
      : `ended with ${signal ?? `code ${code}`}\n${excerpt(withoutColors(all))}`,
  };
}

/** What a failed call printed from its errors on, or its last lines. */
function excerpt(text: string): string {
  const lines = text.trimEnd().split("\n");
  const errors = lines.findIndex((line) => /^ ?ERRORS ?/.test(line));
  return (errors < 0 ? lines.slice(-TROUBLE_LINES) : lines.slice(errors))
    .slice(0, TROUBLE_LINES).join("\n");
}

/** A text without the codes that color it. */
function withoutColors(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
