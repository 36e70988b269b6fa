import type { Digit } from '../../audio/index.ts';
import { ToneDetector } from '../../audio/index.ts';
import type { RtpHeader } from '../../rtp/index.ts';
import { TelephoneEventReceiver } from '../../rtp/index.ts';
import { type KeyListener, KeyPresses } from '../key-presses.ts';
import type { AudioAgreement } from '../sound.ts';

/** Keys that the far end presses, whichever way they come. */
export class DigitsIn {
  #presses: KeyPresses;
  #events = new TelephoneEventReceiver(
    (digit) => this.#presses.up('events', digit),
    (digit) => this.#presses.down('events', digit),
  );
  #tones = new ToneDetector(
    (digit) => this.#presses.up('tones', digit),
    (digit) => this.#presses.down('tones', digit),
  );
  #wanted = false;
  #inBand = false;

  constructor(listener: KeyListener) {
    this.#presses = new KeyPresses(listener);
  }

  /** Starts or stops reporting keys. The search for tones is expensive: it runs only while keys are reported. */
  listen(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) this.#deafen();
  }

  /** Tones count only where events were not agreed on: some gateways send both. */
  agree({ telephoneEvent }: AudioAgreement): void {
    this.#inBand = telephoneEvent === null;
    if (!this.#inBand) this.#deafen();
  }

  /** Takes a packet of RFC 4733. */
  packet(header: RtpHeader, bytes: Buffer, clockRate: number): void {
    this.#events.clockRate = clockRate;
    this.#events.receive(header, bytes);
  }

  /** Takes a press that signaling brings. */
  signaled(digit: Digit): void {
    this.#presses.up('info', digit);
  }

  /** Once a beat. @param far the far end's frame. */
  beat(far: Int16Array): void {
    this.#presses.beat();
    this.#events.beat();
    if (this.#inBand && this.#wanted) this.#tones.listen(far);
  }

  #deafen(): void {
    this.#tones.reset();
    this.#presses.release('tones');
  }
}
