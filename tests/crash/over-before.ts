import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The offset of the data size in a WAV header, and its value while the file is being written. */
const LENGTH_AT = 40;
const UNKNOWN = 0xffffffff;

/** Recordings that had ended at a kill without having been reported: their headers have the final size. */
export class OverBefore {
  readonly ids = new Set<string>();
  #seen = new Set<string>();

  /** Checks the files that are new since the last check, as a kill has left them. */
  look(dataDir: string): void {
    const folder = join(dataDir, 'recordings');
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.wav'),
    );
    for (const name of names) {
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      if (lengthIn(join(folder, name)) !== UNKNOWN) this.ids.add(basename(name, '.wav'));
    }
  }
}

function lengthIn(path: string): number {
  const file = openSync(path, 'r');
  try {
    const length = Buffer.alloc(4);
    return readSync(file, length, 0, 4, LENGTH_AT) === 4 ? length.readUInt32LE() : UNKNOWN;
  } finally {
    closeSync(file);
  }
}
