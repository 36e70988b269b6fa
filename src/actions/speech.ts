import type { AudioClip } from '../calls/index.ts';
import { sleep } from '../core/index.ts';
import type { Flow } from './flow.ts';

/** How a text is to be read; what is not said is as the application has it. */
export interface Manner {
  voice?: string | undefined;
  language?: string | undefined;
}

/** Speaks a text to the caller; resolves when its last sample is on the wire, or when `signal` cut it short. */
export async function speak(flow: Flow, text: string, manner: Manner, signal: AbortSignal): Promise<void> {
  const { voice, language } = flow.settings;
  const options = {
    voice: manner.voice ?? voice ?? undefined,
    language: manner.language ?? language ?? undefined,
    applicationId: flow.session.record.applicationId,
    customerId: flow.session.record.customerId,
    callId: flow.session.id,
  };
  const { session, services } = flow;
  const isSensitive = session.isSensitive(text);
  const sounds = services.speaker.speak(text, { ...options, isSensitive }, signal);
  const play = () => playTo(flow, sounds, signal);
  await (isSensitive ? inSecret(flow, play) : play());
}

/** Runs while nothing of the call is in a recording or a stream. */
async function inSecret({ session, services }: Flow, run: () => Promise<void>): Promise<void> {
  const by = {};
  session.hush('everything', true, by);
  try {
    await services.recorder(session).silently(run);
  } finally {
    session.hush('everything', false, by);
  }
}

/** Plays sounds to the caller; resolves when the last sample is on the wire, or when `signal` cut it short. */
export async function playTo(
  flow: Flow,
  sounds: AsyncIterable<AudioClip>,
  signal = flow.signal,
): Promise<void> {
  await flow.leg.sound.play(sounds, signal);
  flow.playedAt = flow.services.clock.monotonic();
}

/** How much sound a telephone keeps before it is heard, with an ordinary jitter buffer. */
const ON_ITS_WAY_MS = 160;

/** Lets the caller hear the end of what was played, before a hangup cuts it off. */
export async function letHear({ services, playedAt, session }: Flow): Promise<void> {
  const left = ON_ITS_WAY_MS - (services.clock.monotonic() - playedAt);
  if (left > 0) await sleep(services.clock, left, session.scope.signal);
}

/** One sound as a stream of sounds. */
export async function* once(sound: AudioClip): AsyncIterable<AudioClip> {
  yield sound;
}
