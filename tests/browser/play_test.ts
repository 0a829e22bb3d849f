/**
 * Outputs to play with, in headless Chromium as in a trusted notebook, and without scripts as in one that
 * is not trusted. Screenshots go to the folder that the variable STYLEBOOK_SCREENSHOTS names.
 *
 * Runs alone: a browser on a busy machine is late.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { curtain, explore, type Html, type Picture, scrub, viewer, zoom } from "../../lib/mod.ts";
import { chromiumFor, keepScreenshot, openPage, type Page } from "./chromium.ts";

const chromium = await chromiumFor("the tests of outputs to play with");

/** A slope from dark to bright, of one colour per number. */
function slope(number: number): Picture {
  const [width, height] = [120, 80];
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, channel] = [Math.floor(i / 3) % width, i % 3];
    data[i] = channel === number % 3 ? 2 * x : 40 * number;
  }
  return { width, height, data };
}

const frames = [0, 9, 19, 29].map((iteration, i) => ({
  iteration,
  picture: slope(i),
  losses: { content: { loss: 10 + i }, style: { loss: 1e6 / (i + 1) } },
}));

const FIGURES: Record<string, Html> = {
  scrub: scrub(frames, { width: 300 }),
  curtain: curtain(slope(0), slope(1), { names: ["photograph", "painting"] }),
  zoom: zoom({ one: slope(0), two: slope(1), three: slope(2) }, { width: 120 }),
  viewer: viewer(slope(0), { width: 120, name: "a slope" }),
  explore: explore([[slope(0), slope(1), slope(2)], [slope(3), slope(4), slope(5)]], {
    rowTitle: "denoise",
    rowLabels: ["0", "1"],
    columnTitle: "style",
    columnLabels: ["1", "10", "100"],
  }),
};

Deno.test("outputs to play with use no address but those that they hold themselves", () => {
  for (const { html } of Object.values(FIGURES)) {
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    assertEquals(addresses.filter((address) => !address!.startsWith("data:image/")), []);
    assertEquals(html.match(/https?:|<script|@import|url\(/), null);
  }
});

Deno.test({
  name: "slider, curtain, magnifying glass and table do in a page what they promise",
  ignore: chromium === undefined,
  sanitizeResources: false, // a WebSocket is closed a moment after the test
  async fn() {
    await using page = await openPage(chromium!);
    await open(page, FIGURES, "dark");
    await keepScreenshot(page, "play-dark");
    await open(page, FIGURES, "light");

    const words = () =>
      page.evaluate<string>(`document.querySelector(".stylebook-scrub .words").textContent`);
    assertEquals(await words(), "after step 30 · content 13 · style 250000");
    const before = await page.evaluate<string>(
      `document.querySelector(".stylebook-scrub img").src`,
    );
    await slide(page, ".stylebook-scrub input", 0);
    assertEquals(await words(), "after step 1 · content 10 · style 1e6");
    const after = await page.evaluate<string>(`document.querySelector(".stylebook-scrub img").src`);
    assert(before !== after, "the slider changes the picture");
    assertEquals(
      await page.evaluate(`document.querySelector(".stylebook-scrub line").getAttribute("x1")`),
      "6",
    );

    const edge = () =>
      page.evaluate<string>(`document.querySelector(".stylebook-curtain .front").style.width`);
    assertEquals(await edge(), "50%");
    await slide(page, ".stylebook-curtain input", 20);
    assertEquals(await edge(), "20%");
    await page.click(".stylebook-curtain .stage");
    assert(
      Math.abs(parseFloat(await edge()) - 50) < 2,
      `the edge is where the mouse is: ${await edge()}`,
    );

    await page.click(".stylebook-zoom .pane");
    const scales =
      `[...document.querySelectorAll(".stylebook-zoom img")].map((i) => i.style.transform)`;
    assertEquals(await page.evaluate(scales), ["scale(4)", "scale(4)", "scale(4)"]);

    const place = `document.querySelector(".stylebook-viewer img").style.transform`;
    await slide(page, ".stylebook-viewer input", 100);
    const enlarged = await page.evaluate<string>(place);
    assertStringIncludes(enlarged, "scale(2)");
    // Enlarged about the middle: half of the frame's sides lies beyond its corner.
    assertStringIncludes(enlarged, "translate(-60px");
    await slide(page, ".stylebook-viewer input", 0);
    assertStringIncludes(await page.evaluate<string>(place), "translate(0px, 0px) scale(1)");

    const shown = () =>
      page.evaluate<string>(`document.querySelector(".stylebook-explore .words").textContent`);
    assertEquals(await shown(), "denoise 0, style 1");
    await slide(page, ".stylebook-explore input.across", 2);
    await slide(page, ".stylebook-explore input.down", 1);
    assertEquals(await shown(), "denoise 1, style 100");
    await page.click(".stylebook-explore td:nth-child(3) img");
    assertEquals(await shown(), "denoise 0, style 10");
    const link = await page.evaluate<string[]>(
      `(({ href, download }) => [href, download])(document.querySelector(".stylebook-explore a"))`,
    );
    assertEquals(link[1], "denoise-0-style-10.jpg");
    assertStringIncludes(link[0]!, "data:image/jpeg;base64,");
    await keepScreenshot(page, "play-light");
  },
});

Deno.test({
  name: "without scripts, pictures are left and controls are not to be seen",
  ignore: chromium === undefined,
  sanitizeResources: false,
  async fn() {
    await using page = await openPage(chromium!);
    await open(page, FIGURES, "light", "script-src 'none'");
    await keepScreenshot(page, "play-without-scripts");
    // The page's own scripts are off, those of the DevTools protocol are not.
    const visible = (selector: string) =>
      page.evaluate<number>(
        `[...document.querySelectorAll(${
          JSON.stringify(selector)
        })].filter((e) => e.offsetWidth > 0).length`,
      );
    assertEquals(await visible("input, .controls, .hint"), 0);
    assertEquals(await visible(".stylebook-scrub img"), 1);
    assertEquals(await visible(".stylebook-zoom img"), 3);
    assertEquals(await visible(".stylebook-explore td img"), 6);
    assertEquals(await visible(".stylebook-curtain img"), 2);
    assertEquals(await visible(".stylebook-viewer img"), 1);
  },
});

Deno.test({
  name: "outputs to play with wait for the rest of a page that comes slowly",
  ignore: chromium === undefined,
  sanitizeResources: false,
  async fn() {
    await using page = await openPage(chromium!);
    // Each figure stops short after its first picture, which is there before what follows it.
    const parts = Object.values(FIGURES).flatMap(({ html }) => {
      const end = html.indexOf(">", html.indexOf("<img")) + 1;
      return [html.slice(0, end), html.slice(end)];
    });
    const pieces = ["<!DOCTYPE html><title>slow</title>", ...parts];
    await using server = Deno.serve({ port: 0, onListen() {} }, () => {
      const body = ReadableStream.from(slowly(pieces)).pipeThrough(new TextEncoderStream());
      return new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });
    });
    await page.goto(`http://localhost:${server.addr.port}/`);
    await page.waitFor(
      "the page",
      `document.title === "slow" && document.readyState === "complete"`,
    );
    const front = `document.querySelector(".stylebook-curtain .front").style.width`;
    await slide(page, ".stylebook-curtain input", 20);
    assertEquals(await page.evaluate(front), "20%");
    const hidden = `document.querySelectorAll(":is(input, .controls, .hint)[hidden]").length`;
    assertEquals(await page.evaluate(hidden), 0);
  },
});

/** The pieces of a page, with a pause after each. */
async function* slowly(pieces: string[]) {
  for (const piece of pieces) {
    yield piece;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Opens a page with the figures below one another. */
async function open(page: Page, figures: Record<string, Html>, theme: string, policy = "") {
  const colours = theme === "dark" ? "background: #111111; color: #ffffff" : "background: white";
  const body = Object.values(figures).map(({ html }) => `<section>${html}</section><hr>`).join("");
  const meta = policy && `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const file = await Deno.makeTempFile({ suffix: ".html" });
  const text = `<!DOCTYPE html><meta charset="utf-8">${meta}<title>${theme}</title>` +
    `<body style="font-family: sans-serif; ${colours}">${body}</body>`;
  await Deno.writeTextFile(file, text);
  await page.goto(`file://${file}`);
  await page.waitFor(
    "the page",
    `document.title === "${theme}" && document.readyState === "complete"`,
  );
  await Deno.remove(file);
}

/** Moves a slider as a hand does. */
async function slide(page: Page, selector: string, value: number): Promise<void> {
  await page.evaluate(`(() => {
    const slider = document.querySelector(${JSON.stringify(selector)});
    slider.value = ${value};
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
}
