import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { mp3Beside } from './files.ts';
import type { Finished } from './finisher.ts';

export interface Order {
  id: number;
  wav: string;
  format: 'wav' | 'mp3';
}

export type Answer = { id: number } & ({ finished: Finished; warning?: string } | { error: string });

parentPort!.on('message', async ({ id, wav, format }: Order) => {
  try {
    parentPort!.postMessage({ id, ...(await finish(wav, format)) } satisfies Answer);
  } catch (error) {
    parentPort!.postMessage({ id, error: String(error) } satisfies Answer);
  }
});

/** Orders run side by side, a block at a time, so that a short file need not wait for a long one. */
async function finish(wav: string, format: 'wav' | 'mp3'): Promise<{ finished: Finished; warning?: string }> {
  if (format === 'wav') return { finished: { format, ...(await measured(wav)) } };
  try {
    // The encoder is large, and most recordings need none.
    const { encodeMp3 } = await import('./mp3.ts');
    await encodeMp3(wav);
    return { finished: { format, ...(await measured(mp3Beside(wav))) } };
  } catch (error) {
    await rm(mp3Beside(wav), { force: true }).catch(() => {});
    return { finished: { format: 'wav', ...(await measured(wav)) }, warning: String(error) };
  }
}

/** Size and hash of what can be read back, after it has reached the disk. */
async function measured(path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const block of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    hash.update(block);
    sizeBytes += block.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
