import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Datagrams } from '../net/index.ts';
import { isRtcp } from '../rtp/packet.ts';
import type { ReportBlock } from '../rtp/receiver-stats.ts';
import { ntpMiddle, readRtcp, writeReport } from '../rtp/rtcp.ts';
import type { Sound } from './sound.ts';
import { agreement, type MediaHarness, startHarness } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

interface SentRtcp {
  at: number;
  port: number;
  packets: number | null;
  block: ReportBlock | undefined;
  bye: boolean;
}

/** The delay in one direction. */
const DELAY_MS = 5;

/** All RTCP that the engine has sent. */
let sent: SentRtcp[];

beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
  sent = [];
  harness.network.filter = ({ at, from, to, data }) => {
    if (from.address === sound.local.address && isRtcp(data, 0, data.length))
      sent.push(read(at, to.port, data));
    return true;
  };
});
afterEach(() => harness.end());

function read(at: number, port: number, data: Buffer): SentRtcp {
  const packets = data[1] === 200 ? data.readUInt32BE(20) : null;
  const seen: SentRtcp = { at, port, packets, block: undefined, bye: false };
  const sound = readRtcp(data, 0, data.length, {
    senderReport: () => {},
    reportBlock: (_reporter, block) => {
      seen.block = { ...block };
    },
    bye: () => {
      seen.bye = true;
    },
  });
  expect(sound).toBe(true);
  return seen;
}

describe('RTCP', () => {
  it('sends a report about every five seconds, and BYE at the end', async () => {
    sound.connect(agreement(phone));
    phone.talk(sound.local, 500);
    await harness.clock.advance(60_000);
    await sound.close();
    expect(sent.length).toBeGreaterThan(8);
    expect(sent.length).toBeLessThan(25);
    const gaps = sent.slice(1, -1).map(({ at }, i) => at - sent[i]!.at);
    expect(new Set(gaps).size).toBeGreaterThan(3);
    for (const { at, port, packets, block } of sent.slice(0, -1)) {
      expect(port).toBe(phone.local.port + 1);
      expect(packets).toBe(at / 20);
      expect(block).toMatchObject({ ssrc: phone.ssrc, cumulativeLost: 0, fractionLost: 0 });
    }
    expect(sent.map(({ bye }) => bye).indexOf(true)).toBe(sent.length - 1);
  });

  it('uses the RTP port when that was agreed on', async () => {
    sound.connect(agreement(phone, { rtcpMux: true }));
    phone.talk(sound.local, 500);
    await harness.clock.advance(10_000);
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(sent.map(({ port }) => port))).toEqual(new Set([phone.local.port]));
  });

  it('reports the fraction of lost packets', async () => {
    const lose = harness.network.filter;
    let count = 0;
    harness.network.filter = (datagram) =>
      lose(datagram) && (datagram.from.address !== phone.local.address || count++ % 4 !== 3);
    sound.connect(agreement(phone));
    phone.talk(sound.local, 500);
    await harness.clock.advance(20_000);
    expect(sent.at(-1)!.block!.fractionLost).toBeGreaterThan(55);
    expect(sent.at(-1)!.block!.fractionLost).toBeLessThan(70);
  });

  it('is a receiver report while nothing is sent', async () => {
    sound.connect(agreement(phone, { direction: 'recvonly' }));
    await harness.clock.advance(10_000);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every(({ packets }) => packets === null)).toBe(true);
  });

  it('adds the loss of the far end to the final report', async () => {
    sound.connect(agreement(phone));
    phone.talk(sound.local, 500);
    await harness.beats(10);
    const socket: Datagrams = await harness.network.bind(
      { ...phone.local, port: phone.local.port + 1 },
      () => {},
    );
    const packet = Buffer.alloc(100);
    const block = { fractionLost: 10, cumulativeLost: 7, highestSequence: 100, jitter: 80 };
    const { ssrc } = phone.heard[0]!.header;
    const times = { lastSenderReport: 0, sinceSenderReport: 0 };
    const length = writeReport(packet, phone.ssrc, 'phone', null, { ssrc, ...block, ...times });
    const port = sound.local.port + 1;
    socket.send(packet.subarray(0, length), { ...sound.local, port });
    await harness.beats(60);
    await socket.close();
    const report = await sound.close();
    expect(report.farEnd).toEqual({ packetsLost: 7, jitterMs: 10, roundTripMs: null });
    expect(report.jitterMs).toBeLessThan(1);
  });

  it.each([
    ['on a port of its own', false],
    ['on the port of the sound', true],
  ])('counts the round trip and the age of reports from their arrival, %s', async (_, rtcpMux) => {
    sound.connect(agreement(phone, { rtcpMux }));
    phone.talk(sound.local, 500);
    await harness.beats(10);
    const { ssrc } = phone.heard[0]!.header;
    const socket = await harness.network.bind({ ...phone.local, port: phone.local.port + 1 }, () => {});
    const send = (data: Buffer) => {
      if (rtcpMux) phone.sendRaw(data, sound.local);
      else socket.send(data, { ...sound.local, port: sound.local.port + 1 });
    };
    sent = [];
    const sentAt: number[] = [];
    const packet = Buffer.alloc(100);
    for (let round = 0; round < 40; round++) {
      const nowMs = harness.clock.now();
      const block = { fractionLost: 0, cumulativeLost: 0, highestSequence: 100, jitter: 0 };
      // The far end got our last report 300 ms ago, after a delay of 40 ms.
      const times = { lastSenderReport: ntpMiddle(nowMs - 340), sinceSenderReport: Math.round(300 * 65.536) };
      const sender = { nowMs, timestamp: 0, packets: 1, octets: 160 };
      const length = writeReport(packet, phone.ssrc, 'phone', sender, { ssrc, ...block, ...times });
      sentAt.push(harness.clock.monotonic());
      send(Buffer.from(packet.subarray(0, length)));
      await harness.clock.advance(1037);
    }
    await socket.close();
    const ages = sent.filter(({ block }) => block?.lastSenderReport);
    expect(ages.length).toBeGreaterThan(4);
    for (const { at, block } of ages) {
      const arrivals = sentAt.map((sent) => sent + DELAY_MS).filter((arrived) => arrived <= at);
      const dlsr = block!.sinceSenderReport / 65.536;
      // Packets that still wait to be read do not count yet.
      expect(Math.min(...arrivals.map((arrived) => Math.abs(at - arrived - dlsr)))).toBeLessThan(1);
    }
    const { farEnd } = await sound.close();
    expect(farEnd!.roundTripMs).toBeCloseTo(40 + DELAY_MS, 0);
  });

  it('is not sent to a port above 65535', async () => {
    sound.connect(agreement(phone, { remote: { ...phone.local, port: 65_535 } }));
    await harness.clock.advance(10_000);
    expect(sent).toEqual([]);
    await expect(sound.close()).resolves.toMatchObject({ packetsSent: 500 });
  });

  it('measures the jitter of what arrives', async () => {
    harness.network.conditions = { ...harness.network.conditions, jitterMs: 16 };
    sound.connect(agreement(phone));
    phone.talk(sound.local, 500);
    await harness.clock.advance(10_000);
    // Two uniformly distributed delays of 0–16 ms differ by a third of that on average.
    expect((await sound.close()).jitterMs).toBeCloseTo(16 / 3, -0.5);
  });
});
