/**
 * A thread that sleeps in the kernel until a packet comes for one of its phones, reads it, and sleeps again, as the
 * thread of a real phone does. The sender of the packet therefore pays for waking it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Epoll, libc, runInRealTime } from './libc.ts';
import { RtpTable, STREAMS } from './rtp-table.ts';

const { memory, epoll } = workerData as { memory: SharedArrayBuffer; epoll: number };
const table = new RtpTable(memory);
const { recv, gettid } = libc();
const packet = Buffer.alloc(2048);
/** The last sequence number of each stream, or −1. */
const last = new Int32Array(STREAMS).fill(-1);
/** A larger step is a new stream, not a loss (RFC 3550 A.1). */
const MAX_DROPOUT = 3000;

function read(stream: number): void {
  const length = recv(table.socket[stream]!, packet, packet.length, 0);
  // RFC 5761 §4: RTCP comes to the same port.
  if (length < 12 || (packet[1]! >= 192 && packet[1]! <= 223)) return;
  if (table.received[stream]! === 0) last[stream] = -1;
  table.received[stream]!++;
  const sequence = packet.readUInt16BE(2);
  const step = last[stream] === -1 ? 1 : (sequence - last[stream]!) & 0xffff;
  if (step > 0x10000 - MAX_DROPOUT) table.lost[stream]!--;
  else last[stream] = sequence;
  if (step > 1 && step < MAX_DROPOUT) table.lost[stream]! += step - 1;
}

runInRealTime();
parentPort!.postMessage(gettid());
const sockets = new Epoll(epoll);
while (table.ended[0] === 0) sockets.wait(200, read);
