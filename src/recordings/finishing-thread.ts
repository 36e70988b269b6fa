import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { serveJobs } from '../core/index.ts';
import { mp3Beside } from './files.ts';
import type { FinishRequest, FinishResult } from './finisher.ts';

/** No call waits for this work. */
const NICE = 10;

serveJobs<FinishRequest, FinishResult>(NICE, finish);

async function finish({ wav, format }: FinishRequest): Promise<FinishResult> {
  if (format === 'wav') return { finished: { format, ...(await measured(wav)) } };
  try {
    // The encoder is large, and most recordings do not need it.
    const { encodeMp3 } = await import('./mp3.ts');
    await encodeMp3(wav);
    return { finished: { format, ...(await measured(mp3Beside(wav))) } };
  } catch (error) {
    await rm(mp3Beside(wav), { force: true }).catch(() => {});
    return { finished: { format: 'wav', ...(await measured(wav)) }, warning: String(error) };
  }
}

/** One buffer for all files. Reading is synchronous, because a file that was just written is in the page cache. */
const block = Buffer.allocUnsafeSlow(256 * 1024);

/** Flushes a file to disk and computes size and hash of what can be read back. */
async function measured(path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for (let length = block.length; length === block.length; sizeBytes += length) {
      length = readSync(file.fd, block, 0, block.length, sizeBytes);
      hash.update(block.subarray(0, length));
      await yieldToEventLoop();
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}
