import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AudioAgreement } from './agreement.ts';
import { type MediaHarness, type Party, startHarness } from './testing/harness.ts';
import { heardBy, recordedIn } from './testing/tones.ts';

const CODECS: AudioAgreement['codec'][] = [
  { name: 'PCMU', payloadType: 0 },
  { name: 'PCMA', payloadType: 8 },
  { name: 'G722', payloadType: 9 },
  { name: 'opus', payloadType: 111 },
];
const TONES = [300, 500, 700, 900];
let harness: MediaHarness;

beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.end());

describe('a mixer of two', () => {
  const pairs = CODECS.flatMap((one) => CODECS.map((other) => [one.name, other.name, one, other] as const));

  it.each(pairs)('lets %s and %s hear each other, and is recorded', async (_one, _other, one, other) => {
    const caller = await harness.party(500, { changes: { codec: one } });
    const callee = await harness.party(700, { changes: { codec: other } });
    caller.sound.join('bridge');
    callee.sound.join('bridge');
    const path = join(harness.folder, 'a.wav');
    const opening = caller.sound.tap({ path, channels: 2, maxSeconds: 60 });
    await harness.beats(40);
    expect(heardBy(caller.phone, TONES, 30)).toEqual([700]);
    expect(heardBy(callee.phone, TONES, 30)).toEqual([500]);
    await (await opening).stop();
    expect(await recordedIn(path, TONES, 10)).toEqual({ left: [500], right: [700] });
    expect(caller.phone.heard.every(({ header }) => header.payloadType === one.payloadType)).toBe(true);
  });
});

describe.each(CODECS.slice(2))('a mixer of two with $name', (codec) => {
  let caller: Party;
  let callee: Party;

  beforeEach(async () => {
    caller = await harness.party(500, { changes: { codec } });
    callee = await harness.party(700, { changes: { codec } });
    caller.sound.join('bridge');
    callee.sound.join('bridge');
    await harness.beats(20);
  });

  const payloads = ({ phone }: Party) => phone.heard.map(({ octets }) => octets.toString('hex'));

  /** The callee received one series of packets, each with its own sequence number and timestamp. */
  function isOneRow(steps = 1, pause = 2) {
    const { heard } = callee.phone;
    const ticks = codec.name === 'opus' ? 960 : 160;
    for (const [i, { header }] of heard.entries()) {
      const before = heard[i - 1]?.header;
      if (!before) continue;
      expect((header.sequence - before.sequence) & 0xffff).toBeGreaterThan(0);
      expect((header.sequence - before.sequence) & 0xffff).toBeLessThanOrEqual(steps);
      expect(header.timestamp).not.toBe(before.timestamp);
      expect(((header.timestamp - before.timestamp) >>> 0) / ticks).toBeLessThanOrEqual(pause);
    }
  }

  it('relays packets unchanged while nothing is recorded, played or streamed', async () => {
    const from = callee.phone.heard.length;
    await harness.beats(20);
    expect(callee.phone.heard).toHaveLength(from + 20);
    const said = new Set(caller.phone.said.map((octets) => Buffer.from(octets).toString('hex')));
    for (const payload of payloads(callee).slice(from)) expect(said).toContain(payload);
    isOneRow();
  });

  it('decodes them as soon as a recording starts, which is complete from its first frame', async () => {
    const path = join(harness.folder, 'a.wav');
    const opening = caller.sound.tap({ path, channels: 2, maxSeconds: 60 });
    await harness.beats(20);
    await (await opening).stop();
    expect(await recordedIn(path, TONES)).toEqual({ left: [500], right: [700] });
    await harness.beats(20);
    expect(heardBy(callee.phone, TONES, 20)).toEqual([500]);
    isOneRow();
  });

  it('relays nothing from the beat at which one is muted', async () => {
    const from = callee.phone.heard.length;
    caller.sound.mute({ read: false, write: true });
    await harness.beats(20);
    const said = new Set(caller.phone.said.map((octets) => Buffer.from(octets).toString('hex')));
    for (const payload of payloads(callee).slice(from)) expect(said).not.toContain(payload);
    expect(heardBy(callee.phone, TONES, 15)).toEqual([]);
    isOneRow();
  });

  it('keeps the gap of a lost packet, and sends silence when none arrives', async () => {
    caller.phone.sequence++;
    caller.phone.timestamp += codec.name === 'opus' ? 960 : 160;
    await harness.beats(10);
    isOneRow(2);
    const rows = callee.phone.heard.map(({ header }) => header.sequence);
    expect(rows.filter((row, i) => i > 0 && ((row - rows[i - 1]!) & 0xffff) === 2)).toHaveLength(1);
    caller.phone.stopTalking();
    await harness.beats(30);
    const from = callee.phone.heard.length;
    await harness.beats(10);
    expect(callee.phone.heard).toHaveLength(from + 10);
    expect(heardBy(callee.phone, TONES, 10)).toEqual([]);
    caller.phone.talk(caller.sound.local);
    await harness.beats(20);
    expect(heardBy(callee.phone, TONES, 10)).toEqual([500]);
    isOneRow(2, 6);
  });
});

describe('Opus', () => {
  const opus = CODECS[3]!;
  let party: Party;

  beforeEach(async () => {
    const telephoneEvent = { payloadType: 110, clockRate: 48_000 } as const;
    party = await harness.party(500, { changes: { codec: opus, telephoneEvent } });
    await harness.beats(20);
  });

  it('has timestamps of 48 kHz, and short packets in silence', async () => {
    const { heard } = party.phone;
    for (const [i, { header }] of heard.entries())
      expect(header.timestamp).toBe((heard[0]!.header.timestamp + i * 960) >>> 0);
    expect(heard.at(-1)!.octets.length).toBeLessThan(60);
  });

  it('has no jitter and no loss when it arrives evenly', async () => {
    await harness.beats(50);
    party.phone.stopTalking();
    await harness.beats(1);
    const report = await party.sound.close();
    expect(report).toMatchObject({ packetsLost: 0, packetsReceived: 70 });
    expect(report.jitterMs).toBeLessThan(0.1);
  });

  it('has digits of 48 kHz in both directions', async () => {
    const sending = party.sound.sendDigits('5');
    await harness.beats(11);
    await sending;
    const events = party.phone.heard.filter(({ header }) => header.payloadType === 110);
    expect(events).toHaveLength(7);
    expect(events.at(-1)!.octets.readUInt16BE(2)).toBe(4800);
    const pressed: unknown[] = [];
    party.sound.digits.on((digit) => pressed.push(digit));
    party.phone.send(110, Uint8Array.from([7, 10, 0x03, 0xc0]));
    party.phone.send(110, Uint8Array.from([7, 0x8a, 0x12, 0xc0]));
    await harness.beats(2);
    expect(pressed).toEqual([{ digit: '7', durationMs: 100 }]);
  });

  it('is replaced by another codec in the middle of a call', async () => {
    party.sound.connect({
      remote: party.phone.local,
      codec: CODECS[0]!,
      telephoneEvent: null,
      direction: 'sendrecv',
      rtcpMux: false,
    });
    await harness.beats(5);
    expect(party.phone.heard.at(-1)!.header.payloadType).toBe(0);
    expect(party.phone.heard.at(-1)!.octets).toHaveLength(160);
  });
});
