/** The entry of a media thread: the system's clock, random numbers, disk and network, and the port of the main thread. */
import { flushCompileCache } from 'node:module';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadOpus } from '../../audio/index.ts';
import { defects, explain, reportDefect, systemClock, systemRandom } from '../../core/index.ts';
import { dgramSockets, rtpSockets } from '../../net/index.ts';
import { MessageBatch } from '../message-batch.ts';
import type { FromThread, ToThread } from '../protocol.ts';
import { MediaThread } from './media-thread.ts';
import { systemFiles } from './recording-file.ts';

const port = parentPort!;
const { counters, host, sockets, nice } = workerData as {
  counters: Float64Array;
  host: string;
  sockets: 'cheapest' | 'dgram';
  nice: number;
};

// Audio cannot wait. On Linux this sets the priority of the calling thread alone; elsewhere, of the whole process.
try {
  if (process.platform === 'linux') setPriority(0, nice);
} catch {
  // Only root may do this. Others run at normal priority.
}

const batch = new MessageBatch<FromThread>(systemClock, (messages) =>
  port.postMessage(
    messages,
    messages.flatMap((message) => (message.type === 'frames' ? [message.audio.buffer] : [])),
  ),
);
const report = (message: FromThread) => batch.add(message);
// The main thread counts and logs defects; this thread and its other calls go on.
defects.on(({ origin, error }) => report({ type: 'defect', origin, cause: explain(error) }));
process.on('uncaughtException', (error) => reportDefect('media.uncaught', error));
process.on('unhandledRejection', (error) => reportDefect('media.unhandled', error));
const note = (fields: object, message: string) => report({ type: 'note', fields, message });
await loadOpus();
const thread = new MediaThread({
  clock: systemClock,
  random: systemRandom,
  sockets: sockets === 'dgram' ? dgramSockets : await rtpSockets(host, { info: note }),
  files: systemFiles,
  counters,
  report,
});
port.on('message', (messages: ToThread[]) => {
  for (const message of messages) thread.take(message);
});
thread.start();
flushCompileCache();
