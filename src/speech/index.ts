/**
 * Speech: text to sound for what a caller is told by `say`, by a gather's prompt, or by the apology when
 * something has failed, and sound to text for what was said on a recording. English comes with the program; one
 * sentence is one sound, kept for the next time it is said.
 */
export type { Answer as Transcription } from './recogniser/child.ts';
export { cutAtQuiet } from './recogniser/cuts.ts';
export type { ModelName } from './recogniser/models.ts';
export type { Silence } from './recogniser/process.ts';
export { createRecogniser, type Recogniser, type RecogniserSettings } from './recogniser/recogniser.ts';
export { readSound, type Stretch, wavOf } from './recogniser/sound-file.ts';
export {
  createServerSpeaker,
  type ServerSpeakerOptions,
  type SpeechServer,
} from './server/server-speaker.ts';
export { createSpeaker, type Speaker, type SpeakerSettings, type SpeechOptions } from './speaker.ts';
export type { Voice } from './voices.ts';
