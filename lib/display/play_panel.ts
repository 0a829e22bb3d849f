/**
 * The way between a control panel and the run that it controls. The Deno kernel drops what a page sends
 * back, so a server listens on this machine alone, at a port of its own, under a path that nobody can guess,
 * and is closed with the run.
 *
 * @module
 */
import { cannot, checkOneOf, describe } from "../base/check.ts";
import { playPage } from "./play_page.ts";

/** What a panel can ask for. */
export type PlayCommand =
  | { kind: "factor"; name: string; value: number }
  | { kind: "stepSize"; value: number }
  | { kind: "pause" | "go" | "step" | "undo" | "branch" | "finish" }
  | { kind: "take"; index: number };

/** What a panel shows from the beginning. */
export type PlaySetup = { losses: readonly string[]; stepSize: number };

/** A panel's server. */
export type PlayPanel = {
  /** Where the page is. */
  readonly address: string;
  readonly port: number;
  /** The secret part of the address. */
  readonly token: string;
  /** Whether a page is listening. */
  isWatched(): boolean;
  /** Tells all pages that listen; the last word of each kind is kept for pages that come later. */
  send(kind: string, value: unknown): void;
  close(): Promise<void>;
};

/** Weights go up and down by at most this factor, steps down and up to these sizes. */
const MOST_FACTOR = 1000;
const STEP_SIZES = { least: 0.01, most: 100 };
const COMMANDS = ["factor", "stepSize", "pause", "go", "step", "undo", "branch", "take", "finish"];
const LONGEST_COMMAND = 500;
const MOST_PAGES = 20;

/** Opens a server for one run. */
export function openPanel(
  setup: PlaySetup,
  onCommand: (command: PlayCommand) => void,
): PlayPanel {
  const token = Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const pages = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const lastWords = new Map<string, Uint8Array>();
  const encoder = new TextEncoder();

  function listen(): Response {
    if (pages.size >= MOST_PAGES) return new Response("Too many pages", { status: 503 });
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller;
        pages.add(own);
        for (const words of lastWords.values()) own.enqueue(words);
      },
      cancel: () => void pages.delete(own),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  async function take(request: Request): Promise<Response> {
    try {
      onCommand(readCommand(await textOf(request), setup));
      return new Response(null, { status: 204 });
    } catch (error) {
      return new Response((error as Error).message, { status: 400 });
    }
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const [, secret, name] = new URL(request.url).pathname.split("/");
    if (secret !== token || isForeign(request)) return new Response("Forbidden", { status: 403 });
    if (request.method === "GET" && name === "events") return listen();
    if (request.method === "POST" && name === "command") return take(request);
    if (request.method === "GET" && name === "") {
      return new Response(playPage(setup, STEP_SIZES, MOST_FACTOR), {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy":
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
            "img-src data:; connect-src 'self'",
          "referrer-policy": "no-referrer",
        },
      });
    }
    return new Response("Not found", { status: 404 });
  });
  const { port } = server.addr;
  return {
    address: `http://127.0.0.1:${port}/${token}/`,
    port,
    token,
    isWatched: () => pages.size > 0,
    send(kind, value) {
      const words = encoder.encode(`event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`);
      lastWords.set(kind, words);
      for (const page of pages) page.enqueue(words);
    },
    async close() {
      for (const page of pages) page.close();
      pages.clear();
      await server.shutdown();
    },
  };
}

/** Whether a page of another site sends the request: browsers say where a page is from. */
function isForeign(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) return false;
  if (!URL.canParse(origin)) return true;
  // Through a proxy, the page is that of the host that was asked.
  return new URL(origin).host !== request.headers.get("host");
}

/** The text of a request, as long as commands are. */
async function textOf(request: Request): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_COMMAND) throw new RangeError("A command is not as long as that");
  }
  return text;
}

/** @throws {Error} when the text is no command. */
function readCommand(text: string, { losses }: PlaySetup): PlayCommand {
  const what = "play";
  const given = JSON.parse(text);
  checkOneOf(what, "the command", given?.kind, COMMANDS);
  const number = (name: string, least: number, most: number): number => {
    const value = given[name];
    if (typeof value === "number" && value >= least && value <= most) return value;
    throw new RangeError(
      cannot(what, `${name} must be a number from ${least} to ${most}`, describe(value)),
    );
  };
  if (given.kind === "factor") {
    checkOneOf(what, "the loss", given.name, [...losses]);
    return { kind: "factor", name: given.name, value: number("value", 0, MOST_FACTOR) };
  }
  if (given.kind === "stepSize") {
    return { kind: "stepSize", value: number("value", STEP_SIZES.least, STEP_SIZES.most) };
  }
  if (given.kind === "take") {
    return { kind: "take", index: Math.floor(number("index", 0, 1000)) };
  }
  return { kind: given.kind };
}
