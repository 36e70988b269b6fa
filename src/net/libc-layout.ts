import type { Endpoint } from './network.ts';
import { type DatagramHandler, MAX_PACKET_BYTES } from './rtp-socket.ts';

/** Size of a `struct sockaddr_in`. */
export const SOCKADDR_BYTES = 16;
/** Sizes of `struct mmsghdr` and `struct iovec` on 64-bit Linux; offsets of fields inside the first. */
const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_LENGTH = 8;
const IOVEC = 16;
const IOVEC_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const RECEIVED = 56;
/** Size of a `struct cmsghdr` with a `struct timespec`; offsets of its seconds and nanoseconds. */
const CONTROL_BYTES = 64;
const SECONDS = 16;
const NANOSECONDS = 24;
/** Larger datagrams than this are truncated. */
const SLOT_BYTES = MAX_PACKET_BYTES;

/** Encodes an IPv4 address and port as a `struct sockaddr_in`. */
export function socketAddress({ address, port }: Endpoint): Uint8Array {
  const bytes = Buffer.alloc(SOCKADDR_BYTES);
  bytes.writeUInt16LE(2, 0);
  bytes.writeUInt16BE(port, 2);
  address.split('.').forEach((part, at) => {
    bytes[4 + at] = Number(part);
  });
  return bytes;
}

/** A buffer for `capacity` datagrams and their sources in the memory layout of `recvmmsg(2)`. */
export class DatagramSlots {
  readonly capacity: number;
  /** The array of `struct mmsghdr`, at the start of the buffer. */
  readonly headers: Uint8Array;
  /** Headers and control messages, as 32-bit words. */
  #words: Uint32Array;
  #controls: number;
  #names: Uint8Array;
  #slots: { bytes: Buffer; source: Endpoint }[];

  /** @param addressOf returns the memory address of a buffer. */
  constructor(capacity: number, addressOf: (buffer: Uint8Array) => bigint) {
    const vectors = capacity * HEADER_BYTES;
    const names = vectors + capacity * IOVEC_BYTES;
    const controls = names + capacity * SOCKADDR_BYTES;
    const data = controls + capacity * CONTROL_BYTES;
    const memory = new ArrayBuffer(data + capacity * SLOT_BYTES);
    this.capacity = capacity;
    this.headers = new Uint8Array(memory);
    this.#words = new Uint32Array(memory, 0, data / 4);
    this.#controls = controls;
    this.#names = new Uint8Array(memory, names, capacity * SOCKADDR_BYTES);
    this.#slots = Array.from({ length: capacity }, (_, slot) => ({
      bytes: Buffer.from(memory, data + slot * SLOT_BYTES, SLOT_BYTES),
      source: new Source(this.#names, slot * SOCKADDR_BYTES),
    }));
    const view = new DataView(memory);
    const pointer = (at: number, to: number) =>
      view.setBigUint64(at, addressOf(this.headers) + BigInt(to), true);
    for (let slot = 0; slot < capacity; slot++) {
      const header = slot * HEADER_BYTES;
      const vector = vectors + slot * IOVEC_BYTES;
      pointer(header, names + slot * SOCKADDR_BYTES);
      view.setUint32(header + NAME_LENGTH, SOCKADDR_BYTES, true);
      pointer(header + IOVEC, vector);
      view.setBigUint64(header + IOVEC_COUNT, 1n, true);
      pointer(header + CONTROL, controls + slot * CONTROL_BYTES);
      this.clear(slot);
      pointer(vector, data + slot * SLOT_BYTES);
      view.setBigUint64(vector + 8, BigInt(SLOT_BYTES), true);
    }
  }

  /** Passes the datagram in a slot to `handle`. */
  pass(slot: number, handle: DatagramHandler): void {
    const { bytes, source } = this.#slots[slot]!;
    const length = this.#words[(slot * HEADER_BYTES + RECEIVED) / 4]!;
    const control = this.#controls + slot * CONTROL_BYTES;
    const seconds = this.#words[(control + SECONDS) / 4]!;
    const nanoseconds = this.#words[(control + NANOSECONDS) / 4]!;
    handle(bytes, length, source, seconds * 1000 + nanoseconds / 1e6);
  }

  /** Prepares a slot for the next datagram: restores the control length, which the kernel overwrites. */
  clear(slot: number): void {
    this.#words[(slot * HEADER_BYTES + CONTROL_LENGTH) / 4] = CONTROL_BYTES;
  }

  /** Whether the datagram in a slot came from this address and port. */
  isFrom(slot: number, peer: Uint8Array): boolean {
    const at = slot * SOCKADDR_BYTES;
    for (let i = 2; i < 8; i++) if (this.#names[at + i] !== peer[i]) return false;
    return true;
  }
}

/** A source that is decoded from its `struct sockaddr_in` only when it is read. */
class Source implements Endpoint {
  #names: Uint8Array;
  #at: number;

  constructor(names: Uint8Array, at: number) {
    this.#names = names;
    this.#at = at;
  }

  get port(): number {
    return (this.#names[this.#at + 2]! << 8) | this.#names[this.#at + 3]!;
  }

  get address(): string {
    return this.#names.subarray(this.#at + 4, this.#at + 8).join('.');
  }
}
