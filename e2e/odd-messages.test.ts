import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness, type Line } from './support/harness.ts';
import { RawCaller } from './support/raw-caller.ts';

let harness: Harness;
let line: Line;
beforeAll(async () => {
  harness = await Harness.open();
  line = await harness.line([{ pause: { seconds: 30 } }]);
  // The test machine is also an operator's trunk: its P-Asserted-Identity counts, and its national format is US.
  await harness.server.admin('POST', '/trunks', {
    ...{ name: 'carrier', proxy: '192.0.2.1', inbound_ip: '127.0.0.1' },
    ...{ username: 'acct4711', password: 'x', country: 'US' },
  });
});
afterAll(() => harness.close());

const SDP = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 4000 RTP/AVP 0', ''],
].join('\r\n');

const MULTIPART = [
  ...['--b', 'Content-Type: application/sdp', '', SDP],
  ...['--b', 'Content-Type: application/isup;version=itu-t92+'],
  ...['Content-Disposition: signal;handling=optional', '', 'x', '--b--', ''],
].join('\r\n');

const national = () => line.number.slice(2);
const asMultipart = (text: string) =>
  text.replace('Content-Type: application/sdp', 'Content-Type: multipart/mixed;boundary=b');
const from = (value: string) => (text: string) => text.replace(/^From: .*;tag/m, `From: ${value};tag`);
const uri = (value: string) => (text: string) => text.replace(/^INVITE \S+/, `INVITE ${value}`);

type Edit = (text: string) => string;

describe('accepts an INVITE with', () => {
  it.each<[string, () => Edit, object]>([
    ['SDP and ISUP', () => asMultipart, {}],
    ['no Content-Type', () => (text) => text.replace('Content-Type: application/sdp\r\n', ''), {}],
    [
      'LF instead of CR LF',
      () => (text) => text.replace(/Content-Length.*\r\n/, '').replaceAll('\r', ''),
      {},
    ],
    ['a display name without quotes', () => from('ACME (Main) <sip:+15557654321@127.0.0.1>'), {}],
    ['a display name in UTF-8', () => from('José <sip:+15557654321@127.0.0.1>'), {}],
    ['an unclosed quote', () => from('"Sam\\" <sip:+15557654321@127.0.0.1>'), {}],
    ['an empty user in From', () => from('<sip:@127.0.0.1>'), { from: 'anonymous' }],
    ['a national number in From', () => from('<sip:5557654321@127.0.0.1>'), { from: '+15557654321' }],
    ['a tel: URI', () => uri(`tel:${national()};phone-context=+1`), {}],
    [
      'a phone-context in a sip: URI',
      () => uri(`sip:${national()};phone-context=+1@127.0.0.1;user=phone`),
      {},
    ],
    ['a national number as Request-URI', () => uri(`sip:${national()}@127.0.0.1`), {}],
    ['our registered name as Request-URI', () => uri('sip:acct4711@127.0.0.1'), {}],
    [
      'header fields for the application',
      () => (text) => text.replace('\r\n', '\r\nP-Asserted-Identity: <tel:+15557654321>\r\nX-Trace: 7\r\n'),
      { sip_headers: { 'P-Asserted-Identity': '<tel:+15557654321>', 'X-Trace': '7' } },
    ],
  ])('%s', async (_what, edit, expected) => {
    const caller = await RawCaller.open(harness.server, line.number);
    const arrived = line.arrived();
    const change = edit();
    const body = change === asMultipart ? MULTIPART : SDP;
    caller.request('INVITE', 1, { body, edit: change });
    expect((await caller.final('INVITE', 1)).status).toBe(200);
    caller.request('ACK', 1);
    const call = await arrived;
    caller.request('BYE', 2, { edit: (text) => text.replace(/^From: .*;tag/m, 'From: A (B) <<;tag') });
    expect((await caller.final('BYE', 2)).status).toBe(200);
    const ended = await call.next('call.completed');
    expect(ended.call).toMatchObject({ from: '+15557654321', to: line.number, ...expected });
    caller.close();
  });
});

it.each<[string, string, number]>([
  ['a tel: Contact', 'Contact: <tel:+1555>', 400],
  ['port 0', 'Contact: <sip:x@127.0.0.1:0>', 400],
  ['two Contacts', 'Contact: <sip:a@127.0.0.1>, <sip:b@127.0.0.1>', 400],
  ['two Max-Forwards', 'Contact: <sip:a@127.0.0.1>\r\nMax-Forwards: 9', 400],
])('refuses an INVITE with %s and states the reason in Warning', async (_what, contact, status) => {
  const caller = await RawCaller.open(harness.server, line.number);
  caller.request('INVITE', 1, { body: SDP, edit: (text) => text.replace(/^Contact: .*/m, contact) });
  const refusal = await caller.final('INVITE', 1);
  expect(refusal.status).toBe(status);
  expect(refusal.text).toMatch(/^To: .*;tag=/m);
  expect(refusal.text).toMatch(/^Warning: 399 minivoice ".+"/m);
  caller.close();
});

it('answers OPTIONS like an INVITE to the same number', async () => {
  const status = async (number: string) => {
    const caller = await RawCaller.open(harness.server, number);
    caller.request('OPTIONS', 1);
    const response = await caller.final('OPTIONS', 1);
    caller.close();
    return response.status;
  };
  expect(await Promise.all([line.number, 'acct4711', '+19995550100'].map(status))).toEqual([200, 200, 404]);
});

it('handles all of these messages without a defect', async () => {
  expect(await harness.server.metricValues('sip_messages_failed_total')).toEqual([0]);
});
