import { serveJobs } from '../core/index.ts';
import { decodeSound } from './sound-file.ts';

/** Signaling and playing sound have priority over decoding. */
const NICE = 5;

/** Takes whole files and returns samples in memory that threads share. */
serveJobs<Uint8Array, Int16Array<SharedArrayBuffer>>(NICE, async (file) => (await decodeSound(file)).samples);
