import { freePort } from '../../e2e/support/peers.ts';
import { silentLog, sleep, systemClock, systemRandom } from '../../src/core/index.ts';
import { systemNetwork } from '../../src/net/index.ts';
import { acceptAnswer, answerOffer, createOffer } from '../../src/sdp/index.ts';
import {
  createUserAgent,
  type Dialog,
  type IncomingInvite,
  parseUri,
  type UserAgent,
} from '../../src/sip/index.ts';
import type { Sending } from './rtp-sender.ts';
import { type Packets, type RtpStream, RtpStreams } from './rtp-streams.ts';

const HOST = '127.0.0.1';
const LAST_PACKETS_MS = 200;
/** Others on this machine may have many sockets. */
const MAX_TAKEN_PORTS = 2000;

export interface PhonesOptions {
  /** Even; each phone takes the next free one for RTP, and the one above it for RTCP. */
  firstPort: number;
  /** Where they can be called; default: any free port. */
  sipPort?: number | undefined;
  /** Whether they offer RFC 4733; without it, a server can only listen for tones. Default: true. */
  telephoneEvent?: boolean;
  sending?: Sending;
  /** Threads that wait for packets. */
  readers?: number;
}

/** Phones of our own that call a server and talk: one user agent, and threads for the audio of all of them. */
export class Phones {
  #userAgent: UserAgent;
  #streams: RtpStreams;
  #nextPort: number;
  #telephoneEvent: boolean;
  #all = new Set<Phone>();

  private constructor(userAgent: UserAgent, streams: RtpStreams, options: PhonesOptions) {
    this.#userAgent = userAgent;
    this.#streams = streams;
    this.#nextPort = options.firstPort;
    this.#telephoneEvent = options.telephoneEvent ?? true;
  }

  static async start(options: PhonesOptions): Promise<Phones> {
    const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
    const port = options.sipPort ?? freePort();
    const userAgent = createUserAgent({ ...deps, host: HOST, port, userAgent: 'bench' });
    await userAgent.listen();
    const streams = await RtpStreams.start(options.sending, options.readers);
    return new Phones(userAgent, streams, options);
  }

  /** Where they can be called, as anybody: `sip:anna@` and this. */
  get address(): string {
    return `${HOST}:${this.#userAgent.local.port}`;
  }

  /** How many are in a call. */
  get count(): number {
    return this.#all.size;
  }

  packets(): Packets {
    return this.#streams.packets();
  }

  /** Ports of the servers that send to them. */
  remotePorts(): Set<number> {
    return new Set([...this.#all].map(({ remotePort }) => remotePort));
  }

  /** Answers and talks to every caller from now on. @param rung receives the called user before the answer */
  answerAll(rung: (user: string) => void = () => {}, answered: (phone: Phone) => void = () => {}): void {
    this.#userAgent.onInvite = (invite) => {
      const { user = '' } = parseUri(invite.request.uri);
      rung(user);
      // It may be taken back meanwhile.
      this.#answer(user, invite).then(answered, () => {});
    };
  }

  /** Calls a number; resolves when the call is answered and the phone talks. */
  async call(server: { host: string; port: number }, to: string, from: string): Promise<Phone> {
    const { stream, local } = this.#open();
    try {
      const telephoneEvent = this.#telephoneEvent;
      const sdp = createOffer({ ...local, codecs: ['PCMU'], telephoneEvent, direction: 'sendrecv' });
      const target = `sip:${to}@${server.host}:${server.port}`;
      const result = await this.#userAgent.invite({ target, from: `sip:${from}@${HOST}`, sdp }).result;
      if (result.kind === 'refused') throw new Error(`the call was refused with ${result.status}`);
      return this.#add(from, stream, acceptAnswer(sdp, result.answer).remote, result.dialog);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  /** Stops audio and sends BYE; resolves when that was answered, and all packets in transit have arrived. */
  async hangUp(phone: Phone): Promise<void> {
    phone.silent = true;
    await phone.dialog.bye();
    await sleep(systemClock, LAST_PACKETS_MS);
    this.#remove(phone);
  }

  /** All of them at once, after a moment of silence. */
  async hangUpAll(): Promise<void> {
    for (const phone of this.#all) phone.silent = true;
    await sleep(systemClock, LAST_PACKETS_MS);
    await Promise.all([...this.#all].map((phone) => this.hangUp(phone)));
  }

  async close(): Promise<void> {
    await this.#userAgent.close(500);
    for (const phone of this.#all) phone.stream.close();
    await this.#streams.close();
  }

  async #answer(user: string, invite: IncomingInvite): Promise<Phone> {
    const { stream, local } = this.#open();
    const telephoneEvent = this.#telephoneEvent;
    const answer = answerOffer(invite.offer!, { ...local, codecs: ['PCMU'], telephoneEvent });
    const { sdp, agreement } = answer;
    return this.#add(user, stream, agreement.remote, await invite.accept(sdp));
  }

  /** Takes the next pair of ports that is free. */
  #open() {
    for (let tries = 0; ; tries++) {
      const port = this.#nextPort;
      this.#nextPort += 2;
      try {
        const stream = this.#streams.open(HOST, port);
        return { stream, local: { address: HOST, port, sessionId: port, version: 1 } };
      } catch (error) {
        if (tries === MAX_TAKEN_PORTS) throw error;
      }
    }
  }

  #add(from: string, stream: RtpStream, remote: { address: string; port: number }, dialog: Dialog): Phone {
    stream.connect(remote);
    stream.talking = true;
    const phone = new Phone(from, stream, remote.port, dialog);
    this.#all.add(phone);
    void dialog.ended.then(({ by }) => by !== 'local' && this.#remove(phone));
    return phone;
  }

  #remove(phone: Phone): void {
    this.#all.delete(phone);
    phone.stream.close();
  }
}

/** A phone in a call. */
export class Phone {
  /** Who calls, or is called. */
  readonly from: string;
  /** When it was connected, by `performance.now()`. */
  readonly since = performance.now();
  readonly stream: RtpStream;
  readonly remotePort: number;
  readonly dialog: Dialog;

  constructor(from: string, stream: RtpStream, remotePort: number, dialog: Dialog) {
    this.from = from;
    this.stream = stream;
    this.remotePort = remotePort;
    this.dialog = dialog;
  }

  set silent(silent: boolean) {
    this.stream.talking = !silent;
  }
}
