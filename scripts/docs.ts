import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { references } from './reference/index.ts';

// Writes docs/reference/; with --check it only says which files are not what would be written.
const folder = resolve(import.meta.dirname, '../docs/reference');

function onDisk(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const stale = Object.entries(references()).filter(([name, text]) => onDisk(join(folder, name)) !== text);
if (process.argv.includes('--check')) {
  for (const [name] of stale) console.error(`docs/reference/${name} is out of date: npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
  console.log(`docs/reference: ${stale.length} of ${Object.keys(references()).length} files written`);
}
