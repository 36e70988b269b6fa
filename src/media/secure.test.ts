import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRtcp } from '../rtp/packet.ts';
import type { Sound } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';
import { heardBy } from './testing/tones.ts';
import { Protection } from './thread/secure-socket.ts';

const OURS = Buffer.alloc(30, 'ours').toString('base64');
const THEIRS = Buffer.alloc(30, 'theirs').toString('base64');
const SRTP = { send: OURS, receive: THEIRS };
const TONES = [300, 500, 700];

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
});
afterEach(() => harness.end());

describe('a sound with SRTP keys', () => {
  beforeEach(async () => {
    phone.srtp = new Protection({ send: THEIRS, receive: OURS });
    sound.connect(agreement(phone, { srtp: SRTP }));
    phone.talk(sound.local, 500);
    await harness.beats(10);
  });

  it('sends and receives encrypted audio', async () => {
    const stream = sound.stream();
    let heard: Uint8Array | undefined;
    stream.frames.on(({ track, payload }) => {
      if (track === 'inbound') heard = payload;
    });
    void sound.play(clips(tone(700, 2000)));
    await harness.beats(20);
    expect(heardBy(phone, TONES)).toEqual([700]);
    expect(heard!.some((octet) => octet !== 0xff)).toBe(true);
  });

  it('ignores unencrypted audio', async () => {
    const before = phone.heard.length;
    phone.srtp = undefined;
    await harness.beats(10);
    phone.stopTalking();
    const report = await sound.close();
    expect(report.packetsReceived).toBe(10);
    // Without the key, what it sends cannot be decoded.
    const clear = phone.heard.slice(before).map(({ octets }) => octets);
    expect(clear.length).toBeGreaterThan(0);
    expect(clear.every((octets) => octets.length === 170)).toBe(true);
    expect(new Set(clear.map((octets) => octets.toString('hex'))).size).toBe(clear.length);
  });

  it('keeps its counters when the agreement changes and the keys do not, and resets them with new keys', async () => {
    sound.connect(agreement(phone, { srtp: SRTP, direction: 'sendonly' }));
    await harness.beats(10);
    sound.connect(agreement(phone, { srtp: SRTP }));
    void sound.play(clips(tone(700, 2000)));
    await harness.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
    const keys = { send: THEIRS, receive: OURS };
    phone.srtp = new Protection({ send: OURS, receive: THEIRS });
    sound.connect(agreement(phone, { srtp: keys }));
    await harness.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
  });

  it('reports by SRTCP', async () => {
    const reports: Buffer[] = [];
    const socket = await harness.network.bind({ ...phone.local, port: phone.local.port + 1 }, (data) => {
      reports.push(Buffer.from(data));
    });
    await harness.beats(500);
    await socket.close();
    const opener = new Protection({ send: THEIRS, receive: OURS });
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      expect(isRtcp(report, 0, report.length)).toBe(true);
      expect(opener.receive.unprotectRtcp(report, report.length)).toBe(report.length - 14);
    }
  });
});

it('keeps the counters of a direction when only the key of the other changes', () => {
  const before = new Protection(SRTP);
  const theirs = new Protection({ send: OURS, receive: OURS }, before);
  expect(theirs.send).toBe(before.send);
  expect(theirs.receive).not.toBe(before.receive);
  const ours = new Protection({ send: THEIRS, receive: THEIRS }, before);
  expect(ours.receive).toBe(before.receive);
  expect(ours.send).not.toBe(before.send);
  const shorter = new Protection({ ...SRTP, tagBytes: 4 }, before);
  expect([shorter.send, shorter.receive]).not.toContain(before.send);
  expect(new Protection({ ...SRTP, mkiBytes: 4 }, before).receive).not.toBe(before.receive);
});
