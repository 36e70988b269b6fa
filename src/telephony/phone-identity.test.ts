import { expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { answerChallenge, createRequest, ha1, parseChallenge } from '../sip/index.ts';
import { PhoneIdentity } from './phone-identity.ts';

const REALM = 'minivoice';
const HERE = '10.0.0.1';
const FROM = { address: '10.0.0.7' };
const anna = {
  id: 'phone_anna',
  username: 'anna',
  customerId: 'cust_1',
  ha1: ha1('MD5', 'anna', REALM, 'secret'),
};

test('what a phone has proven for one destination does not open another', () => {
  const isOurs = (host: string) => host === 'pbx.example';
  const identity = new PhoneIdentity({
    find: () => anna,
    realm: REALM,
    isOurs,
    clock: new VirtualClock(),
    random: seededRandom(9),
  });
  const invite = (uri: string, fields: [string, string][] = []) => {
    const request = createRequest({ method: 'INVITE', uri });
    for (const [name, value] of fields) request.headers.append(name, value);
    return request;
  };
  const answerTo = (uri: string) => {
    const asked = identity.refusal(anna, invite(uri), FROM);
    const [[, value]] = [...asked!.headers!] as [[string, string]];
    const asks = parseChallenge(value)!;
    const login = { username: 'anna', password: 'secret', nonceCount: 1, cnonce: 'c' };
    return answerChallenge({ challenge: asks, method: 'INVITE', uri, ...login });
  };
  const proof = answerTo(`sip:ben@${HERE}`);
  const sent = (uri: string, proof: string, from = FROM) =>
    identity.refusal(anna, invite(uri, [['Authorization', proof]]), from)?.status;
  expect(sent(`sip:+882160000@${HERE}`, proof)).toBe(403);
  expect(sent(`sip:ben@${HERE}:5060;transport=udp`, proof)).toBeUndefined();
  // And not a second time.
  expect(sent(`sip:ben@${HERE}`, proof)).toBe(401);
  // Who was lured elsewhere has proven nothing to us; a proxy may put our address in place of our name.
  expect(sent(`sip:ben@${HERE}`, answerTo('sip:ben@elsewhere.example'))).toBe(403);
  expect(sent(`sip:ben@${HERE}`, answerTo('sip:ben@PBX.example'))).toBeUndefined();
  // UDP in the name of a carrier: the question went elsewhere.
  const elsewhere = answerTo(`sip:ben@${HERE}`);
  expect(sent(`sip:ben@${HERE}`, elsewhere, { address: '10.0.0.8' })).toBe(401);
  expect(sent(`sip:ben@${HERE}`, elsewhere, { address: '::ffff:10.0.0.7' })).toBeUndefined();
  // RFC 3261 §22.4: two spellings of one destination.
  const harmless = [
    [`sip:ben@${HERE}:5060`, `sip:ben@${HERE}`],
    [`SIP:ben@${HERE};transport=udp`, `sip:BEN@${HERE}`],
    [`sip:+15550100000@${HERE};user=phone`, `sip:+1-555-010-0000@${HERE}`],
    [`sip:%2B15550100000@${HERE}`, `sip:+15550100000;npdi@${HERE}:5060`],
    ['tel:+15550100000', 'tel:+15550100000'],
  ] as const;
  for (const [one, other] of harmless) {
    expect(sent(one, answerTo(other))).toBeUndefined();
    expect(sent(other, answerTo(one))).toBeUndefined();
  }
  expect(sent(`sip:+15550100001@${HERE}`, answerTo(`sip:+15550100000@${HERE}`))).toBe(403);
});
