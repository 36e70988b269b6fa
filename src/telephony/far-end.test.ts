import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DialedLeg } from '../calls/index.ts';
import { type Bench, type FarEnd, HERE, makeBench, trunk } from './testing/bench.ts';

let bench: Bench;
let carrier: FarEnd;
let leg: DialedLeg;

beforeEach(async () => {
  bench = await makeBench({}, { quietSeconds: 60 });
  bench.trunks.push(trunk('10.0.0.2'));
  carrier = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
  leg = await bench.dial('+4930123456');
  expect(await bench.outcome(leg)).toBe('answered');
});

afterEach(() => bench.end());

describe('a far end that is gone without a word', () => {
  test('is hung up on when nothing was heard of it for as long as is set', async () => {
    await bench.clock.advance(61_000);
    expect(await leg.ended).toEqual({ by: 'system', reason: 'media_timeout' });
    expect(await carrier.invites[0]!.dialog.ended).toMatchObject({ by: 'remote' });
  });

  test('ends the call with a code, not with a sentence, when it answers no request', async () => {
    carrier.phone.talk({ address: HERE, port: 20_000 });
    bench.network.filter = ({ to }) => to.address !== '10.0.0.2' || to.port !== 5060;
    void leg.refer('sip:else@10.0.0.9', new AbortController().signal).catch(() => {});
    await bench.clock.advance(33_000);
    expect(await leg.ended).toEqual({ by: 'system', reason: 'no_response', sipStatus: 408 });
  });
});
