import { freePort } from '../../e2e/support/peers.ts';
import { silentLog, sleep, systemClock, systemRandom } from '../../src/core/index.ts';
import { Beat } from '../../src/media/thread/beat.ts';
import { type RtpSocket, type RtpSockets, rtpSockets, systemNetwork } from '../../src/net/index.ts';
import { acceptAnswer, answerOffer, createOffer } from '../../src/sdp/index.ts';
import {
  createUserAgent,
  type Dialog,
  type IncomingInvite,
  parseUri,
  type UserAgent,
} from '../../src/sip/index.ts';

const HOST = '127.0.0.1';
const LAST_PACKETS_MS = 200;

/** Phones of our own that call the server and talk: one user agent and one beat for all of them. */
export class Phones {
  sent = 0;
  received = 0;
  #userAgent: UserAgent;
  #sockets: RtpSockets;
  #nextPort: number;
  #all = new Set<Phone>();
  #waiting: (() => void)[] = [];
  #packet = tone();
  #beat = new Beat(systemClock, (beat) => this.#run(beat));

  private constructor(userAgent: UserAgent, sockets: RtpSockets, firstPort: number) {
    this.#userAgent = userAgent;
    this.#sockets = sockets;
    this.#nextPort = firstPort;
  }

  /** @param firstPort even; each phone takes the next even one for RTP. */
  static async start(firstPort: number): Promise<Phones> {
    const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
    const userAgent = createUserAgent({ ...deps, host: HOST, port: freePort(), userAgent: 'bench' });
    await userAgent.listen();
    const phones = new Phones(userAgent, await rtpSockets(HOST, silentLog), firstPort);
    phones.#beat.start();
    return phones;
  }

  /** Where they can be called, as anybody: `sip:anna@` and this. */
  get address(): string {
    return `${HOST}:${this.#userAgent.local.port}`;
  }

  /** Answers and talks to every caller from now on. @param rung receives the called user before the answer */
  answerAll(rung: (user: string) => void, answered: (phone: Phone) => void): void {
    this.#userAgent.onInvite = (invite) => {
      const { user = '' } = parseUri(invite.request.uri);
      rung(user);
      // It may be taken back meanwhile.
      this.#answer(user, invite).then(answered, () => {});
    };
  }

  /** Calls a number; resolves when the call is answered and the phone talks. */
  async call(server: { host: string; port: number }, to: string, from: string): Promise<Phone> {
    const { socket, local } = await this.#open();
    const sdp = createOffer({ ...local, codecs: ['PCMU'], telephoneEvent: true, direction: 'sendrecv' });
    const target = `sip:${to}@${server.host}:${server.port}`;
    const result = await this.#userAgent.invite({ target, from: `sip:${from}@${HOST}`, sdp }).result;
    if (result.kind === 'refused') throw new Error(`the call was refused with ${result.status}`);
    socket.connect(acceptAnswer(sdp, result.answer).remote);
    return this.#add(new Phone(from, socket, result.dialog));
  }

  /** Stops audio and sends BYE; resolves when that was answered, and all packets in transit have arrived. */
  async hangUp(phone: Phone): Promise<void> {
    phone.silent = true;
    await phone.dialog.bye();
    await sleep(systemClock, LAST_PACKETS_MS);
    this.received += phone.listen();
    this.#all.delete(phone);
    phone.socket.close();
  }

  /** All of them at once, after a moment of silence. */
  async hangUpAll(): Promise<void> {
    for (const phone of this.#all) phone.silent = true;
    await sleep(systemClock, LAST_PACKETS_MS);
    await Promise.all([...this.#all].map((phone) => this.hangUp(phone)));
  }

  /** Resolves right after the next packets have been sent. */
  nextBeat(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#beat.stop();
    await this.#userAgent.close(500);
  }

  async #answer(user: string, invite: IncomingInvite): Promise<Phone> {
    const { socket, local } = await this.#open();
    const { sdp, agreement } = answerOffer(invite.offer!, { ...local, codecs: ['PCMU'] });
    socket.connect(agreement.remote);
    const phone = this.#add(new Phone(user, socket, await invite.accept(sdp)));
    void phone.dialog.ended.then(() => {
      phone.silent = true;
      this.#all.delete(phone);
      socket.close();
    });
    return phone;
  }

  async #open() {
    const port = this.#nextPort;
    this.#nextPort += 2;
    const socket = await this.#sockets.open(HOST, port);
    return { socket, local: { address: HOST, port, sessionId: port, version: 1 } };
  }

  #add(phone: Phone): Phone {
    this.#all.add(phone);
    return phone;
  }

  #run(beat: number): void {
    this.#packet.writeUInt16BE(beat & 0xffff, 2);
    this.#packet.writeUInt32BE((beat * 160) >>> 0, 4);
    for (const phone of this.#all) {
      this.received += phone.listen();
      if (phone.silent) continue;
      phone.talk(this.#packet);
      this.sent++;
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A phone in a call. */
export class Phone {
  /** Who calls, or is called. */
  readonly from: string;
  /** When it was connected, by `performance.now()`. */
  readonly since = performance.now();
  /** When its last packet was sent, by `performance.now()`. */
  lastSentAt = 0;
  silent = false;
  readonly socket: RtpSocket;
  readonly dialog: Dialog;

  constructor(from: string, socket: RtpSocket, dialog: Dialog) {
    this.from = from;
    this.socket = socket;
    this.dialog = dialog;
  }

  talk(packet: Buffer): void {
    packet.writeUInt32BE(this.socket.port, 8);
    this.socket.send(packet, packet.length);
    this.lastSentAt = performance.now();
  }

  /** @returns how many packets of sound have come since the last time. */
  listen(): number {
    let count = 0;
    this.socket.receive((bytes) => {
      // RFC 5761 §4: RTCP comes to the same port.
      if (bytes[1]! < 192 || bytes[1]! > 223) count++;
    });
    return count;
  }
}

/** A packet of 20 ms, µ-law: a loud square wave, because silence is processed faster. */
function tone(): Buffer {
  const packet = Buffer.alloc(172);
  packet[0] = 0x80;
  for (let i = 0; i < 160; i++) packet[12 + i] = i % 8 < 4 ? 0x20 : 0xa0;
  return packet;
}
