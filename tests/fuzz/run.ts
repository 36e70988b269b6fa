import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { explain, seededRandom } from '../../src/core/index.ts';
import { Chance } from './chance.ts';
import { mutate } from './mutate.ts';
import type { Subject, Target } from './target.ts';

/** How much of what. */
export interface Plan {
  inputs: number;
  /** Ends earlier than after all inputs. */
  seconds: number;
  seed: number;
}

export interface Finding {
  what: string;
  /** The inputs that led to it, the last one being the one at which it was seen; none where all of them did. */
  inputs: Buffer[];
}

export interface Result {
  target: string;
  inputs: number;
  taken: number;
  refused: number;
  findings: Finding[];
  slowestMs: number;
  /** Memory that was not given back, in MB. */
  keptMb: number;
}

/** An input that works longer, every time it is tried, is a hang. */
const HANG_MS = 250;
/** So is one that waits longer: the machine may be busy with something else. */
const STUCK_MS = 5000;
/** So many inputs before, for targets that remember. */
const HISTORY = 300;
/** Memory is measured after so many inputs, when everything has been used once. */
const WARM_UP = 2000;
/** More memory than this that is not given back is a leak. */
const KEPT_MB = 20;
/** So often the loop lets timers, sockets and promises have their turn. */
const BREATH = 256;

/** Gives one target inputs until the plan is fulfilled, or something is found. */
export async function fuzz(target: Target, plan: Plan): Promise<Result> {
  const run = new Run(target, plan);
  const stray = (error: unknown) => run.find(`uncaught: ${explain(error)}`);
  process.on('unhandledRejection', stray);
  process.on('uncaughtException', stray);
  try {
    await run.all();
  } finally {
    process.off('unhandledRejection', stray);
    process.off('uncaughtException', stray);
  }
  return run.result;
}

/** Gives a target the inputs that once led to a finding. @returns what is found now. */
export async function replay(target: Target, inputs: Buffer[]): Promise<string[]> {
  const subject = await target.open();
  const found: string[] = [];
  const stray = (error: unknown) => void found.push(explain(error));
  process.on('unhandledRejection', stray);
  try {
    for (const input of inputs) {
      if (await isSlow(() => subject.take(input))) found.push('slow');
    }
    found.push(...(await subject.settle()));
  } catch (error) {
    found.push(explain(error));
  } finally {
    await subject.close();
    process.off('unhandledRejection', stray);
  }
  return found;
}

class Run {
  readonly result: Result;
  #target: Target;
  #plan: Plan;
  #chance: Chance;
  #subject!: Subject;
  #history: Buffer[] = [];

  constructor(target: Target, plan: Plan) {
    this.#target = target;
    this.#plan = plan;
    this.#chance = new Chance(seededRandom(plan.seed));
    const counts = { inputs: 0, taken: 0, refused: 0, slowestMs: 0, keptMb: 0 };
    this.result = { target: target.name, ...counts, findings: [] };
  }

  async all(): Promise<void> {
    this.#subject = await this.#target.open();
    const end = performance.now() + this.#plan.seconds * 1000;
    let before: number | undefined;
    while (this.result.inputs < this.#plan.inputs && this.result.findings.length === 0) {
      await this.#one();
      if (this.result.inputs === WARM_UP) before = await this.#memory();
      if (this.result.inputs % BREATH !== 0) continue;
      await new Promise(setImmediate);
      if (performance.now() > end) break;
    }
    const left = await this.#subject.settle();
    if (left.length > 0) this.find(`left open: ${left.join(', ')}`);
    if (before !== undefined) await this.#weigh(before);
    await this.#subject.close();
    await this.#shorten();
  }

  async #weigh(before: number): Promise<void> {
    const keptMb = Math.max(0, (await this.#memory()) - before);
    this.result.keptMb = keptMb;
    if (keptMb > KEPT_MB)
      this.result.findings.push({
        what: `kept ${Math.round(keptMb)} MB that nobody needs any more`,
        inputs: [],
      });
  }

  find(what: string): void {
    this.result.findings.push({ what, inputs: [...this.#history] });
  }

  async #one(): Promise<void> {
    const { write, corpus } = this.#target;
    const fresh = write && this.#chance.once(2);
    const input = fresh ? write(this.#chance) : mutate(this.#chance, corpus);
    this.#history.push(input);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.result.inputs++;
    const began = performance.now();
    try {
      this.result[await this.#subject.take(input)]++;
    } catch (error) {
      this.find(explain(error));
    }
    const ms = performance.now() - began;
    this.result.slowestMs = Math.max(this.result.slowestMs, ms);
    if (ms > HANG_MS && (await this.#isAlwaysSlow(input))) this.find(`took ${Math.round(ms)} ms`);
  }

  async #isAlwaysSlow(input: Buffer): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++)
      if (!(await isSlow(() => this.#subject.take(input)))) return false;
    return true;
  }

  async #memory(): Promise<number> {
    await this.#subject.settle();
    // What has a part outside of the heap is given back a turn after it was found to be useless.
    for (let turns = 0; turns < 3; turns++) {
      await new Promise(setImmediate);
      collect();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 1e6;
  }

  /** One input is better to look at than three hundred, where it is enough. */
  async #shorten(): Promise<void> {
    for (const finding of this.result.findings) {
      const last = finding.inputs.slice(-1);
      if ((await replay(this.#target, last)).length > 0) finding.inputs = last;
    }
  }
}

async function isSlow(take: () => unknown): Promise<boolean> {
  const began = performance.now();
  const before = process.cpuUsage();
  await take();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 > HANG_MS || performance.now() - began > STUCK_MS;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
