import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DialedLeg } from '../calls/index.ts';
import { type FarEnd, type Harness, HERE, openHarness, trunk } from './testing/harness.ts';

let harness: Harness;
let carrier: FarEnd;
let leg: DialedLeg;

beforeEach(async () => {
  harness = await openHarness({}, { quietSeconds: 60 });
  harness.trunks.push(trunk('10.0.0.2'));
  carrier = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
  leg = await harness.dial('+4930123456');
  expect(await harness.outcome(leg)).toBe('answered');
});

afterEach(() => harness.end());

describe('a far end that disappears', () => {
  test('gets BYE after the configured time without media', async () => {
    await harness.clock.advance(61_000);
    expect(await leg.ended).toEqual({ by: 'system', reason: 'media_timeout' });
    expect(await carrier.invites[0]!.dialog.ended).toMatchObject({ by: 'remote' });
  });

  test('ends the call with no_response when it does not answer a request', async () => {
    carrier.phone.talk({ address: HERE, port: 20_000 });
    harness.network.filter = ({ to }) => to.address !== '10.0.0.2' || to.port !== 5060;
    void leg.refer('sip:else@10.0.0.9', new AbortController().signal).catch(() => {});
    await harness.clock.advance(33_000);
    expect(await leg.ended).toEqual({ by: 'system', reason: 'no_response', sipStatus: 408 });
  });
});
