/**
 * Measures running calls: CPU, losses, and calls that are refused while they come at `--rate` per second.
 *
 * Phones in another process, on a core of their own, talk to the server; the kernel wakes a thread for each packet that
 * it sends them. The CPU is that of the server's whole process.
 */
import { sleep, systemClock } from '../src/core/index.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';
import { PhonesProcess, type Report } from './support/phones-process.ts';
import { loadCore, threadsBetween, type Usage, usageOf } from './support/process.ts';
import {
  lateBeats,
  type Service,
  type Snapshot,
  snapshot,
  startTarget,
  type Target,
} from './support/target.ts';

/** What calls do while they are measured. */
interface Scene {
  /** The calls, for the names of rows. */
  what: string;
  /** What another server has to offer for it. */
  service: Service;
  /** Phones of one call. */
  legs: number;
  /** What MiniVoice does. @param phones the address at which phones can be called */
  actions(phones: string): object[];
}

const RECORD = { start_recording: {} };
const PLAY = { play: { url: 'HERE/tone.wav', loop: 10 } };
const STREAM = { start_stream: { stream_url: 'WEBSOCKET/', bidirectional: false } };

/** Each caller is played a tone, and recorded in stereo. */
export const recordedCalls = (options: Options): Promise<Row[]> =>
  talk({ what: 'recorded calls', service: 'record', legs: 1, actions: () => [RECORD, PLAY, PLAY] }, options);

/** Each caller is connected with a phone that the server calls; one file records both. */
export const recordedPairs = (options: Options): Promise<Row[]> => {
  const actions = (phones: string) => [RECORD, { bridge: { destination: `sip:callee@${phones}` } }];
  return talk({ what: 'recorded pairs', service: 'bridge', legs: 2, actions }, options);
};

/** All callers talk in one conference. */
export const conference = (options: Options): Promise<Row[]> => {
  const actions = () => [{ conference: { room: 'hall' } }];
  return talk({ what: 'parties of a conference', service: 'conference', legs: 1, actions }, options);
};

/** The audio of each caller is streamed to the application. */
export const streamedCalls = (options: Options): Promise<Row[]> =>
  talk({ what: 'streamed calls', service: 'stream', legs: 1, actions: () => [STREAM, PLAY, PLAY] }, options);

const FIRST_PORT = 30_000;
const SETTLE_MS = 2000;

/** Measures running calls, with a new server for each number of calls. */
async function talk(scene: Scene, options: Options): Promise<Row[]> {
  const rows: Row[] = [];
  for (const calls of options.calls) rows.push(...(await talkAtOnce(scene, options, calls)));
  return rows;
}

async function talkAtOnce(scene: Scene, options: Options, calls: number): Promise<Row[]> {
  const target = await startTarget(options);
  const phones = await PhonesProcess.start(phonesOf(options), loadCore(options.core));
  try {
    const { to, application } = await target.offer(scene.service, { actions: scene.actions(phones.address) });
    await phones.call({ server: target.sip, to, calls, rate: options.rate[0]! });
    await sleep(systemClock, SETTLE_MS);
    const before = await look(target, phones);
    await sleep(systemClock, options.seconds * 1000);
    const after = await look(target, phones);
    await phones.hangUpAll();
    const failures = (await application?.counts())?.failures ?? 0;
    const name = `${calls} ${scene.what}${options.inband ? ' without telephone-event' : ''}:`;
    const running = before.phones.inCall / scene.legs;
    return [
      { name: `${name} refused or failed`, value: calls - running, unit: 'calls', budget: 0 },
      { name: `${name} failures reported`, value: failures, unit: '', budget: 0 },
      ...cpuRows(name, before, after, running),
      ...packetRows(name, before, after),
    ];
  } finally {
    phones.close();
    await target.close();
  }
}

function phonesOf({ inband, sending, readers, phones }: Options) {
  const options = { firstPort: FIRST_PORT, telephoneEvent: !inband, sending, readers };
  return phones > 0 ? { ...options, sipPort: phones } : options;
}

/** What can be read of server and phones at one moment. */
interface Look {
  phones: Report;
  usage: Usage | Snapshot | undefined;
}

async function look({ pid, miniVoice }: Target, phones: PhonesProcess): Promise<Look> {
  const usage = miniVoice ? await snapshot(miniVoice) : pid > 0 ? usageOf(pid) : undefined;
  return { phones: await phones.report(), usage };
}

function cpuRows(name: string, { usage: before }: Look, { usage: after }: Look, calls: number): Row[] {
  if (!before || !after) return [];
  const ms = after.at - before.at;
  const used = after.cpuMs - before.cpuMs;
  const share = (cpuMs: number, of: number) => ({ value: (100 * cpuMs) / ms / of, unit: '% of a core' });
  const rows: Row[] = [
    { name: `${name} CPU of a call`, ...share(used, calls) },
    ...threadsBetween(before, after).map(([thread, cpuMs]): Row => {
      return { name: `${name} CPU of a call, thread ${thread}`, ...share(cpuMs, calls), better: 'neither' };
    }),
    { name: `${name} CPU of the server`, ...share(used, 1), better: 'neither' },
  ];
  if ('beats' in before && 'beats' in after)
    rows.push({ name: `${name} late beats`, value: lateBeats(before, after), unit: '‰', noise: 5 });
  return rows;
}

function packetRows(name: string, { phones: before }: Look, { phones: after }: Look): Row[] {
  const since = (count: keyof Report) => after[count] - before[count];
  const ofSent = (count: number) => ({ value: (100 * count) / since('sent'), unit: '%', noise: 0.1 });
  const woken = since('wakes') / since('received');
  const phones = { value: (100 * since('cpuMs')) / since('at'), unit: '% of a core' };
  return [
    { name: `${name} packets lost before the phones`, ...ofSent(since('lost')), budget: 0.1 },
    { name: `${name} packets that the server did not read`, ...ofSent(since('dropped')), budget: 0.1 },
    {
      name: `${name} packets from the server, of those due`,
      ...ofSent(since('received')),
      ...{ better: 'higher', noise: 1, budget: 99 },
    },
    { name: `${name} phones woken per packet`, value: woken, unit: '', better: 'neither' },
    { name: `${name} CPU of the phones`, ...phones, better: 'neither' },
  ];
}
