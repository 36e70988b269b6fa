import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  contactsOf,
  createResponse,
  cseqOf,
  fromOf,
  maxForwardsOf,
  parseMessage,
  parseUri,
  type SipMessage,
  SipSyntaxError,
  serialize,
  toOf,
  topVia,
  validate,
} from './index.ts';

// The 49 messages of RFC 4475 as sent.
const FOLDER = new URL('./torture/', import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.dat`, FOLDER));

/** The result of parsing and validation. */
type Verdict = 'accepted' | 'dropped' | 400 | 416 | 505;

const VERDICTS: Record<string, Verdict> = {
  // §3.1.1 valid
  wsinv: 'accepted',
  intmeth: 'accepted',
  esc01: 'accepted',
  escnull: 'accepted',
  esc02: 'accepted',
  lwsdisp: 'accepted',
  longreq: 'accepted',
  dblreq: 'accepted',
  semiuri: 'accepted',
  transports: 'accepted',
  mpart01: 'accepted',
  unreason: 'accepted',
  noreason: 'accepted',
  // §3.1.2 invalid
  badinv01: 400,
  clerr: 400,
  ncl: 400,
  scalar02: 400,
  scalarlg: 'dropped',
  quotbal: 'accepted',
  ltgtruri: 400,
  lwsruri: 400,
  lwsstart: 400,
  trws: 400,
  escruri: 400,
  baddate: 'accepted',
  regbadct: 400,
  badaspec: 'accepted',
  baddn: 'accepted',
  badvers: 505,
  mismatch01: 400,
  mismatch02: 400,
  bigcode: 'dropped',
  // §3.2 transaction layer
  badbranch: 400,
  // §3.3 application layer
  insuf: 400,
  unkscm: 416,
  novelsc: 416,
  unksm2: 'accepted',
  bext01: 'accepted',
  invut: 'accepted',
  regaut01: 'accepted',
  multi01: 400,
  mcl01: 400,
  bcast: 'accepted',
  zeromf: 'accepted',
  cparam01: 'accepted',
  cparam02: 'accepted',
  regescrt: 'accepted',
  sdp01: 'accepted',
  // §3.4 RFC 2543
  inv2543: 'accepted',
};

/** Messages whose verdict differs from RFC 4475, and why. */
const GAPS: Record<string, string> = {
  quotbal: 'the angle brackets delimit the name, whatever its quotes',
  badaspec: 'spaces around the URI are ignored',
  baddn: 'an unquoted display name is accepted (RFC 4475 §3.1.2.15 allows that)',
  baddate: 'Date is not used, and an unused field need not be refused (RFC 3261 §16.3)',
  unksm2: 'the registrar decides about addresses with another scheme',
  bext01: 'the user agent, which knows the supported options, answers 420',
  invut: 'the reader of the body answers 415',
  regaut01: 'an unknown scheme counts as no credentials: the registrar challenges again',
  bcast: 'the transaction layer discards a response with a second Via, because it has no such request',
  sdp01: 'the writer of the response body answers 406',
};

function verdict(bytes: Buffer): Verdict {
  let message: SipMessage;
  try {
    message = parseMessage(bytes);
  } catch (error) {
    if (!(error instanceof SipSyntaxError)) throw error;
    return bytes.toString('latin1').startsWith('SIP/') ? 'dropped' : (error.status as Verdict);
  }
  const refusal = validate(message);
  if (!refusal) return 'accepted';
  return message.kind === 'response' ? 'dropped' : (refusal.status as Verdict);
}

describe('of the torture messages of RFC 4475', () => {
  it('all 49 are present', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.dat'));
    expect(files.map((file) => file.slice(0, -4)).sort()).toEqual(Object.keys(VERDICTS).sort());
    expect(files).toHaveLength(49);
    expect(Object.keys(VERDICTS)).toEqual(expect.arrayContaining(Object.keys(GAPS)));
  });

  it.each(Object.entries(VERDICTS))('%s: %s', (name, expected) => {
    expect(verdict(read(name))).toBe(expected);
  });

  it.each(Object.entries(VERDICTS).filter(([, expected]) => expected === 'accepted'))(
    '%s is the same after it was written and read again',
    (name) => {
      const message = parseMessage(read(name));
      // The formatter writes Content-Length last, in its long form.
      const plain = ({ headers, ...rest }: SipMessage) => {
        return { ...rest, headers: [...headers].filter(([each]) => !/^(content-length|l)$/i.test(each)) };
      };
      expect(plain(parseMessage(serialize(message)))).toEqual(plain(message));
    },
  );

  it('wsinv is parsed with all its folding and white space', () => {
    const message = parseMessage(read('wsinv'));
    expect(toOf(message)).toMatchObject({ uri: 'sip:vivekg@chair-dnrc.example.com', tag: '1918181833n' });
    expect(fromOf(message)).toMatchObject({ displayName: 'J Rosenberg \\"', tag: '98asjd8' });
    expect(maxForwardsOf(message)).toBe(68);
    expect(cseqOf(message)).toEqual({ number: 9, method: 'INVITE' });
    expect(message.headers.all('Via')).toHaveLength(3);
    expect(topVia(message)).toMatchObject({ transport: 'UDP', host: '192.0.2.2', branch: '390skdjuw' });
    expect(message.headers.get('Subject')).toBe('');
    expect(message.headers.get('NewFangledHeader')).toBe('newfangled value continued newfangled value');
    expect(message.headers.get('UnknownHeaderWithUnusualValue')).toBe(';;,,;;,;');
    expect(contactsOf(message)[0]).toMatchObject({
      displayName: 'Quoted string ""',
      uri: 'sip:jdrosen@example.com',
    });
    expect([...contactsOf(message)[0]!.params]).toEqual([
      ['newparam', 'newvalue'],
      ['secondparam', ''],
      ['q', '0.33'],
    ]);
    expect(message.body).toHaveLength(150);
  });

  it('intmeth keeps every odd character', () => {
    const message = parseMessage(read('intmeth'));
    expect(message).toMatchObject({ method: "!interesting-Method0123456789_*+`.%indeed'~" });
    expect(toOf(message).displayName).toBe('BEL:\x07 NUL:\x00 DEL:\x7f');
    expect(fromOf(message)).toMatchObject({
      displayName: "token1~` token2'+_ token3*%!.-",
      tag: "_token~1'+`*%!-.",
    });
    expect(parseUri(message.kind === 'request' ? message.uri : '')).toMatchObject({
      user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
      password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
      host: 'example.com',
    });
  });

  it('escapes are resolved in URIs only', () => {
    const esc01 = parseMessage(read('esc01'));
    expect(parseUri(esc01.kind === 'request' ? esc01.uri : '').user).toBe('sips:user@example.com');
    expect(parseUri(toOf(esc01).uri).user).toBe('user');
    const contact = parseUri(contactsOf(esc01)[0]!.uri);
    expect([...contact.params]).toEqual([
      ['lr', ''],
      ['name', 'value%41'],
    ]);
    const esc02 = parseMessage(read('esc02'));
    expect(esc02).toMatchObject({ method: 'RE%47IST%45R' });
    expect(contactsOf(esc02)).toHaveLength(2);
    expect(parseUri(contactsOf(parseMessage(read('escnull')))[1]!.uri).user).toBe('\0\0');
  });

  it('a parameter belongs to the field outside of angle brackets, and to the URI within', () => {
    expect(contactsOf(parseMessage(read('cparam01')))[0]!.params.has('unknownparam')).toBe(true);
    const within = contactsOf(parseMessage(read('cparam02')))[0]!;
    expect(within.params.size).toBe(0);
    expect(parseUri(within.uri).params.has('unknownparam')).toBe(true);
    const route = parseUri(contactsOf(parseMessage(read('regescrt')))[0]!.uri).headers;
    expect([...route]).toEqual([['route', '<sip:sip.example.com>']]);
  });

  it('bytes after the body are dropped, and bytes within are kept', () => {
    expect(parseMessage(read('dblreq')).body).toHaveLength(0);
    const binary = parseMessage(read('mpart01')).body;
    expect(binary).toHaveLength(553);
    expect(binary.includes(Buffer.from('\r\n0\x82\x01R', 'latin1'))).toBe(true);
  });

  it('a refused request with a readable Via can be answered with the reason', () => {
    for (const name of ['clerr', 'ncl', 'lwsruri', 'badvers', 'mcl01']) {
      const error = (() => {
        try {
          parseMessage(read(name));
        } catch (thrown) {
          return thrown as SipSyntaxError;
        }
      })();
      if (name === 'badvers') expect(error?.message).toContain('SIP/7.0');
      const response = createResponse(error!.partial!, error!.status, undefined, 'us');
      expect(response.headers.get('Call-ID')).toContain(name);
      expect(toOf(response).tag).toBeDefined();
    }
  });
});
