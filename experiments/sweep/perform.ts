/**
 * Does runs one after another and keeps what they have in common: a network, its pictures, and their
 * targets, each computed once.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Engine, useEngine } from "../../lib/engine/engine.ts";
import { contentLoss } from "../../lib/loss/losses.ts";
import { gramMatrices, meanGramMatrix } from "../../lib/loss/style/gram.ts";
import { featuresOf } from "../../lib/network/features.ts";
import type { Network } from "../../lib/network/network.ts";
import { NETWORKS } from "../../lib/network/networks.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { writePicture } from "../../lib/picture/write.ts";
import {
  ingredientOf,
  inOrder,
  makeRecipe,
  openFile,
  type Recipe,
  recipeMetadata,
  type Role,
} from "../../lib/recipe/recipe.ts";
import { filledIn, paintOptions, styleSizeOf } from "../../lib/recipe/settings.ts";
import type { HistoryEntry, Result } from "../../lib/run/frame.ts";
import { createJudge, type Judge } from "../../lib/run/judge/judge.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { keep, pictureFile } from "./store.ts";
import type { FurtherFiles, Moment, Outcome, Run } from "./types.ts";

const CONTENT_LAYER = "relu4_2";
const STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];

/** A run was stopped from outside; nothing is kept of it. */
export class StoppedError extends Error {}

/** Called after every iteration of a run. */
export type OnIteration = (run: Run, seconds: number) => void;

type Loaded = { key: string; network: Network };

/** Does runs and keeps their results in a folder. */
export class Performer {
  #pictures = new Map<string, Promise<Picture>>();
  #loaded: Loaded[] = [];
  #judge: { key: string; judge: Promise<Judge> } | undefined;

  constructor(
    readonly folder: string,
    readonly onIteration: OnIteration,
    readonly signal?: AbortSignal,
  ) {}

  /**
   * Does a run and keeps its picture and its numbers, or its error.
   *
   * @throws {StoppedError} when the signal stopped it.
   */
  async perform(run: Run): Promise<void> {
    let engine: Engine | undefined;
    try {
      engine = await useEngine(run.engineAsked);
      await keep(this.folder, run, await this.#perform(run, engine));
    } catch (error) {
      if (error instanceof StoppedError || this.signal?.aborted) throw new StoppedError();
      await keep(this.folder, run, {
        status: "failed",
        error: (error as Error).message,
        engine: engine?.name ?? "",
      });
    }
  }

  async #perform(run: Run, engine: Engine): Promise<Outcome> {
    const settings = filledIn(run.settings);
    const content = await this.#picture(run.content, settings.size);
    const style = await this.#picture(run.style, styleSizeOf(settings));
    const further = await this.#further(run.further, styleSizeOf(settings));
    const { network } = await this.#network(settings.network, run.weights);
    let peakBytes = 0;
    const result = await stylize(network, {
      ...paintOptions(settings, { content, style, ...further }),
      readEvery: 1,
      signal: this.signal,
      onFrame: ({ seconds }) => {
        peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
        this.onIteration(run, seconds);
      },
    });
    if (result.stopped) throw new StoppedError();
    await this.#writePicture(run, result, engine);
    return {
      status: "done",
      iterations: result.iterations,
      evaluations: result.evaluations,
      moments: result.history.map(toMoment),
      ...await this.#errors(result.picture, content, style),
      ...(run.judged && { judgment: await this.#judged(run, result.picture, content, style) }),
      engine: engine.name,
      seconds: result.seconds,
      peakBytes,
    };
  }

  async #writePicture(run: Run, { picture, iterations }: Result, engine: Engine): Promise<void> {
    const path = pictureFile(this.folder, run);
    const { content, style, weights, further = {}, settings } = run;
    const ingredient = async (source: string) => ingredientOf(await openFile(source), path);
    const files: Recipe["files"] = {
      content: await ingredient(content),
      style: await ingredient(style),
      ...(weights !== undefined && { weights: await ingredient(weights) }),
    };
    for (const [role, path] of Object.entries(further)) {
      if (path !== undefined) files[role as Role] = await ingredient(path);
    }
    const recipe = await makeRecipe({ settings, engine: engine.name, files, iterations });
    await writePicture(picture, path, { metadata: recipeMetadata(recipe) });
  }

  /** Further styles, masks and a start: masks and start as they are. */
  async #further(files: FurtherFiles | undefined, styleSize: number) {
    if (!files) return {};
    const { contentRegions, start } = files;
    const others: Picture[] = [];
    for (const path of inOrder(files, "style")) others.push(await this.#picture(path, styleSize));
    const styles: Picture[] = [];
    for (const path of inOrder(files, "styleRegions")) styles.push(await readPicture(path));
    return {
      others,
      start: start === undefined ? undefined : await readPicture(start),
      regions: contentRegions === undefined
        ? undefined
        : { content: await readPicture(contentRegions), styles },
    };
  }

  #picture(path: string, maxSize: number): Promise<Picture> {
    const key = `${maxSize} ${path}`;
    if (!this.#pictures.has(key)) this.#pictures.set(key, readPicture(path, { maxSize }));
    return this.#pictures.get(key)!;
  }

  /** At most two networks are in memory: VGG-16, which measures, and another one. */
  async #network(name: string, weights?: string): Promise<Loaded> {
    const key = `${tf.getBackend()} ${name} ${weights ?? ""}`;
    const there = this.#loaded.find((loaded) => loaded.key === key);
    if (there) return there;
    const measures = `${tf.getBackend()} vgg16 `;
    this.#loaded = this.#loaded.filter((loaded) => loaded.key === measures || void free(loaded));
    const network = await NETWORKS[name]!.load({ weights });
    const loaded = { key, network };
    this.#loaded.push(loaded);
    return loaded;
  }

  async #errors(picture: Picture, content: Picture, style: Picture) {
    const { network } = await this.#network("vgg16");
    const errors = tf.tidy(() => {
      const wanted = featuresOf(network, toTensor(content), [CONTENT_LAYER]);
      const styleFeatures = featuresOf(network, toTensor(style), STYLE_LAYERS);
      const grams = gramMatrices(styleFeatures, meanGramMatrix);
      const features = featuresOf(network, toTensor(picture), [CONTENT_LAYER, ...STYLE_LAYERS]);
      const painted = gramMatrices(features, meanGramMatrix);
      const square = tf.div(
        contentLoss(features, wanted),
        tf.mean(tf.square(wanted[CONTENT_LAYER]!)),
      );
      const each = STYLE_LAYERS.map((layer) =>
        tf.div(tf.norm(tf.sub(painted[layer]!, grams[layer]!)), tf.norm(grams[layer]!))
      );
      return tf.stack([tf.sqrt(square), tf.mean(tf.stack(each))]);
    });
    const [contentError, styleError] = await errors.data();
    errors.dispose();
    return { contentError: contentError!, styleError: styleError! };
  }

  /** What the judge says; that of a pair of pictures is made once for runs one after another. */
  async #judged(run: Run, picture: Picture, content: Picture, style: Picture) {
    const key = [tf.getBackend(), run.content, run.style, picture.width, picture.height].join();
    if (this.#judge?.key !== key) {
      const { network } = await this.#network("vgg16");
      this.#judge = { key, judge: createJudge(network, content, style, picture) };
    }
    return await (await this.#judge.judge)(picture);
  }

  /** Frees what is kept. */
  dispose(): void {
    this.#loaded.forEach(free);
    this.#loaded = [];
  }
}

function free({ network }: Loaded): void {
  network.dispose();
}

function toMoment({ iteration, evaluations, seconds, losses, total }: HistoryEntry): Moment {
  const values = Object.entries(losses);
  return {
    iteration,
    evaluations,
    seconds,
    total,
    losses: Object.fromEntries(values.map(([name, { loss }]) => [name, loss])),
  };
}
