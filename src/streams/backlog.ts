/** A message that waits to be sent: it gets its number only then, so that the receiver sees no gap. */
export interface Waiting {
  event: 'media' | 'dtmf' | 'mark';
  /** Its JSON after the sequence number. */
  rest: string;
}

/** So many digits and marks wait; nobody presses more keys in the time that a stream may be away. */
const OTHERS = 256;

/**
 * What the receiver has not taken yet, in order. It is bounded: of the sound the oldest goes first, while the few
 * digits and marks, which cannot be guessed from what follows, are kept.
 */
export class Backlog {
  #waiting: Waiting[] = [];
  #frames = 0;
  #maxFrames: number;
  /** How many messages were given up. */
  dropped = 0;

  /** @param maxFrames of media that wait at most. */
  constructor(maxFrames: number) {
    this.#maxFrames = maxFrames;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(message: Waiting): void {
    this.#waiting.push(message);
    if (message.event === 'media') this.#frames++;
    if (this.#frames > this.#maxFrames) this.#drop((waiting) => waiting.event === 'media');
    if (this.#waiting.length - this.#frames > OTHERS) this.#drop((waiting) => waiting.event !== 'media');
  }

  /** The oldest message, which waits no more. */
  shift(): Waiting | undefined {
    const message = this.#waiting.shift();
    if (message?.event === 'media') this.#frames--;
    return message;
  }

  #drop(which: (waiting: Waiting) => boolean): void {
    const [oldest] = this.#waiting.splice(this.#waiting.findIndex(which), 1);
    if (oldest?.event === 'media') this.#frames--;
    this.dropped++;
  }
}
