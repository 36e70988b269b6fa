/** The entry of a media thread: the machine's clock, chance, disk and network, and the wire to the main thread. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadOpus } from '../../audio/index.ts';
import { defects, explain, reportDefect, systemClock, systemRandom } from '../../core/index.ts';
import { dgramSockets, rtpSockets } from '../../net/index.ts';
import type { Command, Report } from '../protocol.ts';
import { systemFiles } from './files.ts';
import { MediaThread } from './media-thread.ts';

const port = parentPort!;
const { figures, host, sockets, nice } = workerData as {
  figures: Float64Array;
  host: string;
  sockets: 'cheapest' | 'dgram';
  nice: number;
};

// Sound cannot wait. On Linux this is said of the calling thread alone; elsewhere it would be said of the whole process.
try {
  if (process.platform === 'linux') setPriority(0, nice);
} catch {
  // Only root may; everybody else shares the machine as it comes.
}

const report = (report: Report) =>
  port.postMessage(report, report.told === 'streamed' ? [report.sound.buffer] : []);
// The main thread counts and logs defects; this thread and its other calls go on.
defects.on(({ origin, error }) => report({ told: 'defect', origin, cause: explain(error) }));
process.on('uncaughtException', (error) => reportDefect('media.uncaught', error));
process.on('unhandledRejection', (error) => reportDefect('media.unhandled', error));
const note = (fields: object, message: string) => report({ told: 'note', fields, message });
await loadOpus();
const thread = new MediaThread({
  clock: systemClock,
  random: systemRandom,
  sockets: sockets === 'dgram' ? dgramSockets : await rtpSockets(host, { info: note }),
  files: systemFiles,
  figures,
  report,
});
port.on('message', (command: Command) => thread.do(command));
thread.start();
