import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lateness } from '../tests/crash/lateness.ts';
import { START, STOP, talk, wait } from './support/actions.ts';
import { Harness } from './support/harness.ts';
import { type Packet, Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
/** Lateness of the far end that the recording correctly contains. */
const lateness = new Lateness(30_000);
const toleranceMs = () => 20 + lateness.worst;
/** The audio that the caller hears. */
let played: string;
beforeAll(async () => {
  harness = await Harness.open();
  played = harness.tone(1000, 600);
});
afterAll(() => {
  lateness.stop();
  return harness.close();
});

describe.skipIf(missing.sipp)(`a recording ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('has the caller on the left from the first to the last frame, and what they hear on the right', async () => {
    const line = await harness.line([
      wait(0.5),
      START,
      wait(0.5),
      { play: { url: played } },
      wait(0.3),
      STOP,
    ]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);

    const audio = await call.hear();
    expect(audio.heard(0, 440, 40)).toEqual([{ from: 0, to: audio.durationMs }]);
    expect(audio.heardMs(1, 440)).toBe(0);
    expect(audio.heardMs(0, 1000)).toBe(0);
    const { first, last } = audio.span(1)!;
    expect(last - first + 1).toBe(600 * 8);
    expect(first / 8).toBeGreaterThanOrEqual(480);
    expect((audio.samples - last) / 8).toBeGreaterThanOrEqual(280);
  });

  it('has both sides on one clock: an echo follows at a constant distance', async () => {
    const line = await harness.line([START, wait(0.5), { play: { url: played } }, wait(0.5), STOP]);
    const { call } = await line.call({ echo: true });
    await call.next('recording.completed');
    const audio = await call.hear();
    const [said] = audio.heard(1, 1000);
    const [echoed, ...more] = audio.heard(0, 1000, 40);
    expect(more).toEqual([]);
    const late = echoed!.from - said!.from;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(250);
    expect(Math.abs(echoed!.to - said!.to - late)).toBeLessThanOrEqual(20 + toleranceMs());
  });

  it('lasts exactly from its start to its stop, to the frame', async () => {
    const line = await harness.line([START, wait(1), STOP]);
    const { call } = await line.call({ talk });
    const { data } = await call.next('recording.completed');
    await call.next('call.completed');
    const [start, pause, stop] = (await call.timeline('action')).map(({ duration_ms }) => duration_ms);
    expect(data['duration_ms']).toBeGreaterThanOrEqual(pause - 20);
    expect(data['duration_ms']).toBeLessThanOrEqual(start + pause + stop + 20);
    expect(data['duration_ms'] % 20).toBe(0);
  });

  it('has the same data in event, REST, header, and file', async () => {
    const line = await harness.line([START, wait(1.2), STOP]);
    const { call } = await line.call({ talk });
    const { data } = await call.next('recording.completed');
    const [recording] = await call.recordings();
    const file = await call.file();
    const audio = await call.hear();
    expect(data).toMatchObject({
      recording_id: `rec_${call.id}`,
      status: 'completed',
      duration_ms: audio.durationMs,
      duration_seconds: Math.floor(audio.durationMs / 1000),
      size_bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
      channels: 2,
      format: 'wav',
    });
    expect(recording).toMatchObject({
      ...without(data, ['recording_id', 'sequence', 'event_key']),
      id: `rec_${call.id}`,
    });
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
    expect(file.readUInt32LE(40)).toBe(file.length - 44);
    expect(onDisk(call.id)).toEqual([file]);
  });

  it('can be downloaded in ranges, and by its signed URL without a key', async () => {
    const line = await harness.line([START, wait(0.3), STOP]);
    const { call } = await line.call();
    await call.next('recording.completed');
    const file = await call.file();
    const [recording] = await call.recordings();
    const part = await fetch(recording!['file_url'], { headers: { Range: 'bytes=44-363' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('Content-Range')).toBe(`bytes 44-363/${file.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(file.subarray(44, 364));
    const forged = await fetch(`${recording!['file_url']}0`);
    expect(forged.status).toBe(401);
  });
});

describe.skipIf(missing.sipp)(`recordings ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('of twenty simultaneous calls are twenty complete files with their own events', async () => {
    const line = await harness.line([wait(0.5), START, wait(1.5), STOP, wait(0.1)]);
    const { caller, call: first } = await line.call({ talk, calls: 20, transport: 'tcp' });
    const others = await Promise.all(Array.from({ length: 19 }, () => line.arrived()));
    await caller.done;
    for (const call of [first, ...others]) {
      await call.next('call.completed');
      expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);
      expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4, 5]);
      const audio = await call.hear();
      expect(audio.durationMs).toBeGreaterThanOrEqual(1480);
      expect(audio.heardMs(0, 440)).toBeGreaterThan(audio.durationMs * 0.9);
    }
  });
});

/** Network conditions that change the packets of a call. */
const NETWORK_CONDITIONS: Record<string, (packets: Packet[]) => Packet[]> = {
  'loses every tenth packet': (packets) => packets.filter((_, i) => i % 10 !== 7),
  'swaps every other pair of packets': (packets) =>
    packets.map(({ atMs }, i) => ({
      atMs,
      rtp: (packets[i % 4 === 2 ? i + 1 : i % 4 === 3 ? i - 1 : i] ?? packets[i]!).rtp,
    })),
  'brings every packet twice': (packets) => packets.flatMap((packet) => [packet, packet]),
};

describe.skipIf(missing.sipp)(`a recording ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  /** One second of tone, half a second of silence, and one second of tone. */
  const inTwo = (first = {}) =>
    new Talk(first).tone(440, 1000).silence(500).tone(440, 1000).silence(200).packets;

  async function record(packets: Packet[]) {
    const line = await harness.line([START, wait(2.6), STOP]);
    const { call } = await line.call({ talk: packets });
    await call.next('recording.completed');
    const audio = await call.hear();
    const [first, second, ...more] = audio.heard(0, 440, 100);
    expect(more).toEqual([]);
    return { audio, first: first!, second: second! };
  }

  it.each(Object.entries(NETWORK_CONDITIONS))(
    'keeps its timing when the network %s',
    async (_, conditions) => {
      const { audio, first, second } = await record(conditions(inTwo()));
      expect(audio.durationMs).toBeGreaterThanOrEqual(2580);
      expect(Math.abs(second.from - first.from - 1500)).toBeLessThanOrEqual(toleranceMs());
      expect(Math.abs(first.to - first.from - 1000)).toBeLessThanOrEqual(toleranceMs());
    },
  );

  it('keeps its timing when sequence number and timestamp wrap', async () => {
    const { audio, first, second } = await record(inTwo({ sequence: 65_510, timestamp: 2 ** 32 - 12_000 }));
    expect(audio.durationMs).toBeGreaterThanOrEqual(2580);
    expect(Math.abs(second.from - first.from - 1500)).toBeLessThanOrEqual(toleranceMs());
    expect(Math.abs(second.to - second.from - 1000)).toBeLessThanOrEqual(toleranceMs());
  });
});

const without = (data: Record<string, unknown>, names: string[]) =>
  Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));

/** The recording files of a call in the data folder. */
function onDisk(callId: string): Buffer[] {
  const folder = join(harness.server.dataDir, 'recordings');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(callId) && statSync(join(folder, name)).isFile())
    .map((name) => readFileSync(join(folder, name)));
}
