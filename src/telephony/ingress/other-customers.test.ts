import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CallRoute } from '../../calls/index.ts';
import { silentLog } from '../../core/index.ts';
import type { SipResponse } from '../../sip/index.ts';
import type { PhoneAccount, PhoneIdentity } from '../phone-identity.ts';
import { type FarEnd, type Harness, HERE, openHarness } from '../testing/harness.ts';
import { attachIngress } from '../testing/ingress.ts';

const account = (username: string, customerId: string) => ({ id: username, username, customerId, ha1: '' });
const BOOK: PhoneAccount[] = [account('anna', 'cust_1'), account('eve', 'cust_2')];
const OTHERS_NUMBER = '+15550100000';

let harness: Harness;
let caller: FarEnd;
let lines: object[];
/** The customers whose trunks call; empty: a phone calls. */
let owners: string[];

beforeEach(async () => {
  harness = await openHarness();
  [lines, owners] = [[], []];
  const find = (name: string) => BOOK.find(({ username }) => username === name);
  attachIngress(harness, find, {
    log: { ...silentLog, warn: (fields) => lines.push(fields) },
    phones: { find, refusal: () => undefined } as unknown as PhoneIdentity,
    sources: {
      trunksAt: () => owners.map((customerId) => ({ customerId, username: null })),
      isPhoneAt: () => true,
    },
    numbers: {
      route: (number) => (number === OTHERS_NUMBER ? ({ customerId: 'cust_2' } as CallRoute) : undefined),
    },
  });
  caller = await harness.farEnd('10.0.0.5', () => {});
});

afterEach(() => harness.end());

/** Calls, expects 404, and returns its Warning. */
async function refusal(to: string, from: string): Promise<string> {
  const target = `sip:${to}@${HERE}`;
  const invite = caller.agent.invite({ target, from: `sip:${from}@${HERE}`, sdp: caller.sdp });
  await harness.clock.advance(100);
  const { status, response } = (await invite.result) as { status: number; response: SipResponse };
  expect(status).toBe(404);
  return response.headers.get('Warning') ?? '';
}

test.each(['eve', OTHERS_NUMBER])(
  'tells a phone that its customer does not have %s, and logs the owner with a hint',
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

test("logs the owner of a number that another customer's trunk calls", async () => {
  owners = ['cust_1'];
  expect(await refusal(OTHERS_NUMBER, '+4930')).toContain(`The number ${OTHERS_NUMBER} is not assigned`);
  expect(lines[0]).toMatchObject({ customer_ids: ['cust_1'], owner_customer_id: 'cust_2' });
  expect(lines.at(-1)).toMatchObject({ status: 404, hint: expect.stringContaining('POST /admin/v1/dids') });
});

test('logs no owner for a number that is not assigned', async () => {
  expect(await refusal('+4930', 'anna')).toContain('no number and no phone +4930');
  expect(lines).toHaveLength(1);
});
