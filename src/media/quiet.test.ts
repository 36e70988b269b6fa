import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeReport } from '../rtp/rtcp.ts';
import { agreement, type MediaHarness, type Party, startHarness } from './testing/harness.ts';

let harness: MediaHarness;
let party: Party;
let reports: number;

beforeEach(async () => {
  harness = await startHarness({ quietSeconds: 10 });
  party = await harness.party(500);
  reports = 0;
  party.sound.quiet.on(() => reports++);
});
afterEach(() => harness.end());

describe('a far end', () => {
  it('that stops sending is reported as quiet, and again each time this long has passed', async () => {
    await harness.clock.advance(30_000);
    party.phone.stopTalking();
    await harness.clock.advance(9900);
    expect(reports).toBe(0);
    await harness.clock.advance(200);
    expect(reports).toBe(1);
    await harness.clock.advance(10_000);
    expect(reports).toBe(2);
  });

  it.each(['sendonly', 'recvonly', 'inactive'] as const)(
    'that holds the call is never quiet (%s)',
    async (direction) => {
      party.phone.stopTalking();
      party.sound.connect(agreement(party.phone, { direction }));
      await harness.clock.advance(100_000);
      expect(reports).toBe(0);
      party.sound.connect(agreement(party.phone));
      await harness.clock.advance(10_100);
      expect(reports).toBe(1);
    },
  );

  it('that only sends RTCP is not quiet', async () => {
    party.phone.stopTalking();
    const { address, port } = party.phone.local;
    const socket = await harness.network.bind({ address, port: port + 1 }, () => {});
    const packet = Buffer.alloc(160);
    const length = writeReport(packet, 1, 'muted', null, null);
    for (let each = 0; each < 10; each++) {
      const { address: to, port: rtp } = party.sound.local;
      socket.send(packet.subarray(0, length), { address: to, port: rtp + 1 });
      await harness.clock.advance(5000);
    }
    expect(reports).toBe(0);
    await socket.close();
  });
});
