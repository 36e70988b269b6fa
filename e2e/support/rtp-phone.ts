import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { toneLevel } from '../../src/audio/index.ts';
import { systemClock, type Timer } from '../../src/core/index.ts';
import { Inbox } from '../../tests/support/inbox.ts';
import { ulaw, ulawSample } from './pcap.ts';
import { runAsPeer } from './priorities.ts';

/** Tones of the tests in Hz, the two of the ringing tone first. 100 ms are enough to distinguish them. */
export const TONES = [440, 480, 600, 800, 1000, 1200, 1400] as const;
export type Tone = (typeof TONES)[number];
export const RINGBACK: Tone[] = [440, 480];

/** The audio of a phone without signaling: it sends a tone and digits, and analyzes what it receives. */
export class RtpPhone {
  /** The port for its RTP. */
  readonly port: number;
  /** Digits of the other side, received as RFC 4733 events. */
  readonly keys = new Inbox<string>((key) => key);
  #socket: Socket;
  #to: RemoteInfo | undefined;
  #hz: number;
  #heard: Int16Array[] = [];
  #listening = new Set<() => void>();
  #timer: Timer | undefined;
  #startedAt = 0;
  #beats = 0;
  #sequence = 1000;
  #timestamp = 160_000;
  #pressing: Buffer[] = [];
  #lastKeyAt = -1;
  /** Times at which frames were sent: one frame, or several after a pause of this process. */
  #turns = 0;

  private constructor(socket: Socket, hz: number) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.#hz = hz;
    socket.on('message', (packet, from) => this.#take(packet, from));
  }

  /** @param hz the tone that it sends once it receives audio; 0: silence */
  static async open(hz: Tone | 0 = 0): Promise<RtpPhone> {
    runAsPeer();
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RtpPhone(socket, hz);
  }

  say(hz: Tone | 0): void {
    this.#hz = hz;
  }

  /** Presses keys, 100 ms each with 100 ms between them. */
  press(keys: string): void {
    for (const key of keys) this.#pressing.push(...pressed(KEYS.indexOf(key)));
  }

  /** Frames of 20 ms heard so far. */
  get frames(): number {
    return this.#heard.length;
  }

  /** Resolves when exactly these tones are received for 100 ms. */
  hears(...tones: Tone[]): Promise<void> {
    const wanted = sorted(tones);
    return this.until(() => this.frames >= 5 && `${this.tonesIn(-5)}` === `${wanted}`, `[${wanted}] Hz`);
  }

  /**
   * Resolves when this many more frames have been received, and as many were sent in time. If this process was not
   * running for a while, it receives many at once, and has said nothing meanwhile.
   */
  async more(frames: number): Promise<void> {
    const [enough, enoughTurns] = [this.frames + frames, this.#turns + frames];
    const isEnough = () => this.frames >= enough && this.#turns >= enoughTurns;
    await this.until(isEnough, `${frames} more frames`);
  }

  /** The tones in a part of the received audio, counted in frames like `slice`. */
  tonesIn(from: number, to?: number): number[] {
    return tonesOf(this.sound(from, to));
  }

  /**
   * The tones that were received in two consecutive steps of 100 ms of a part. With missing frames, a single step
   * resembles other tones too.
   */
  everIn(from: number, to = this.frames): number[] {
    const ever = new Set<number>();
    let before: number[] = [];
    for (let at = from < 0 ? this.frames + from : from; at + 5 <= to; at += 5) {
      const now = this.tonesIn(at, at + 5);
      for (const hz of now) if (before.includes(hz)) ever.add(hz);
      before = now;
    }
    return sorted([...ever]);
  }

  /** Whether both tones of a DTMF digit are present now. */
  heardBoth(low: number, high: number): boolean {
    const samples = this.sound(-3);
    return [low, high].every((hz) => toneLevel(samples, hz) > AUDIBLE);
  }

  /** The root mean square of a part. */
  loudness(from: number, to?: number): number {
    const samples = this.sound(from, to);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
  }

  sound(from: number, to?: number): Int16Array {
    const frames = this.#heard.slice(from, to);
    const all = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of frames) {
      all.set(frame, at);
      at += frame.length;
    }
    return all;
  }

  close(): void {
    this.#timer?.cancel();
    this.#socket.close();
  }

  /** Resolves when this holds, now or after a later packet. */
  until(holds: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = systemClock.after(timeoutMs, () => {
        done();
        const heard = `[${this.everIn(0)}] Hz in ${this.frames} frames, [${this.tonesIn(-5)}] Hz at last`;
        reject(new Error(`the phone did not hear ${what}; it heard ${heard}`));
      });
      const done = () => {
        timer.cancel();
        this.#listening.delete(look);
      };
      this.#listening.add(look);
      look();
    });
  }

  #take(packet: Buffer, from: RemoteInfo): void {
    const payloadType = packet[1]! & 127;
    // RFC 5761 §4: RTCP's packet types look like payload types 72 to 76.
    if (payloadType >= 72 && payloadType <= 76) return;
    if (!this.#to) this.#begin(from);
    if (payloadType === EVENTS) this.#keyHeard(packet);
    if (payloadType !== 0) return;
    this.#heard.push(Int16Array.from(packet.subarray(12), ulawSample));
    for (const look of [...this.#listening]) look();
  }

  #keyHeard(packet: Buffer): void {
    const timestamp = packet.readUInt32BE(4);
    const end = packet[13]! & 0x80;
    if (!end || timestamp === this.#lastKeyAt) return;
    this.#lastKeyAt = timestamp;
    this.keys.add(KEYS[packet[12]!]!);
  }

  #begin(from: RemoteInfo): void {
    this.#to = from;
    this.#startedAt = systemClock.monotonic();
    this.#beat();
  }

  /** Sends the frames that are due; after a late timer, more than one. */
  #beat(): void {
    const before = this.#beats;
    for (; systemClock.monotonic() >= this.#startedAt + this.#beats * 20; this.#beats++) this.#speak();
    if (this.#beats > before) this.#turns++;
    const next = this.#startedAt + this.#beats * 20 - systemClock.monotonic();
    this.#timer = systemClock.after(Math.max(1, next), () => this.#beat());
  }

  #speak(): void {
    const event = this.#pressing.shift();
    if (event?.length) this.#sendEvent(event);
    else this.#send(0, this.#frame(), this.#timestamp);
    this.#timestamp = (this.#timestamp + FRAME) >>> 0;
  }

  /** RFC 4733 §2.5.1.4: the last packet of an event is sent three times; all have the time of its beginning. */
  #sendEvent(event: Buffer): void {
    const began = this.#timestamp - (event.readUInt16BE(2) - FRAME);
    for (let n = event[1]! & 0x80 ? 3 : 1; n > 0; n--) this.#send(EVENTS, event, began);
  }

  #frame(): Buffer {
    const at = this.#beats * FRAME;
    const tone = (i: number) => LOUD * Math.sin((2 * Math.PI * this.#hz * (at + i)) / 8000);
    return Buffer.from(Array.from({ length: FRAME }, (_, i) => ulaw(tone(i))));
  }

  #send(payloadType: number, payload: Buffer, timestamp: number): void {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = payloadType;
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE(timestamp >>> 0, 4);
    header.writeUInt32BE(this.port, 8);
    this.#socket.send(Buffer.concat([header, payload]), this.#to!.port, this.#to!.address);
  }
}

/** The tones that are present in the samples. */
export const tonesOf = (samples: Int16Array): number[] =>
  TONES.filter((hz) => toneLevel(samples, hz) > AUDIBLE);

/** The payloads of one digit: five frames of events, then five without. */
function pressed(event: number): Buffer[] {
  const frames = Array.from({ length: 5 }, (_, i) => {
    const payload = Buffer.from([event, (i === 4 ? 0x80 : 0) | 10, 0, 0]);
    payload.writeUInt16BE((i + 1) * FRAME, 2);
    return payload;
  });
  return [...frames, ...Array.from({ length: 5 }, () => Buffer.alloc(0))];
}

const sorted = (tones: readonly number[]) => [...tones].sort((a, b) => a - b);

const FRAME = 160;
/** Dynamic payload type of telephone events, as the SDP of the tests has it. */
const EVENTS = 101;
const KEYS = '0123456789*#ABCD';
const LOUD = 6000;
const AUDIBLE = 1500;
