import { serveJobs } from '../core/index.ts';
import { decodeSound } from './decode.ts';

/** It gives way to signaling and to sound that is already playing. */
const NICE = 5;

/** Files come whole; samples go back in memory that threads share. */
serveJobs<Uint8Array, Int16Array<SharedArrayBuffer>>(NICE, async (file) => (await decodeSound(file)).samples);
