import type { Log } from '../../../src/core/index.ts';
import type { Endpoint, Network, Stream } from '../../../src/net/index.ts';
import type { RandomChoice } from '../random-choice.ts';

/** Leading octets of a stream input that give the lengths of its segments. */
const SEGMENT_OCTETS = 8;

/** Prepends random segment lengths to the bytes of a stream. */
export const segmented = (random: RandomChoice, bytes: Buffer): Buffer =>
  Buffer.concat([random.once(3) ? Buffer.alloc(SEGMENT_OCTETS) : random.bytes(SEGMENT_OCTETS), bytes]);

/** Splits such an input into up to nine segments. */
export function segmentsOf(input: Buffer): Buffer[] {
  const bytes = input.subarray(SEGMENT_OCTETS);
  const segments: Buffer[] = [];
  let from = 0;
  for (const cut of input.subarray(0, SEGMENT_OCTETS)) {
    // Half of the segments are up to two lines long, the others up to 1,536 octets.
    const length = cut < 128 ? cut : (cut - 127) * 12;
    if (cut > 0 && from < bytes.length) segments.push(bytes.subarray(from, from + length));
    from += cut > 0 ? length : 0;
  }
  if (from < bytes.length) segments.push(bytes.subarray(from));
  return segments;
}

/** A log that collects errors: no input may cause one. */
export function defectsIn(defects: string[]): Log {
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => void defects.push(`${message}: ${JSON.stringify(fields)}`),
    child: () => log,
  };
  return log;
}

/** A network without connections and names, which passes sent datagrams to `sent`. */
export class IsolatedNetwork implements Network {
  protected received: (data: Buffer, from: Endpoint) => void = () => {};
  protected accepted: (stream: Stream) => void = () => {};
  protected sent: (data: Buffer) => void = () => {};

  async bind(local: Endpoint, received: (data: Buffer, from: Endpoint) => void) {
    this.received = received;
    return { local, send: (data: Buffer) => this.sent(data), close: async () => {} };
  }

  async listen(local: Endpoint, accepted: (stream: Stream) => void) {
    this.accepted = accepted;
    return { local, close: async () => {} };
  }

  async connect(): Promise<never> {
    throw new Error('connect ECONNREFUSED');
  }

  hasAddress(): boolean {
    return false;
  }

  async resolve(host: string): Promise<string[]> {
    if (/^[\d.]+$/.test(host)) return [host];
    throw new Error('getaddrinfo ENOTFOUND');
  }

  async services(): Promise<never[]> {
    return [];
  }
}

/** Completes a peer's messages: `@Via@` is that of the last request, `%Via%` that of its INVITE. */
export class LastRequest {
  #last = new Map<string, string>();
  #invite = new Map<string, string>();

  /** Forgets the INVITE, because another call begins. */
  forget(): void {
    this.#invite.clear();
  }

  /** Stores the fields of a request. */
  store(message: string): void {
    if (message.startsWith('SIP/2.0')) return;
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'])
      this.#last.set(name.replace('-', ''), new RegExp(`^${name}: (.*)\r$`, 'm').exec(message)?.[1] ?? '');
    if (message.startsWith('INVITE')) this.#invite = new Map(this.#last);
  }

  fill(input: Buffer): Buffer {
    const text = input
      .toString('latin1')
      .replace(/@(\w+)@/g, (_, name: string) => this.#last.get(name) ?? name)
      .replace(/%(\w+)%/g, (_, name: string) => this.#invite.get(name) ?? name);
    return Buffer.from(text, 'latin1');
  }
}
