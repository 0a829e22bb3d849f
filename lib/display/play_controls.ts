/**
 * How the controls of a panel stand, and what its commands do to them. Commands wait until the iteration at
 * work has ended.
 *
 * @module
 */
import { WEIGHTS } from "../loss/term.ts";
import type { Result } from "../run/frame.ts";
import type { StylizeOptions } from "../run/options.ts";
import type { PlayCommand } from "./play_panel.ts";

/** So many changes can be undone. */
const MOST_PAST = 20;

/** The controls of a run that is played with. */
export class Controls {
  /** On the weights of the losses, by name. */
  factors: Record<string, number> = {};
  isPaused = false;
  ended = false;
  /** Whether there ever was a command. */
  isTouched = false;
  /** What the run has come to; undefined at the start. */
  at: Result | undefined;
  /** What was kept, to come back to. */
  branches: Result[] = [];
  #steps = 0;
  #past: (Result | undefined)[] = [];
  #waiting: PlayCommand[] = [];
  #listener = () => {};

  constructor(public stepSize: number) {}

  /** Takes a command in. */
  ask(command: PlayCommand): void {
    this.isTouched = true;
    this.#waiting.push(command);
    this.#listener();
  }

  /** Calls `listener` at the next command, or now if one waits; returns a function that ends it. */
  onNext(listener: () => void): () => void {
    this.#listener = listener;
    if (this.#waiting.length > 0) listener();
    return () => this.#listener = () => {};
  }

  /** Until the next command. */
  next(): Promise<void> {
    return new Promise((resolve) => this.onNext(resolve));
  }

  /** Does what was asked for. */
  obey(): void {
    for (const command of this.#waiting.splice(0)) this.#obey(command);
  }

  #obey(command: PlayCommand): void {
    switch (command.kind) {
      case "factor":
        this.factors[command.name] = command.value;
        return;
      case "stepSize":
        this.stepSize = command.value;
        return;
      case "pause":
        return this.pause();
      case "go":
        this.isPaused = false;
        return;
      case "step":
        this.isPaused = true;
        this.#steps++;
        return;
      case "undo":
        this.pause();
        if (this.#past.length > 0) this.at = this.#past.pop();
        return;
      case "branch":
        if (this.at) this.branches.push(this.at);
        return;
      case "take":
        if (this.branches[command.index]) this.moveTo(this.branches[command.index]!);
        return;
      case "finish":
        this.ended = true;
    }
  }

  pause(): void {
    this.isPaused = true;
    this.#steps = 0;
  }

  /** Whether a single step is to be taken, which then is no longer. */
  takeStep(): boolean {
    if (this.#steps === 0) return false;
    this.#steps--;
    return true;
  }

  /** Goes on from there, and remembers where it came from. */
  moveTo(result: Result): void {
    this.#past = [...this.#past, this.at].slice(-MOST_PAST);
    this.at = result;
  }
}

/** The options with each weight times its factor. */
export function withFactors(
  { content, style, denoise, losses, ...rest }: StylizeOptions,
  factors: Record<string, number>,
): StylizeOptions {
  const weighed = <T extends { weight?: number }>(name: keyof typeof WEIGHTS, given?: T) =>
    given && { ...given, weight: (given.weight ?? WEIGHTS[name]) * (factors[name] ?? 1) };
  return {
    ...rest,
    content: weighed("content", content),
    style: weighed("style", style),
    denoise: weighed("denoise", denoise),
    losses: losses?.map((loss) => ({ ...loss, weight: loss.weight * (factors[loss.name] ?? 1) })),
  };
}
