import type { Sound } from '../calls/index.ts';
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
  };
  await flow.leg.play(flow.services.speaker.speak(text, options, signal), signal);
}

/** One sound as a stream of sounds. */
export async function* once(sound: Sound): AsyncIterable<Sound> {
  yield sound;
}
