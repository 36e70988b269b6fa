import type { Random } from '../../src/core/index.ts';

/** What a call may need of its surroundings. */
export interface Surroundings {
  random: Random;
  /** Where somebody answers, like `127.0.0.1:5060`. */
  peers: string;
  /** A WebSocket. */
  streamUrl: string;
}

/** The kinds of inbound calls: the number that is called says which, and what the application answers. */
export const KINDS = {
  /** Two recordings, one of them ended by the end of the call. */
  recorded: {
    number: '+15550107780',
    actions: ({ random }: Surroundings) => {
      const options = random.float() < 0.5 ? {} : { format: 'mp3' };
      const whole = [{ start_recording: options }, pause(random, 0.6), { stop_recording: {} }];
      return [...whole, { start_recording: {} }, pause(random, 2)];
    },
  },
  /** A recording of which something is left out. */
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
  /** A room, recorded by each of its members. */
  conference: {
    number: '+15550107783',
    actions: () => [{ start_recording: {} }, { conference: { room: 'hall' } }],
  },
  /** Recorded, and heard by somebody outside. */
  streamed: {
    number: '+15550107784',
    actions: ({ random, streamUrl }: Surroundings) => [
      { start_recording: {} },
      { start_stream: { stream_url: streamUrl } },
      pause(random, 3),
    ],
  },
  /** Nothing of its own: what happens is ordered over REST. */
  ordered: { number: '+15550107785', actions: () => [{ pause: { seconds: 10 } }] },
} as const;

export type Kind = keyof typeof KINDS;

/** Of a call to this. `placed` are those that were asked for over REST. */
export function kindOf(to: string): Kind | 'placed' {
  const found = Object.entries(KINDS).find(([, { number }]) => number === to);
  return (found?.[0] as Kind | undefined) ?? 'placed';
}

const pause = (random: Random, most: number) => ({
  pause: { seconds: 0.1 + Math.round(random.float() * most * 10) / 10 },
});
