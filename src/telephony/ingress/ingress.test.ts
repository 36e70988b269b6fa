import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallRoute, InboundCall } from '../../calls/index.ts';
import { Failure } from '../../core/index.ts';
import { normalizeNumber, withPlus } from '../../directory/index.ts';
import type { PhoneIdentity } from '../phone-identity.ts';
import { type FarEnd, type Harness, HERE, openHarness } from '../testing/harness.ts';
import { attachIngress } from '../testing/ingress.ts';
import type { CallingTrunk } from './identify.ts';
import type { IngressDeps } from './ingress.ts';

const CARRIER = '10.0.0.8';
const MACHINE = '10.0.0.5';
const trunk: CallingTrunk = { customerId: null, username: 'acct4711', country: 'US' };

let harness: Harness;
let arrivals: InboundCall[];
let carrier: FarEnd;
let machine: FarEnd;

beforeEach(async () => {
  harness = await openHarness();
  const route = (number: string) =>
    number === '+15550100001' ? ({ customerId: 'cust_1' } as CallRoute) : undefined;
  ({ arrivals } = attachIngress(harness, () => undefined, {
    sources: {
      trunksAt: (address) => (address === CARRIER ? [trunk] : []),
      isTrusted: (address) => address === MACHINE,
    },
    numbers: { route, normalizeNumber, withPlus },
  }));
  carrier = await harness.farEnd(CARRIER, () => {});
  machine = await harness.farEnd(MACHINE, () => {});
});

afterEach(() => harness.end());

async function call(from: string, far = carrier, headers: [string, string][] = []) {
  const options = { target: `sip:5550100001@${HERE}`, from, sdp: far.sdp, headers };
  const sent = far.agent.invite(
    far === carrier ? options : { ...options, target: `sip:+15550100001@${HERE}` },
  );
  await harness.clock.advance(100);
  return sent;
}

describe('a call from a carrier', () => {
  test.each([
    ['sip:5557654321@carrier.example', '+15557654321'],
    ['sip:+15557654321@carrier.example', '+15557654321'],
    ['<tel:7654321;phone-context=+1-555>', '+15557654321'],
    ['<sip:5557654321;phone-context=+1@carrier.example;user=phone>', '+15557654321'],
    ['ACME (Main) <sip:0114930123456@carrier.example>', '+4930123456'],
    ['<sip:493012345678@carrier.example>', '493012345678'],
    ['<sip:@carrier.example>', 'anonymous'],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', 'anonymous'],
  ])('with From: %s has the caller %s', async (from, number) => {
    await call(from);
    expect(arrivals).toMatchObject([{ from: number, to: '+15550100001' }]);
  });

  test('passes header fields on to the application', async () => {
    await call('sip:+15557654321@x', carrier, [
      ['P-Asserted-Identity', '<tel:+15557654321>'],
      ['X-Trace', '7'],
    ]);
    expect(arrivals[0]?.sipHeaders).toEqual({ 'P-Asserted-Identity': '<tel:+15557654321>', 'X-Trace': '7' });
  });
});

test('drops a P-Asserted-Identity that does not come from a trunk', async () => {
  await call('sip:+15557654321@x', machine, [
    ['P-Asserted-Identity', '<tel:+112>'],
    ['X-Trace', '7'],
  ]);
  expect(arrivals[0]?.sipHeaders).toEqual({ 'X-Trace': '7' });
});

test.each([
  [`sip:${HERE}`, 200],
  [`sip:+15550100001@${HERE}`, 200],
  [`sip:5550100001@${HERE}`, 200],
  [`sip:acct4711@${HERE}`, 200],
  [`sip:minivoice@${HERE}`, 200],
  [`sip:+15550100002@${HERE}`, 404],
  [`sip:nobody@${HERE}`, 404],
])('answers OPTIONS %s with %i', async (target, status) => {
  const sent = carrier.agent.request({ method: 'OPTIONS', target, from: 'sip:ping@carrier.example' });
  await harness.clock.advance(100);
  expect((await sent).status).toBe(status);
});

describe('without capacity', () => {
  const UNKNOWN = '10.0.0.7';
  const phone = (username: string) => ({ id: username, username, customerId: 'cust_1', ha1: '' });

  async function statusOf(address: string, number: string, from = 'sip:anna@x'): Promise<string> {
    const far = await harness.farEnd(address, () => {});
    const sent = far.agent.invite({ target: `sip:${number}@${HERE}`, from, sdp: far.sdp, timeoutMs: 1000 });
    await harness.clock.advance(1500);
    const result = await sent.result;
    return result.kind === 'refused' ? `${result.status}${sent.responded ? '' : ' unheard'}` : 'accepted';
  }

  async function openWithout(admission: Partial<IngressDeps['admission']>): Promise<void> {
    await harness.end();
    harness = await openHarness();
    const refusal = () => undefined;
    ({ arrivals } = attachIngress(harness, phone, {
      phones: { find: phone, refusal } as unknown as PhoneIdentity,
      admission: { admit: () => 'max_calls', ...admission },
      sources: { trunksAt: (address) => (address === CARRIER ? [trunk] : []) },
      numbers: {
        route: (number) => (number === '+15550100001' ? ({ customerId: 'cust_1' } as CallRoute) : undefined),
        routeOfPhone: (_, number) => (number === 'ben' ? ({ customerId: 'cust_1' } as CallRoute) : undefined),
      },
    }));
  }

  test('refuses known sources with 503 before it routes their calls', async () => {
    await openWithout({});
    expect(await statusOf(CARRIER, '+15550100002')).toBe('503');
  });

  test('refuses unknown sources with 503 only after it has routed their calls', async () => {
    await openWithout({});
    expect(await statusOf(UNKNOWN, 'eve')).toBe('404');
    expect(await statusOf('10.0.0.6', 'ben')).toBe('503');
    expect(arrivals).toEqual([]);
  });

  test.each([CARRIER, UNKNOWN])('sends no response to an INVITE from %s while saturated', async (address) => {
    await openWithout({ isSaturated: true });
    expect(await statusOf(address, '+15550100001')).toMatch(/unheard$/);
  });

  test('refuses OPTIONS with 503 while the server stops', async () => {
    await openWithout({ refusalCause: 'draining' });
    const { agent } = await harness.farEnd(CARRIER, () => {});
    const sent = agent.request({ method: 'OPTIONS', target: `sip:${HERE}`, from: 'sip:ping@x' });
    await harness.clock.advance(100);
    expect((await sent).status).toBe(503);
  });
});

describe('a call that waits for the main thread', () => {
  let begin: () => void;
  let stop: () => void;
  let waiting: number;

  beforeEach(async () => {
    await harness.end();
    harness = await openHarness();
    waiting = 0;
    const turn = new Promise<void>((resolve, reject) => {
      begin = resolve;
      stop = () => reject(new Failure('overloaded', 'no call can begin now'));
    });
    ({ arrivals } = attachIngress(harness, () => undefined, {
      admission: {
        begin(start, canceled) {
          waiting++;
          return Promise.race([turn, canceled]).then(() => {
            waiting--;
            return start();
          });
        },
      },
      sources: { trunksAt: () => [trunk] },
      numbers: { route: () => ({ customerId: 'cust_1' }) as CallRoute, normalizeNumber, withPlus },
    }));
    carrier = await harness.farEnd(CARRIER, () => {});
  });

  test('gets 100 before its caller retransmits, and begins when it is its turn', async () => {
    const sent = await call('sip:+15557654321@x');
    await harness.clock.advance(300);
    expect(sent.responded).toBe(true);
    expect(arrivals).toEqual([]);
    begin();
    await harness.clock.advance(100);
    expect(arrivals).toHaveLength(1);
  });

  test('is refused with 503 when the server stops before its turn', async () => {
    const sent = await call('sip:+15557654321@x');
    stop();
    await harness.clock.advance(100);
    expect(await sent.result).toMatchObject({ kind: 'refused', status: 503 });
    expect(arrivals).toEqual([]);
  });

  test('waits no longer and does not begin when its caller has hung up', async () => {
    const sent = await call('sip:+15557654321@x');
    await harness.clock.advance(300);
    expect(waiting).toBe(1);
    sent.cancel();
    await harness.clock.advance(100);
    expect(waiting).toBe(0);
    begin();
    await harness.clock.advance(100);
    expect(arrivals).toEqual([]);
  });
});
