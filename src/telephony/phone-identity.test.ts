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

test('credentials for one destination are not valid for another', () => {
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
    const refusal = identity.refusal(anna, invite(uri), FROM);
    const [[, value]] = [...refusal!.headers!] as [[string, string]];
    const challenge = parseChallenge(value)!;
    const login = { username: 'anna', password: 'secret', nonceCount: 1, cnonce: 'c' };
    return answerChallenge({ challenge, method: 'INVITE', uri, ...login });
  };
  const proof = answerTo(`sip:ben@${HERE}`);
  const sent = (uri: string, proof: string, from = FROM) =>
    identity.refusal(anna, invite(uri, [['Authorization', proof]]), from)?.status;
  expect(sent(`sip:+882160000@${HERE}`, proof)).toBe(403);
  expect(sent(`sip:ben@${HERE}:5060;transport=udp`, proof)).toBeUndefined();
  // A nonce counts once.
  expect(sent(`sip:ben@${HERE}`, proof)).toBe(401);
  // Credentials for another server are not valid here, but a proxy may replace our name by our address.
  expect(sent(`sip:ben@${HERE}`, answerTo('sip:ben@elsewhere.example'))).toBe(403);
  expect(sent(`sip:ben@${HERE}`, answerTo('sip:ben@PBX.example'))).toBeUndefined();
  // A forged source address: the challenge went to another address.
  const elsewhere = answerTo(`sip:ben@${HERE}`);
  expect(sent(`sip:ben@${HERE}`, elsewhere, { address: '10.0.0.8' })).toBe(401);
  expect(sent(`sip:ben@${HERE}`, elsewhere, { address: '::ffff:10.0.0.7' })).toBeUndefined();
  // RFC 3261 §22.4: spellings of one destination.
  const equal = [
    [`sip:ben@${HERE}:5060`, `sip:ben@${HERE}`],
    [`SIP:ben@${HERE};transport=udp`, `sip:BEN@${HERE}`],
    [`sip:+15550100000@${HERE};user=phone`, `sip:+1-555-010-0000@${HERE}`],
    [`sip:%2B15550100000@${HERE}`, `sip:+15550100000;npdi@${HERE}:5060`],
    ['tel:+15550100000', 'tel:+15550100000'],
  ] as const;
  for (const [one, other] of equal) {
    expect(sent(one, answerTo(other))).toBeUndefined();
    expect(sent(other, answerTo(one))).toBeUndefined();
  }
  expect(sent(`sip:+15550100001@${HERE}`, answerTo(`sip:+15550100000@${HERE}`))).toBe(403);
});
