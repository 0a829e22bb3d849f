/**
 * The gradient of a picture from those of overlapping windows: a row of windows is added up in a strip, and
 * strips where they overlap, so that little is as large as the picture.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cut, padTo, type Rectangle } from "../network/tiles.ts";

/** Rows of a picture, as wide as it is. */
type Strip = { top: number; height: number; sum: tf.Tensor4D };

/** What windows are added to, from left to right and then from top to bottom. */
export type Strips = {
  /** Adds the gradient of a window; the caller keeps it. */
  add(window: Rectangle, gradient: tf.Tensor4D): void;
  /** The whole; the caller owns it. */
  finish(): tf.Tensor4D;
};

/** Strips for a picture of this width. */
export function createStrips(width: number): Strips {
  const done: tf.Tensor4D[] = [];
  /** Windows at the same height, so far. */
  let row: Strip | undefined;
  /** The strip above them, which they overlap. */
  let above: Strip | undefined;

  /** Hands out what no later window overlaps, and keeps the rest. */
  function closeRow(): void {
    const { top, height, sum } = row!;
    row = undefined;
    if (!above) {
      above = { top, height, sum };
      return;
    }
    const whole = { top: 0, left: 0, height: top - above.top, width };
    const shared = { ...whole, top: whole.height, height: above.height - whole.height };
    done.push(cut(above.sum, whole));
    const both = tf.tidy(() => {
      const before = cut(above!.sum, shared);
      return tf.add(padTo([height, width], before, { ...shared, top: 0 }), sum) as tf.Tensor4D;
    });
    tf.dispose([above.sum, sum]);
    above = { top, height, sum: both };
  }

  return {
    add(window, gradient) {
      const { top, height } = window;
      if (row && row.top !== top) closeRow();
      const before = row?.sum;
      const sum = tf.tidy(() => {
        const wide = padTo([height, width], gradient, { ...window, top: 0 });
        return before ? tf.add(before, wide) as tf.Tensor4D : wide;
      });
      before?.dispose();
      row = { top, height, sum };
    },
    finish() {
      closeRow();
      const parts = [...done, above!.sum];
      const gradient = tf.concat(parts, 1);
      tf.dispose(parts);
      return gradient;
    },
  };
}
