import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digit } from '../audio/index.ts';
import type { AudioAgreement, Sound, Tap } from './sound.ts';
import { agreement, type Bed, makeBed, sounds, tone } from './testing/bed.ts';
import { heardBy, recordedIn } from './testing/ear.ts';
import type { Phone } from './testing/phone.ts';

const PCMU = { name: 'PCMU', payloadType: 0 } as const;
const PCMA = { name: 'PCMA', payloadType: 8 } as const;
const G722 = { name: 'G722', payloadType: 9 } as const;
const OPUS = { name: 'opus', payloadType: 96 } as const;
const RECEIVES: AudioAgreement['receives'] = {
  codecs: [PCMU, PCMA, G722, OPUS],
  telephoneEvents: [
    { payloadType: 101 },
    { payloadType: 102, clockRate: 16_000 },
    { payloadType: 110, clockRate: 48_000 },
  ],
};
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

/** Starts to record; one beat passes, which is in the file. */
async function record(path: string): Promise<Tap> {
  const opening = audio.tap({ path, channels: 2, maxSeconds: 20 });
  await bed.beats(1);
  return opening;
}

/** Presses a key: packets of 20 ms each, the last three with the end bit. */
async function press(payloadType: number, event: number, clockRate: number): Promise<void> {
  const { timestamp } = phone;
  for (let at = 1; at <= 8; at++) {
    const payload = Buffer.from([event, at > 5 ? 0x8a : 0x0a, 0, 0]);
    payload.writeUInt16BE((Math.min(at, 5) * clockRate) / 50, 2);
    phone.send(payloadType, payload, { timestamp });
    await bed.beats(1);
  }
}

describe('formats that were agreed on', () => {
  it.each([PCMU, PCMA, G722, OPUS])('are heard and recorded, whichever arrives: %o', async (codec) => {
    audio.connect(agreement(phone, { codec: PCMU, receives: RECEIVES }));
    const path = join(bed.folder, 'call.wav');
    const tap = await record(path);
    phone.codec = codec;
    phone.talk(audio.local, 500);
    await bed.beats(50);
    await tap.stop();
    expect((await recordedIn(path, TONES, 20, 45)).left).toEqual([500]);
  });

  it('are followed when the far end changes them in the middle of a call', async () => {
    audio.connect(agreement(phone, { codec: PCMA, receives: RECEIVES }));
    const path = join(bed.folder, 'call.wav');
    const tap = await record(path);
    phone.talk(audio.local, 500);
    for (const codec of [PCMA, PCMU, G722, OPUS, PCMA]) {
      phone.codec = codec;
      await bed.beats(50);
    }
    await tap.stop();
    for (let part = 0; part < 5; part++)
      expect((await recordedIn(path, TONES, part * 50 + 20, part * 50 + 45)).left).toEqual([500]);
    expect((await audio.close()).packetsLost).toBe(0);
  });

  it.each([160, 320])('are heard in G.722 with %i steps of the timestamp for each packet', async (step) => {
    audio.connect(agreement(phone, { codec: G722 }));
    const path = join(bed.folder, 'call.wav');
    const tap = await record(path);
    phone.codec = G722;
    phone.ticks = step / 160;
    phone.talk(audio.local, 500);
    await bed.beats(100);
    await tap.stop();
    expect((await recordedIn(path, TONES, 20, 95)).left).toEqual([500]);
    const { packetsLost, jitterMs } = await audio.close();
    expect([packetsLost, Math.round(jitterMs)]).toEqual([0, 0]);
  });

  it('do not change what is sent', async () => {
    audio.connect(agreement(phone, { codec: PCMA, receives: RECEIVES }));
    phone.codec = G722;
    phone.talk(audio.local, 500);
    void audio.play(sounds(tone(700, 2000)));
    await bed.beats(20);
    phone.codec = PCMA;
    await bed.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
    expect(phone.heard.at(-1)!.header.payloadType).toBe(8);
  });

  it.each([
    [101, 8000],
    [102, 16_000],
    [110, 48_000],
  ])('bring keys as events of type %i, on a clock of %i Hz', async (payloadType, clockRate) => {
    audio.connect(agreement(phone, { receives: RECEIVES }));
    const digits: Digit[] = [];
    audio.digits.on((digit) => digits.push(digit));
    phone.talk(audio.local, 0);
    await bed.beats(5);
    phone.hush();
    await press(payloadType, 5, clockRate);
    await bed.beats(20);
    expect(digits).toEqual([{ digit: '5', durationMs: 100 }]);
  });

  it('do not open the call for other payload types', async () => {
    audio.connect(agreement(phone, { receives: RECEIVES }));
    phone.codec = { name: 'PCMU', payloadType: 97 };
    phone.talk(audio.local, 500);
    await bed.beats(20);
    expect((await audio.close()).packetsReceived).toBe(0);
  });
});

it('a packet in another codec than is sent is not passed on as it is', async () => {
  const opus = { name: 'opus', payloadType: 96 } as const;
  const changes = { codec: opus, receives: RECEIVES };
  const far = await bed.party(300, { changes });
  const near = await bed.party(500, { changes, beside: far });
  for (const { audio: each } of [far, near]) each.join('room');
  await bed.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
  far.phone.codec = PCMU;
  await bed.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
  far.phone.codec = opus;
  await bed.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
});
