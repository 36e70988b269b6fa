/**
 * Text to sound: what a caller is told by `say`, by a gather's prompt, or by the apology when something has
 * failed. English voices come with the program; one sentence is one sound, kept for the next time it is said.
 */
export { createSpeaker, type Speaker, type SpeakerSettings, type SpeechOptions } from './speaker.ts';
