import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRtcp } from '../rtp/packet.ts';
import type { Sound } from './sound.ts';
import { agreement, type Bed, makeBed, sounds, tone } from './testing/bed.ts';
import { heardBy } from './testing/ear.ts';
import type { Phone } from './testing/phone.ts';
import { Protection } from './thread/secure-socket.ts';

const OURS = Buffer.alloc(30, 'ours').toString('base64');
const THEIRS = Buffer.alloc(30, 'theirs').toString('base64');
const SRTP = { send: OURS, receive: THEIRS };
const TONES = [300, 500, 700];

let bed: Bed;
let audio: Sound;
let phone: Phone;

beforeEach(async () => {
  bed = await makeBed();
  audio = await bed.engine.open();
  phone = await bed.phone();
});
afterEach(() => bed.end());

describe('an audio with keys', () => {
  beforeEach(async () => {
    phone.srtp = new Protection({ send: THEIRS, receive: OURS });
    audio.connect(agreement(phone, { srtp: SRTP }));
    phone.talk(audio.local, 500);
    await bed.beats(10);
  });

  it('is heard, and hears, encrypted', async () => {
    const stream = audio.stream();
    let heard: Uint8Array | undefined;
    stream.frames.on(({ track, payload }) => {
      if (track === 'inbound') heard = payload;
    });
    void audio.play(sounds(tone(700, 2000)));
    await bed.beats(20);
    expect(heardBy(phone, TONES)).toEqual([700]);
    expect(heard!.some((octet) => octet !== 0xff)).toBe(true);
  });

  it('hears nobody without them', async () => {
    const before = phone.heard.length;
    phone.srtp = undefined;
    await bed.beats(10);
    phone.hush();
    const report = await audio.close();
    expect(report.packetsReceived).toBe(10);
    // What it sends cannot be read without the key: it is not what a phone in the clear would take for sound.
    const clear = phone.heard.slice(before).map(({ octets }) => octets);
    expect(clear.length).toBeGreaterThan(0);
    expect(clear.every((octets) => octets.length === 170)).toBe(true);
    expect(new Set(clear.map((octets) => octets.toString('hex'))).size).toBe(clear.length);
  });

  it('goes on counting when the agreement changes and the keys do not, and begins anew with others', async () => {
    audio.connect(agreement(phone, { srtp: SRTP, direction: 'sendonly' }));
    await bed.beats(10);
    audio.connect(agreement(phone, { srtp: SRTP }));
    void audio.play(sounds(tone(700, 2000)));
    await bed.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
    const keys = { send: THEIRS, receive: OURS };
    phone.srtp = new Protection({ send: OURS, receive: THEIRS });
    audio.connect(agreement(phone, { srtp: keys }));
    await bed.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
  });

  it('reports by SRTCP', async () => {
    const reports: Buffer[] = [];
    const socket = await bed.network.bind({ ...phone.local, port: phone.local.port + 1 }, (data) => {
      reports.push(Buffer.from(data));
    });
    await bed.beats(500);
    await socket.close();
    const opener = new Protection({ send: THEIRS, receive: OURS });
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      expect(isRtcp(report, 0, report.length)).toBe(true);
      expect(opener.receive.unprotectRtcp(report, report.length)).toBe(report.length - 14);
    }
  });
});

it('a direction whose key has not changed goes on counting when the other key changes', () => {
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
