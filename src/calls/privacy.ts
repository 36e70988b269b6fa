import type { Clock, Log } from '../core/index.ts';
import type { Sound } from './ports.ts';
import { SensitiveValues } from './sensitive-values.ts';

/** The parts of a call that are kept out of recordings and streams at the moment. */
export interface HeldBack {
  /** The whole call: its recording is paused. */
  everything: boolean;
  /** What the caller says and presses, because digits are sensitive. */
  caller: boolean;
  /** The keys that the caller presses ahead of a gather that keeps them secret. */
  keys: boolean;
}

/** Holds back parts of one call. A part stays held back until all holders have released it. */
export class PrivacyHold {
  /** Replaced, not changed, with every change. */
  heldBack: HeldBack = { everything: false, caller: false, keys: false };
  #sound: Pick<Sound, 'redact' | 'privacyHold'>;
  #holders = { everything: new Set<object>(), caller: new Set<object>(), keys: new Set<object>() };

  constructor(sound: Pick<Sound, 'redact' | 'privacyHold'>) {
    this.#sound = sound;
  }

  /** Holds back a part, or releases it. @param by identifies the holder. */
  set(part: keyof HeldBack, on: boolean, by: object): void {
    const holders = this.#holders[part];
    if (on) holders.add(by);
    else holders.delete(by);
    const isHeldBack = holders.size > 0;
    if (this.heldBack[part] === isHeldBack) return;
    this.heldBack = { ...this.heldBack, [part]: isHeldBack };
    if (part === 'caller') this.#sound.redact(isHeldBack);
    else if (part === 'everything') this.#sound.privacyHold(isHeldBack);
  }
}

const DAY_MS = 86_400_000;
const MAX_CALLS = 10_000;

interface Entry {
  values: SensitiveValues;
  /** When the last value was added, on the monotonic clock. */
  addedAt: number;
}

/**
 * The sensitive values of the calls of the last 24 hours, in memory only. They outlive their calls, because an
 * application's server may echo them in later responses.
 */
export class SensitiveCalls {
  #clock: Clock;
  /** Oldest first. */
  #calls = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(callId: string, value: string): void {
    if (value === '') return;
    const values = this.#calls.get(callId)?.values ?? new SensitiveValues();
    values.add(value);
    this.#calls.delete(callId);
    this.#calls.set(callId, { values, addedAt: this.#clock.monotonic() });
    this.#removeOld();
  }

  /** The sensitive values of a call; undefined when it has none. */
  of(callId: string): SensitiveValues | undefined {
    this.#removeOld();
    return this.#calls.get(callId)?.values;
  }

  mask(callId: string, text: string): string {
    return this.of(callId)?.mask(text) ?? text;
  }

  #removeOld(): void {
    const before = this.#clock.monotonic() - DAY_MS;
    for (const [callId, { addedAt }] of this.#calls) {
      if (addedAt > before && this.#calls.size <= MAX_CALLS) return;
      this.#calls.delete(callId);
    }
  }
}

/** Bytes to read beyond those that are stored, to recognize a sensitive value across the cut. */
export const CUT_MARGIN_BYTES = 1024;

/**
 * A body as it is stored: masked before it is cut, so that no part of a sensitive value remains at the end.
 * @param maxBytes of UTF-8.
 */
export function storedText(body: Buffer, maxBytes: number, mask: (text: string) => string): string {
  const text = body.subarray(0, maxBytes + CUT_MARGIN_BYTES).toString('utf8');
  // PostgreSQL stores no NUL in a text.
  const masked = mask(text.replaceAll('\0', '\uFFFD'));
  return Buffer.from(masked).subarray(0, maxBytes).toString('utf8');
}

type Mask = <T>(data: T) => T;

const GENERATED = /(_id|_key|^sha256|^sealed_digits)$/;

/** Masks the fields of an event or timeline entry, except ids and keys: MiniVoice generates those. */
export function maskedFields(fields: Record<string, unknown>, mask: Mask): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, GENERATED.test(name) ? value : mask(value)]),
  );
}

/** A log that masks the fields of its lines. */
export function maskedLog(log: Log, mask: Mask): Log {
  return {
    debug: (fields, message) => log.debug(mask(fields), message),
    info: (fields, message) => log.info(mask(fields), message),
    warn: (fields, message) => log.warn(mask(fields), message),
    error: (fields, message) => log.error(mask(fields), message),
    child: (fields) => maskedLog(log.child(fields), mask),
  };
}
