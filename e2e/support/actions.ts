import { Talk } from './pcap.ts';

/** Actions that many tests use. */
export const START = { start_recording: {} };
export const STOP = { stop_recording: {} };
export const wait = (seconds: number) => ({ pause: { seconds } });

/** A caller who sends 440 Hz for eight seconds. */
export const talk = new Talk().tone(440, 8000).packets;
