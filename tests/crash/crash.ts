import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../../e2e/support/server.ts';
import { type Random, seededRandom, sleep, systemClock } from '../../src/core/index.ts';
import { charge } from './bills.ts';
import { cutShort } from './cut-short.ts';
import { KINDS } from './kinds.ts';
import { Lateness } from './lateness.ts';
import { Load } from './load.ts';
import { OverBefore } from './over-before.ts';
import { Receiver, type Sight } from './receiver.ts';
import { Rest } from './rest.ts';
import { type Kills, type Losses, Verdict } from './verdict.ts';

export interface CrashPlan {
  kills: number;
  /** Calls at once. */
  callers: number;
  seed: number;
}

/** What was done, and the result. */
export interface CrashResult extends Losses {
  kills: number;
  /** Restarts killed before they were ready, and how many of these during repair. */
  restartsKilled: number;
  recoveriesKilled: number;
  /** Parties in a call at a kill, and how many of them received BYE after the restart. */
  cutOff: number;
  hungUp: number;
  /** Requests for calls that were repeated after a restart, and how many of these had no answer before. */
  repeated: number;
  unknown: number;
  streamed: number;
  /** Duration of restarts, from the start of the process until it is ready. */
  slowestStartMs: number;
  /** How late the machine was at a kill. */
  worstLateMs: number;
}

/** RTP ports of the callers: two generations are up at once. */
const PORTS = [30_000, 40_000] as const;

/** When the server is killed: after a random time, or when this is observed from outside. */
const MOMENTS: readonly (((sight: Sight) => boolean) | 'random')[] = [
  'random',
  (sight) => sight.what === 'asked',
  'random',
  (sight) => sight.what === 'reported' && sight.event === 'recording.started',
  'random',
  (sight) => sight.what === 'reported' && sight.event === 'recording.completed',
  (sight) => sight.what === 'rung',
  'random',
  (sight) => sight.what === 'reported' && sight.event === 'call.answered',
  'random',
  (sight) => sight.what === 'reported' && sight.event === 'call.completed',
  (sight) => sight.what === 'reported' && sight.event === 'call.created',
];

/** The share of restarts that are killed as well, some more than once. */
const RESTARTS_KILLED = 0.3;

/** Kills the server repeatedly under load, and checks what remains when it has settled. */
export async function crash(plan: CrashPlan): Promise<CrashResult> {
  const random = seededRandom(plan.seed);
  const receiver = await Receiver.start(random);
  const run = await Run.start(receiver, random, plan);
  try {
    return await run.go();
  } finally {
    await run.close();
    receiver.close();
  }
}

class Run {
  #plan: CrashPlan;
  #random: Random;
  #receiver: Receiver;
  #server: Server;
  #key: string;
  #rest: Rest;
  #kills: Kills = [];
  #lateness = new Lateness();
  #over = new OverBefore();
  #totals = { restartsKilled: 0, recoveriesKilled: 0, cutOff: 0, hungUp: 0, slowestStartMs: 0 };
  /** The number of broken promises that were already printed. */
  #reported = 0;
  /** Parties that were called by requested calls. */
  #rung: { user: string; generation: number }[] = [];

  private constructor(plan: CrashPlan, random: Random, receiver: Receiver, server: Server, key: string) {
    this.#plan = plan;
    this.#random = random;
    this.#receiver = receiver;
    this.#server = server;
    this.#key = key;
    this.#rest = new Rest(server, key);
  }

  static async start(receiver: Receiver, random: Random, plan: CrashPlan): Promise<Run> {
    const server = await Server.start();
    const [first, ...numbers] = Object.values(KINDS).map(({ number }) => number);
    const { id, apiKey } = await server.application(receiver.urls, first!);
    for (const number_e164 of numbers) {
      await server.admin('POST', '/dids', { application_id: id, number_e164, route_mode: 'webhook' });
    }
    await charge(server, apiKey);
    return new Run(plan, random, receiver, server, apiKey);
  }

  async go(): Promise<CrashResult> {
    let former: Load | undefined;
    for (let n = 0; n < this.#plan.kills; n++) {
      const load = await this.#load(n);
      await this.#rest.repeat();
      await this.#owed(former);
      await this.#moment(n);
      load.cutOff();
      this.#kills.push({ at: performance.now(), wall: Date.now(), late: this.#lateness.worst });
      await this.#server.kill();
      this.#over.look(this.#server.dataDir);
      this.#receiver.generation++;
      this.#receiver.process++;
      await this.#restart();
      former = load;
      this.#tell(n + 1);
    }
    await this.#rest.repeat();
    await this.#owed(former);
    await rest(this.#server);
    return this.#judge();
  }

  async close(): Promise<void> {
    this.#lateness.stop();
    await this.#server.stop();
  }

  #load(n: number): Promise<Load> {
    const world = {
      server: this.#server.sip,
      rest: this.#rest,
      receiver: this.#receiver,
      random: this.#random,
    };
    const rung = (user: string) => {
      // A repeated request after a crash may reach a party from before it.
      this.#rung.push({ user, generation: this.#receiver.generation });
      this.#receiver.watch({ what: 'rung' });
    };
    return Load.start({ ...world, callers: this.#plan.callers, firstPort: PORTS[n % 2]!, rung });
  }

  async #restart(): Promise<void> {
    const { dataDir } = this.#server;
    while (this.#random.float() < RESTARTS_KILLED) await this.#cutShort(dataDir);
    const began = performance.now();
    this.#server = await Server.start({ dataDir });
    this.#totals.slowestStartMs = Math.max(this.#totals.slowestStartMs, performance.now() - began);
    this.#rest.server = this.#server;
  }

  /** Kills half of them at a random time, the others when this many recordings are repaired. */
  async #cutShort(dataDir: string): Promise<void> {
    const ms = this.#random.float() < 0.5 ? 200 + this.#random.float() * 600 : 5000;
    let left = Math.floor(this.#random.float() * 4);
    const repaired = (line: string) => line.includes('a recording was recovered');
    const lines = await cutShort(dataDir, ms, (line) => repaired(line) && left-- === 0);
    this.#receiver.process++;
    this.#totals.restartsKilled++;
    if (lines.some(repaired)) this.#totals.recoveriesKilled++;
  }

  async #owed(load: Load | undefined): Promise<void> {
    if (!load) return;
    const { cutOff, left } = await load.hungUp(3000);
    this.#totals.cutOff += cutOff;
    this.#totals.hungUp += cutOff - left.length;
    for (const { from, since } of left) {
      const ms = Math.round(this.#kills.at(-1)!.at - since);
      this.#rest.broken.push(`${from}, there for ${ms} ms, was not hung up on`);
    }
    await load.close();
  }

  /** Resolves when it is time to kill. */
  async #moment(n: number): Promise<void> {
    const receiver = this.#receiver;
    const when = MOMENTS[n % MOMENTS.length]!;
    if (when === 'random') return sleep(systemClock, 300 + this.#random.float() * 1500);
    await sleep(systemClock, 300);
    await new Promise<void>((resolve) => {
      const late = systemClock.after(5000, resolve);
      receiver.watch = (sight) => {
        if (!when(sight)) return;
        late.cancel();
        resolve();
      };
    });
    receiver.watch = () => {};
  }

  #tell(kills: number): void {
    if (kills % 10 !== 0) return;
    const { broken } = this.#rest;
    process.stderr.write(
      `${kills} of ${this.#plan.kills} kills, ${broken.length} promises broken so far: the rest is looked at in the end\n`,
    );
    for (const what of broken.slice(this.#reported)) process.stderr.write(`  ${what}\n`);
    this.#reported = broken.length;
  }

  async #judge(): Promise<CrashResult> {
    const verdict = new Verdict(this.#server, this.#key, this.#kills, this.#over.ids);
    await verdict.judge(this.#receiver.deliveries, this.#rest.promised, this.#rung);
    const { broken } = verdict.losses;
    broken.push(...this.#rest.broken, ...orphans(this.#server.dataDir, verdict.files));
    const { streamed } = this.#receiver;
    const worstLateMs = Math.max(...this.#kills.map(({ late }) => late));
    const counts = { ...this.#totals, ...this.#rest.counts, streamed, worstLateMs };
    return { kills: this.#plan.kills, ...counts, ...verdict.losses };
  }
}

/** Waits until every event is delivered and every call has ended. Refused events are repeated after five seconds. */
async function rest(server: Server): Promise<void> {
  for (let seconds = 0; seconds < 120; seconds++) {
    const [pending, live] = await server.metricValues('events_pending', 'calls_live');
    if (pending === 0 && live === 0) return;
    await sleep(systemClock, 1000);
  }
  throw new Error('the deliveries did not come to rest');
}

/** Files without a recording, and temporary files. */
function orphans(dataDir: string, known: Set<string>): string[] {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files
    .filter(({ name, parentPath }) => {
      if (parentPath.startsWith(join(dataDir, 'recordings'))) return !known.has(name);
      return /\.(part|tmp)$/.test(name);
    })
    .map(({ name }) => `the file ${name} belongs to nothing`);
}
