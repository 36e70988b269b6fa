import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomChoice } from '../random-choice.ts';

const torture = join(import.meta.dirname, '../../../src/sip/message/torture');

/** The torture messages of RFC 4475. */
export const sipCorpus: Buffer[] = [
  ...readdirSync(torture)
    .filter((name) => name.endsWith('.dat'))
    .map((name) => readFileSync(join(torture, name))),
];

export const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 10.0.0.9',
  's=-',
  'c=IN IP4 10.0.0.9',
  't=0 0',
  'm=audio 4000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  '',
].join('\r\n');

const METHODS = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'NOTIFY',
  'MESSAGE',
  'invite',
  'X',
];
const URIS = [
  'sip:+15550100000@10.0.0.1',
  'sip:bob@10.0.0.1:5060;transport=udp',
  'sips:[2001:db8::1]',
  'tel:+1555',
  '<sip:a@b>',
  'sip:',
  'sip:%00@x',
  '*',
  '',
];
const NUMBERS = ['1', '0', '70', '2147483648', '-1', '1e9', '9'.repeat(25), ' 5 ', ''];
const TAGS = ['a', 'b', '', '"', 'x'.repeat(200)];

function address(random: RandomChoice): string {
  const name = random.pick([
    ...[
      '',
      '"A \\" B" ',
      'Bob ',
      '"unclosed ',
      '=?utf-8?q?x?= ',
      'ACME (Main), Inc. ',
      '""x"" ',
      '"Sam\\" ',
      '<',
    ],
  ]);
  const tag = random.pick([';tag=a', `;tag=${random.pick(TAGS)}`, '', ';tag', ';tag=a;tag=b']);
  return `${name}<${random.pick(URIS)}>${tag}`;
}

const via = (random: RandomChoice): string =>
  `SIP/2.0/${random.pick(['UDP', 'TCP', 'WS', 'x'])} ${random.pick(['10.0.0.9:5060', '10.0.0.9', '[::1]:70000', 'host'])};branch=z9hG4bK${random.int(50)}${random.pick([';rport', ';received=1', ';rport=x', ''])}`;

const HEADERS: Record<string, (random: RandomChoice) => string> = {
  Via: via,
  v: via,
  From: address,
  f: address,
  To: address,
  Contact: address,
  m: (random) => random.pick(['*', '<sip:bob@10.0.0.9:5060>', '<sip:bob@10.0.0.9>;expires=0, <sip:c@d>;q=2']),
  'Call-ID': (random) => `call-${random.int(20)}`,
  CSeq: (random) => `${random.pick(NUMBERS)} ${random.pick(METHODS)}`,
  'Max-Forwards': (random) => random.pick(NUMBERS),
  'Content-Length': (random) => random.pick([...NUMBERS, String(SDP.length)]),
  'Content-Type': (random) => random.pick(['application/sdp', 'multipart/mixed;boundary=x', 'text', '']),
  Require: (random) => random.pick(['100rel', 'timer', 'nonsense', '100rel, x', '']),
  Supported: (random) => random.pick(['100rel', 'timer, replaces', ',,,']),
  'Session-Expires': (random) => `${random.pick(NUMBERS)};refresher=${random.pick(['uas', 'uac', 'x'])}`,
  'Min-SE': (random) => random.pick(NUMBERS),
  RAck: (random) => `${random.pick(NUMBERS)} ${random.pick(NUMBERS)} INVITE`,
  'Refer-To': address,
  'Record-Route': address,
  Route: address,
  Expires: (random) => random.pick(NUMBERS),
  Authorization: (random) =>
    `Digest username="${random.pick(['bob', '', '"'])}", realm="minivoice", nonce="${random.int(9)}", uri="sip:x", response="${'0'.repeat(random.int(40))}", nc=${random.pick(NUMBERS)}, qop=${random.pick(['auth', '"auth"', 'auth-int'])}, cnonce="`,
  'X-Any': (random) => random.bytes(random.int(30)).toString('latin1'),
};

const NAMES = Object.keys(HEADERS);
const MANDATORY = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Contact'];

function headerLine(name: string, random: RandomChoice): string {
  const value = HEADERS[name]!(random);
  return `${name}${random.pick([': ', ':', ' : ', ':\r\n '])}${value}`;
}

/** A mostly valid request, which reaches the code behind the parser. */
function mostlyValid(random: RandomChoice): string[] {
  const method = random.pick(METHODS.slice(0, 11));
  const to = random.pick(['', ';tag=b']);
  return [
    `${method} sip:+15550100000@10.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK${random.int(100)};rport`,
    'Max-Forwards: 70',
    `From: <sip:bob@10.0.0.9>;tag=a`,
    `To: <sip:+15550100000@10.0.0.1>${to}`,
    `Call-ID: call-${random.int(20)}`,
    `CSeq: ${1 + random.int(5)} ${method}`,
    'Contact: <sip:bob@10.0.0.9:5060>',
    ...random.some(3, () => headerLine(random.pick(NAMES), random)),
  ];
}

function mostlyInvalid(random: RandomChoice): string[] {
  const first = random.once(4)
    ? `SIP/2.0 ${random.pick(['200', '100', '487', '99', '1000', 'x'])} ${random.pick(['OK', ''])}`
    : `${random.pick(METHODS)} ${random.pick(URIS)} ${random.pick(['SIP/2.0', 'SIP/3.0', 'HTTP/1.1', ''])}`;
  const mandatory = MANDATORY.filter(() => !random.once(8)).map((name) => headerLine(name, random));
  return [first, ...mandatory, ...random.some(6, () => headerLine(random.pick(NAMES), random))];
}

const PART_HEADERS = [
  'Content-Type: application/sdp',
  'Content-Type: application/isup;version=x',
  'Content-Type: multipart/mixed;boundary=x',
  'Content-Disposition: signal;handling=required',
  'Content-Disposition: session;handling=optional',
  'Content-Transfer-Encoding: base64',
  'nonsense',
];

/** Nested parts, malformed delimiters, and both line ends. */
function multipart(random: RandomChoice): string {
  const piece = () =>
    random.pick([
      ...['--x', '--x--', '--x ', '\r\n', '\n', '\r\n\r\n', SDP],
      random.bytes(random.int(20)).toString('latin1'),
      `--x\r\n${random.some(3, () => random.pick(PART_HEADERS)).join('\r\n')}\r\n\r\n${SDP}\r\n`,
    ]);
  return random.some(12, piece).join('');
}

/** A message that conforms to the grammar, or nearly. */
export function sipMessage(random: RandomChoice): Buffer {
  const lines = random.once(2) ? mostlyValid(random) : mostlyInvalid(random);
  const parts = random.once(6) ? multipart(random) : '';
  const body = parts || (random.once(2) ? SDP : '');
  if (body) lines.push(`Content-Type: ${parts ? 'multipart/mixed;boundary=x' : 'application/sdp'}`);
  if (random.once(2)) lines.push(`Content-Length: ${body.length}`);
  const text = `${lines.join('\r\n')}\r\n\r\n${body}`;
  return Buffer.from(random.once(20) ? text.replaceAll('\r\n', '\n') : text, 'latin1');
}
