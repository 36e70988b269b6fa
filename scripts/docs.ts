import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { withGraph } from './dependency-graph.ts';
import { references } from './reference/index.ts';
import { thirdParty } from './third-party/index.ts';

// Writes docs/reference/, THIRD_PARTY.md, and the graph in ARCHITECTURE.md; with --check it only lists the files that are out of date.
const root = resolve(import.meta.dirname, '..');

function onDisk(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const files = [
  ...Object.entries(references()).map(([name, text]) => [`docs/reference/${name}`, text] as const),
  ['THIRD_PARTY.md', thirdParty()] as const,
  ['ARCHITECTURE.md', await withGraph(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))] as const,
];
const stale = files.filter(([name, text]) => onDisk(join(root, name)) !== text);
if (process.argv.includes('--check')) {
  for (const [name] of stale) console.error(`${name} is out of date: npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of stale) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  console.log(`${stale.length} of ${files.length} files written`);
}
