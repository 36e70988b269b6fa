import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

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

/** Starts a program, which does not outlive the tests whatever becomes of them. */
export function begin(program: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, options);
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}

/** A UDP port that is free now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
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
