// Not quick: it waits for the ends of queues that are stopped.
/**
 * Being in a notebook: Stop ends what is at work and the queue of cells behind it, and plain data shows
 * itself without being anything else.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DISPLAY,
  displayable,
  interrupt,
  noteActivity,
  QUEUE_MILLISECONDS,
  showKind,
  stoppable,
  StoppedError,
  untilStopped,
} from "../../lib/base/notebook.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { noisePicture, stubNetwork, tensorsLeft } from "../helpers/stub.ts";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until a Stop is forgotten: as long as a reader who goes on by hand. */
const goOnByHand = () => pause(QUEUE_MILLISECONDS + 100);

Deno.test("untilStopped() counts, and ends when Stop is pressed", async () => {
  const seen: number[] = [];
  for await (const i of untilStopped(3)) seen.push(i);
  assertEquals(seen, [0, 1, 2]);
  for await (const i of untilStopped(100)) {
    seen.push(i);
    if (i === 4) interrupt();
  }
  assertEquals(seen, [0, 1, 2, 0, 1, 2, 3, 4]);
  await goOnByHand();
});

Deno.test("after a Stop the next runs refuse to begin, until somebody runs a cell by hand", async () => {
  const first = stoppable();
  interrupt();
  assert(first.isStopped());
  first.end();
  // The queue: cells that follow one another without a pause, longer in all than the time that counts.
  for (let cell = 0; cell < 4; cell++) {
    assertThrows(() => stoppable(), StoppedError, "run this cell to go on");
    await pause(QUEUE_MILLISECONDS / 3);
  }
  await goOnByHand();
  const second = stoppable();
  assertEquals(second.isStopped(), false);
  second.end();
  stoppable().end(); // and nothing is left of it
});

Deno.test("stylize() that was stopped keeps its picture, and the next one refuses at once", async () => {
  const network = stubNetwork();
  const options = { style: { picture: noisePicture(8, 8) }, denoise: {}, iterations: 50 };
  const tensors = await tensorsLeft(async () => {
    const { stopped, iterations, picture } = await stylize(network, {
      ...options,
      onFrame: ({ iteration }) => iteration === 2 && interrupt(),
    });
    assertEquals([stopped, iterations, picture.width], [true, 3, 8]);
    const error = await assertRejects(() => stylize(network, options), StoppedError);
    assertEquals(
      error.stack,
      "Stopped: Stopped a moment ago, so this did not begin: run this cell to go on",
    );
    await goOnByHand();
    assertEquals((await stylize(network, { ...options, iterations: 1 })).stopped, false);
    network.dispose();
  });
  assertEquals(tensors, 0);
});

Deno.test("a cell that only shows something keeps the stopped queue in mind", async () => {
  stoppable().end();
  interrupt(); // between two cells
  for (let cell = 0; cell < 4; cell++) {
    await pause(QUEUE_MILLISECONDS / 2);
    noteActivity();
  }
  assertThrows(() => stoppable(), StoppedError);
  await goOnByHand();
  noteActivity();
  stoppable().end();
});

Deno.test("displayable() shows a value as its kind says, and leaves it plain data", () => {
  showKind<{ name: string }>("greeting", ({ name }) => ({ "text/plain": `hello ${name}` }));
  const plain = { name: "you", data: Float32Array.of(1, 2) };
  const shown = displayable("greeting", { ...plain, data: plain.data });
  const display = (shown as unknown as { [DISPLAY](): unknown })[DISPLAY];
  assertEquals(display(), { "text/plain": "hello you" });

  assertEquals(shown, plain);
  assertEquals(structuredClone(shown), plain);
  assertEquals(JSON.stringify(shown), JSON.stringify(plain));
  assertEquals(Object.keys(shown), ["name", "data"]);
  assertEquals(Object.getPrototypeOf(shown), Object.prototype);
  assert(!(DISPLAY in { ...shown }) && !(DISPLAY in {}));
});
