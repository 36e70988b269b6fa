import { freePort } from '../../e2e/support/peers.ts';
import { runAsPeer } from '../../e2e/support/priorities.ts';
import { encodeG711, PCMU } from '../../src/audio/codec/g711.ts';
import { DigitTone } from '../../src/audio/dtmf.ts';
import {
  type Random,
  seededRandom,
  silentLog,
  sleep,
  systemClock,
  systemRandom,
} from '../../src/core/index.ts';
import { Beat } from '../../src/media/thread/beat.ts';
import { type RtpSocket, type RtpSockets, rtpSockets, systemNetwork } from '../../src/net/index.ts';
import { acceptAnswer, createOffer } from '../../src/sdp/index.ts';
import { createUserAgent, type Dialog, type UserAgent } from '../../src/sip/index.ts';

const HOST = '127.0.0.1';
/** A busy machine may lose a few frames; a fault takes away more. */
const MISSED_MS = 300;
export const ALL = 'hears everything';

/** What happens to a caller's packets. */
export interface Manners {
  /** The share of packets that never arrive, 0–1. */
  loss?: number;
  /** Every tenth packet is swapped with the next. */
  reorder?: boolean;
  /** Every packet arrives twice. */
  twice?: boolean;
  /** After a second: another SSRC, another offered codec, or another port. */
  changes?: 'ssrc' | 'codec' | 'port';
  /** Sends digits as tones and does not offer telephone-event. */
  tones?: boolean;
}

/** A caller who sends a tone, and reports what was received. */
export class Caller {
  /** The final response to the INVITE. */
  status = 0;
  retryAfter: string | undefined;
  /** Received packets that are not silent, 20 ms each. */
  loud = 0;
  said = 0;
  /** The audio of the next packets: 160 bytes of µ-law. */
  voice: Uint8Array = TONE;
  /** Packets of digits, which are sent before audio. */
  #keys: Buffer[] = [];
  /** Frames of tones, which are sent before audio. */
  #tones: Uint8Array[] = [];
  #userAgent: UserAgent;
  #sockets: RtpSockets;
  #socket: RtpSocket;
  #other: RtpSocket;
  #manners: Manners;
  #random: Random = seededRandom(1);
  #dialog: Dialog | undefined;
  #held: Buffer | undefined;
  #keyBegan = 0;
  #beat = new Beat(systemClock, () => this.#run());

  private constructor(
    userAgent: UserAgent,
    sockets: RtpSockets,
    [socket, other]: [RtpSocket, RtpSocket],
    manners: Manners,
  ) {
    this.#userAgent = userAgent;
    this.#sockets = sockets;
    this.#socket = socket;
    this.#other = other;
    this.#manners = manners;
  }

  /** Calls, and resolves when the call was answered or refused. */
  static async call(
    server: { host: string; port: number },
    to: string,
    manners: Manners = {},
  ): Promise<Caller> {
    runAsPeer();
    const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
    const userAgent = createUserAgent({ ...deps, host: HOST, port: freePort(), userAgent: 'chaos' });
    await userAgent.listen();
    const sockets = await rtpSockets(HOST, silentLog);
    const port = freePort();
    const caller = new Caller(
      userAgent,
      sockets,
      [await sockets.open(HOST, port), await sockets.open(HOST, port + 2)],
      manners,
    );
    await caller.#invite(`sip:${to}@${server.host}:${server.port}`, port);
    return caller;
  }

  /** Resolves when the server hangs up. */
  async hungUp(): Promise<void> {
    await this.#dialog?.ended;
    await this.close();
  }

  async hangUp(): Promise<void> {
    await this.#dialog?.bye();
    await this.close();
  }

  async close(): Promise<void> {
    this.#beat.stop();
    this.#listen();
    await this.#userAgent.close(200);
    this.#socket.close();
    this.#other.close();
  }

  /** Tells something within the call by SIP INFO. @returns the status of the answer. */
  async tell(contentType: string, content: string): Promise<number | undefined> {
    return (await this.#dialog?.info({ contentType, content }))?.status;
  }

  /** Presses keys as RFC 4733 events, or as tones: 100 ms each. */
  press(digits: string): void {
    for (const digit of digits) {
      if (this.#manners.tones) {
        this.#tones.push(...toneOf(digit));
        continue;
      }
      for (let n = 1; n <= 7; n++) {
        const last = n >= 5 ? 0x80 : 0;
        this.#keys.push(Buffer.from([Number(digit), last | 10, ...hex16(Math.min(n, 5) * 160)]));
      }
    }
  }

  get pressing(): boolean {
    return this.#keys.length > 0 || this.#tones.length > 0;
  }

  /** What happened, in words. @param sound that there was to hear, if any. */
  outcome(sound = 'sound'): string {
    if (this.status !== 200)
      return `is refused with ${this.status}${this.retryAfter ? ' and Retry-After' : ''}`;
    return this.loud > 25 ? `hears ${sound}` : 'hears silence';
  }

  /** Whether all of the tone was received, in words. */
  heardOf(ms: number): string {
    if (this.status !== 200) return this.outcome();
    return this.loud > (ms - MISSED_MS) / 20 ? ALL : `hears ${this.loud * 20} of ${ms} ms`;
  }

  async #invite(target: string, port: number): Promise<void> {
    const local = { address: HOST, port, sessionId: port, version: 1 };
    const sdp = createOffer({
      ...local,
      codecs: ['PCMU', 'PCMA'],
      telephoneEvent: !this.#manners.tones,
      direction: 'sendrecv',
    });
    const result = await this.#userAgent.invite({ target, from: `sip:+15557650000@${HOST}`, sdp }).result;
    if (result.kind === 'refused') {
      this.status = result.status;
      this.retryAfter = result.response?.headers.get('Retry-After');
      return;
    }
    this.status = 200;
    this.#dialog = result.dialog;
    const { remote } = acceptAnswer(sdp, result.answer);
    this.#socket.connect(remote);
    this.#other.connect(remote);
    this.#beat.start();
  }

  #run(): void {
    this.#listen();
    const { loss = 0, reorder, twice, changes } = this.#manners;
    const changed = this.said >= 50 ? changes : undefined;
    const packet = this.#packet(changed);
    if (this.#random.float() < loss) return;
    const socket = changed === 'port' ? this.#other : this.#socket;
    if (reorder && this.said % 10 === 0) {
      this.#held = packet;
      return;
    }
    for (const each of [packet, this.#held, ...(twice ? [packet] : [])]) if (each) this.#send(socket, each);
    this.#held = undefined;
  }

  #send(socket: RtpSocket, packet: Buffer): void {
    socket.packet.set(packet);
    socket.send(packet.length);
    this.#sockets.flush();
  }

  #packet(changed: Manners['changes']): Buffer {
    const sequence = this.said++;
    const ssrc = changed === 'ssrc' ? 2 : 1;
    const key = this.#keys.shift();
    if (!key)
      return rtp(changed === 'codec' ? 8 : 0, sequence, sequence, ssrc, this.#tones.shift() ?? this.voice);
    // RFC 4733 §2.5.1.2: all packets of one key have the time of its beginning.
    if (key.readUInt16BE(2) === 160) this.#keyBegan = sequence;
    return rtp(101, sequence, this.#keyBegan, ssrc, key);
  }

  #listen(): void {
    for (const socket of [this.#socket, this.#other]) {
      socket.receive((bytes, length) => {
        if (length < 172) return;
        if (isLoud(bytes.subarray(12, length))) this.loud++;
      });
    }
  }
}

/** µ-law: both zeros are silence, and what is next to them nearly so. */
export const isLoud = (payload: Uint8Array): boolean => payload.some((octet) => (octet & 0x7f) < 0x60);

export const TONE = Uint8Array.from({ length: 160 }, (_, i) => (i % 8 < 4 ? 0x20 : 0xa0));

/** A key for 100 ms, and nothing for as long. */
function toneOf(digit: string): Uint8Array[] {
  const tone = new DigitTone();
  tone.press(digit, 100);
  return Array.from({ length: 10 }, () => {
    const samples = new Int16Array(160);
    tone.next(samples);
    const frame = new Uint8Array(160);
    encodeG711(PCMU, samples, 160, frame, 0);
    return frame;
  });
}

const hex16 = (value: number): [number, number] => [value >> 8, value & 0xff];

export function rtp(
  payloadType: number,
  sequence: number,
  frame: number,
  ssrc: number,
  payload: Uint8Array,
): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = payloadType;
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE(frame * 160, 4);
  head.writeUInt32BE(ssrc, 8);
  return Buffer.concat([head, payload]);
}

export const seconds = (count: number): Promise<void> => sleep(systemClock, count * 1000);
