/**
 * Starts the real JupyterLab through `deno task lab`'s own script, on a free port.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitUntil } from "./chromium.ts";

/** The project's folder. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");

/** A running JupyterLab. */
export type LabServer = AsyncDisposable & {
  /** The address of a notebook, given by its path from the project's folder. */
  url(notebook: string): string;
  /** Seconds from the start of the command to the first answer of the server. */
  seconds: number;
  /** Starts a kernel without a notebook. */
  startKernel(): Promise<void>;
  /** Sends the signal to the command and waits for its end; its exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
  /** A folder of this server alone: it is in the command line of its kernels. */
  folder: string;
  /** Running kernels, as the server counts them. */
  kernels(): Promise<{ id: string; name: string; execution_state: string }[]>;
};

/** Options of {@linkcode startLab}. */
export type LabOptions = {
  /** Variables that the kernels see, too. */
  env?: Record<string, string>;
  /** Further flags of JupyterLab. */
  flags?: string[];
  /** Seconds to wait; a first start downloads JupyterLab. */
  patience?: number;
};

/** Starts JupyterLab with settings and workspaces of its own, so that no file of the user matters. */
export async function startLab(
  { env = {}, flags = [], patience = 300 }: LabOptions = {},
): Promise<LabServer> {
  const start = performance.now();
  const settings = await Deno.makeTempDir({ prefix: "stylebook-lab-" });
  const port = freePort();
  const token = crypto.randomUUID();
  // The notebooks under test are the committed ones: their files must stay as they are.
  const manager = join(settings, "lab", "user-settings", "@jupyterlab", "docmanager-extension");
  await Deno.mkdir(manager, { recursive: true });
  await Deno.writeTextFile(join(manager, "plugin.jupyterlab-settings"), '{ "autosave": false }');

  const log = await Deno.open(join(settings, "log.txt"), { create: true, write: true });
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      join(ROOT, "notebooks", "tools", "lab.ts"),
      "--no-browser",
      `--port=${port}`,
      "--ServerApp.port_retries=0",
      `--IdentityProvider.token=${token}`,
      ...flags,
    ],
    env: { ...env, JUPYTER_CONFIG_DIR: settings, JUPYTER_RUNTIME_DIR: settings },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logged = process.stderr.pipeTo(log.writable);

  const server = `http://127.0.0.1:${port}`;
  const headers = { authorization: `token ${token}` };
  let ended = false;
  process.status.then(() => ended = true);
  const stop = async (signal: Deno.Signal = "SIGTERM") => {
    if (!ended) process.kill(signal);
    const { code } = await process.status;
    await logged;
    await Deno.remove(settings, { recursive: true }).catch(() => {}); // a second stop
    return code;
  };
  try {
    await waitUntil("JupyterLab", patience, async () => {
      if (ended) return true;
      const response = await fetch(`${server}/api/status`, { headers });
      await response.body?.cancel();
      return response.ok;
    });
    if (ended) throw new Error(await Deno.readTextFile(join(settings, "log.txt")));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: (notebook) => `${server}/lab/tree/${notebook}?token=${token}`,
    seconds: (performance.now() - start) / 1000,
    startKernel: async () => {
      const request = { method: "POST", headers, body: '{ "name": "deno" }' };
      await (await fetch(`${server}/api/kernels`, request)).body?.cancel();
    },
    stop,
    folder: settings,
    kernels: async () => await (await fetch(`${server}/api/kernels`, { headers })).json(),
    [Symbol.asyncDispose]: async () => void await stop(),
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
