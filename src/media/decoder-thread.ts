import { parentPort } from 'node:worker_threads';
import { explain, Failure } from '../kit/index.ts';
import { decodeSound } from './decode.ts';

/** A file to decode. */
export interface DecoderOrder {
  job: number;
  bytes: Uint8Array;
}

/** Its sound, or why there is none. */
export type DecoderAnswer =
  | { job: number; samples: Int16Array<SharedArrayBuffer> }
  | { job: number; code: string; message: string };

parentPort!.on('message', async ({ job, bytes }: DecoderOrder) => {
  parentPort!.postMessage(await answer(job, bytes));
});

async function answer(job: number, bytes: Uint8Array): Promise<DecoderAnswer> {
  try {
    return { job, samples: (await decodeSound(bytes)).samples };
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'unsupported_sound';
    return { job, code, message: explain(error) };
  }
}
