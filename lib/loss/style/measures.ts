/**
 * The measures of style by name, for settings, the terminal and sweeps.
 *
 * @module
 */
import { gram } from "./gram.ts";
import { histogram } from "./histogram.ts";
import type { StyleMeasure } from "./measure.ts";
import { moments } from "./moments.ts";
import { sliced } from "./sliced.ts";
import { wasserstein } from "./wasserstein.ts";

/** The measures by name; each entry is one of the leaves in this folder, at its defaults. */
export const MEASURES: Readonly<Record<string, StyleMeasure>> = {
  "gram": gram("sum"),
  "gram-mean": gram("mean"),
  "gram-normalized": gram("normalized"),
  "moments": moments(),
  "wasserstein": wasserstein(),
  "wasserstein-fine": {
    ...wasserstein({ epsilon: 0.001, precise: true }),
    name: "wasserstein-fine",
  },
  "sliced": sliced(),
  "histogram": histogram(),
};
