import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Arrival, Route } from '../calls/index.ts';
import { seededRandom, silentLog } from '../core/index.ts';
import { normalizeNumber, withPlus } from '../directory/index.ts';
import type { CallingTrunk } from './called.ts';
import { createInboundDoor, createOptionsHook, type InboundPorts } from './inbound.ts';
import { PhoneIdentity } from './phone-identity.ts';
import { type Bench, type FarEnd, HERE, makeBench } from './testing/bench.ts';

const CARRIER = '10.0.0.8';
const MACHINE = '10.0.0.5';
const trunk: CallingTrunk = { customerId: null, username: 'acct4711', country: 'US' };

let bench: Bench;
let arrivals: Arrival[];
let carrier: FarEnd;
let machine: FarEnd;

beforeEach(async () => {
  bench = await makeBench();
  arrivals = [];
  const { clock, agent, engine: media } = bench;
  const trunksAt = (address: string) => (address === CARRIER ? [trunk] : []);
  const route = (number: string) =>
    number === '+15550100001' ? ({ customerId: 'cust_1' } as Route) : undefined;
  const ports: InboundPorts = {
    ...{ media, random: seededRandom(4), log: silentLog, publicAddress: undefined },
    phones: new PhoneIdentity({ find: () => undefined, realm: 'minivoice', clock, random: seededRandom(9) }),
    ...{ trunksAt, route, normalizeNumber, withPlus },
    trunkOwners: (address) => trunksAt(address).map(({ customerId }) => customerId),
    reachesNumber: () => true,
    isTrusted: (address) => address === MACHINE,
    isRegisteredAt: () => false,
    refused: () => {},
    proven: () => {},
    open: () => true,
    noPorts: () => {},
    routeOfPhone: () => undefined,
    arrive: (arrival) => arrivals.push(arrival),
  };
  agent.onInvite = createInboundDoor(ports);
  agent.onOptions = createOptionsHook(ports);
  carrier = await bench.farEnd(CARRIER, () => {});
  machine = await bench.farEnd(MACHINE, () => {});
});

afterEach(() => bench.end());

async function call(from: string, far = carrier, headers: [string, string][] = []) {
  const options = { target: `sip:5550100001@${HERE}`, from, sdp: far.sdp, headers };
  const sent = far.agent.invite(
    far === carrier ? options : { ...options, target: `sip:+15550100001@${HERE}` },
  );
  await bench.clock.advance(100);
  return sent;
}

describe("a carrier's call", () => {
  test.each([
    ['sip:5557654321@carrier.example', '+15557654321'],
    ['sip:+15557654321@carrier.example', '+15557654321'],
    ['<tel:7654321;phone-context=+1-555>', '+15557654321'],
    ['<sip:5557654321;phone-context=+1@carrier.example;user=phone>', '+15557654321'],
    ['ACME (Main) <sip:0114930123456@carrier.example>', '+4930123456'],
    ['<sip:493012345678@carrier.example>', '493012345678'],
    ['<sip:@carrier.example>', 'anonymous'],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', 'anonymous'],
  ])('from %s is from %s', async (from, number) => {
    await call(from);
    expect(arrivals).toMatchObject([{ from: number, to: '+15550100001' }]);
  });

  test('has the header fields that it came with', async () => {
    await call('sip:+15557654321@x', carrier, [
      ['P-Asserted-Identity', '<tel:+15557654321>'],
      ['X-Trace', '7'],
    ]);
    expect(arrivals[0]?.sipHeaders).toEqual({ 'P-Asserted-Identity': '<tel:+15557654321>', 'X-Trace': '7' });
  });
});

test('an identity that no trunk has asserted is not told', async () => {
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
])('OPTIONS %s is answered with %i', async (target, status) => {
  const sent = carrier.agent.request({ method: 'OPTIONS', target, from: 'sip:ping@carrier.example' });
  await bench.clock.advance(100);
  expect((await sent).status).toBe(status);
});
