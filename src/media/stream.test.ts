import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeG711, encodeG711, PCMU } from '../audio/codec/g711.ts';
import type { AudioStream } from './sound.ts';
import { clips, type MediaHarness, type Party, startHarness, tone } from './testing/harness.ts';
import { heardBy, tonesIn } from './testing/tones.ts';

let harness: MediaHarness;
let party: Party;
let stream: AudioStream;
let streamed: { inbound: Uint8Array[]; outbound: Uint8Array[] };

const TONES = [300, 500, 700, 900];

beforeEach(async () => {
  harness = await startHarness();
  party = await harness.party(300);
  await harness.beats(10);
  stream = party.sound.stream();
  streamed = listenTo(stream);
});
afterEach(() => harness.end());

function listenTo({ frames }: AudioStream): typeof streamed {
  const heard: typeof streamed = { inbound: [], outbound: [] };
  frames.on(({ track, payload }) => heard[track].push(payload));
  return heard;
}

const ofFrames = (payloads: Uint8Array[]) => {
  const samples = new Int16Array(payloads.length * 160);
  for (const [i, payload] of payloads.entries()) decodeG711(PCMU, payload, 0, 160, samples, i * 160);
  return tonesIn(samples, TONES);
};

/** A tone as mu-law. */
function law(frequency: number, ms: number): Uint8Array {
  const { samples } = tone(frequency, ms);
  const octets = new Uint8Array(samples.length);
  encodeG711(PCMU, samples, samples.length, octets);
  return octets;
}

describe('a stream', () => {
  it('emits every frame of both tracks from the next beat until it is closed', async () => {
    void party.sound.play(clips(tone(700, 5000)));
    await harness.beats(20);
    stream.close();
    await harness.beats(5);
    expect(streamed.inbound).toHaveLength(20);
    expect(streamed.outbound).toHaveLength(20);
    expect(streamed.inbound.every(({ length }) => length === 160)).toBe(true);
    expect(ofFrames(streamed.inbound)).toEqual([300]);
    expect(ofFrames(streamed.outbound)).toEqual([700]);
    expect(streamed.outbound).toEqual(
      party.phone.heard.slice(-25, -5).map(({ octets }) => new Uint8Array(octets)),
    );
  });

  it('gets its own audio among many on its thread', async () => {
    const others: { frequency: number; streamed: typeof streamed }[] = [];
    for (let i = 0; i < 20; i++) {
      const frequency = TONES[i % 4]!;
      const { sound } = await harness.party(frequency);
      others.push({ frequency, streamed: listenTo(sound.stream()) });
    }
    await harness.beats(20);
    for (const { frequency, streamed } of others) {
      expect(streamed.inbound).toHaveLength(20);
      expect(ofFrames(streamed.inbound.slice(-10))).toEqual([frequency]);
    }
  });

  it('has the mixer in the outbound track', async () => {
    const other = await harness.party(500);
    party.sound.join('pair');
    other.sound.join('pair');
    await harness.beats(20);
    expect(ofFrames(streamed.outbound.slice(-10))).toEqual([500]);
    other.sound.redact(true);
    await harness.beats(10);
    expect(ofFrames(streamed.outbound.slice(-10))).toEqual([]);
    expect(heardBy(party.phone, TONES)).toEqual([500]);
  });

  it('hears nothing of a far end that is held, muted or redacted', async () => {
    const hears = async () => {
      await harness.beats(10);
      return ofFrames(streamed.inbound.slice(-10));
    };
    expect(await hears()).toEqual([300]);
    party.sound.redact(true);
    expect(await hears()).toEqual([]);
    party.sound.redact(false);
    party.sound.mute({ read: false, write: true });
    expect(await hears()).toEqual([]);
    party.sound.mute({ read: true, write: false });
    expect(await hears()).toEqual([300]);
    party.sound.hold(tone(700, 500));
    expect(await hears()).toEqual([]);
    expect(ofFrames(streamed.outbound.slice(-10))).toEqual([700]);
  });

  it('emits nothing more when the sound is closed', async () => {
    await harness.beats(5);
    const drained = stream.drained();
    stream.play(law(500, 1000));
    const late = stream.drained();
    await harness.beats(1);
    void party.sound.close();
    await harness.beats(5);
    expect(streamed.inbound).toHaveLength(6);
    await expect(drained).resolves.toBe('heard');
    await expect(late).resolves.toBe('dropped');
    await expect(party.sound.stream().drained()).resolves.toBe('dropped');
  });
});

describe('what a stream plays', () => {
  it('is heard by the far end together with clips, chunk after chunk without a gap', async () => {
    void party.sound.play(clips(tone(700, 5000)));
    const whole = law(500, 400);
    for (const [from, to] of [
      [0, 33],
      [33, 1000],
      [1000, 3200],
    ])
      stream.play(whole.slice(from, to));
    await harness.beats(20);
    expect(heardBy(party.phone, TONES, 20)).toEqual([500, 700]);
    await harness.beats(10);
    expect(heardBy(party.phone, TONES)).toEqual([700]);
  });

  it('is on the wire unchanged when nothing else plays', async () => {
    const octets = law(500, 100);
    stream.play(octets);
    await harness.beats(5);
    expect(Buffer.concat(party.phone.heard.slice(-5).map(({ octets }) => octets))).toEqual(
      Buffer.from(octets),
    );
  });

  it('has drained when the last of it was sent', async () => {
    let first = 0;
    let second = '';
    stream.play(law(500, 200));
    void stream.drained().then(() => {
      first = harness.clock.monotonic();
    });
    stream.play(law(500, 200));
    const start = harness.clock.monotonic() - 10;
    void stream.drained().then((how) => {
      second = how;
    });
    await harness.beats(19);
    expect(first - start).toBe(200);
    expect(second).toBe('');
    await harness.beats(1);
    expect(second).toBe('heard');
    await expect(stream.drained()).resolves.toBe('heard');
  });

  it('is dropped when it is cleared, and what follows is heard', async () => {
    stream.play(law(500, 2000));
    const drained = stream.drained();
    await harness.beats(5);
    stream.clear();
    stream.play(law(900, 1000));
    const again = stream.drained();
    await harness.beats(11);
    expect(heardBy(party.phone, TONES)).toEqual([900]);
    await expect(drained).resolves.toBe('dropped');
    await harness.beats(50);
    await expect(again).resolves.toBe('heard');
  });

  it('is queued for up to a minute', async () => {
    for (let second = 0; second < 70; second++) stream.play(law(500, 1000));
    const drained = stream.drained();
    const before = party.phone.heard.length;
    await harness.beats(61 * 50);
    await expect(drained).resolves.toBe('dropped');
    expect(tonesIn(party.phone.sound(before + 59 * 50, before + 60 * 50), TONES)).toEqual([500]);
    expect(tonesIn(party.phone.sound(before + 60 * 50), TONES)).toEqual([]);
  });

  it('is mixed with that of other streams', async () => {
    const other = party.sound.stream();
    stream.play(law(500, 1000));
    other.play(law(900, 1000));
    await harness.beats(15);
    expect(heardBy(party.phone, TONES)).toEqual([500, 900]);
    other.close();
    await harness.beats(15);
    expect(heardBy(party.phone, TONES)).toEqual([500]);
  });
});
