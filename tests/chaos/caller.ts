import { freePort } from '../../e2e/support/peers.ts';
import {
  type Random,
  seededRandom,
  silentLog,
  sleep,
  systemClock,
  systemRandom,
} from '../../src/kit/index.ts';
import { Beat } from '../../src/media/thread/beat.ts';
import { type RtpSocket, rtpSockets } from '../../src/net/index.ts';
import { acceptAnswer, createOffer } from '../../src/sdp/index.ts';
import { createUserAgent, type Dialog, type UserAgent } from '../../src/sip/index.ts';

const HOST = '127.0.0.1';

/** How a caller's packets fare, or what he does to them. */
export interface Manners {
  /** 0–1: the part of the packets that never arrive. */
  loss?: number;
  /** Every tenth packet is overtaken by the next. */
  reorder?: boolean;
  /** Every packet arrives twice. */
  twice?: boolean;
  /** After a second: another source, another codec that was offered too, or another port. */
  changes?: 'ssrc' | 'codec' | 'port';
}

/** A caller who says a tone and listens, and tells what he heard. */
export class Caller {
  /** The final response to his INVITE. */
  status = 0;
  retryAfter: string | undefined;
  /** Packets with sound in them, each of 20 ms. */
  loud = 0;
  heard = 0;
  said = 0;
  #userAgent: UserAgent;
  #socket: RtpSocket;
  #other: RtpSocket;
  #manners: Manners;
  #random: Random = seededRandom(1);
  #dialog: Dialog | undefined;
  #held: Buffer | undefined;
  #beat = new Beat(systemClock, () => this.#run());

  private constructor(userAgent: UserAgent, socket: RtpSocket, other: RtpSocket, manners: Manners) {
    this.#userAgent = userAgent;
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
    const ground = { clock: systemClock, random: systemRandom, log: silentLog };
    const userAgent = createUserAgent({ ...ground, host: HOST, port: await freePort(), userAgent: 'chaos' });
    await userAgent.listen();
    const sockets = await rtpSockets(HOST, silentLog);
    const port = await freePort();
    const caller = new Caller(
      userAgent,
      await sockets.open(HOST, port),
      await sockets.open(HOST, port + 2),
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

  /** What happened, in words. */
  get story(): string {
    if (this.status !== 200)
      return `is refused with ${this.status}${this.retryAfter ? ' and Retry-After' : ''}`;
    return this.loud > 25 ? 'hears sound' : 'hears silence';
  }

  async #invite(target: string, port: number): Promise<void> {
    const local = { address: HOST, port, sessionId: port, version: 1 };
    const sdp = createOffer({
      ...local,
      codecs: ['PCMU', 'PCMA'],
      telephoneEvent: true,
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
    const packet = tone(this.said++, changed === 'codec' ? 8 : 0, changed === 'ssrc' ? 2 : 1);
    if (this.#random.float() < loss) return;
    const socket = changed === 'port' ? this.#other : this.#socket;
    if (reorder && this.said % 10 === 0) {
      this.#held = packet;
      return;
    }
    for (const each of [packet, this.#held, ...(twice ? [packet] : [])])
      if (each) socket.send(each, each.length);
    this.#held = undefined;
  }

  #listen(): void {
    for (const socket of [this.#socket, this.#other]) {
      socket.receive((bytes, length) => {
        if (length < 172) return;
        this.heard++;
        if (isLoud(bytes.subarray(12, length))) this.loud++;
      });
    }
  }
}

/** µ-law: both zeros are silence, and what is next to them nearly so. */
const isLoud = (payload: Uint8Array): boolean => payload.some((octet) => (octet & 0x7f) < 0x60);

function tone(sequence: number, payloadType: number, ssrc: number): Buffer {
  const packet = Buffer.alloc(172);
  packet[0] = 0x80;
  packet[1] = payloadType;
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(ssrc, 8);
  for (let i = 0; i < 160; i++) packet[12 + i] = i % 8 < 4 ? 0x20 : 0xa0;
  return packet;
}

export const seconds = (count: number): Promise<void> => sleep(systemClock, count * 1000);
