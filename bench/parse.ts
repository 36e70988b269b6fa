/** Measures parsing and serializing a SIP message: an INVITE with SDP, as a trunk sends it. */
import { parseMessage, serialize, validate } from '../src/sip/message/index.ts';
import type { Row } from './row.ts';

const SDP = [
  'v=0',
  'o=alice 53655765 2353687637 IN IP4 192.0.2.1',
  's=-',
  'c=IN IP4 192.0.2.1',
  't=0 0',
  'm=audio 49217 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');

const INVITE = Buffer.from(
  [
    'INVITE sip:+15551234567@192.0.2.4:5060;transport=udp SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
    'Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK77ef4c2312983.1;received=192.0.2.33',
    'Record-Route: <sip:192.0.2.1;lr>',
    'Max-Forwards: 70',
    'From: "Alice" <sip:alice@example.com>;tag=1928301774',
    'To: <sip:+15551234567@192.0.2.4>',
    'Call-ID: a84b4c76e66710@192.0.2.9',
    'CSeq: 314159 INVITE',
    'Contact: <sip:alice@192.0.2.9:5060>',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, UPDATE',
    'Supported: replaces, timer',
    'User-Agent: Example 1.0',
    'Content-Type: application/sdp',
    `Content-Length: ${SDP.length}`,
    '',
    SDP,
  ].join('\r\n'),
);

export async function run(): Promise<Row[]> {
  const message = parseMessage(INVITE);
  return [
    row('INVITE parsed', () => parseMessage(INVITE), 40_000),
    row('INVITE parsed and validated', () => validate(parseMessage(INVITE)), 40_000),
    row('INVITE written', () => serialize(message), 40_000),
  ];
}

function row(name: string, work: () => unknown, budget: number): Row {
  perCpuSecond(work, 5_000);
  return { name, value: perCpuSecond(work, 20_000), unit: 'per CPU-second', budget, better: 'higher' };
}

function perCpuSecond(work: () => unknown, times: number): number {
  const start = process.cpuUsage();
  for (let at = 0; at < times; at++) work();
  const { user, system } = process.cpuUsage(start);
  return (times * 1e6) / (user + system);
}
