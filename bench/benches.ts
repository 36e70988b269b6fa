import type { Options, OptionsOfBench } from './options.ts';
import type { Row } from './row.ts';

/** A bench as the command line knows it. */
export interface Bench {
  about: string;
  /** What can be chosen, with the defaults of this bench; see `options.ts`. */
  options: OptionsOfBench;
  load(): Promise<(options: Options) => Promise<Row[]>>;
}

/** Options of benches that start MiniVoice. */
const MINIVOICE: OptionsOfBench = { core: '', directory: '', profile: '' };
/** Options of benches that can also measure another server. */
const ANY_SERVER: OptionsOfBench = { ...MINIVOICE, server: '', pid: '', alternate: '' };
/** Options of benches with running calls. */
const TALK: OptionsOfBench = {
  ...{ rate: '', seconds: '', inband: '', sending: '', readers: '', phones: '' },
  ...ANY_SERVER,
};

export const benches: Record<string, Bench> = {
  calls: {
    about: 'running recorded calls: CPU, losses, refusals',
    options: { calls: '200', ...TALK },
    load: async () => (await import('./calls.ts')).recordedCalls,
  },
  pairs: {
    about: 'running bridged calls, recorded',
    options: { calls: '100', ...TALK, rate: '25' },
    load: async () => (await import('./calls.ts')).recordedPairs,
  },
  conference: {
    about: 'the parties of one conference',
    options: { calls: '100', ...TALK },
    load: async () => (await import('./calls.ts')).conference,
  },
  streamed: {
    about: 'calls with a live stream to a WebSocket',
    options: { calls: '100', ...TALK },
    load: async () => (await import('./calls.ts')).streamedCalls,
  },
  setup: {
    about: 'setting up and ending calls: CPU, latency, refusals',
    options: { rate: '300', seconds: '8', cold: '', ...ANY_SERVER },
    load: async () => (await import('./setup.ts')).run,
  },
  idle: {
    about: 'a process without calls: start, memory, CPU',
    options: { seconds: '20', ...MINIVOICE },
    load: async () => (await import('./idle.ts')).run,
  },
  stop: {
    about: 'from the stop of a recording to recording.completed',
    options: { calls: '100', ...MINIVOICE },
    load: async () => (await import('./stop.ts')).run,
  },
  memory: {
    about: 'memory of calls, and leaks',
    options: { calls: '200', short: '10000', ...MINIVOICE },
    load: async () => (await import('./memory.ts')).run,
  },
  overload: {
    about: 'running calls while too many new ones arrive',
    options: { calls: '50', rate: '900', seconds: '20', ...MINIVOICE },
    load: async () => (await import('./overload.ts')).run,
  },
  outbound: {
    about: 'outbound calls over REST',
    options: { rate: '200', seconds: '8', ...MINIVOICE },
    load: async () => (await import('./outbound.ts')).run,
  },
  parse: {
    about: 'parsing and writing an INVITE',
    options: {},
    load: async () => (await import('./parse.ts')).run,
  },
  sound: {
    about: 'the arithmetic of 20 ms of audio, step by step',
    options: {},
    load: async () => (await import('./sound.ts')).run,
  },
  speech: {
    about: 'speech synthesis: latency and CPU',
    options: {},
    load: async () => (await import('./speech.ts')).run,
  },
  storage: {
    about: 'database writes of calls',
    options: {},
    load: async () => (await import('./storage.ts')).run,
  },
  recovery: {
    about: 'a start after a crash, and deleting old calls',
    options: {},
    load: async () => (await import('./recovery.ts')).run,
  },
  growth: {
    about: 'a database with many calls: writes, lists, search, usage, retention',
    options: { calls: '10000,1000000', keep: '' },
    load: async () => (await import('./growth.ts')).run,
  },
  rest: {
    about: 'the longest block of the main thread per REST route',
    options: {},
    load: async () => (await import('./rest.ts')).run,
  },
  streams: {
    about: 'CPU of a frame of a live stream',
    options: {},
    load: async () => (await import('./streams.ts')).run,
  },
  transcribe: {
    about: 'accuracy and speed of transcription',
    options: {},
    load: async () => (await import('./transcribe.ts')).run,
  },
};
