import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { explain, seededRandom } from '../../src/core/index.ts';
import { mutate } from './mutate.ts';
import { RandomChoice } from './random-choice.ts';
import type { Subject, Target } from './target.ts';

/** Limits and seed of a run. */
export interface Plan {
  inputs: number;
  /** Time limit. */
  seconds: number;
  seed: number;
}

/** A violation of what a target promises. */
export interface Finding {
  what: string;
  /** The inputs up to the finding; empty if it concerns the whole run. */
  inputs: Buffer[];
}

/** Counts and findings of a run. */
export interface Result {
  target: string;
  inputs: number;
  accepted: number;
  refused: number;
  findings: Finding[];
  slowestMs: number;
  /** Memory that was not released, in MB. */
  keptMb: number;
}

/** Longer CPU time for an input, at every attempt, is a hang. */
const HANG_MS = 250;
/** Longer wall time is a hang; the limit is high because the machine may be busy. */
const STUCK_MS = 5000;
/** Number of previous inputs in a finding, for stateful targets. */
const HISTORY = 300;
/** Inputs before the first memory measurement, so that lazy allocations are done. */
const WARM_UP = 2000;
/** More unreleased memory is a leak. */
const LEAK_MB = 20;
/** Inputs between two turns of the event loop. */
const INPUTS_PER_TURN = 256;

/** Sends inputs to a target until a limit of the plan or the first finding. */
export async function fuzz(target: Target, plan: Plan): Promise<Result> {
  const run = new Run(target, plan);
  const uncaught = (error: unknown) => run.report(`uncaught: ${explain(error)}`);
  process.on('unhandledRejection', uncaught);
  process.on('uncaughtException', uncaught);
  try {
    await run.all();
  } finally {
    process.off('unhandledRejection', uncaught);
    process.off('uncaughtException', uncaught);
  }
  return run.result;
}

/** Sends the inputs of a former finding to a target. @returns the current findings. */
export async function replay(target: Target, inputs: Buffer[]): Promise<string[]> {
  const subject = await target.open();
  const found: string[] = [];
  const uncaught = (error: unknown) => void found.push(explain(error));
  process.on('unhandledRejection', uncaught);
  try {
    for (const input of inputs) {
      if (await isSlow(() => subject.process(input))) found.push('slow');
    }
    found.push(...(await subject.settle()));
  } catch (error) {
    found.push(explain(error));
  } finally {
    await subject.close();
    process.off('unhandledRejection', uncaught);
  }
  return found;
}

class Run {
  readonly result: Result;
  #target: Target;
  #plan: Plan;
  #random: RandomChoice;
  #subject!: Subject;
  #history: Buffer[] = [];

  constructor(target: Target, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
    this.#random = new RandomChoice(seededRandom(plan.seed));
    const counts = { inputs: 0, accepted: 0, refused: 0, slowestMs: 0, keptMb: 0 };
    this.result = { target: target.name, ...counts, findings: [] };
  }

  async all(): Promise<void> {
    this.#subject = await this.#target.open();
    const end = performance.now() + this.#plan.seconds * 1000;
    let before: number | undefined;
    while (this.result.inputs < this.#plan.inputs && this.result.findings.length === 0) {
      await this.#processOne();
      if (this.result.inputs === WARM_UP) before = await this.#memory();
      if (this.result.inputs % INPUTS_PER_TURN !== 0) continue;
      await new Promise(setImmediate);
      if (performance.now() > end) break;
    }
    const left = await this.#subject.settle();
    if (left.length > 0) this.report(`left open: ${left.join(', ')}`);
    if (before !== undefined) await this.#checkMemory(before);
    await this.#subject.close();
    await this.#minimize();
  }

  async #checkMemory(before: number): Promise<void> {
    const keptMb = Math.max(0, (await this.#memory()) - before);
    this.result.keptMb = keptMb;
    if (keptMb > LEAK_MB)
      this.result.findings.push({
        what: `kept ${Math.round(keptMb)} MB after the run`,
        inputs: [],
      });
  }

  report(what: string): void {
    this.result.findings.push({ what, inputs: [...this.#history] });
  }

  async #processOne(): Promise<void> {
    const { generate, corpus } = this.#target;
    const fresh = generate && this.#random.once(2);
    const input = fresh ? generate(this.#random) : mutate(this.#random, corpus);
    this.#history.push(input);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.result.inputs++;
    const began = performance.now();
    try {
      this.result[await this.#subject.process(input)]++;
    } catch (error) {
      this.report(explain(error));
    }
    const ms = performance.now() - began;
    this.result.slowestMs = Math.max(this.result.slowestMs, ms);
    if (ms > HANG_MS && (await this.#isAlwaysSlow(input))) this.report(`took ${Math.round(ms)} ms`);
  }

  async #isAlwaysSlow(input: Buffer): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++)
      if (!(await isSlow(() => this.#subject.process(input)))) return false;
    return true;
  }

  async #memory(): Promise<number> {
    await this.#subject.settle();
    // Memory outside of the heap is released one turn after its owner is collected.
    for (let turns = 0; turns < 3; turns++) {
      await new Promise(setImmediate);
      collect();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 1e6;
  }

  /** Reduces a finding to its last input, if that reproduces it. */
  async #minimize(): Promise<void> {
    for (const finding of this.result.findings) {
      const last = finding.inputs.slice(-1);
      if ((await replay(this.#target, last)).length > 0) finding.inputs = last;
    }
  }
}

async function isSlow(run: () => unknown): Promise<boolean> {
  const began = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 > HANG_MS || performance.now() - began > STUCK_MS;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
