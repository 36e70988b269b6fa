import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Where a WAV file says how long its sound is, and what it says while it is being written. */
const LENGTH_AT = 40;
const UNKNOWN = 0xffffffff;

/** Recordings that were over at a kill, though nobody had been told: their files say their length already. */
export class OverBefore {
  readonly ids = new Set<string>();
  #seen = new Set<string>();

  /** Looks at the files as a kill has left them, those that are new since the last look. */
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
