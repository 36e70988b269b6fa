import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { cpuMsOf } from './libc.ts';

/** Keeps all threads of a process, also later ones, on one core. Does nothing where there is no taskset. */
export function pin(pid: number, core: number | string): void {
  spawnSync('taskset', ['-a', '-c', '-p', `${core}`, `${pid}`]);
}

const pinned = new Set<number>();

/** Keeps a process that is not ours on one core until this process ends. */
export function pinUntilExit(pid: number, core: number): void {
  if (!pinned.has(pid)) {
    pinned.add(pid);
    const before = /Cpus_allowed_list:\s+(\S+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
    process.once('exit', () => pin(pid, before));
    // A process that Ctrl-C ends by default emits no `exit`.
    process.once('SIGINT', () => process.exit(130));
  }
  pin(pid, core);
}

const cores = availableParallelism();

/** The core of phones and callers: never that of the server if there is another one. */
export const loadCore = (serverCore: number): number => (serverCore + 1) % cores;

/** The core of applications, and of the bench itself: one of their own if there is a third one. */
export const applicationCore = (serverCore: number): number => {
  return cores > 2 ? (serverCore + 2) % cores : loadCore(serverCore);
};

/** The CPU time and memory that a process and its child processes have used so far. */
export interface Usage {
  /** By `performance.now()`. */
  at: number;
  /** CPU of all threads, the ended ones too. */
  cpuMs: number;
  /** CPU of the threads that live, by name. */
  threads: Map<string, number>;
  threadCount: number;
  residentKb: number;
}

export function usageOf(pid: number): Usage {
  const usage = { at: performance.now(), cpuMs: 0, threads: new Map(), threadCount: 0, residentKb: 0 };
  addUsage(usage, pid);
  return usage;
}

function addUsage(usage: Usage, pid: number): void {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  usage.residentKb += Number(resident ?? 0);
  usage.cpuMs += cpuMsOf(pid);
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const read = (file: string) => readFileSync(`/proc/${pid}/task/${task}/${file}`, 'utf8').trim();
    const name = read('comm');
    // proc(5): nanoseconds on a core.
    const ms = Number(read('schedstat').split(' ')[0]) / 1e6;
    usage.threads.set(name, (usage.threads.get(name) ?? 0) + ms);
    usage.threadCount++;
    for (const child of read('children').split(' ')) if (child !== '') addUsage(usage, Number(child));
  }
}

/** What the threads have used between two moments, the largest first, without those under a hundredth of all. */
export function threadsBetween(before: Usage, after: Usage): [name: string, cpuMs: number][] {
  const least = (after.cpuMs - before.cpuMs) / 100;
  return [...after.threads]
    .map(([name, ms]): [string, number] => [name, ms - (before.threads.get(name) ?? 0)])
    .filter(([, ms]) => ms > least)
    .sort(([, a], [, b]) => b - a);
}

/** Packets that the kernel has dropped so far because these UDP ports of this machine were not read in time. */
export function droppedAt(ports: ReadonlySet<number>): number {
  const lines = readFileSync('/proc/net/udp', 'utf8').trim().split('\n').slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => ports.has(Number.parseInt(fields[1]!.split(':')[1]!, 16)))
    .reduce((total, fields) => total + Number(fields.at(-1)), 0);
}
