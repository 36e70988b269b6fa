import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Route } from '../calls/index.ts';
import { seededRandom, silentLog } from '../core/index.ts';
import type { SipResponse } from '../sip/index.ts';
import { createInboundDoor } from './inbound.ts';
import type { PhoneAccount, PhoneIdentity } from './phone-identity.ts';
import { type Bench, type FarEnd, HERE, makeBench } from './testing/bench.ts';

const account = (username: string, customerId: string) => ({ id: username, username, customerId, ha1: '' });
const BOOK: PhoneAccount[] = [account('anna', 'cust_1'), account('eve', 'cust_2')];
const OTHERS_NUMBER = '+15550100000';

let bench: Bench;
let caller: FarEnd;
let lines: object[];
/** Whose trunk the caller is; empty: it is a phone. */
let owners: string[];

beforeEach(async () => {
  bench = await makeBench();
  [lines, owners] = [[], []];
  const find = (name: string) => BOOK.find(({ username }) => username === name);
  bench.agent.onInvite = createInboundDoor({
    ...{ media: bench.engine, random: seededRandom(4), publicAddress: undefined },
    log: { ...silentLog, warn: (fields) => lines.push(fields) },
    phones: { find, refusal: () => undefined } as unknown as PhoneIdentity,
    trunkOwners: () => owners,
    trunksAt: () => owners.map((customerId) => ({ customerId, username: null })),
    reachesNumber: () => false,
    isTrusted: () => false,
    isRegisteredAt: () => true,
    refused: () => {},
    proven: () => {},
    open: () => true,
    noPorts: () => {},
    normalizeNumber: (user) => user,
    withPlus: () => undefined,
    route: (number) => (number === OTHERS_NUMBER ? ({ customerId: 'cust_2' } as Route) : undefined),
    routeOfPhone: () => undefined,
    arrive: () => {},
  });
  caller = await bench.farEnd('10.0.0.5', () => {});
});

afterEach(() => bench.end());

/** The Warning of the refusal. */
async function refusal(to: string, from: string): Promise<string> {
  const target = `sip:${to}@${HERE}`;
  const invite = caller.agent.invite({ target, from: `sip:${from}@${HERE}`, sdp: caller.sdp });
  await bench.clock.advance(100);
  const { status, response } = (await invite.result) as { status: number; response: SipResponse };
  expect(status).toBe(404);
  return response.headers.get('Warning') ?? '';
}

test.each(['eve', OTHERS_NUMBER])(
  "a phone that calls another customer's %s learns that its own has none, and the log says what to do",
  async (to) => {
    const warning = await refusal(to, 'anna');
    expect(warning).toContain(`The customer of this phone has no number and no phone ${to}`);
    expect(warning).not.toContain('cust_');
    expect(lines[0]).toMatchObject({
      ...{ phone: 'anna', customer_id: 'cust_1', to, owner_customer_id: 'cust_2' },
      hint: expect.stringContaining('create the phone with a key of the customer who has the number'),
    });
  },
);

test("a customer's trunk that calls another customer's number is named in the log too", async () => {
  owners = ['cust_1'];
  expect(await refusal(OTHERS_NUMBER, '+4930')).toContain(`Nobody has the number ${OTHERS_NUMBER}`);
  expect(lines[0]).toMatchObject({ customer_ids: ['cust_1'], owner_customer_id: 'cust_2' });
  expect(lines.at(-1)).toMatchObject({ status: 404, hint: expect.stringContaining('POST /admin/v1/dids') });
});

test('a number that nobody has is no matter for the operator', async () => {
  expect(await refusal('+4930', 'anna')).toContain('no number and no phone +4930');
  expect(lines).toHaveLength(1);
});
