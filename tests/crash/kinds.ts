import type { Random } from '../../src/core/index.ts';

/** The environment of a call. */
export interface Surroundings {
  random: Random;
  /** An address that answers calls, such as `127.0.0.1:5060`. */
  peers: string;
  /** A WebSocket. */
  streamUrl: string;
}

/** The kinds of inbound calls, chosen by the called number, and the answers of the application. */
export const KINDS = {
  /** Two recordings, of which the end of the call ends one. */
  recorded: {
    number: '+15550107780',
    actions: ({ random }: Surroundings) => {
      const options = random.float() < 0.5 ? {} : { format: 'mp3' };
      const whole = [{ start_recording: options }, pause(random, 0.6), { stop_recording: {} }];
      return [...whole, { start_recording: {} }, pause(random, 2)];
    },
  },
  /** A recording with a skipped part. */
  paused: {
    number: '+15550107781',
    actions: ({ random }: Surroundings) => {
      const mode = random.float() < 0.5 ? 'silence' : 'skip';
      const secret = [{ pause_recording: { mode } }, pause(random, 0.8), { resume_recording: {} }];
      return [{ start_recording: {} }, pause(random, 0.8), ...secret, pause(random, 2)];
    },
  },
  /** Two parties, recorded together. */
  bridged: {
    number: '+15550107782',
    actions: ({ peers }: Surroundings) => [
      { start_recording: {} },
      { bridge: { destination: `sip:bridged@${peers}` } },
    ],
  },
  /** A conference that each participant records. */
  conference: {
    number: '+15550107783',
    actions: () => [{ start_recording: {} }, { conference: { room: 'hall' } }],
  },
  /** Recorded and streamed. */
  streamed: {
    number: '+15550107784',
    actions: ({ random, streamUrl }: Surroundings) => [
      { start_recording: {} },
      { start_stream: { stream_url: streamUrl } },
      pause(random, 3),
    ],
  },
  /** Controlled over REST only. */
  ordered: { number: '+15550107785', actions: () => [{ pause: { seconds: 10 } }] },
} as const;

export type Kind = keyof typeof KINDS;

/** The kind of a call by its number. `placed` are calls requested over REST. */
export function kindOf(to: string): Kind | 'placed' {
  const found = Object.entries(KINDS).find(([, { number }]) => number === to);
  return (found?.[0] as Kind | undefined) ?? 'placed';
}

const pause = (random: Random, most: number) => ({
  pause: { seconds: 0.1 + Math.round(random.float() * most * 10) / 10 },
});
