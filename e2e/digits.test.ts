import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import type { Packet } from './support/pcap.ts';
import { missing } from './support/peers.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

const gather = (more: object = {}) => ({ gather: { max_digits: 12, timeout_seconds: 2, ...more } });

interface Event {
  /** Milliseconds after the previous packet. */
  after: number;
  event: number;
  timestamp: number;
  duration: number;
  end?: boolean;
}

/** RFC 4733 packets exactly as given, sent 300 ms after the answer. */
function talk(events: Event[]): Packet[] {
  let at = 300;
  return events.map(({ after, event, timestamp, duration, end = false }, n) => {
    at += after;
    const rtp = Buffer.alloc(16);
    rtp.set([0x80, 101]);
    rtp.writeUInt16BE(n + 1, 2);
    rtp.writeUInt32BE(timestamp, 4);
    rtp.writeUInt32BE(0x5ca1ab1e, 8);
    rtp.set([event, end ? 0x8a : 0x0a], 12);
    rtp.writeUInt16BE(duration, 14);
    return { atMs: at, rtp };
  });
}

/** Five updates and three end packets; `more` changes packet k. */
const press = (event: number, timestamp: number, more: (k: number) => Partial<Event> = () => ({})): Event[] =>
  Array.from({ length: 8 }, (_, k) => ({
    ...{ after: k === 0 ? 120 : 20, event, timestamp, duration: 160 * Math.min(k + 1, 6), end: k >= 5 },
    ...more(k),
  }));

function captureOf(key: string): string {
  return `/usr/share/sip-tester/dtmf_2833_${key}.pcap`;
}

/** The RTP packets of captures, one after another, 500 ms apart. */
function captured(key: string, index: number): Packet[] {
  const file = readFileSync(captureOf(key));
  const packets: Packet[] = [];
  for (let at = 24; at < file.length; at += 16 + file.readUInt32LE(at + 8)) {
    const rtp = file.subarray(at + 16 + 42, at + 16 + file.readUInt32LE(at + 8));
    packets.push({ atMs: 300 + 500 * index + 20 * packets.length, rtp });
  }
  return packets;
}

const long = Array.from({ length: 500 }, (_, k): Event => {
  const elapsed = 160 * (k + 1);
  const segment = Math.floor((elapsed - 1) / 0xffff) * 0xffff;
  const rest = { timestamp: 5000 + segment, duration: elapsed - segment };
  return { after: 20, event: 8, ...rest, end: k === 499 };
});

describe.skipIf(missing.sipp)(`digits of a phone ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it.each<[string, Event[], string]>([
    ['under one timestamp', [1, 2, 3].flatMap((key) => press(key, 5000)), '123'],
    [
      'with growing timestamps',
      press(5, 5000, (k) => ({ timestamp: 5000 + 160 * k, duration: 160 * k })),
      '5',
    ],
    ['without ends', [1, 2].flatMap((key) => press(key, 5000 * key).slice(0, 5)), '12'],
    ['with updates 400 ms apart', press(6, 5000, (k) => ({ after: 400, duration: 3200 * (k + 1) })), '6'],
    [
      'without pauses',
      Array.from('0123456789', Number).flatMap((key) => press(key, 5000 + 960 * key, () => ({ after: 20 }))),
      '0123456789',
    ],
    ['held for ten seconds, in segments', long, '8'],
  ])('%s are gathered', async (_what, events, digits) => {
    const line = await harness.line([gather()]);
    const { call } = await line.call({ talk: talk(events) });
    expect((await call.next('call.gathered')).data).toMatchObject({ digits, status: 'completed' });
    await call.next('call.completed');
  });

  it.skipIf(!existsSync(captureOf('1')))('from the captures of sipp are gathered', async () => {
    const line = await harness.line([gather()]);
    const { call } = await line.call({ talk: ['1', '2', 'star', '0', 'pound'].flatMap(captured) });
    expect((await call.next('call.gathered')).data).toMatchObject({ digits: '12*0#' });
    await call.next('call.completed');
  });

  it('from INFO are gathered, and other bodies are refused', async () => {
    const line = await harness.line([gather()]);
    const { call, caller } = await line.call({
      infos: [
        ['application/dtmf-relay', 'Signal=5\nDuration=160\n', 200],
        ['application/dtmf', '#', 200],
        ['text/plain', '7', 415],
        ['Application/DTMF-Relay', 'signal= 10', 200],
      ],
    });
    expect((await call.next('call.gathered')).data).toMatchObject({ digits: '5#*' });
    await call.next('call.completed');
    await caller.done;
  });

  it('sent both as events and by INFO count once', async () => {
    const line = await harness.line([gather()]);
    const { call } = await line.call({
      talk: talk([...press(4, 5000), ...press(2, 9000)]),
      infos: ['4', '2', '9'].map((key) => ['application/dtmf', key, 200] as const),
    });
    expect((await call.next('call.gathered')).data).toMatchObject({ digits: '429' });
    await call.next('call.completed');
  });

  it('pressed in advance count for the next gather unless it flushes them', async () => {
    const line = await harness.line([
      gather({ max_digits: 1 }),
      { pause: { seconds: 2 } },
      gather({ max_digits: 2 }),
      { pause: { seconds: 1 } },
      gather({ flush: true }),
    ]);
    const { call } = await line.call({
      talk: talk([1, 2, 3, 4].flatMap((key) => press(key, 5000 * key))),
    });
    for (const digits of ['1', '23', '']) {
      expect((await call.next('call.gathered')).data).toMatchObject({ digits });
    }
    await call.next('call.completed');
  });
});
