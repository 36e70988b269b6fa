import { type Digit, loadOpus } from '../../../src/audio/index.ts';
import { seededRandom } from '../../../src/core/index.ts';
import type { AudioAgreement } from '../../../src/media/index.ts';
import type { FromThread } from '../../../src/media/protocol.ts';
import { MediaThread } from '../../../src/media/thread/media-thread.ts';
import { instantFiles } from '../../../src/media/thread/recording-file.ts';
import {
  type DatagramHandler,
  type Endpoint,
  MAX_PACKET_BYTES,
  type RtpSocket,
} from '../../../src/net/index.ts';
import { writeBye, writeReport } from '../../../src/rtp/rtcp.ts';
import type { RandomChoice } from '../random-choice.ts';
import { StepClock } from '../step-clock.ts';
import type { Subject, Target } from '../target.ts';

const FAR: Endpoint = { address: '10.0.0.2', port: 4000 };
const CODECS: AudioAgreement['codec'][] = [
  { name: 'PCMU', payloadType: 0 },
  { name: 'PCMA', payloadType: 8 },
  { name: 'G722', payloadType: 9 },
  { name: 'opus', payloadType: 111 },
];
export const EVENTS = 101;
/** The id of the session on the media thread. */
const SESSION = 1;
/** Packets per tick of 20 ms. */
const BURST = 3;
/** Packets until the codec changes, as by a re-INVITE. */
const PACKETS_PER_CODEC = 4000;

/** A media thread with one session. The first octet of an input selects the port and the source of the rest. */
export async function openMedia(): Promise<Subject> {
  await loadOpus();
  const clock = new StepClock();
  const ports = new Map<number, Port>();
  const reports: FromThread[] = [];
  const thread = new MediaThread({
    clock,
    random: seededRandom(3),
    sockets: {
      kind: 'network',
      open: async (_host, port) => ports.set(port, new Port(port)).get(port)!,
      flush: () => {},
    },
    files: instantFiles,
    counters: new Float64Array(2),
    report: (report) => void reports.push(report),
  });
  thread.start();
  const args = [{ host: '10.0.0.1', port: 4000, quietBeats: 0 }];
  thread.take({ type: 'call', id: 0, call: 1, name: 'open', args, opens: SESSION });
  await new Promise(setImmediate);
  thread.take({ type: 'listen', id: SESSION, name: 'digits', on: true });
  thread.take({ type: 'call', id: SESSION, call: 0, name: 'stream', args: [], opens: 2 });
  call(thread, 'join', 'fuzz');
  let inputs = 0;
  return {
    process(input) {
      if (inputs % PACKETS_PER_CODEC === 0)
        connect(thread, CODECS[(inputs / PACKETS_PER_CODEC) % CODECS.length]!);
      const [first = 0] = input;
      const from = { ...FAR, port: FAR.port + (first % 5 === 0 ? 2 : 0) };
      ports.get(first % 7 === 0 ? 4001 : 4000)!.arrive(input.subarray(1), from);
      if (++inputs % BURST === 0) clock.run(20);
      for (const report of reports.splice(0)) check(report);
      return 'accepted';
    },
    async settle() {
      clock.run(2000);
      const waiting = [...ports.values()].reduce((sum, port) => sum + port.waiting, 0);
      return waiting > 0 ? [`${waiting} packets`] : [];
    },
    async close() {
      call(thread, 'close');
      thread.end();
    },
  };
}

function connect(thread: MediaThread, codec: AudioAgreement['codec']): void {
  const telephoneEvent = { payloadType: EVENTS };
  const agreement = { remote: FAR, codec, telephoneEvent, direction: 'sendrecv', rtcpMux: true } as const;
  call(thread, 'connect', agreement);
}

function call(thread: MediaThread, name: string, ...args: unknown[]): void {
  thread.take({ type: 'call', id: SESSION, call: 0, name, args });
}

function check(report: FromThread): void {
  const isLost = report.type === 'event' && report.name === 'lost';
  if (isLost || ['note', 'defect'].includes(report.type)) throw new Error(JSON.stringify(report));
  if (report.type !== 'event' || report.name !== 'digits') return;
  const { digit } = report.value as Digit;
  if (!/^[0-9*#A-D]$/.test(digit)) throw new Error(`the key ${JSON.stringify(report.value)}`);
}

/** An RTP port without network. If connected, it drops packets of other sources, as the kernel does. */
class Port implements RtpSocket {
  readonly port: number;
  readonly unsent = 0;
  readonly packet: Buffer = Buffer.alloc(MAX_PACKET_BYTES);
  #only: Endpoint | undefined;
  #queue: { data: Buffer; from: Endpoint }[] = [];
  /** Longer than any packet, with the remains of earlier ones, as in the real implementation. */
  #shared = Buffer.alloc(65_536, 0xa5);

  constructor(port: number) {
    this.port = port;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  arrive(data: Buffer, from: Endpoint): void {
    if (!this.#only || this.#only.port === from.port) this.#queue.push({ data, from });
  }

  setRemote(): void {
    this.#only = undefined;
  }

  connect(to: Endpoint): void {
    this.#only = to;
  }

  elapsedSince(): number {
    return 0;
  }

  receive(take: DatagramHandler): void {
    for (const { data, from } of this.#queue.splice(0)) {
      const length = Math.min(2048, data.copy(this.#shared));
      take(this.#shared, length, from, 0);
    }
  }

  send(): void {}

  close(): void {
    this.#queue = [];
  }
}

/** An input with an RTP packet of the far end to the RTP port. */
export function packet(payloadType: number, sequence: number, payload: Buffer, ssrc = 1): Buffer {
  const head = Buffer.alloc(13);
  head[1] = 0x80;
  head[2] = payloadType;
  head.writeUInt16BE(sequence & 0xffff, 3);
  head.writeUInt32BE((sequence * 160) >>> 0, 5);
  head.writeUInt32BE(ssrc, 9);
  head[0] = 1;
  return Buffer.concat([head, payload]);
}

/** A STUN message (RFC 8489), as ICE sends it to the RTP port. */
function stun(random: RandomChoice): Buffer {
  const message = Buffer.concat([
    Buffer.from([1, 0, 1, 0, random.int(40), 0x21, 0x12, 0xa4, 0x42]),
    random.bytes(12 + random.int(40)),
  ]);
  return message;
}

function rtcp(random: RandomChoice): Buffer {
  const bytes = Buffer.alloc(200);
  const number = () => random.int(2 ** 32);
  const sender = random.once(2)
    ? { nowMs: number(), timestamp: number(), packets: number(), octets: number() }
    : null;
  const report = random.once(2)
    ? {
        ssrc: number(),
        fractionLost: random.int(256),
        cumulativeLost: random.int(2 ** 24),
        highestSequence: number(),
        jitter: number(),
        lastSenderReport: number(),
        sinceSenderReport: number(),
      }
    : null;
  const length = writeReport(bytes, number(), 'x'.repeat(random.int(20)), sender, report);
  const whole = random.once(4) ? writeBye(bytes, length, 1) : length;
  return Buffer.concat([Buffer.from([7 * random.int(36)]), bytes.subarray(0, whole)]);
}

const PAYLOADS = [0, 8, 9, 111, EVENTS, 13, 127];

let sequence = 0;
function audioPacket(random: RandomChoice): Buffer {
  sequence += random.pick([1, 1, 1, 1, 2, 0, -1, -3, 100, 30_000]);
  const length = random.pick([160, 160, 4, 0, 80, 240, random.int(1500)]);
  return packet(random.pick(PAYLOADS), sequence, random.bytes(length), random.once(50) ? random.int(5) : 1);
}

function generate(random: RandomChoice): Buffer {
  const kind = random.int(8);
  if (kind === 0) return stun(random);
  if (kind === 1) return rtcp(random);
  return kind === 2 ? random.bytes(random.int(80)) : audioPacket(random);
}

const corpus = [
  packet(0, 1, Buffer.alloc(160, 0x20)),
  packet(EVENTS, 2, Buffer.from([5, 10, 0, 160])),
  packet(EVENTS, 3, Buffer.from([5, 0x8a, 3, 32])),
  packet(111, 4, Buffer.from([0xf8, 0xff, 0xfe])),
];

/** The RTP and RTCP ports: audio, telephone events, reports. */
export const rtp: Target = { name: 'rtp', share: 300, corpus, generate, open: openMedia };
