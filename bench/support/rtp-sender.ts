/**
 * A thread that sends a packet of 20 ms for every phone that talks, on an absolute schedule. Phones are independent of
 * each other, so their packets are spread over the 20 ms; with `burst`, all are sent at once.
 */
import { workerData } from 'node:worker_threads';
import { libc, runInRealTime } from './libc.ts';
import { monotonicMs, RtpTable, STREAMS } from './rtp-table.ts';

export type Sending = 'spread' | 'burst';

const { memory, sending } = workerData as { memory: SharedArrayBuffer; sending: Sending };
const table = new RtpTable(memory);
const { send, usleep } = libc();
const PACKET_MS = 20;
const SLOTS = sending === 'spread' ? 40 : 1;
const SLOT_MS = PACKET_MS / SLOTS;
const MSG_DONTWAIT = 0x40;

/** 20 ms of µ-law: a loud square wave, because silence is processed faster. */
const packet = Buffer.alloc(172);
packet[0] = 0x80;
for (let i = 0; i < 160; i++) packet[12 + i] = i % 8 < 4 ? 0x20 : 0xa0;

function sendSlot(slot: number, beat: number): void {
  packet.writeUInt16BE(beat & 0xffff, 2);
  packet.writeUInt32BE((beat * 160) >>> 0, 4);
  const now = monotonicMs();
  for (let stream = slot; stream < STREAMS; stream += SLOTS) {
    if (table.talking[stream] === 0) continue;
    packet.writeUInt32BE(stream + 1, 8);
    send(table.socket[stream]!, packet, packet.length, MSG_DONTWAIT);
    table.sent[stream]!++;
    table.lastSentAt[stream] = now;
  }
}

runInRealTime();
const start = monotonicMs();
for (let turn = 0; table.ended[0] === 0; turn++) {
  const early = start + turn * SLOT_MS - monotonicMs();
  if (early > 0) usleep(Math.ceil(early * 1000));
  sendSlot(turn % SLOTS, Math.floor(turn / SLOTS));
}
