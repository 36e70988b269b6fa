/** How long some work took, and the longest turn of the event loop meanwhile, in milliseconds. */
export interface Blocks {
  ms: number;
  /** By the CPU time of the main thread: other work on the machine does not count. */
  cpuMs: number;
  /** By the wall clock: waiting for the disk counts, and so does other work on the machine. */
  wallMs: number;
}

/** Watches the main thread while it works. */
export async function blocksDuring(work: () => Promise<unknown>): Promise<Blocks> {
  const began = performance.now();
  let [cpuMs, wallMs] = [0, 0];
  let [cpu, wall] = [threadCpuMs(), began];
  let isRunning = true;
  const turn = () => {
    const [cpuNow, now] = [threadCpuMs(), performance.now()];
    cpuMs = Math.max(cpuMs, cpuNow - cpu);
    wallMs = Math.max(wallMs, now - wall);
    [cpu, wall] = [cpuNow, now];
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    isRunning = false;
  }
  const ms = performance.now() - began;
  turn();
  return { ms, cpuMs, wallMs };
}

/** The CPU time that this thread has used. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
