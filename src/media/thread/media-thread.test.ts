import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PCMU } from '../../audio/codec/g711.ts';
import { readWav } from '../../audio/wav-reader.ts';
import { type Defect, defects, seededRandom } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { type DatagramHandler, MAX_PACKET_BYTES, type RtpSocket, type RtpSockets } from '../../net/index.ts';
import { isRtcp, RtpHeader } from '../../rtp/packet.ts';
import { COUNTERS, type FromThread, type ToThread } from '../protocol.ts';
import { MediaThread } from './media-thread.ts';
import { type Mixer, MixerInput, Mixers } from './mixer.ts';
import { instantFiles } from './recording-file.ts';

/** A port with one method that fails, by name. */
class Port implements RtpSocket {
  readonly port: number;
  readonly unsent = 0;
  readonly packet: Buffer = Buffer.alloc(MAX_PACKET_BYTES);
  packets: { sequence: number; timestamp: number; marker: boolean; samples: number }[] = [];
  closed = false;
  /** The packets of the next `receive`. */
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
  send = (length: number) => {
    this.#do('send');
    const header = new RtpHeader();
    if (isRtcp(this.packet, 0, length)) return;
    header.read(this.packet, 0, length);
    const { sequence, timestamp, marker } = header;
    this.packets.push({ sequence, timestamp, marker, samples: this.packet[12]! });
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

/** A clock that can simulate a stall of the machine. */
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
let reports: FromThread[];
let ports: Map<number, Port>;
let caught: Defect[];
let quiet: () => void;
/** Whether the next answer with a result cannot be sent. */
let isUnsendable: boolean;

beforeEach(() => {
  clock = new StallingClock();
  reports = [];
  ports = new Map();
  caught = [];
  isUnsendable = false;
  quiet = defects.on((defect) => caught.push(defect));
});
afterEach(() => {
  thread.end();
  quiet();
});

/** @param fails the method that fails on ports from 5000. */
function start(fails: string) {
  const sockets: RtpSockets = {
    kind: 'network',
    flush: () => {},
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
    counters: new Float64Array(COUNTERS),
    report(report) {
      if (isUnsendable && report.type === 'answer') {
        isUnsendable = false;
        throw new Error('the report cannot be sent');
      }
      reports.push(report);
    },
  });
  thread.start();
}

/** Two sessions: 1 on working ports, 2 on those that fail. */
async function twoSessions(fails: string) {
  start(fails);
  open(1, 4000);
  open(2, 5000);
  await clock.advance(20);
  for (const session of [1, 2]) call(session, 'connect', agreement);
}

function open(session: number, port: number): void {
  const args = [{ host: 'a', port, quietBeats: 0 }];
  thread.take({ type: 'call', id: 0, call: 100 + session, name: 'open', args, opens: session });
}

/** Calls a method of a session. The answer to `close` has the number 10 × session. */
function call(session: number, name: string, ...args: unknown[]): void {
  thread.take({ type: 'call', id: session, call: name === 'close' ? 10 * session : 0, name, args });
}

/** Opens a tap, which gets the number 3. */
function tap(session: number, path: string): void {
  const args = [{ path, channels: 2, maxSeconds: 60 }];
  thread.take({ type: 'call', id: session, call: 30, name: 'tap', args, opens: 3 });
}

const agreement = {
  remote: { address: '10.0.0.2', port: 6000 },
  codec: { name: 'PCMU', payloadType: 0 },
  telephoneEvent: null,
  direction: 'sendrecv',
  rtcpMux: false,
} as const;

/** The nth packet of a far end, each with its own payload. */
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

/** The answers to `close`, or the events of this name. */
const of = (session: number, name: 'answer' | 'lost') =>
  reports.filter((report) =>
    name === 'answer'
      ? report.type === 'answer' && report.call === 10 * session
      : report.type === 'event' && report.id === session && report.name === name,
  );

describe('a defect in one session of a media thread', () => {
  it.each(['setRemote', 'receive', 'send', 'close'])(
    'in %s ends that session once, and no other',
    async (what) => {
      await twoSessions(what);
      await clock.advance(100);
      call(2, 'close');
      await clock.advance(20);
      expect(of(2, 'answer')).toHaveLength(1);
      expect(of(2, 'lost')).toHaveLength(what === 'close' ? 0 : 1);
      expect(ports.get(5000)!.closed && ports.get(5001)!.closed).toBe(true);
      const before = ports.get(4000)!.sent;
      await clock.advance(100);
      expect(ports.get(4000)!.sent).toBe(before + 5);
      expect(of(1, 'lost')).toEqual([]);
      expect(caught).not.toEqual([]);
    },
  );

  it('in its final report does not delay the close', async () => {
    await twoSessions('');
    isUnsendable = true;
    call(2, 'close');
    await clock.advance(20);
    expect(of(2, 'answer')).toHaveLength(1);
    expect(caught).toHaveLength(1);
  });

  it('in one mixer is reported with that mixer, and the next one is mixed', () => {
    const mixers = new Mixers();
    const broken = {
      get listens() {
        throw new Error('a defect');
      },
    } as unknown as MixerInput;
    const input = () => new MixerInput({ digit: () => {}, packet: () => {} });
    const [one, other] = [input(), input()];
    const mixer = mixers.join('broken', broken);
    mixers.join('working', one);
    mixers.join('working', other);
    one.said = new Int16Array(160).fill(7);
    const failed: Mixer[] = [];
    mixers.mix((which) => failed.push(which));
    expect(failed).toEqual([mixer]);
    expect(other.heard).toBe(one.said);
  });

  it.each([
    [null],
    [{}],
    [{ type: 'call', id: 1, call: 9, name: 'tap', args: [null], opens: 9 }],
    [{ type: 'call', id: 1, call: 0, name: 'hold' }],
  ])('in a call (%j) does not affect the others', async (command) => {
    await twoSessions('');
    thread.take(command as unknown as ToThread);
    const before = ports.get(5000)!.sent;
    await clock.advance(100);
    expect(ports.get(5000)!.sent).toBe(before + 5);
    expect(of(2, 'lost')).toEqual([]);
  });
});

it('releases the first port when the second cannot be bound', async () => {
  start('open');
  open(2, 5000);
  await clock.advance(20);
  expect(reports.at(-1)).toMatchObject({ type: 'answer', call: 102, error: { code: 'EADDRINUSE' } });
  expect(ports.get(5000)!.closed).toBe(true);
});

describe('after the machine has stalled', () => {
  it.each([300, 2_000, 4_900])(
    'for %i ms, a few packets follow at once, but not all of them',
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
      // The timestamps have the time in which nothing was sent.
      const missed = (((next.timestamp - last.timestamp) >>> 0) - 160) / 8;
      expect(missed).toBeGreaterThan(stallMs - 150);
      expect(missed).toBeLessThanOrEqual(stallMs);
      const all = (packets.at(-1)!.timestamp - packets[0]!.timestamp) >>> 0;
      expect(all / 8).toBeGreaterThan(clock.monotonic() - 20 - 60);
    },
  );

  it('everything that has arrived meanwhile is recorded', async () => {
    await twoSessions('');
    const folder = mkdtempSync(join(tmpdir(), 'media-thread-'));
    const path = join(folder, 'a.wav');
    tap(1, path);
    const { arriving } = ports.get(4000)!;
    await feed(arriving, 0, 10);
    clock.stallMs = 300;
    await feed(arriving, 10, 40);
    await clock.advance(200);
    thread.take({ type: 'call', id: 3, call: 31, name: 'stop', args: [] });
    await clock.advance(20);
    const far = new Set(readWav(readFileSync(path)).channels[0]);
    rmSync(folder, { recursive: true });
    const missing = Array.from({ length: 40 }, (_, n) => n).filter((n) => !far.has(PCMU.samples[0x81 + n]!));
    expect(missing).toEqual([]);
  });

  it('relayed packets do not follow each other faster', async () => {
    await twoSessions('');
    const telephoneEvent = { payloadType: 101 };
    for (const session of [1, 2]) {
      const codec = { name: 'G722', payloadType: 9 } as const;
      call(session, 'connect', { ...agreement, codec, telephoneEvent });
      call(session, 'join', 'm');
    }
    const { arriving } = ports.get(4000)!;
    const { packets } = ports.get(5000)!;
    await feed(arriving, 0, 20, 9);
    // Their payload shows that they were relayed.
    expect(packets.at(-1)!.samples).toBe(0x81 + 19);
    const before = packets.length;
    clock.stallMs = 1_000;
    await clock.advance(20);
    for (let n = 20; n < 70; n++) arriving.push(farPacket(n, 9));
    await clock.advance(1_025);
    expect(arriving).toEqual([]);
    expect(packets.length - before).toBeLessThan(9);
  });

  it('a clip continues where it stopped, and a recording has silence for that time', async () => {
    await twoSessions('');
    const folder = mkdtempSync(join(tmpdir(), 'media-thread-'));
    const path = join(folder, 'a.wav');
    tap(1, path);
    thread.take({ type: 'call', id: 1, call: 40, name: 'play', args: [null], items: 0 });
    // Every frame of the clip has its own value.
    const samples = new Int16Array(new SharedArrayBuffer(30 * 320));
    for (let i = 0; i < samples.length; i++) samples[i] = 1000 * (1 + Math.floor(i / 160));
    thread.take({ type: 'item', call: 40, value: { samples } });
    await clock.advance(100);
    clock.stallMs = 1_000;
    await clock.advance(2_000);
    thread.take({ type: 'call', id: 3, call: 31, name: 'stop', args: [] });
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
