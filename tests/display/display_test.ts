/**
 * What a notebook shows: sizes of composed pictures, words in charts and tables, and how often a run
 * that is watched is read back. That it looks right can only be seen.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  barChart,
  claim,
  contactSheet,
  lineChart,
  live,
  type LiveFrame,
  plotLosses,
  type Publisher,
  type PublishOptions,
  show,
  type Showable,
  stackedBars,
  sweep,
  table,
} from "../../lib/display/mod.ts";
import { pictureBundle, scalePicture } from "../../lib/display/compose.ts";
import { type Bundle, DISPLAY, publish } from "../../lib/display/publish.ts";
import { axisFor } from "../../lib/display/plot.ts";
import { captionedPictures } from "../../lib/display/sheet.ts";
import { fitText, textWidth } from "../../lib/display/svg.ts";
import { inKernel } from "../../lib/base/notebook.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { inFakeKernel, printed } from "../helpers/fake_kernel.ts";

function plain(width: number, height: number, [r, g, b] = [200, 40, 60]): Picture {
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set([r, g, b], i);
  return { width, height, data };
}

function pixel({ width, data }: Picture, x: number, y: number): number[] {
  const at = (y * width + x) * 3;
  return [...data.subarray(at, at + 3)].map(Math.round);
}

/** Whether there is anything dark, such as text, in a box of a picture. */
function hasInk(picture: Picture, left: number, top: number, right: number, bottom: number) {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (Math.max(...pixel(picture, x, y)) < 120) return true;
    }
  }
  return false;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text);
}

Deno.test("fitText() wraps, shrinks, and cuts only what does not fit at the smallest size", () => {
  assertEquals(fitText("relu1_1", 100).lines, ["relu1_1"]);
  assertEquals(fitText("content weight", 80).lines, ["content", "weight"]);
  const long = fitText("averylongnamewithoutanyspaces".repeat(4), 90, { maxLines: 3 });
  assertEquals([long.lines.length, long.size], [3, 10]);
  assertStringIncludes(long.lines[2]!, "…");
  for (const line of long.lines) assert(textWidth(line, long.size) <= 90, line);
  assertEquals(fitText("", 90).height, 0);
});

Deno.test("scalePicture() keeps a plain picture plain and makes square pixels when it enlarges", () => {
  for (const [width, height] of [[3, 2], [30, 5], [47, 31], [11, 11]]) {
    const scaled = scalePicture(plain(11, 11), width!, height!);
    assertEquals([scaled.width, scaled.height], [width, height]);
    for (let y = 0; y < height!; y++) {
      for (let x = 0; x < width!; x++) assertEquals(pixel(scaled, x, y), [200, 40, 60]);
    }
  }
  // Two pixels to five, the middle one of which belongs to the right.
  const two = { width: 2, height: 1, data: Float32Array.of(0, 0, 0, 200, 200, 200) };
  assertEquals([...scalePicture(two, 5, 2).data].filter((_, i) => i < 15 && i % 3 === 0), [
    0,
    0,
    200,
    200,
    200,
  ]);
});

Deno.test("captionedPictures() sets pictures at the same height with their names beneath", () => {
  const sheet = captionedPictures({
    content: plain(300, 200),
    mixed: plain(300, 200, [0, 90, 200]),
  });
  // Small pictures grow to a height of 256, so the width is margin, 384, gap, 384, margin.
  assertEquals(sheet.width, 10 + 384 + 12 + 384 + 10);
  assertEquals(pixel(sheet, 10, 10), [200, 40, 60]);
  assertEquals(pixel(sheet, 10 + 384 + 12, 10 + 255), [0, 90, 200]);
  assertEquals(pixel(sheet, 10 + 384 + 6, 100), [255, 255, 255]);
  assert(hasInk(sheet, 160, 270, 240, sheet.height), "a name below the first picture");
  assert(hasInk(sheet, 560, 270, 640, sheet.height), "a name below the second picture");
});

Deno.test("captionedPictures() enlarges tiny pictures and survives odd shapes", () => {
  assertEquals(captionedPictures({ "": plain(48, 48) }).height, 256 + 2 * 10);
  const many = Array.from({ length: 13 }, (_, i) => [`relu${i}`, plain(30, 20)]);
  assert(captionedPictures(Object.fromEntries(many)).width <= 900);
  const odd = { line: plain(2000, 1), column: plain(1, 2000), dot: plain(1, 1) };
  assert(captionedPictures(odd, { width: 600 }).width < 800);
  assertThrows(() => captionedPictures({}), RangeError, "Cannot show pictures as");
  assertThrows(() => captionedPictures(odd, { columns: 0 }), RangeError, "columns");
});

Deno.test("contactSheet() has room for every label, long ones too", () => {
  const picture = plain(60, 40);
  const sheet = contactSheet([[picture, picture], [picture]], {
    rowLabels: ["0.1", "a label that is much too long for the margin it is written in"],
    columnLabels: ["one", "withoutaspacebutlongerthanthecell".repeat(2)],
    rowTitle: "content weight",
    columnTitle: "style weight",
    title: "Weights",
    cell: 120,
  });
  // Margin, row title, row labels of at most 130, gap, two cells of 120 with a gap between, margin.
  assertEquals(sheet.width, 10 + 20 + 130 + 8 + 120 + 12 + 120 + 10);
  assertEquals(pixel(sheet, sheet.width - 11, sheet.height - 60), [255, 255, 255]); // no picture
  assertEquals(pixel(sheet, 168 + 60, sheet.height - 40), [200, 40, 60]);
  assert(hasInk(sheet, 30, sheet.height - 90, 160, sheet.height - 10), "a row label");
  assert(!hasInk(sheet, 161, sheet.height - 90, 167, sheet.height - 10), "and it ends in time");
  assert(contactSheet([Array(13).fill(picture)]).width <= 900);
  assertThrows(() => contactSheet([]), RangeError, "Cannot make a contact sheet");
  assertThrows(() => contactSheet([[picture]], { rowLabels: ["a", "b"] }), RangeError, "rowLabels");
});

Deno.test("pictureBundle() is a PNG of the right size while that is small, else a JPEG", async () => {
  const bundle = pictureBundle(plain(64, 32), "words");
  assertEquals(Object.keys(bundle), ["image/png", "text/plain"]);
  const decoded = await readPicture(fromBase64(bundle["image/png"]!));
  assertEquals([decoded.width, decoded.height, pixel(decoded, 63, 31)], [64, 32, [200, 40, 60]]);

  let state = 1;
  const data = new Float32Array(400 * 300 * 3).map(() =>
    (state = state * 16807 % 2147483647) % 256
  );
  const noise = pictureBundle({ width: 400, height: 300, data }, "noise");
  assertEquals(Object.keys(noise), ["image/jpeg", "text/plain"]);
});

Deno.test("lineChart() names its axes and lines, in the SVG and in words", async () => {
  const chart = lineChart([
    { name: "Adam & friends", points: [[0, 100], [1, 10], [2, 1]] },
    { name: "L-BFGS", points: [[0, 100], [1, 1], [2, 0.01]] },
  ], { title: "Race", x: "evaluations", y: "loss", logY: true });
  for (const word of ["Adam &amp; friends", "L-BFGS", "Race", "evaluations", "loss", ">0.1<"]) {
    assertStringIncludes(chart.svg, word);
  }
  assert(!/currentColor|var\(|<style/.test(chart.svg), "the page's style must not matter");
  assert(!/white|#222222|<rect width="680"/.test(chart.svg), "nor whether it is light or dark");
  assertStringIncludes(chart.text, "L-BFGS");
  assertStringIncludes(chart.text, "0.01");
  const widthOf = async (png: Uint8Array) => (await readPicture(new Uint8Array(png))).width;
  assertEquals(await widthOf(chart.png), 1020);
  // The kernel gives a cell's last line no width, so its PNG has that of the SVG.
  assertEquals(await widthOf(fromBase64(chart[DISPLAY]()["image/png"]!)), 680);
  assertEquals(await widthOf(fromBase64(chart.sharp()["image/png"]!)), 1020);
  assertEquals(Object.keys(chart[DISPLAY]()).sort(), ["image/png", "image/svg+xml", "text/plain"]);
});

Deno.test("lineChart() leaves out what it cannot show, and says so", () => {
  const points: [number, number][] = [[0, 1], [1, NaN], [2, 0], [3, Infinity], [4, 2]];
  const chart = lineChart([{ name: "a", points }], { logY: true });
  assertStringIncludes(chart.text, "Left out: 3 points");
  assert(!/NaN|Infinity/.test(chart.svg), "no such number may reach the SVG");
  for (const points of [[], [[0, NaN]], [[5, 7]]] as [number, number][][]) {
    for (const logY of [true, false]) {
      const { svg } = lineChart([{ name: "a", points }], { logX: false, logY });
      assert(!/NaN|Infinity/.test(svg));
    }
  }
  assertStringIncludes(lineChart([]).text, "nothing to draw");
});

Deno.test("axisFor() gives a log axis between two and ten ticks, wide or narrow", () => {
  const spans = [[1, 1], [1, 1.1], [0.5, 3], [1e-3, 50], [1e-29, 1e28], [3.3, 3.4]] as const;
  for (const [least, most] of spans) {
    const { ticks = [], domain } = axisFor([least, most], true).scale;
    assert(ticks.length >= 2 && ticks.length <= 10, `${least}–${most}: ${ticks.length} ticks`);
    assert(domain[0] < Math.log10(least) && domain[1] > Math.log10(most));
  }
  assertEquals(axisFor([0, 3], false).scale.ticks, [0, 1, 2, 3]);
});

Deno.test("barChart() shows names and numbers, also where there is no bar", () => {
  const chart = barChart([
    { name: "relu1_1", value: 0.25, group: "start" },
    { name: "relu1_1", value: -0.5, group: "end" },
    { name: "a name so long that it has to be wrapped or cut", value: NaN, group: "start" },
  ], { x: "share (%)", title: "Shares" });
  for (const word of ["relu1_1", "share (%)", "Shares", ">start<", ">end<", ">-0.5<", ">NaN<"]) {
    assertStringIncludes(chart.svg, word);
  }
  assertStringIncludes(chart.text, "-0.5");
  assert(!/="NaN/.test(chart.svg), "no attribute may be NaN");
  assertStringIncludes(barChart([]).text, "nothing to draw");
});

const loss = (value: number) => ({ loss: value, weight: 1, adjustment: 1, share: 0.5 });

Deno.test("plotLosses() divides each loss by its first value", () => {
  const history = [4e28, 2e28, 1e28].map((style, iteration) => ({
    iteration,
    seconds: iteration,
    losses: { style: loss(style), denoise: loss(1e5 * (iteration + 1)) },
  }));
  const { svg, text } = plotLosses(history);
  assertStringIncludes(svg, "each loss ÷ its first value");
  assertStringIncludes(text, "style      4e28    1e28          0.25");
  assertStringIncludes(text, "denoise  100000  300000             3");
});

Deno.test("plotLosses() takes no history, a single entry, zeros and infinities", () => {
  const entry = (iteration: number, value: number) => ({
    iteration,
    seconds: 0,
    losses: { zero: loss(0), wild: loss(value) },
  });
  assertStringIncludes(plotLosses([]).text, "nothing to draw");
  assertStringIncludes(plotLosses([entry(0, 5)]).text, "Never finite and positive: zero.");
  // The first value that is finite and positive is 2, so the last one is half of it.
  const { text } = plotLosses([entry(0, Infinity), entry(1, 2), entry(2, NaN), entry(3, 1)]);
  assertStringIncludes(text, "0.5");
  assertStringIncludes(text, "Left out: 2 points");
});

Deno.test("table() writes HTML, Markdown and text, and escapes what it is given", () => {
  const rows = [{ layer: "relu<1>|2", share: 0.123456 }, {
    layer: "relu5_3",
    share: 1e-29,
    more: 1,
  }];
  const { html, markdown, text } = table(rows, { digits: 2 });
  assertStringIncludes(html, "relu&lt;1&gt;|2");
  assertStringIncludes(html, 'align="right"');
  assertEquals(markdown.split("\n")[1], "| :--- | ---: | ---: |");
  assertStringIncludes(markdown, "relu<1>\\|2 | 0.12 |  |");
  assertEquals(text.split("\n")[2], "relu5_3    1e-29     1");
  assertEquals(table([]).text, "");
});

/** The frames of a run. */
function fakeRun(iterations: number, { size = 8, stopAt = iterations, from = 0 } = {}) {
  const frames: LiveFrame[] = [];
  for (let iteration = from; iteration < stopAt; iteration++) {
    frames.push({
      iteration,
      iterations,
      seconds: (iteration - from + 1) * 0.5,
      last: iteration === stopAt - 1,
      losses: {
        content: loss(1e10),
        style: loss(iteration === 2 ? NaN : 1e28 / (iteration + 1)),
      },
      picture: plain(size, size),
    });
  }
  return { frames };
}

function recorder() {
  const published: { bundle: Bundle; options: PublishOptions }[] = [];
  const publisher: Publisher = (bundle, options = {}) => {
    published.push({ bundle, options });
    return Promise.resolve();
  };
  return { published, publisher };
}

/** What was shown of a run: the texts of the counter and of the pictures. */
function textsOf(published: { bundle: Bundle }[], kind: "html" | "image"): string[] {
  return published.filter(({ bundle }) => ("text/html" in bundle) === (kind === "html"))
    .map(({ bundle }) => bundle["text/plain"]!);
}

Deno.test("live() draws only the first, every tenth and the last frame, and counts every second", async () => {
  const { published, publisher } = recorder();
  const { frames } = fakeRun(25);
  const onFrame = live({ every: 10, publisher });
  for (const frame of frames) await onFrame(frame);

  const pictures = published.filter(({ bundle }) => !("text/html" in bundle));
  assertEquals(pictures.map(({ bundle }) => bundle["text/plain"]), [
    "after step 1 · content 1e10 · style 1e28",
    "after step 10 · content 1e10 · style 1e27",
    "after step 20 · content 1e10 · style 5e26",
    "after step 25 · content 1e10 · style 4e26",
  ]);
  // 0.5 s a step: every second one is a second after the one before.
  const counts = textsOf(published, "html");
  assertEquals(counts.length, 13);
  assertEquals(counts[5], "step 11/25 · 0.5 s/step · 0:07 left");
  assertEquals(counts.at(-1), "25 steps · 0.5 s/step · 13 s in all");
  // Two outputs throughout, made once, then drawn over.
  assertEquals(new Set(published.map(({ options }) => options.displayId)).size, 2);
  assertEquals(pictures.map(({ options }) => options.update), [false, true, true, true]);
  // JPEG on the way, the last one as PNG, which is small here; a picture of 8 pixels shown at 256.
  assert("image/jpeg" in pictures[0]!.bundle && "image/png" in pictures[3]!.bundle);
  const view = await readPicture(fromBase64(pictures[3]!.bundle["image/png"]));
  assertEquals(pixel(view, 8 + 255, 8 + 255), [200, 40, 60]);
});

Deno.test("live() draws slow steps before their time has come", async () => {
  const { published, publisher } = recorder();
  const onFrame = live({ every: 10, publisher });
  for (const frame of fakeRun(5).frames) await onFrame({ ...frame, seconds: 6 * frame.seconds });
  assertEquals(textsOf(published, "image").length, 3, "steps 1, 3 and 5, six seconds apart");
});

Deno.test("live() gives a second run an output of its own, and one that goes on later too", async () => {
  const { published, publisher } = recorder();
  const onFrame = live({ every: 5, publisher });
  for (const run of [fakeRun(5), fakeRun(5), fakeRun(20, { from: 10 })]) {
    for (const frame of run.frames) await onFrame(frame);
  }
  const pictures = published.filter(({ bundle }) => !("text/html" in bundle));
  assertEquals(pictures.map(({ options }) => options.update), [
    ...[false, true],
    ...[false, true],
    ...[false, true, true],
  ]);
  assertEquals(new Set(published.map(({ options }) => options.displayId)).size, 6);
  assert(textsOf(published, "html").includes("step 15/20 · 0.5 s/step · 0:03 left"));
});

Deno.test("live() says that a run was stopped, and that one has ended before its iterations", async () => {
  for (const stopped of [true, false]) {
    const { published, publisher } = recorder();
    const onFrame = live({ every: 10, publisher });
    for (const frame of fakeRun(120, { stopAt: 17 }).frames) {
      await onFrame({ ...frame, stopped: stopped && frame.last });
    }
    assertEquals(
      textsOf(published, "html").at(-1),
      `${stopped ? "stopped at step 17/120" : "17 steps"} · 0.5 s/step · 8.5 s in all`,
    );
    const html = published.filter(({ bundle }) => "text/html" in bundle).at(-1)!
      .bundle["text/html"];
    assertStringIncludes(html!, stopped ? "width: 14.2%" : "width: 100%");
    assertEquals(textsOf(published, "image").at(-1)?.split(" · ")[0], "after step 17");
  }
});

Deno.test("live() says which of the sizes it is, and leaves a slider behind when asked to", async () => {
  const { published, publisher } = recorder();
  const onFrame = live({ every: 3, scrub: true, publisher });
  for (const frame of fakeRun(6).frames) {
    await onFrame({ ...frame, scale: { index: 1, count: 5, size: 181 } });
  }
  const counts = textsOf(published, "html");
  assertStringIncludes(counts[0]!, "step 1/6 · size 181, 2 of 5 · ");
  assertStringIncludes(counts.at(-1)!, "3 pictures of a run: after step 1");
  assertEquals(published.at(-1)?.options.update, undefined);
});

Deno.test("live() with keep shows the pictures below one another", async () => {
  const { published, publisher } = recorder();
  const onFrame = live({ every: 3, keep: true, publisher });
  for (const frame of fakeRun(6).frames) await onFrame(frame);
  const pictures = published.filter(({ bundle }) => !("text/html" in bundle));
  assertEquals(pictures.map(({ options }) => options.update ?? false), [false, false, false]);
  assertStringIncludes(pictures[1]!.bundle["text/plain"]!, "style NaN");
});

Deno.test("live() takes thirteen losses and pictures of one pixel by two thousand", async () => {
  const { published, publisher } = recorder();
  const names = Array.from({ length: 13 }, (_, i) => `the style of relu${i}_with_a_long_name`);
  const frame: LiveFrame = {
    ...fakeRun(1).frames[0]!,
    losses: Object.fromEntries(names.map((name) => [name, loss(1)])),
    picture: plain(1, 2000),
  };
  await live({ publisher })(frame);
  assertEquals(published.length, 2);
  assertThrows(() => live({ every: 0 }), RangeError, "every must be a positive integer");
  assertThrows(() => live({ evry: 5 } as never), TypeError, "did you mean every?");
});

Deno.test("live() outside a notebook prints lines and reads no picture", async () => {
  const { frames } = fakeRun(20);
  const onFrame = live({ every: 10 });
  const lines = await printed(async () => {
    for (const frame of frames) await onFrame(frame);
  });
  if (!Deno.stdout.isTerminal()) assertEquals(lines.length, 3);
});

Deno.test("show() and claim() outside a notebook print a line of text", async () => {
  assertEquals(inKernel(), false);
  const lines = await printed(async () => {
    await show({ content: plain(8, 4), mixed: plain(8, 4) });
    await show(plain(9, 9));
    await show(table([{ a: 1 }]));
    await claim("the loss falls", true, "1 < 2");
    await claim("the loss rises", false);
    await publish({ "text/plain": "nothing" });
  });
  assertEquals(lines, [
    "content 8×4 · mixed 8×4",
    "9×9",
    "a\n1",
    "✓ holds: the loss falls (1 < 2)",
    "✗ does not hold: the loss rises",
  ]);
  const wrong = (value: unknown) => () => show(value as Showable);
  await assertRejects(wrong(undefined), TypeError, "Cannot show as");
  await assertRejects(wrong({ mixed: 3 }), TypeError, "mixed must be a picture");
  await assertRejects(wrong(Promise.resolve(plain(8, 8))), TypeError, "did you forget `await`?");
  await assertRejects(wrong({ a: Promise.resolve() }), TypeError, "did you forget `await`?");
});

Deno.test("show() in a kernel sends what is shown, and charts at their own width", async () => {
  const sheet = contactSheet([[plain(8, 8), plain(8, 8)]], { cell: 200 });
  const messages = await inFakeKernel(async () => {
    assert(inKernel());
    await show(sheet);
    await show(plain(8, 8), { width: 320 });
    await show(lineChart([]));
    await claim("<b>", true);
    await publish({ "text/plain": "again" }, { displayId: "one", update: true });
  });
  assertEquals(messages.map(({ type }) => type), [
    ...Array(4).fill("display_data"),
    "update_display_data",
  ]);
  const bundles = messages.map(({ content }) => content.data as Bundle);
  const widths = await Promise.all(
    bundles.slice(0, 2).map(async (bundle) =>
      (await readPicture(fromBase64(bundle["image/png"]!))).width
    ),
  );
  assertEquals(widths, [sheet.width, 320]);
  assertEquals(messages[2]!.content.metadata, { "image/png": { width: 680 } });
  assertStringIncludes(bundles[3]!["text/html"]!, "&lt;b&gt;");
  assertEquals(messages[4]!.content.transient, { display_id: "one" });
});

Deno.test("stackedBars() divides each bar among its groups, in per cent", () => {
  const bars = [["start", "content", 1], ["start", "style", 3], ["end", "style", 1e9], [
    "end",
    "content",
    1,
  ]] as const;
  const { svg, text } = stackedBars(bars.map(([name, group, value]) => ({ name, group, value })), {
    title: "Whose",
  });
  assertEquals(text.split("\n").slice(1), [
    "       content  style",
    "start     25 %   75 %",
    "end       <1 %  100 %",
  ]);
  for (const word of ["Whose", ">content<", ">75 %<"]) assertStringIncludes(svg, word);
  assertStringIncludes(stackedBars([]).text, "nothing to draw");
});

Deno.test("lineChart() with smooth draws the mean of a zigzag, and the band around it", () => {
  const points = Array.from({ length: 20 }, (_, i): [number, number] => [i, i % 2 === 0 ? 1 : 9]);
  const plain = lineChart([{ name: "zigzag", points }]);
  const smooth = lineChart([{ name: "zigzag", points }], { smooth: 4 });
  assert(!plain.svg.includes("fill-opacity") && smooth.svg.includes('fill-opacity="0.2"'));
  // A mean of four neighbours is 5 but at the ends: the line lies at one height, the zigzag does not.
  const heights = (svg: string) => {
    const path = svg.match(/stroke-width="2"[^>]*><path d="([^"]+)"/)?.[1] ?? "";
    return new Set([...path.matchAll(/,([\d.]+)/g)].map(([, y]) => y));
  };
  assertEquals([heights(plain.svg).size, heights(smooth.svg).size], [2, 3]);
  assertThrows(() => lineChart([], { smooth: 0 }), RangeError, "smooth");
});

Deno.test("sweep() says what runs and how many are done, and ends where a run was stopped", async () => {
  const { published, publisher } = recorder();
  const run = (name: string) => Promise.resolve({ name, stopped: name === "b" });
  const results = await sweep(["a", "b", "c"], run, { publisher });
  assertEquals(results.map(({ name }) => name), ["a", "b"]);
  const lines = published.map(({ bundle }) => bundle["text/plain"]!.replace(/ · [\d:.]+.*/, ""));
  assertEquals(lines, ["0 of 3 runs · now a", "1 of 3 runs · now b", "2 of 3 runs · stopped"]);
  assertEquals(published.map(({ options }) => options.update), [false, true, true]);
  assertStringIncludes(published[2]!.bundle["text/html"]!, "width: 66.7%");
  assertEquals(await sweep([], run), []);
  await assertRejects(() => sweep([1], () => Promise.reject(new Error("no"))), Error, "no");
});
