import type { StreamMessage } from '../../contract/streams.ts';
import type { Waiting } from './backlog.ts';

type Sent<Event extends StreamMessage['event']> = Extract<StreamMessage, { event: Event }>;
type Track = Sent<'media'>['media']['track'];

export const CONNECTED = JSON.stringify({
  event: 'connected',
  protocol: 'Call',
  version: '1.0.0',
} satisfies Sent<'connected'>);

/** Puts a number to a message, and so makes it a whole one. */
export const numbered = (event: string, rest: string, sequenceNumber: number): string =>
  `{"event":"${event}","sequence_number":"${sequenceNumber}",${rest}`;

/**
 * The texts of one stream's messages without their numbers. Fifty times a second and track JSON.stringify would
 * find out anew what is the same in every frame, so a frame is put between texts that were made once.
 */
export class Wording {
  #id: string;
  #chunks = { inbound: 0, outbound: 0 };
  #media: Record<Track, string>;

  constructor(streamId: string) {
    this.#id = `"stream_id":${JSON.stringify(streamId)}`;
    const media = (track: Track) => `${this.#id},"media":{"track":"${track}","chunk":"`;
    this.#media = { inbound: media('inbound'), outbound: media('outbound') };
  }

  /** The next frame of a track; frames follow each other every 20 ms. @param payload in base64. */
  media(track: Track, payload: string): Waiting {
    const chunk = ++this.#chunks[track];
    const rest = `${this.#media[track]}${chunk}","timestamp":"${(chunk - 1) * 20}","payload":"${payload}"}}`;
    return { event: 'media', rest };
  }

  dtmf(digit: string): Waiting {
    return {
      event: 'dtmf',
      rest: this.#with('dtmf', { track: 'inbound', digit } satisfies Sent<'dtmf'>['dtmf']),
    };
  }

  mark(name: string): Waiting {
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
