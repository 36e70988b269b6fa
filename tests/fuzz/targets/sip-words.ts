import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chance } from '../chance.ts';

const torture = join(import.meta.dirname, '../../../src/sip/message/torture');

/** RFC 4475's messages, and one of each kind that a call is made of. */
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

function address(chance: Chance): string {
  const name = chance.pick([
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
  const tag = chance.pick([';tag=a', `;tag=${chance.pick(TAGS)}`, '', ';tag', ';tag=a;tag=b']);
  return `${name}<${chance.pick(URIS)}>${tag}`;
}

const via = (chance: Chance): string =>
  `SIP/2.0/${chance.pick(['UDP', 'TCP', 'WS', 'x'])} ${chance.pick(['10.0.0.9:5060', '10.0.0.9', '[::1]:70000', 'host'])};branch=z9hG4bK${chance.int(50)}${chance.pick([';rport', ';received=1', ';rport=x', ''])}`;

const HEADERS: Record<string, (chance: Chance) => string> = {
  Via: via,
  v: via,
  From: address,
  f: address,
  To: address,
  Contact: address,
  m: (chance) => chance.pick(['*', '<sip:bob@10.0.0.9:5060>', '<sip:bob@10.0.0.9>;expires=0, <sip:c@d>;q=2']),
  'Call-ID': (chance) => `call-${chance.int(20)}`,
  CSeq: (chance) => `${chance.pick(NUMBERS)} ${chance.pick(METHODS)}`,
  'Max-Forwards': (chance) => chance.pick(NUMBERS),
  'Content-Length': (chance) => chance.pick([...NUMBERS, String(SDP.length)]),
  'Content-Type': (chance) => chance.pick(['application/sdp', 'multipart/mixed;boundary=x', 'text', '']),
  Require: (chance) => chance.pick(['100rel', 'timer', 'nonsense', '100rel, x', '']),
  Supported: (chance) => chance.pick(['100rel', 'timer, replaces', ',,,']),
  'Session-Expires': (chance) => `${chance.pick(NUMBERS)};refresher=${chance.pick(['uas', 'uac', 'x'])}`,
  'Min-SE': (chance) => chance.pick(NUMBERS),
  RAck: (chance) => `${chance.pick(NUMBERS)} ${chance.pick(NUMBERS)} INVITE`,
  'Refer-To': address,
  'Record-Route': address,
  Route: address,
  Expires: (chance) => chance.pick(NUMBERS),
  Authorization: (chance) =>
    `Digest username="${chance.pick(['bob', '', '"'])}", realm="minivoice", nonce="${chance.int(9)}", uri="sip:x", response="${'0'.repeat(chance.int(40))}", nc=${chance.pick(NUMBERS)}, qop=${chance.pick(['auth', '"auth"', 'auth-int'])}, cnonce="`,
  'X-Any': (chance) => chance.bytes(chance.int(30)).toString('latin1'),
};

const NAMES = Object.keys(HEADERS);
const MANDATORY = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Contact'];

function headerLine(name: string, chance: Chance): string {
  const value = HEADERS[name]!(chance);
  return `${name}${chance.pick([': ', ':', ' : ', ':\r\n '])}${value}`;
}

/** A request that most parsers would take, so that what stands behind the parser is reached. */
function sound(chance: Chance): string[] {
  const method = chance.pick(METHODS.slice(0, 11));
  const to = chance.pick(['', ';tag=b']);
  return [
    `${method} sip:+15550100000@10.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK${chance.int(100)};rport`,
    'Max-Forwards: 70',
    `From: <sip:bob@10.0.0.9>;tag=a`,
    `To: <sip:+15550100000@10.0.0.1>${to}`,
    `Call-ID: call-${chance.int(20)}`,
    `CSeq: ${1 + chance.int(5)} ${method}`,
    'Contact: <sip:bob@10.0.0.9:5060>',
    ...chance.some(3, () => headerLine(chance.pick(NAMES), chance)),
  ];
}

function unsound(chance: Chance): string[] {
  const first = chance.once(4)
    ? `SIP/2.0 ${chance.pick(['200', '100', '487', '99', '1000', 'x'])} ${chance.pick(['OK', ''])}`
    : `${chance.pick(METHODS)} ${chance.pick(URIS)} ${chance.pick(['SIP/2.0', 'SIP/3.0', 'HTTP/1.1', ''])}`;
  const mandatory = MANDATORY.filter(() => !chance.once(8)).map((name) => headerLine(name, chance));
  return [first, ...mandatory, ...chance.some(6, () => headerLine(chance.pick(NAMES), chance))];
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

/** Parts in parts, delimiters that are none, and line ends of both kinds. */
function multipart(chance: Chance): string {
  const piece = () =>
    chance.pick([
      ...['--x', '--x--', '--x ', '\r\n', '\n', '\r\n\r\n', SDP],
      chance.bytes(chance.int(20)).toString('latin1'),
      `--x\r\n${chance.some(3, () => chance.pick(PART_HEADERS)).join('\r\n')}\r\n\r\n${SDP}\r\n`,
    ]);
  return chance.some(12, piece).join('');
}

/** A message as the grammar allows it, or nearly. */
export function sipMessage(chance: Chance): Buffer {
  const lines = chance.once(2) ? sound(chance) : unsound(chance);
  const parts = chance.once(6) ? multipart(chance) : '';
  const body = parts || (chance.once(2) ? SDP : '');
  if (body) lines.push(`Content-Type: ${parts ? 'multipart/mixed;boundary=x' : 'application/sdp'}`);
  if (chance.once(2)) lines.push(`Content-Length: ${body.length}`);
  const text = `${lines.join('\r\n')}\r\n\r\n${body}`;
  return Buffer.from(chance.once(20) ? text.replaceAll('\r\n', '\n') : text, 'latin1');
}
