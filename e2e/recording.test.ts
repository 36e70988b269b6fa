import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lateness } from '../tests/crash/lateness.ts';
import { START, STOP, talk, wait } from './support/flow.ts';
import { type Packet, Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
/** What the far end was late, the recording rightly holds. */
const lateness = new Lateness(30_000);
const toleranceMs = () => 20 + lateness.worst;
/** What the caller hears, in the tests where something is played. */
let played: string;
beforeAll(async () => {
  stage = await Stage.open();
  played = stage.tone(1000, 600);
});
afterAll(() => {
  lateness.stop();
  return stage.close();
});

describe.skipIf(missing.sipp)(`a recording ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('holds the caller on the left from its first frame to its last, and what he hears on the right', async () => {
    const line = await stage.line([wait(0.5), START, wait(0.5), { play: { url: played } }, wait(0.3), STOP]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);

    const ear = await call.hear();
    expect(ear.heard(0, 440, 40)).toEqual([{ from: 0, to: ear.durationMs }]);
    expect(ear.heardMs(1, 440)).toBe(0);
    expect(ear.heardMs(0, 1000)).toBe(0);
    const { first, last } = ear.span(1)!;
    expect(last - first + 1).toBe(600 * 8);
    expect(first / 8).toBeGreaterThanOrEqual(480);
    expect((ear.samples - last) / 8).toBeGreaterThanOrEqual(280);
  });

  it('has both sides on one clock: what the caller echoes follows at one distance', async () => {
    const line = await stage.line([START, wait(0.5), { play: { url: played } }, wait(0.5), STOP]);
    const { call } = await line.call({ echo: true });
    await call.next('recording.completed');
    const ear = await call.hear();
    const [said] = ear.heard(1, 1000);
    const [echoed, ...more] = ear.heard(0, 1000, 40);
    expect(more).toEqual([]);
    const late = echoed!.from - said!.from;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(250);
    expect(Math.abs(echoed!.to - said!.to - late)).toBeLessThanOrEqual(20 + toleranceMs());
  });

  it('lasts as long as what was between its start and its stop, to the frame', async () => {
    const line = await stage.line([START, wait(1), STOP]);
    const { call } = await line.call({ talk });
    const { data } = await call.next('recording.completed');
    await call.next('call.completed');
    const [start, pause, stop] = (await call.timeline('action')).map(({ duration_ms }) => duration_ms);
    expect(data['duration_ms']).toBeGreaterThanOrEqual(pause - 20);
    expect(data['duration_ms']).toBeLessThanOrEqual(start + pause + stop + 20);
    expect(data['duration_ms'] % 20).toBe(0);
  });

  it('is told the same by event, REST, header and file', async () => {
    const line = await stage.line([START, wait(1.2), STOP]);
    const { call } = await line.call({ talk });
    const { data } = await call.next('recording.completed');
    const [recording] = await call.recordings();
    const file = await call.file();
    const ear = await call.hear();
    expect(data).toMatchObject({
      recording_id: `rec_${call.id}`,
      status: 'completed',
      duration_ms: ear.durationMs,
      duration_seconds: Math.floor(ear.durationMs / 1000),
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

  it('can be fetched in ranges, and by its signed link without a key', async () => {
    const line = await stage.line([START, wait(0.3), STOP]);
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
  it('of twenty calls at once are twenty, each whole and with its own events', async () => {
    const line = await stage.line([wait(0.5), START, wait(1.5), STOP, wait(0.1)]);
    const { caller, call: first } = await line.call({ talk, calls: 20, transport: 'tcp' });
    const others = await Promise.all(Array.from({ length: 19 }, () => line.arrived()));
    await caller.done;
    for (const call of [first, ...others]) {
      await call.next('call.completed');
      expect(call.outcomes).toEqual(['started', 'completed by stop_recording']);
      expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4, 5]);
      const ear = await call.hear();
      expect(ear.durationMs).toBeGreaterThanOrEqual(1480);
      expect(ear.heardMs(0, 440)).toBeGreaterThan(ear.durationMs * 0.9);
    }
  });
});

/** What the wire does to a talk. */
const WEATHER: Record<string, (packets: Packet[]) => Packet[]> = {
  'loses every tenth packet': (packets) => packets.filter((_, i) => i % 10 !== 7),
  'swaps every other pair of packets': (packets) =>
    packets.map(({ atMs }, i) => ({
      atMs,
      rtp: (packets[i % 4 === 2 ? i + 1 : i % 4 === 3 ? i - 1 : i] ?? packets[i]!).rtp,
    })),
  'brings every packet twice': (packets) => packets.flatMap((packet) => [packet, packet]),
};

describe.skipIf(missing.sipp)(`a recording ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  /** One second of tone, a half of silence, and a second of tone. */
  const inTwo = (first = {}) =>
    new Talk(first).tone(440, 1000).silence(500).tone(440, 1000).silence(200).packets;

  async function record(packets: Packet[]) {
    const line = await stage.line([START, wait(2.6), STOP]);
    const { call } = await line.call({ talk: packets });
    await call.next('recording.completed');
    const ear = await call.hear();
    const [first, second, ...more] = ear.heard(0, 440, 100);
    expect(more).toEqual([]);
    return { ear, first: first!, second: second! };
  }

  it.each(Object.entries(WEATHER))('keeps its time when the wire %s', async (_, weather) => {
    const { ear, first, second } = await record(weather(inTwo()));
    expect(ear.durationMs).toBeGreaterThanOrEqual(2580);
    expect(Math.abs(second.from - first.from - 1500)).toBeLessThanOrEqual(toleranceMs());
    expect(Math.abs(first.to - first.from - 1000)).toBeLessThanOrEqual(toleranceMs());
  });

  it('keeps its time when sequence and timestamp wrap', async () => {
    const { ear, first, second } = await record(inTwo({ sequence: 65_510, timestamp: 2 ** 32 - 12_000 }));
    expect(ear.durationMs).toBeGreaterThanOrEqual(2580);
    expect(Math.abs(second.from - first.from - 1500)).toBeLessThanOrEqual(toleranceMs());
    expect(Math.abs(second.to - second.from - 1000)).toBeLessThanOrEqual(toleranceMs());
  });
});

const without = (data: Record<string, unknown>, names: string[]) =>
  Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));

/** The recording files of a call in the data folder. */
function onDisk(callId: string): Buffer[] {
  const folder = join(stage.server.dataDir, 'recordings');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(callId) && statSync(join(folder, name)).isFile())
    .map((name) => readFileSync(join(folder, name)));
}
