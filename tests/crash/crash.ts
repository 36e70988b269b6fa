import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../../e2e/support/server.ts';
import { type Random, seededRandom, sleep, systemClock } from '../../src/kit/index.ts';
import { Load } from './load.ts';
import { Receiver, type Sight } from './receiver.ts';
import { type Kills, type Losses, Verdict } from './verdict.ts';

export interface CrashPlan {
  kills: number;
  /** Calls at once. */
  callers: number;
  seed: number;
}

export interface CrashResult extends Losses {
  kills: number;
  /** Calls that were up at a kill, and how many of those peers were hung up on after the restart. */
  cutOff: number;
  hungUp: number;
  /** Of the restarts, from the start of the process until it is ready. */
  slowestStartMs: number;
}

const NUMBER = '+15550107780';
/** RTP ports of the callers: two generations are up at once. */
const PORTS = [30_000, 40_000] as const;

/** When the server is killed: after a random time, or at the moment when this is seen from outside. */
const MOMENTS: readonly (((sight: Sight) => boolean) | 'random')[] = [
  'random',
  (sight) => sight.what === 'asked',
  'random',
  (sight) => sight.what === 'told' && sight.event === 'recording.started',
  'random',
  (sight) => sight.what === 'told' && sight.event === 'recording.completed',
  (sight) => sight.what === 'told' && sight.event === 'call.answered',
  'random',
  (sight) => sight.what === 'told' && sight.event === 'call.completed',
  (sight) => sight.what === 'told' && sight.event === 'call.created',
];

/** Kills the program again and again while it is called, and looks at what is left when it has come to rest. */
export async function crash({ kills: wanted, callers, seed }: CrashPlan): Promise<CrashResult> {
  const random = seededRandom(seed);
  const receiver = await Receiver.start(random);
  let server = await Server.start();
  const { apiKey } = await server.application(receiver.urls, NUMBER);
  const kills: Kills = new Map();
  const totals = { cutOff: 0, hungUp: 0, slowestStartMs: 0 };
  let former: Load | undefined;
  try {
    for (let n = 0; n < wanted; n++) {
      const load = await Load.start(server.sip, NUMBER, { callers, firstPort: PORTS[n % 2]!, random });
      await owed(former, totals);
      await moment(n, receiver, random);
      kills.set(n, performance.now());
      load.cutOff();
      await server.kill();
      receiver.generation++;
      const began = performance.now();
      server = await Server.start({ dataDir: server.dataDir });
      totals.slowestStartMs = Math.max(totals.slowestStartMs, performance.now() - began);
      former = load;
      if ((n + 1) % 50 === 0) process.stderr.write(`${n + 1} kills\n`);
    }
    await owed(former, totals);
    await rest(server);
    const verdict = new Verdict(server, apiKey, kills);
    await verdict.judge(receiver.deliveries);
    verdict.losses.broken.push(...strangers(server.dataDir, verdict.files));
    return { kills: wanted, ...totals, ...verdict.losses };
  } finally {
    await server.stop();
    receiver.close();
  }
}

async function owed(load: Load | undefined, totals: { cutOff: number; hungUp: number }): Promise<void> {
  if (!load) return;
  const { cutOff, hungUp } = await load.hungUp(1000);
  totals.cutOff += cutOff;
  totals.hungUp += hungUp;
  await load.close();
}

/** Comes back when it is time to kill. */
async function moment(n: number, receiver: Receiver, random: Random): Promise<void> {
  const when = MOMENTS[n % MOMENTS.length]!;
  if (when === 'random') return sleep(systemClock, 300 + random.float() * 1500);
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

/** Until every event is delivered: refused ones come again after five seconds. */
async function rest(server: Server): Promise<void> {
  for (let seconds = 0; seconds < 120; seconds++) {
    const metrics = await (await fetch(`${server.http}/metrics`)).text();
    if (/^minivoice_webhooks_pending 0$/m.test(metrics) || /^minivoice_events_pending 0$/m.test(metrics))
      return;
    await sleep(systemClock, 1000);
  }
  throw new Error('the deliveries did not come to rest');
}

/** Files that belong to no recording, and drafts. */
function strangers(dataDir: string, known: Set<string>): string[] {
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
