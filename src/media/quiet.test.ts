import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeReport } from '../rtp/rtcp.ts';
import { agreement, type Bed, makeBed, type Party } from './testing/bed.ts';

let bed: Bed;
let party: Party;
let told: number;

beforeEach(async () => {
  bed = await makeBed({ quietSeconds: 10 });
  party = await bed.party(500);
  told = 0;
  party.audio.quiet.on(() => told++);
});
afterEach(() => bed.end());

describe('a far end', () => {
  it('that sends nothing any more is told of as quiet, and again each time that so long has passed', async () => {
    await bed.clock.advance(30_000);
    party.phone.hush();
    await bed.clock.advance(9900);
    expect(told).toBe(0);
    await bed.clock.advance(200);
    expect(told).toBe(1);
    await bed.clock.advance(10_000);
    expect(told).toBe(2);
  });

  it.each(['sendonly', 'recvonly', 'inactive'] as const)(
    'that holds the call is never quiet (%s)',
    async (direction) => {
      party.phone.hush();
      party.audio.connect(agreement(party.phone, { direction }));
      await bed.clock.advance(100_000);
      expect(told).toBe(0);
      party.audio.connect(agreement(party.phone));
      await bed.clock.advance(10_100);
      expect(told).toBe(1);
    },
  );

  it('that only sends RTCP is muted, and not gone', async () => {
    party.phone.hush();
    const { address, port } = party.phone.local;
    const socket = await bed.network.bind({ address, port: port + 1 }, () => {});
    const packet = Buffer.alloc(160);
    const length = writeReport(packet, 1, 'muted', null, null);
    for (let each = 0; each < 10; each++) {
      const { address: to, port: rtp } = party.audio.local;
      socket.send(packet.subarray(0, length), { address: to, port: rtp + 1 });
      await bed.clock.advance(5000);
    }
    expect(told).toBe(0);
    await socket.close();
  });
});
