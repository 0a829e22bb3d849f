/**
 * Drives headless Chromium over its DevTools protocol: enough for a notebook, and no dependency.
 *
 * @module
 */
import { join } from "node:path";

/** Where Chromium may be, in order; the variable CHROMIUM goes before. */
const CANDIDATES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The command that starts Chromium, or undefined where there is none. */
export async function findChromium(): Promise<string | undefined> {
  const named = Deno.env.get("CHROMIUM");
  for (const command of named ? [named] : CANDIDATES) {
    try {
      const asked = await new Deno.Command(command, { args: ["--version"] }).output();
      if (asked.success) return command;
    } catch {
      // not here: the next one
    }
  }
}

/** As {@linkcode findChromium}; says which tests are left out where there is none, and throws in CI. */
export async function chromiumFor(tests: string): Promise<string | undefined> {
  const chromium = await findChromium();
  if (chromium !== undefined) return chromium;
  if (Deno.env.has("CI")) throw new Error("Cannot run the browser tests in CI without Chromium");
  console.log(`skipped: ${tests}, as there is no Chromium (set CHROMIUM to its path)`);
}

/** One page of a Chromium of its own. */
export type Page = AsyncDisposable & {
  /** Opens an address; does not wait for it. */
  goto(url: string): Promise<void>;
  /** The value of an expression in the page; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until the expression is truthy, and returns it. */
  waitFor<T>(what: string, expression: string, seconds?: number): Promise<T>;
  /** Clicks with the mouse in the middle of the first element that fits the selector. */
  click(selector: string): Promise<void>;
  /** Types into whatever has the focus. */
  type(text: string): Promise<void>;
  /** Presses Enter. */
  enter(options?: { shift: boolean }): Promise<void>;
  /** A PNG of what is visible. */
  screenshot(): Promise<Uint8Array>;
};

type Reply = { result?: Record<string, unknown>; error?: { message: string } };

/** Starts Chromium with an empty profile, which goes with the page. */
export async function openPage(command: string): Promise<Page> {
  const profile = await Deno.makeTempDir({ prefix: "stylebook-chromium-" });
  const browser = new Deno.Command(command, {
    args: [
      "--headless=new",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "--window-size=1280,1000",
      "--no-first-run",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-sandbox", // needs rights that containers lack; the page is our own
      "about:blank",
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const port = await waitUntil("Chromium's port", 30, async () => {
    const text = await Deno.readTextFile(join(profile, "DevToolsActivePort"));
    return text.includes("\n") ? Number(text.split("\n")[0]) : undefined;
  });
  const target = await waitUntil("Chromium's page", 10, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    const targets: { type: string; webSocketDebuggerUrl: string }[] = await response.json();
    return targets.find(({ type }) => type === "page");
  });
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const send = protocol(socket);
  await send("Page.enable");

  const page: Page = {
    async goto(url) {
      await send("Page.navigate", { url });
    },
    async evaluate<T>(expression: string) {
      const options = { expression, returnByValue: true, awaitPromise: true };
      const { result, exceptionDetails } = await send("Runtime.evaluate", options) as {
        result: { value: T };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      };
      if (exceptionDetails) {
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      }
      return result.value;
    },
    waitFor<T>(what: string, expression: string, seconds = 30) {
      return waitUntil(what, seconds, () => page.evaluate<T | undefined>(expression));
    },
    async click(selector) {
      // A long notebook is laid out while it scrolls: wait until the place no longer moves.
      const point = await page.waitFor<{ x: number; y: number }>(
        `something to click at ${selector}`,
        `(async () => {
          const element = document.querySelector(${JSON.stringify(selector)});
          const place = () => {
            element.scrollIntoView({ block: "nearest" });
            const { x, y, width, height } = element.getBoundingClientRect();
            return { x: x + width / 2, y: y + height / 2 };
          };
          const before = place();
          await new Promise((resolve) => setTimeout(resolve, 100));
          const now = place();
          const still = now.x === before.x && now.y === before.y;
          return still && element.contains(document.elementFromPoint(now.x, now.y)) && now;
        })()`,
      );
      await send("Input.dispatchMouseEvent", { type: "mouseMoved", ...point });
      for (const type of ["mousePressed", "mouseReleased"]) {
        const mouse = { type, ...point, button: "left", clickCount: 1 };
        await send("Input.dispatchMouseEvent", mouse);
      }
    },
    async type(text) {
      await send("Input.insertText", { text });
    },
    async enter({ shift } = { shift: false }) {
      const modifiers = shift ? 8 : 0;
      const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, modifiers };
      await send("Input.dispatchKeyEvent", { type: "keyDown", ...key });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
    },
    async screenshot() {
      const { data } = await send("Page.captureScreenshot", { format: "png" });
      return Uint8Array.from(atob(data as string), (char) => char.charCodeAt(0));
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
      browser.kill("SIGTERM");
      await browser.status;
      await Deno.remove(profile, { recursive: true }).catch(() => {});
    },
  };
  return page;
}

/** Matches replies to requests by their id. */
function protocol(socket: WebSocket) {
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const reply = JSON.parse(data);
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  };
  return (method: string, params: Record<string, unknown> = {}) => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise<Record<string, unknown>>((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
    });
  };
}

/**
 * Asks every 50 ms until the answer is truthy. Errors count as "not yet".
 *
 * @throws {Error} after `seconds`, with `what` was waited for
 */
export async function waitUntil<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let problem: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited ${seconds} s in vain for ${what}`, { cause: problem });
}

/** Keeps what is visible as a picture, in the folder that the variable STYLEBOOK_SCREENSHOTS names. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("STYLEBOOK_SCREENSHOTS");
  if (!folder) return;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, `${name}.png`), await page.screenshot());
}
