/**
 * Speech: text to speech for `say`, prompts and the error prompt; speech to text for recordings. English is built in. Text is spoken sentence by sentence, and the sound of each sentence is cached.
 */
export type { Transcription } from './recognizer/child.ts';
export type { MutedRange } from './recognizer/process.ts';
export { createRecognizer, type Recognizer } from './recognizer/recognizer.ts';
export { readRecording } from './recognizer/recording-reader.ts';
export { splitAtQuiet } from './recognizer/split.ts';
export { createServerSpeaker } from './server/server-speaker.ts';
export { createSpeaker, type Speaker } from './speaker.ts';
