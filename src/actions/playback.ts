import type { AudioClip } from '../calls/index.ts';
import { explain, sleep } from '../core/index.ts';
import type { Flow } from './flow.ts';
import { reorderTone } from './tones.ts';

/** Overrides the application's voice and language. */
export interface VoiceOptions {
  voice?: string | undefined;
  language?: string | undefined;
}

/** Speaks a text to the caller. Resolves when its last sample was sent, or when `signal` aborted it. */
export async function speak(
  flow: Flow,
  text: string,
  { voice, language }: VoiceOptions,
  signal: AbortSignal,
): Promise<void> {
  const { session, services, settings } = flow;
  const isSensitive = session.isSensitive(text);
  const options = {
    voice: voice ?? settings.voice ?? undefined,
    language: language ?? settings.language ?? undefined,
    applicationId: session.record.applicationId,
    customerId: session.record.customerId,
    callId: session.id,
    isSensitive,
  };
  const clips = services.speaker.speak(text, options, signal);
  const play = () => playClips(flow, clips, signal);
  await (isSensitive ? holdingEverythingBack(flow, play) : play());
}

/** Keeps the call out of recordings and streams while `run` is pending. */
async function holdingEverythingBack({ session, services }: Flow, run: () => Promise<void>): Promise<void> {
  const by = {};
  session.holdBack('everything', true, by);
  try {
    await services.recorder(session).silently(run);
  } finally {
    session.holdBack('everything', false, by);
  }
}

/** Plays clips to the caller. Resolves when the last sample was sent, or when `signal` aborted it. */
export async function playClips(
  flow: Flow,
  clips: AsyncIterable<AudioClip>,
  signal = flow.signal,
): Promise<void> {
  await flow.leg.sound.play(clips, signal);
  flow.playedAt = flow.services.clock.monotonic();
}

/** A single clip as a stream of clips. */
export async function* oneClip(clip: AudioClip): AsyncIterable<AudioClip> {
  yield clip;
}

/** The time that sound spends in the network and in an ordinary jitter buffer, in milliseconds. */
const NETWORK_DELAY_MS = 160;

/** Waits until the caller has heard the end of the last playback, so that a hangup does not cut it off. */
export async function waitUntilHeard({ services, playedAt, session }: Flow): Promise<void> {
  const left = NETWORK_DELAY_MS - (services.clock.monotonic() - playedAt);
  if (left > 0) await sleep(services.clock, left, session.scope.signal);
}

const ERROR_PROMPT = 'We are sorry, an error has occurred. Please try again later. Goodbye.';

/** Speaks the application's error prompt, or the default one; plays a reorder tone if that fails. */
export async function playErrorPrompt(flow: Flow): Promise<void> {
  try {
    await speak(flow, flow.settings.faultMessage ?? ERROR_PROMPT, {}, flow.signal);
  } catch (error) {
    flow.signal.throwIfAborted();
    flow.session.log.error({ error: explain(error) }, 'could not speak the error prompt');
    await playClips(flow, oneClip(reorderTone()));
  }
}
