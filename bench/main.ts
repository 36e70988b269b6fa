import { cpus } from 'node:os';
import { type Row, table } from './row.ts';

type Bench = { about: string; load: () => Promise<{ run(): Promise<Row[]> }> };

const benches: Record<string, Bench> = {
  parse: { about: 'parsing and writing an INVITE', load: () => import('./parse.ts') },
  sound: { about: 'the arithmetic of 20 ms of audio, step by step', load: () => import('./sound.ts') },
  speech: { about: 'speech synthesis: latency and CPU', load: () => import('./speech.ts') },
  storage: { about: 'database writes of calls', load: () => import('./storage.ts') },
  recovery: { about: 'a start after a crash, and deleting old calls', load: () => import('./recovery.ts') },
  rest: { about: 'the longest block of the main thread per REST route', load: () => import('./rest.ts') },
  transcribe: { about: 'accuracy and speed of transcription', load: () => import('./transcribe.ts') },
  media: {
    about: 'calls, bridges, conferences, and streams on media threads',
    load: () => import('./media.ts'),
  },
  setup: { about: 'call set-up with sipp: CPU per call, latency', load: () => import('./setup.ts') },
  ramp: { about: 'a ramp to 400 calls on one core', load: () => import('./ramp.ts') },
  overload: { about: 'running calls while too many new ones arrive', load: () => import('./overload.ts') },
  outbound: { about: 'outbound calls over REST', load: () => import('./outbound.ts') },
  streams: { about: 'frames of live streams', load: () => import('./streams.ts') },
  stop: { about: 'from a stop to recording.completed', load: () => import('./stop.ts') },
  calls: { about: 'recorded calls in the complete server', load: () => import('./calls.ts') },
  memory: { about: 'memory of calls, and leaks', load: () => import('./memory.ts') },
};

const HELP = `Measures the performance of MiniVoice on this machine, and prints a table.

  npm run bench                    all benches, about 20 minutes
  npm run bench -- media storage   some of them

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(11)} ${about}`)
  .join('\n')}

Other work on the machine distorts the results. Compare only results of the same machine and the same day.
`;

const wanted = process.argv.slice(2);
if (wanted.includes('--help') || wanted.includes('-h')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const unknown = wanted.filter((name) => !benches[name]);
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}.\n\n${HELP}`);
  process.exit(2);
}

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`);
const rows: Row[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  console.error(`running ${name} …`);
  rows.push(...(await (await benches[name]!.load()).run()));
}
console.log(table(rows));
