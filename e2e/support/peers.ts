import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTime } from './priorities.ts';

const onPath = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Why tests with a peer are skipped, as part of their title; undefined if it is installed. */
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

/** Starts a program that never outlives the tests. */
export function begin(program: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Starts a program that is a far end with audio. It stands for another machine, so it has real-time priority where
 * the system allows it: other work on this machine must not delay its packets.
 */
export function beginPeer(program: string, args: string[], options: SpawnOptions): ChildProcess {
  return realTime ? begin('chrt', ['--rr', '1', program, ...args], options) : begin(program, args, options);
}

/**
 * A UDP port that is free, as is the second one above it, which sipp binds for video. It is below the range from which
 * the system chooses ports, and no other test process on this machine gets it while this one lives.
 */
export function freePort(): number {
  const port = 10_000 + 4 * (turn++ % TURNS);
  const free = isReserved(port) && !isBound(port) && !isBound(port + 2);
  return free ? port : freePort();
}

const RESERVATIONS = join(tmpdir(), `minivoice-test-ports-${process.getuid?.() ?? ''}`);

/** Reserves the port by a file with the id of this process, which is ignored when the process has ended. */
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

/** Each test process starts at a random port, so that two of them seldom ask for the same one. */
const TURNS = 2500;
let turn = randomInt(TURNS);

/**
 * Whether a socket on this machine is bound to the port. Reads the kernel's tables, because binding the port to find
 * out would take it from a peer that binds it at that moment.
 */
export function isBound(port: number): boolean {
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} `, 'm');
  return TABLES.some((table) => local.test(readFileSync(table, 'latin1')));
}

const TABLES = ['udp', 'udp6', 'tcp', 'tcp6']
  .map((name) => `/proc/net/${name}`)
  .filter((file) => existsSync(file));

/** Makes a waiting sipp hang up. sipp identifies its calls by Call-ID only. */
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

/** The end of a text file, for error messages; empty if it does not exist. */
export function tailOf(file: string, lines = 25): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** The last log lines of the server, for error messages. */
export const logOf = (server: { log: string[] }, lines = 25) =>
  `the server's log:\n${server.log.slice(-lines).join('\n')}`;
