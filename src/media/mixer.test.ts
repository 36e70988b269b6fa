import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toneLevel } from '../audio/goertzel.ts';
import { clips, type MediaHarness, type Party, startHarness, tone } from './testing/harness.ts';
import { heardBy, recordedIn } from './testing/tones.ts';

let harness: MediaHarness;
/** Whole periods fit into a frame, so that no tone leaks into another. */
const TONES = [300, 500, 700, 900, 1100];

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.end());

async function parties(count: number): Promise<Party[]> {
  const made: Party[] = [];
  for (const frequency of TONES.slice(0, count)) made.push(await harness.party(frequency));
  return made;
}

async function bridge(): Promise<[Party, Party]> {
  const [one, other] = (await parties(2)) as [Party, Party];
  one.sound.join('bridge');
  other.sound.join('bridge');
  await harness.beats(20);
  return [one, other];
}

const hears = ({ phone }: Party) => heardBy(phone, TONES);

/** Records the next ten frames of a party. */
async function record({ sound }: Party, name: string) {
  const path = join(harness.folder, name);
  const opening = sound.tap({ path, channels: 2, maxSeconds: 60 });
  await harness.beats(1);
  const tap = await opening;
  await harness.beats(9);
  await tap.stop();
  return recordedIn(path, TONES);
}

describe('a mixer', () => {
  it('does not mix inputs of other mixers', async () => {
    const [one, other] = (await parties(2)) as [Party, Party];
    one.sound.join('a');
    other.sound.join('b');
    await harness.beats(20);
    expect(hears(one)).toEqual([]);
    expect(hears(other)).toEqual([]);
  });

  it('of two lets each hear the other, and not itself', async () => {
    const [one, other] = await bridge();
    expect(hears(one)).toEqual([500]);
    expect(hears(other)).toEqual([300]);
  });

  it('of many lets each hear all the others, and not itself', async () => {
    const all = await parties(4);
    for (const { sound } of all) sound.join('many');
    await harness.beats(20);
    const said = TONES.slice(0, 4);
    for (const [i, party] of all.entries())
      expect(hears(party)).toEqual(said.filter((tone) => tone !== TONES[i]));
  });

  it('adds no delay, whatever the order in which its inputs joined', async () => {
    const [one, other] = await bridge();
    /** Frames until a change of the tone is heard by the other. */
    const delay = async (speaker: Party, { phone }: Party) => {
      const before = phone.heard.length;
      speaker.phone.frequency = 1900;
      await harness.beats(8);
      const changed = phone.heard.findIndex(
        (_, i) => i >= before && toneLevel(phone.sound(i, i + 1), 1900) > 3000,
      );
      return changed - before;
    };
    // Two frames wait in the jitter buffer.
    expect(await delay(one, other)).toBe(3);
    expect(await delay(other, one)).toBe(3);
  });

  it('loses an input that joins another or leaves', async () => {
    const [one, other] = await bridge();
    one.sound.join('elsewhere');
    await harness.beats(20);
    expect(hears(one)).toEqual([]);
    expect(hears(other)).toEqual([]);
    one.sound.join('bridge');
    await harness.beats(20);
    expect(hears(other)).toEqual([300]);
    one.sound.leave();
    one.sound.leave();
    await harness.beats(20);
    expect(hears(other)).toEqual([]);
  });

  it('continues without an input that has closed', async () => {
    const [one, two, three] = (await parties(3)) as [Party, Party, Party];
    for (const { sound } of [one, two, three]) sound.join('three');
    await harness.beats(20);
    void three.sound.close();
    await harness.beats(20);
    expect(hears(one)).toEqual([500]);
    expect(hears(two)).toEqual([300]);
  });

  it('is heard together with what is played', async () => {
    const [one, other] = await bridge();
    void one.sound.play(clips(tone(900, 1000)));
    await harness.beats(20);
    expect(hears(one)).toEqual([500, 900]);
    expect(hears(other)).toEqual([300]);
  });

  it('does not hear an input that joins muted, until it joins again', async () => {
    const [one, other] = await bridge();
    one.sound.join('bridge', { muted: true });
    await harness.beats(20);
    expect(hears(one)).toEqual([500]);
    expect(hears(other)).toEqual([]);
    one.sound.join('bridge');
    await harness.beats(20);
    expect(hears(other)).toEqual([300]);
  });

  it('is recorded as each of its inputs hears it', async () => {
    const all = await parties(3);
    for (const { sound } of all) sound.join('many');
    void all[0]!.sound.play(clips(tone(900, 5000)));
    await harness.beats(20);
    expect(await record(all[0]!, 'a.wav')).toEqual({ left: [300], right: [500, 700, 900] });
    expect(await record(all[1]!, 'b.wav')).toEqual({ left: [500], right: [300, 700] });
  });

  it('mixes A-law and µ-law', async () => {
    const one = await harness.party(300, { changes: { codec: { name: 'PCMA', payloadType: 8 } } });
    const other = await harness.party(500);
    for (const { sound } of [one, other]) sound.join('bridge');
    await harness.beats(20);
    expect(one.phone.heard.at(-1)!.header.payloadType).toBe(8);
  });
});

const onOff = fc.boolean();
/** All settings of one input. */
const settings = fc.record({ held: onOff, read: onOff, write: onOff, redacted: onOff });

describe('a mixer of two', () => {
  it('is heard, recorded and streamed correctly in all combinations of hold, mute and redaction', async () => {
    const [one, other] = await bridge();
    const stream = other.sound.stream();
    const music = tone(1100, 60);
    let inbound: Uint8Array = new Uint8Array();
    stream.frames.on(({ track, payload }) => {
      if (track === 'inbound') inbound = payload;
    });
    let files = 0;
    await fc.assert(
      fc.asyncProperty(settings, settings, async (a, b) => {
        for (const [{ sound }, set] of [
          [one, a],
          [other, b],
        ] as const) {
          sound.hold(set.held ? music : null);
          sound.mute(set);
          sound.redact(set.redacted);
        }
        await harness.beats(15);
        const says = (set: typeof a) => !set.held && !set.write;
        const heardFrom = (set: typeof a, from: typeof a, tone: number) =>
          set.held ? [1100] : !set.read && says(from) ? [tone] : [];
        expect(hears(one)).toEqual(heardFrom(a, b, 500));
        expect(hears(other)).toEqual(heardFrom(b, a, 300));
        expect(inbound.some((octet) => octet !== 0xff)).toBe(says(b) && !b.redacted);
        expect(await record(one, `${++files}.wav`)).toEqual({
          left: a.redacted ? [] : [300],
          right: b.redacted && !a.held ? [] : heardFrom(a, b, 500),
        });
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('relays digits that arrive by signaling', async () => {
    const [one, other] = await bridge();
    one.sound.signaled({ digit: '9', durationMs: 160 });
    await harness.beats(15);
    const keys = other.phone.heard.filter(({ header }) => header.payloadType === 101);
    expect(new Set(keys.map(({ octets }) => octets[0]))).toEqual(new Set([9]));
  });

  it('relays digits that arrive as events, and none of a muted input', async () => {
    const [one, other] = await bridge();
    const pressed: string[] = [];
    const keys = () =>
      other.phone.heard.filter(({ header }) => header.payloadType === 101).map(({ octets }) => octets[0]);
    one.sound.digits.on(({ digit }) => pressed.push(digit));
    one.phone.stopTalking();
    await press(one, 5);
    await harness.beats(15);
    expect(pressed).toEqual(['5']);
    expect(new Set(keys())).toEqual(new Set([5]));
    one.sound.mute({ read: false, write: true });
    await press(one, 6);
    await harness.beats(15);
    expect(pressed).toEqual(['5', '6']);
    expect(new Set(keys())).toEqual(new Set([5]));
  });
});

async function press({ phone, sound }: Party, event: number): Promise<void> {
  phone.target = sound.local;
  phone.timestamp += 16_000;
  for (let duration = 160; duration <= 960; duration += 160) {
    const end = duration > 640 ? 0x80 : 0;
    const octets = [event, end | 10, Math.min(duration, 800) >> 8, Math.min(duration, 800) & 0xff];
    phone.send(101, Uint8Array.from(octets));
    await harness.beats(1);
  }
}

describe('hold music', () => {
  it('plays in a loop, is replaced by what is played, and ends', async () => {
    const [one] = await bridge();
    one.sound.hold(tone(1100, 60));
    await harness.beats(50);
    expect(heardBy(one.phone, TONES, 40)).toEqual([1100]);
    void one.sound.play(clips(tone(900, 300)));
    await harness.beats(12);
    expect(hears(one)).toEqual([900]);
    await harness.beats(20);
    expect(hears(one)).toEqual([1100]);
    one.sound.hold(null);
    await harness.beats(12);
    expect(hears(one)).toEqual([500]);
  });

  it('does not start again on a sound that is held already', async () => {
    const [one] = await bridge();
    const music = tone(300, 1000);
    music.samples.set(tone(700, 500).samples, 4000);
    for (let i = 0; i < 4; i++) {
      one.sound.hold(music);
      await harness.beats(10);
    }
    expect(hears(one)).toEqual([700]);
  });
});

describe('a mixer with inputs on several threads', () => {
  beforeEach(async () => {
    await harness.end();
    harness = await startHarness({ workers: 3 });
  });

  it('lets each hear all the others, and not itself', async () => {
    const all = await parties(5);
    for (const { sound } of all) sound.join('many');
    await harness.beats(30);
    for (const [i, party] of all.entries())
      expect(hears(party)).toEqual(TONES.filter((tone) => tone !== TONES[i]));
  });

  it('keeps what is redacted out of the recordings on other threads', async () => {
    const [one, two, three] = (await parties(3)) as [Party, Party, Party];
    for (const { sound } of [one, two, three]) sound.join('many');
    one.sound.redact(true);
    await harness.beats(30);
    expect(hears(two)).toEqual([300, 700]);
    expect(await record(two, 'b.wav')).toEqual({ left: [500], right: [700] });
  });

  it('keeps what is under a privacy hold out of the recordings of others, and in its own', async () => {
    const [one, two, three] = (await parties(3)) as [Party, Party, Party];
    for (const { sound } of [one, two, three]) sound.join('many');
    one.sound.privacyHold(true);
    await harness.beats(30);
    expect(hears(two)).toEqual([300, 700]);
    expect(await record(two, 'b.wav')).toEqual({ left: [500], right: [700] });
    expect(await record(one, 'a.wav')).toEqual({ left: [300], right: [500, 700] });
  });

  it('stops hearing a thread whose last input has left, and hears it again', async () => {
    const [one, two] = (await parties(2)) as [Party, Party];
    one.sound.join('three');
    two.sound.join('three');
    await harness.beats(30);
    two.sound.leave();
    await harness.beats(20);
    expect(hears(one)).toEqual([]);
    two.sound.join('three');
    await harness.beats(30);
    expect(hears(one)).toEqual([500]);
    void two.sound.close();
    await harness.beats(20);
    expect(hears(one)).toEqual([]);
  });

  it('is not needed for a sound that is opened beside another', async () => {
    await parties(2);
    const one = await harness.party(300);
    const other = await harness.party(500, { beside: one });
    one.sound.join('bridge');
    other.sound.join('bridge');
    await harness.beats(20);
    expect(hears(one)).toEqual([500]);
  });
});
