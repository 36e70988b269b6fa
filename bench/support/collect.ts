/**
 * Prints the memory of every thread to stderr at SIGUSR2, after a garbage collection. Load it with `--import`. A line
 * is `{"thread":0,"bytes":12345}`, with heap, buffers, and shared memory.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function tell(): void {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`${JSON.stringify({ thread: threadId, bytes: heapUsed + external })}\n`);
}

const channel = new BroadcastChannel('collect');
channel.onmessage = tell;
channel.unref();
if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('now');
    tell();
  });
}
