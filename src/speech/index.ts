/**
 * Speech: text to speech for `say`, prompts and the error prompt; speech to text for recordings. English is built in. Text is spoken sentence by sentence, and the sound of each sentence is cached.
 */
export type { Transcription } from './recognizer/child.ts';
export type { ModelName } from './recognizer/models.ts';
export type { MutedRange } from './recognizer/process.ts';
export { createRecognizer, type Recognizer, type RecognizerSettings } from './recognizer/recognizer.ts';
export { readRecording, type SoundChunk } from './recognizer/recording-reader.ts';
export { splitAtQuiet } from './recognizer/split.ts';
export {
  createServerSpeaker,
  type ServerSpeakerOptions,
  type SpeechServer,
} from './server/server-speaker.ts';
export { createSpeaker, type Speaker, type SpeakerSettings, type SpeechOptions } from './speaker.ts';
export type { Voice } from './voices.ts';
