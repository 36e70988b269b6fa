/** A message that waits to be sent. It is numbered when it is sent, so that the receiver sees no gap. */
export interface QueuedMessage {
  event: 'media' | 'dtmf' | 'mark';
  /** Its JSON after the sequence number. */
  rest: string;
}

/** The limit of queued digits and marks: more keys than a caller can press while a receiver is away. */
const MAX_OTHERS = 256;

/**
 * The messages that the receiver has not taken yet, in order. When it is full, the oldest message of the same kind is
 * dropped: media never displaces digits or marks, which cannot be reconstructed.
 */
export class SendQueue {
  #messages: QueuedMessage[] = [];
  #frames = 0;
  #maxFrames: number;
  /** Messages dropped. */
  dropped = 0;

  /** @param maxFrames the limit of queued media messages. */
  constructor(maxFrames: number) {
    this.#maxFrames = maxFrames;
  }

  get length(): number {
    return this.#messages.length;
  }

  push(message: QueuedMessage): void {
    this.#messages.push(message);
    if (message.event === 'media') this.#frames++;
    if (this.#frames > this.#maxFrames) this.#dropOldest(({ event }) => event === 'media');
    if (this.#messages.length - this.#frames > MAX_OTHERS) this.#dropOldest(({ event }) => event !== 'media');
  }

  /** Removes and returns the oldest message. */
  shift(): QueuedMessage | undefined {
    const message = this.#messages.shift();
    if (message?.event === 'media') this.#frames--;
    return message;
  }

  #dropOldest(isOfKind: (message: QueuedMessage) => boolean): void {
    const [oldest] = this.#messages.splice(this.#messages.findIndex(isOfKind), 1);
    if (oldest?.event === 'media') this.#frames--;
    this.dropped++;
  }
}
