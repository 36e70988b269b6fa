import { cpus } from 'node:os';
import { type Row, table } from './row.ts';

/** Every bench, by name: `npm run bench -- media storage` runs those two, without names all of them. */
const benches: Record<string, () => Promise<{ run(): Promise<Row[]> }>> = {
  parse: () => import('./parse.ts'),
  sound: () => import('./sound.ts'),
  speech: () => import('./speech.ts'),
  storage: () => import('./storage.ts'),
  recovery: () => import('./recovery.ts'),
  rest: () => import('./rest.ts'),
  transcribe: () => import('./transcribe.ts'),
  media: () => import('./media.ts'),
  setup: () => import('./setup.ts'),
  ramp: () => import('./ramp.ts'),
  overload: () => import('./overload.ts'),
  outbound: () => import('./outbound.ts'),
  streams: () => import('./streams.ts'),
  stop: () => import('./stop.ts'),
  calls: () => import('./calls.ts'),
  memory: () => import('./memory.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches[name]);
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`);
const rows: Row[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  console.error(`running ${name} …`);
  rows.push(...(await (await benches[name]!()).run()));
}
console.log(table(rows));
