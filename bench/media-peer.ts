/** The phones that `media.ts` calls, in a process of their own. */
import { silentLog, systemClock } from '../src/core/index.ts';
import { Beat } from '../src/media/thread/beat.ts';
import { rtpSockets } from '../src/net/index.ts';

/** Commands from the bench: start the phones, send audio, stop sending, and report the packet counts. */
export type ToPeer =
  | { do: 'call'; host: string; from: number; ports: number[] }
  | { do: 'talk' }
  | { do: 'silence' }
  | { do: 'tell' };
export type FromPeer = { type: 'ready' } | { type: 'counts'; sent: number; received: number };

const packet = Buffer.alloc(172, 0xff);
packet[0] = 0x80;
packet[1] = 0;
let sent = 0;
let received = 0;
let talking = false;

async function call(host: string, from: number, ports: number[]): Promise<void> {
  const sockets = await rtpSockets(host, silentLog);
  const phones = await Promise.all(ports.map((_, i) => sockets.open(host, from + 2 * i)));
  for (const [i, phone] of phones.entries()) phone.connect({ address: host, port: ports[i]! });
  // A loud tone, because silence is processed faster.
  for (let i = 0; i < 160; i++) packet[12 + i] = i % 8 < 4 ? 0x20 : 0xa0;
  const count = () => received++;
  new Beat(systemClock, (beat) => {
    packet.writeUInt16BE(beat & 0xffff, 2);
    packet.writeUInt32BE((beat * 160) >>> 0, 4);
    for (const [i, phone] of phones.entries()) {
      phone.receive(count);
      if (!talking) continue;
      packet.writeUInt32BE(i + 1, 8);
      phone.send(packet, packet.length);
      sent++;
    }
  }).start();
}

process.on('message', (message: ToPeer) => {
  const answer = (message: FromPeer) => process.send!(message);
  if (message.do === 'call')
    void call(message.host, message.from, message.ports).then(() => answer({ type: 'ready' }));
  else if (message.do !== 'tell') talking = message.do === 'talk';
  else answer({ type: 'counts', sent, received });
});
process.on('disconnect', () => process.exit());
