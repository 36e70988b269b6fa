import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { serveJobs } from '../core/index.ts';
import { mp3Beside } from './files.ts';
import type { Finished } from './finisher.ts';

export interface Order {
  wav: string;
  format: 'wav' | 'mp3';
}

export interface Answer {
  finished: Finished;
  /** Why an MP3 could not be made. */
  warning?: string;
}

/** Nobody waits for it but those who read files afterwards. */
const NICE = 10;

serveJobs<Order, Answer>(NICE, finish);

async function finish({ wav, format }: Order): Promise<Answer> {
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
