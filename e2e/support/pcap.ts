/** One RTP packet, and its time in milliseconds after the first. */
export interface Packet {
  atMs: number;
  rtp: Buffer;
}

/** The packets of a phone's audio: 20 ms of µ-law each, with one clock and one sequence. */
export class Talk {
  readonly packets: Packet[] = [];
  #ms = 0;
  #sequence: number;
  #timestamp: number;
  #marker = true;

  /** @param first the first sequence number (16 bits) and timestamp (32 bits), which may wrap */
  constructor(first: { sequence?: number; timestamp?: number } = {}) {
    this.#sequence = first.sequence ?? 1000;
    this.#timestamp = first.timestamp ?? 160_000;
  }

  tone(hz: number, ms: number, amplitude = 8000): this {
    return this.#say(ms, (i) => amplitude * Math.sin((2 * Math.PI * hz * i) / RATE));
  }

  silence(ms: number): this {
    return this.#say(ms, () => 0);
  }

  /** Appends samples at 8 kHz. */
  sound(samples: Int16Array): this {
    return this.#say((samples.length * 1000) / RATE, (i) => samples[i] ?? 0);
  }

  /** Appends digits as RFC 4733 events: 100 ms each, 100 ms apart. */
  press(digits: string, payloadType = 101): this {
    for (const digit of digits) {
      const event = KEYS.indexOf(digit);
      for (let n = 1; n <= 5; n++) this.#event(payloadType, event, n * FRAME, false);
      // RFC 4733 §2.5.1.4: the last packet is sent three times.
      for (let n = 0; n < 3; n++) this.#event(payloadType, event, 5 * FRAME, true, n === 2);
      this.#timestamp += 6 * FRAME;
      this.#marker = true;
      this.silence(100);
    }
    return this;
  }

  /** Appends digits as DTMF tones: 100 ms each, 100 ms apart. */
  pressInBand(digits: string): this {
    for (const digit of digits) {
      const [row, column] = [ROWS[rowOf(digit)]!, COLUMNS[columnOf(digit)]!];
      this.#say(100, (i) => 5000 * (wave(row, i) + wave(column, i))).silence(100);
    }
    return this;
  }

  #say(ms: number, sample: (i: number) => number): this {
    for (let start = 0; start < (ms / 1000) * RATE; start += FRAME) {
      const payload = Buffer.alloc(FRAME);
      for (let i = 0; i < FRAME; i++) payload[i] = ulaw(sample(start + i));
      this.#send(0, payload, this.#marker);
      this.#marker = false;
      this.#timestamp += FRAME;
    }
    return this;
  }

  #event(payloadType: number, event: number, duration: number, end: boolean, last = true): void {
    const payload = Buffer.from([event, (end ? 0x80 : 0) | 10, duration >> 8, duration & 255]);
    this.#send(payloadType, payload, duration === FRAME, end && !last ? 0 : 20);
  }

  #send(payloadType: number, payload: Buffer, marker: boolean, thenMs = 20): void {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = payloadType | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE(this.#timestamp >>> 0, 4);
    header.writeUInt32BE(0x5ca1ab1e, 8);
    this.packets.push({ atMs: this.#ms, rtp: Buffer.concat([header, payload]) });
    this.#ms += thenMs;
  }
}

/** A capture file for sipp's `play_pcap_audio`, which keeps the order and the times. */
export function pcap(packets: readonly Packet[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(ETHERNET, 20);
  return Buffer.concat([head, ...packets.flatMap(({ atMs, rtp }) => [recordHeader(atMs, rtp), frame(rtp)])]);
}

function recordHeader(atMs: number, rtp: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(1 + Math.floor(atMs / 1000), 0);
  header.writeUInt32LE(Math.round((atMs % 1000) * 1000), 4);
  header.writeUInt32LE(HEADERS + rtp.length, 8);
  header.writeUInt32LE(HEADERS + rtp.length, 12);
  return header;
}

/** Adds Ethernet, IPv4, and UDP headers. sipp fills in addresses and checksum. */
function frame(rtp: Buffer): Buffer {
  const headers = Buffer.alloc(HEADERS);
  headers.writeUInt16BE(0x0800, 12);
  headers[14] = 0x45;
  headers.writeUInt16BE(28 + rtp.length, 16);
  headers[22] = 64;
  headers[23] = 17;
  headers.set([127, 0, 0, 1, 127, 0, 0, 1], 26);
  headers.writeUInt16BE(6000, 34);
  headers.writeUInt16BE(6000, 36);
  headers.writeUInt16BE(8 + rtp.length, 38);
  return Buffer.concat([headers, rtp]);
}

/** ITU-T G.711, implemented a second time so that the tests do not share the server's mistakes. */
export function ulaw(sample: number): number {
  const magnitude = Math.min(Math.abs(Math.round(sample)), 32_635) + 132;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 15;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 255;
}

/** The same packet in A-law, under payload type 8. */
export function inAlaw({ atMs, rtp }: Packet): Packet {
  const copy = Buffer.from(rtp);
  copy[1] = (rtp[1]! & 0x80) | 8;
  for (let at = 12; at < rtp.length; at++) copy[at] = alaw(ulawSample(rtp[at]!));
  return { atMs, rtp: copy };
}

function alaw(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_767) >> 3;
  const exponent = Math.max(0, Math.floor(Math.log2(magnitude)) - 4);
  const mantissa = (magnitude >> Math.max(1, exponent)) & 15;
  return ((sample < 0 ? 0 : 0x80) | (exponent << 4) | mantissa) ^ 0x55;
}

/** Decodes a µ-law octet. */
export function ulawSample(octet: number): number {
  const code = ~octet & 255;
  const magnitude = (((code & 15) << 3) + 132) << ((code >> 4) & 7);
  return code & 0x80 ? 132 - magnitude : magnitude - 132;
}

const RATE = 8000;
const FRAME = 160;
const ETHERNET = 1;
const HEADERS = 14 + 20 + 8;
const KEYS = '0123456789*#ABCD';
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const PAD = '123A456B789C*0#D';
const rowOf = (digit: string) => PAD.indexOf(digit) >> 2;
const columnOf = (digit: string) => PAD.indexOf(digit) & 3;
const wave = (hz: number, i: number) => Math.sin((2 * Math.PI * hz * i) / RATE);
