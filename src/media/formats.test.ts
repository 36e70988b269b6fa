import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digit } from '../audio/index.ts';
import type { AudioAgreement } from './agreement.ts';
import type { Sound, Tap } from './sound.ts';
import { agreement, clips, type MediaHarness, startHarness, tone } from './testing/harness.ts';
import type { Phone } from './testing/phone.ts';
import { heardBy, recordedIn } from './testing/tones.ts';

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

let harness: MediaHarness;
let sound: Sound;
let phone: Phone;

beforeEach(async () => {
  harness = await startHarness();
  sound = await harness.engine.open();
  phone = await harness.phone();
});
afterEach(() => harness.end());

/** Starts to record, and records one beat. */
async function record(path: string): Promise<Tap> {
  const opening = sound.tap({ path, channels: 2, maxSeconds: 20 });
  await harness.beats(1);
  return opening;
}

/** Presses a key: packets of 20 ms each, the last three with the end bit. */
async function press(payloadType: number, event: number, clockRate: number): Promise<void> {
  const { timestamp } = phone;
  for (let at = 1; at <= 8; at++) {
    const payload = Buffer.from([event, at > 5 ? 0x8a : 0x0a, 0, 0]);
    payload.writeUInt16BE((Math.min(at, 5) * clockRate) / 50, 2);
    phone.send(payloadType, payload, { timestamp });
    await harness.beats(1);
  }
}

describe('agreed formats', () => {
  it.each([PCMU, PCMA, G722, OPUS])('are decoded and recorded, whichever arrives: %o', async (codec) => {
    sound.connect(agreement(phone, { codec: PCMU, receives: RECEIVES }));
    const path = join(harness.folder, 'call.wav');
    const tap = await record(path);
    phone.codec = codec;
    phone.talk(sound.local, 500);
    await harness.beats(50);
    await tap.stop();
    expect((await recordedIn(path, TONES, 20, 45)).left).toEqual([500]);
  });

  it('may be changed by the far end in the middle of a call', async () => {
    sound.connect(agreement(phone, { codec: PCMA, receives: RECEIVES }));
    const path = join(harness.folder, 'call.wav');
    const tap = await record(path);
    phone.talk(sound.local, 500);
    for (const codec of [PCMA, PCMU, G722, OPUS, PCMA]) {
      phone.codec = codec;
      await harness.beats(50);
    }
    await tap.stop();
    for (let part = 0; part < 5; part++)
      expect((await recordedIn(path, TONES, part * 50 + 20, part * 50 + 45)).left).toEqual([500]);
    expect((await sound.close()).packetsLost).toBe(0);
  });

  it.each([160, 320])('include G.722 with %i timestamp steps for each packet', async (step) => {
    sound.connect(agreement(phone, { codec: G722 }));
    const path = join(harness.folder, 'call.wav');
    const tap = await record(path);
    phone.codec = G722;
    phone.ticks = step / 160;
    phone.talk(sound.local, 500);
    await harness.beats(100);
    await tap.stop();
    expect((await recordedIn(path, TONES, 20, 95)).left).toEqual([500]);
    const { packetsLost, jitterMs } = await sound.close();
    expect([packetsLost, Math.round(jitterMs)]).toEqual([0, 0]);
  });

  it('do not change what is sent', async () => {
    sound.connect(agreement(phone, { codec: PCMA, receives: RECEIVES }));
    phone.codec = G722;
    phone.talk(sound.local, 500);
    void sound.play(clips(tone(700, 2000)));
    await harness.beats(20);
    phone.codec = PCMA;
    await harness.beats(15);
    expect(heardBy(phone, TONES)).toEqual([700]);
    expect(phone.heard.at(-1)!.header.payloadType).toBe(8);
  });

  it.each([
    [101, 8000],
    [102, 16_000],
    [110, 48_000],
  ])('bring keys as events of type %i, on a clock of %i Hz', async (payloadType, clockRate) => {
    sound.connect(agreement(phone, { receives: RECEIVES }));
    const digits: Digit[] = [];
    sound.digits.on((digit) => digits.push(digit));
    phone.talk(sound.local, 0);
    await harness.beats(5);
    phone.stopTalking();
    await press(payloadType, 5, clockRate);
    await harness.beats(20);
    expect(digits).toEqual([{ digit: '5', durationMs: 100 }]);
  });

  it('exclude other payload types', async () => {
    sound.connect(agreement(phone, { receives: RECEIVES }));
    phone.codec = { name: 'PCMU', payloadType: 97 };
    phone.talk(sound.local, 500);
    await harness.beats(20);
    expect((await sound.close()).packetsReceived).toBe(0);
  });
});

it('relays no packet of another codec than the one that is sent', async () => {
  const opus = { name: 'opus', payloadType: 96 } as const;
  const changes = { codec: opus, receives: RECEIVES };
  const far = await harness.party(300, { changes });
  const near = await harness.party(500, { changes, beside: far });
  for (const { sound: each } of [far, near]) each.join('mixer');
  await harness.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
  far.phone.codec = PCMU;
  await harness.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
  far.phone.codec = opus;
  await harness.beats(50);
  expect(heardBy(near.phone, TONES)).toEqual([300]);
});
