import type { Sound } from './ports.ts';

/** What must not leave the house at the moment. */
export interface Hushed {
  /** Nothing of the call: its recording pauses. */
  everything: boolean;
  /** Nothing that the caller says or presses: digits are secret. */
  caller: boolean;
  /** Nothing that the caller presses: it is typed ahead for a gather that keeps it secret. */
  keys: boolean;
}

/** Who wants what kept secret of a call: of two, the one who ends first does not end it for the other. */
export class Hush {
  /** A value once taken stays as it was. */
  now: Hushed = { everything: false, caller: false, keys: false };
  #sound: Pick<Sound, 'redact' | 'privacyHold'>;
  #holders = { everything: new Set<object>(), caller: new Set<object>(), keys: new Set<object>() };

  constructor(sound: Pick<Sound, 'redact' | 'privacyHold'>) {
    this.#sound = sound;
  }

  /** @param by who wants it: it stays so while anybody does. */
  set(what: keyof Hushed, on: boolean, by: object): void {
    const holders = this.#holders[what];
    if (on) holders.add(by);
    else holders.delete(by);
    const hushed = holders.size > 0;
    if (this.now[what] === hushed) return;
    this.now = { ...this.now, [what]: hushed };
    if (what === 'caller') this.#sound.redact(hushed);
    else if (what === 'everything') this.#sound.privacyHold(hushed);
  }
}
