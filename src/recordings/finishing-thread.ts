import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setImmediate as othersTurn } from 'node:timers/promises';
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

/** One for all files: it is filled and hashed in one go, and a file in the system's memory is read in no time. */
const block = Buffer.allocUnsafeSlow(256 * 1024);

/** Size and hash of what can be read back, after it has reached the disk. */
async function measured(path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for (let length = block.length; length === block.length; sizeBytes += length) {
      length = readSync(file.fd, block, 0, block.length, sizeBytes);
      hash.update(block.subarray(0, length));
      await othersTurn();
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
