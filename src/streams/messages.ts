import type { StreamMessage } from '../../contract/streams.ts';
import type { QueuedMessage } from './send-queue.ts';

type Sent<Event extends StreamMessage['event']> = Extract<StreamMessage, { event: Event }>;
type Track = Sent<'media'>['media']['track'];

export const CONNECTED = JSON.stringify({
  event: 'connected',
  protocol: 'Call',
  version: '1.0.0',
} satisfies Sent<'connected'>);

/** Completes a message with its sequence number. */
export const numbered = (event: string, rest: string, sequenceNumber: number): string =>
  `{"event":"${event}","sequence_number":"${sequenceNumber}",${rest}`;

/**
 * Builds the messages of one stream, without their sequence numbers. Media messages are built 50 times a second per
 * track, so their constant parts are serialized once.
 */
export class StreamMessages {
  #id: string;
  #chunks = { inbound: 0, outbound: 0 };
  #media: Record<Track, string>;

  constructor(streamId: string) {
    this.#id = `"stream_id":${JSON.stringify(streamId)}`;
    const media = (track: Track) => `${this.#id},"media":{"track":"${track}","chunk":"`;
    this.#media = { inbound: media('inbound'), outbound: media('outbound') };
  }

  /** The next 20 ms frame of a track. @param payload in base64. */
  media(track: Track, payload: string): QueuedMessage {
    const chunk = ++this.#chunks[track];
    const rest = `${this.#media[track]}${chunk}","timestamp":"${(chunk - 1) * 20}","payload":"${payload}"}}`;
    return { event: 'media', rest };
  }

  dtmf(digit: string): QueuedMessage {
    return {
      event: 'dtmf',
      rest: this.#with('dtmf', { track: 'inbound', digit } satisfies Sent<'dtmf'>['dtmf']),
    };
  }

  mark(name: string): QueuedMessage {
    return { event: 'mark', rest: this.#with('mark', { name } satisfies Sent<'mark'>['mark']) };
  }

  start(start: Sent<'start'>['start']): string {
    return this.#with('start', start);
  }

  stop(stop: Sent<'stop'>['stop']): string {
    return this.#with('stop', stop);
  }

  #with(name: string, value: object): string {
    return `${this.#id},"${name}":${JSON.stringify(value)}}`;
  }
}
