import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/index.ts';

export interface FileLinkOptions {
  /** How the world reaches REST, without a slash at the end; asked each time, for a port may be found late. */
  publicUrl: () => string;
  /** Kept secret, and the same after a restart. */
  key: Uint8Array;
  clock: Clock;
  /** How long a link opens the file; default a day. */
  seconds?: number;
}

/** Addresses that open one recording's file without a key, for a while. */
export class FileLinks {
  #options: FileLinkOptions;

  constructor(options: FileLinkOptions) {
    this.#options = options;
  }

  /** `<public url>/v1/recordings/<id>/file?expires=<Unix seconds>&signature=<hex>`. */
  url(recordingId: string): string {
    const { clock, publicUrl, seconds = 86_400 } = this.#options;
    const expires = String(Math.floor(clock.now() / 1000) + seconds);
    const signature = this.#sign(recordingId, expires).toString('hex');
    const path = `/v1/recordings/${encodeURIComponent(recordingId)}/file`;
    return `${publicUrl()}${path}?expires=${expires}&signature=${signature}`;
  }

  /** Whether these two, as the query has them, open the file now. Takes the same time for every wrong signature. */
  verify(recordingId: string, expires: string, signature: string): boolean {
    if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const genuine = timingSafeEqual(Buffer.from(signature, 'hex'), this.#sign(recordingId, expires));
    return genuine && Number(expires) * 1000 > this.#options.clock.now();
  }

  #sign(recordingId: string, expires: string): Buffer {
    return createHmac('sha256', this.#options.key).update(`${recordingId}\n${expires}`).digest();
  }
}
