import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from '../../e2e/support/server.ts';

/** Keeps all threads of a process, those to come too, on one processor. Does nothing where there is no taskset. */
export function pin(pid: number, processor: number): void {
  spawnSync('taskset', ['-a', '-c', '-p', `${processor}`, `${pid}`]);
}

/** The CPU time and memory that a process has used so far. */
export interface Usage {
  /** CPU of all its threads, the ended ones too. */
  cpuMs: number;
  /** CPU of the threads that live, by name. */
  threads: Map<string, number>;
  residentKb: number;
}

/** proc(5): clock ticks of 10 ms, of the process itself without its children. */
const TICK_MS = 10;

/** Reads the CPU time and memory of a process from /proc. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const threads = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim();
    const nanoseconds = Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    threads.set(name, (threads.get(name) ?? 0) + nanoseconds / 1e6);
  }
  const cpuMs = (Number(stat[11]) + Number(stat[12])) * TICK_MS;
  return { cpuMs, threads, residentKb: Number(resident) };
}

/** Reads the beats of the media threads and the CPU time of a server so far, to compute differences. */
export async function snapshot(server: Server) {
  const [beats, late] = await server.metricValues('media_beats_total', 'media_late_beats_total');
  return { at: performance.now(), beats, late, ...usageOf(server.pid) };
}
