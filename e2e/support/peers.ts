import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTime } from './priorities.ts';

const onPath = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Why tests with a peer are skipped, as a part of their title; undefined when it is there. */
export const missing = {
  // sipp replays captures through a raw socket.
  sipp: !onPath('sipp')
    ? 'skipped: sipp is not installed (Debian: sip-tester)'
    : process.getuid?.() !== 0
      ? 'skipped: sipp needs root to play captures'
      : undefined,
  baresip: onPath('baresip') ? undefined : 'skipped: baresip is not installed',
};

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// A process that SIGTERM ends by default emits no `exit`.
process.once('SIGTERM', () => process.exit(143));

/** Starts a program, which does not outlive the tests whatever becomes of them. */
export function begin(program: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Starts a program that is a far end with sound. That is another machine in real life: how busy this one is must not
 * delay its packets, where the system allows that.
 */
export function beginPeer(program: string, args: string[], options: SpawnOptions): ChildProcess {
  return realTime ? begin('chrt', ['--rr', '1', program, ...args], options) : begin(program, args, options);
}

/**
 * A UDP port that is free, and so is the second one above it, which sipp binds for pictures. It lies below those that
 * the system hands out by itself, and no other process of tests on this machine gets it while this one lives.
 */
export function freePort(): number {
  const port = 10_000 + 4 * (turn++ % TURNS);
  const free = isReserved(port) && !isBound(port) && !isBound(port + 2);
  return free ? port : freePort();
}

const RESERVATIONS = join(tmpdir(), `minivoice-test-ports-${process.getuid?.() ?? ''}`);

/** Whether the port is kept for this process: by a file with its id, which means nothing when that process is gone. */
function isReserved(port: number): boolean {
  const file = join(RESERVATIONS, String(port));
  try {
    mkdirSync(RESERVATIONS, { recursive: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (isAlive(Number(tailOf(file)))) return false;
    rmSync(file, { force: true });
    return isReserved(port);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where each process of tests begins is by chance, so that two of them seldom ask for the same. */
const TURNS = 2500;
let turn = randomInt(TURNS);

/**
 * Whether a socket on this machine is bound to the port. It reads the kernel's tables: to try to bind the port would
 * take it from a peer that binds it at that moment.
 */
export function isBound(port: number): boolean {
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} `, 'm');
  return TABLES.some((table) => local.test(readFileSync(table, 'latin1')));
}

const TABLES = ['udp', 'udp6', 'tcp', 'tcp6']
  .map((name) => `/proc/net/${name}`)
  .filter((file) => existsSync(file));

/** Tells a sipp that waits for it to hang up: sipp knows its calls by their Call-ID alone. */
export async function nudge(callId: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  const message = [
    'INFO sip:nudge SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-nudge',
    'From: <sip:nudge@127.0.0.1>;tag=nudge',
    'To: <sip:nudge@127.0.0.1>',
    `Call-ID: ${callId}`,
    'CSeq: 1 INFO',
    'Content-Length: 0',
  ];
  socket.send(`${message.join('\r\n')}\r\n\r\n`, port, '127.0.0.1', () => socket.close());
  await once(socket, 'close');
}

/** The end of a text file, for messages; empty when there is none. */
export function tailOf(file: string, lines = 25): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** What the server wrote last, for messages. */
export const logOf = (server: { log: string[] }, lines = 25) =>
  `the server's log:\n${server.log.slice(-lines).join('\n')}`;
