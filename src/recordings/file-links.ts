import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/index.ts';

export interface FileLinkOptions {
  /** Public URL of the REST API, without a trailing slash. Read for each link: the port may be unknown at the start. */
  publicUrl: () => string;
  /** Secret that stays the same after a restart. */
  key: Uint8Array;
  clock: Clock;
  /** Lifetime of a link; default one day. */
  seconds?: number;
}

/** Signed URLs that give access to one file for a limited time, without an API key. */
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

  /** Reports whether the query parameters of a link are valid now. Compares signatures in constant time. */
  verify(recordingId: string, expires: string, signature: string): boolean {
    if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
    const genuine = timingSafeEqual(Buffer.from(signature, 'hex'), this.#sign(recordingId, expires));
    return genuine && Number(expires) * 1000 > this.#options.clock.now();
  }

  #sign(recordingId: string, expires: string): Buffer {
    return createHmac('sha256', this.#options.key).update(`${recordingId}\n${expires}`).digest();
  }
}
