import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PCMU } from '../../audio/codec/g711.ts';
import { readWav } from '../../audio/wav-reader.ts';
import { type Defect, defects, seededRandom } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { DatagramHandler, RtpSocket, RtpSockets } from '../../net/index.ts';
import { isRtcp, RtpHeader } from '../../rtp/packet.ts';
import { type Command, FIGURES, type Report } from '../protocol.ts';
import { instantFiles } from './files.ts';
import { MediaThread } from './media-thread.ts';
import { type Room, Rooms } from './room.ts';
import { Seat } from './seat.ts';

/** A port on which one thing fails, by name. */
class Port implements RtpSocket {
  readonly port: number;
  readonly unsent = 0;
  packets: { sequence: number; timestamp: number; marker: boolean; samples: number }[] = [];
  closed = false;
  /** What the next `receive` hands over. */
  arriving: Buffer[] = [];
  #fails: string;

  constructor(port: number, fails: string) {
    this.port = port;
    this.#fails = fails;
  }

  setRemote = () => this.#do('setRemote');
  connect = () => this.#do('connect');
  elapsedSince = () => 0;
  receive = (take: DatagramHandler) => {
    this.#do('receive');
    for (const bytes of this.arriving.splice(0))
      take(bytes, bytes.length, agreement.remote, clock.monotonic());
  };
  send = (bytes: Uint8Array) => {
    this.#do('send');
    const header = new RtpHeader();
    if (isRtcp(Buffer.from(bytes), 0, 12)) return;
    header.read(Buffer.from(bytes), 0, bytes.length);
    const { sequence, timestamp, marker } = header;
    this.packets.push({ sequence, timestamp, marker, samples: bytes[12]! });
  };

  get sent(): number {
    return this.packets.length;
  }

  close = () => {
    this.closed = true;
    this.#do('close');
  };

  #do(what: string): void {
    if (what === this.#fails) throw new Error(`${what} failed`);
  }
}

/** A clock on which the machine can stand still. */
class StallingClock extends VirtualClock {
  stallMs = 0;
  override after(ms: number, run: () => void) {
    const stalled = this.stallMs;
    this.stallMs = 0;
    return super.after(ms + stalled, run);
  }
}

let clock: StallingClock;
let thread: MediaThread;
let reports: Report[];
let ports: Map<number, Port>;
let caught: Defect[];
let quiet: () => void;
/** The report that cannot be sent, once. */
let unsendable: Report['told'] | undefined;

beforeEach(() => {
  clock = new StallingClock();
  reports = [];
  ports = new Map();
  caught = [];
  unsendable = undefined;
  quiet = defects.on((defect) => caught.push(defect));
});
afterEach(() => {
  thread.end();
  quiet();
});

/** @param fails what fails on the ports from 5000 on. */
function start(fails: string) {
  const sockets: RtpSockets = {
    kind: 'network',
    async open(_host, port) {
      if (fails === 'open' && port === 5001) throw Object.assign(new Error('busy'), { code: 'EADDRINUSE' });
      const opened = new Port(port, port >= 5000 ? fails : '');
      ports.set(port, opened);
      return opened;
    },
  };
  thread = new MediaThread({
    clock,
    random: seededRandom(1),
    sockets,
    files: instantFiles,
    figures: new Float64Array(FIGURES),
    report(report) {
      if (report.told === unsendable) {
        unsendable = undefined;
        throw new Error('the report cannot be sent');
      }
      reports.push(report);
    },
  });
  thread.start();
}

/** Two sessions: 1 on sound ports, 2 on those that fail. */
async function twoSessions(fails: string) {
  start(fails);
  thread.do({ do: 'open', session: 1, host: 'a', port: 4000, patience: 0 });
  thread.do({ do: 'open', session: 2, host: 'a', port: 5000, patience: 0 });
  await clock.advance(20);
  for (const session of [1, 2]) thread.do({ do: 'connect', session, agreement });
}

const agreement = {
  remote: { address: '10.0.0.2', port: 6000 },
  codec: { name: 'PCMU', payloadType: 0 },
  telephoneEvent: null,
  direction: 'sendrecv',
  rtcpMux: false,
} as const;

/** The nth packet of a far end: every one has sound of its own. */
function farPacket(n: number, payloadType = 0): Buffer {
  const bytes = Buffer.alloc(172, 0x81 + n);
  bytes.writeUInt32BE(0x80000000 + (payloadType << 16) + n, 0);
  bytes.writeUInt32BE(160 * n, 4);
  bytes.writeUInt32BE(7, 8);
  return bytes;
}

async function feed(arriving: Buffer[], from: number, to: number, payloadType?: number): Promise<void> {
  for (let n = from; n < to; n++) {
    arriving.push(farPacket(n, payloadType));
    await clock.advance(20);
  }
}

const of = (session: number, told: string) =>
  reports.filter((report) => report.told === told && 'session' in report && report.session === session);

describe('a defect in one session of a media thread', () => {
  it.each(['setRemote', 'receive', 'send', 'close'])(
    'in %s ends that session with one report, and no other',
    async (what) => {
      await twoSessions(what);
      await clock.advance(100);
      thread.do({ do: 'close', session: 2 });
      await clock.advance(20);
      expect(of(2, 'closed')).toHaveLength(1);
      expect(of(2, 'lost')).toHaveLength(what === 'close' ? 0 : 1);
      expect(ports.get(5000)!.closed && ports.get(5001)!.closed).toBe(true);
      const before = ports.get(4000)!.sent;
      await clock.advance(100);
      expect(ports.get(4000)!.sent).toBe(before + 5);
      expect(of(1, 'lost')).toEqual([]);
      expect(caught).not.toEqual([]);
    },
  );

  it('in its last report does not keep the one that closes it waiting', async () => {
    await twoSessions('');
    unsendable = 'closed';
    thread.do({ do: 'close', session: 2 });
    await clock.advance(20);
    expect(of(2, 'closed')).toHaveLength(1);
    expect(caught).toHaveLength(1);
  });

  it('that keeps one room from being mixed is reported with the room, and the next room is mixed', () => {
    const rooms = new Rooms();
    const broken = {
      get listens() {
        throw new Error('a defect');
      },
    } as unknown as Seat;
    const seat = () => new Seat({ key: () => {}, packet: () => {} });
    const [one, other] = [seat(), seat()];
    const room = rooms.enter('broken', broken);
    rooms.enter('sound', one);
    rooms.enter('sound', other);
    one.said = new Int16Array(160).fill(7);
    const failed: Room[] = [];
    rooms.mix((which) => failed.push(which));
    expect(failed).toEqual([room]);
    expect(other.heard).toBe(one.said);
  });

  it.each([[null], [{}], [{ do: 'tap', session: 1, tap: 9, options: null }], [{ do: 'hold', session: 1 }]])(
    'by a command that cannot be obeyed (%j) leaves the others alone',
    async (command) => {
      await twoSessions('');
      thread.do(command as unknown as Command);
      const before = ports.get(5000)!.sent;
      await clock.advance(100);
      expect(ports.get(5000)!.sent).toBe(before + 5);
      expect(of(2, 'lost')).toEqual([]);
    },
  );
});

it('gives the first port back when the second cannot be had', async () => {
  start('open');
  thread.do({ do: 'open', session: 2, host: 'a', port: 5000, patience: 0 });
  await clock.advance(20);
  expect(of(2, 'refused')).toMatchObject([{ code: 'EADDRINUSE' }]);
  expect(ports.get(5000)!.closed).toBe(true);
});

describe('after the machine stood still', () => {
  it.each([300, 2_000, 4_900])(
    'for %i ms, a few packets follow at once, not all of them',
    async (stallMs) => {
      await twoSessions('');
      await clock.advance(100);
      const { packets } = ports.get(4000)!;
      const before = packets.length;
      clock.stallMs = stallMs;
      // The stall delays the timer that the next beat sets.
      await clock.advance(20 + stallMs + 5);
      expect(packets.length - before).toBeGreaterThan(0);
      expect(packets.length - before).toBeLessThan(9);
      await clock.advance(200);
      const gap = packets.findIndex(({ marker }, at) => at > 0 && marker);
      const [last, next] = [packets[gap - 1]!, packets[gap]!];
      expect(next.sequence).toBe((last.sequence + 1) & 0xffff);
      // The time that nothing was sent for is in the timestamps.
      const missed = (((next.timestamp - last.timestamp) >>> 0) - 160) / 8;
      expect(missed).toBeGreaterThan(stallMs - 150);
      expect(missed).toBeLessThanOrEqual(stallMs);
      const all = (packets.at(-1)!.timestamp - packets[0]!.timestamp) >>> 0;
      expect(all / 8).toBeGreaterThan(clock.monotonic() - 20 - 60);
    },
  );

  it('what came meanwhile is recorded, and nothing of it is dropped', async () => {
    await twoSessions('');
    const folder = mkdtempSync(join(tmpdir(), 'media-thread-'));
    const path = join(folder, 'a.wav');
    thread.do({ do: 'tap', session: 1, tap: 3, options: { path, channels: 2, maxSeconds: 60 } });
    const { arriving } = ports.get(4000)!;
    await feed(arriving, 0, 10);
    clock.stallMs = 300;
    await feed(arriving, 10, 40);
    await clock.advance(200);
    thread.do({ do: 'stop_tap', session: 1, tap: 3 });
    await clock.advance(20);
    const far = new Set(readWav(readFileSync(path)).channels[0]);
    rmSync(folder, { recursive: true });
    const missing = Array.from({ length: 40 }, (_, n) => n).filter((n) => !far.has(PCMU.samples[0x81 + n]!));
    expect(missing).toEqual([]);
  });

  it('packets that are passed on as they are follow each other no faster', async () => {
    await twoSessions('');
    const telephoneEvent = { payloadType: 101 };
    for (const session of [1, 2]) {
      const codec = { name: 'G722', payloadType: 9 } as const;
      thread.do({ do: 'connect', session, agreement: { ...agreement, codec, telephoneEvent } });
      thread.do({ do: 'enter', session, room: 'r', muted: false });
    }
    const { arriving } = ports.get(4000)!;
    const { packets } = ports.get(5000)!;
    await feed(arriving, 0, 20, 9);
    // Their payload shows that they were passed on.
    expect(packets.at(-1)!.samples).toBe(0x81 + 19);
    const before = packets.length;
    clock.stallMs = 1_000;
    await clock.advance(20);
    for (let n = 20; n < 70; n++) arriving.push(farPacket(n, 9));
    await clock.advance(1_025);
    expect(arriving).toEqual([]);
    expect(packets.length - before).toBeLessThan(9);
  });

  it('what plays goes on where it stopped, and a recording has the silence of that time', async () => {
    await twoSessions('');
    const folder = mkdtempSync(join(tmpdir(), 'media-thread-'));
    const path = join(folder, 'a.wav');
    const options = { path, channels: 2, maxSeconds: 60 } as const;
    thread.do({ do: 'tap', session: 1, tap: 3, options });
    thread.do({ do: 'play', session: 1, play: 4 });
    // Every frame of the sound has a value of its own.
    const samples = new Int16Array(new SharedArrayBuffer(30 * 320));
    for (let i = 0; i < samples.length; i++) samples[i] = 1000 * (1 + Math.floor(i / 160));
    thread.do({ do: 'sound', session: 1, play: 4, samples });
    await clock.advance(100);
    clock.stallMs = 1_000;
    await clock.advance(2_000);
    thread.do({ do: 'stop_tap', session: 1, tap: 3 });
    await clock.advance(20);
    const { channels } = readWav(readFileSync(path));
    rmSync(folder, { recursive: true });
    const frames = Array.from({ length: channels[1]!.length / 160 }, (_, i) => channels[1]![i * 160]!);
    const heard = frames.filter((value) => value !== 0);
    expect(heard).toEqual(Array.from({ length: 30 }, (_, i) => 1000 * (1 + i)));
    const silent = frames.lastIndexOf(heard.at(-1)!) - frames.indexOf(heard[0]!) + 1 - 30;
    expect(silent).toBeGreaterThan(40);
    expect(frames.length).toBeGreaterThan(100);
  });
});
