/** Hostile SIP peers that the server contacts: callees, and registrars. */
import type { RandomChoice } from '../random-choice.ts';
import { sipCalls } from '../targets/sip-calls.ts';
import { LastRequest } from '../targets/support.ts';
import { type Attack, nextOf, relocate } from './attack.ts';
import { Pinger } from './callers.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Messages in reply to each request. */
const MESSAGES_PER_REQUEST = 20;
/** Most messages of the callee in one round, because the server answers them in turn. */
const MAX_MESSAGES = 3000;

/** A peer that replies to each request with several inputs, completed with the fields of the request. */
async function openPeer(sut: ServerUnderTest, next: () => Buffer, maxMessages = Number.POSITIVE_INFINITY) {
  const lastRequest = new LastRequest();
  let sent = 0;
  const pinger: Pinger = await Pinger.open(sut, (message) => {
    if (message.startsWith('SIP/2.0')) return;
    lastRequest.store(message);
    for (let n = 0; n < MESSAGES_PER_REQUEST && sent < maxMessages; n++, sent++)
      pinger.send(relocate(lastRequest.fill(next()), pinger.port, sut.sipPort).subarray(0, 60_000));
  });
  return {
    pinger,
    /** Runs a round. @returns the number of messages sent in it. */
    async count(round: () => Promise<void>): Promise<number> {
      sent = 0;
      await round();
      return sent;
    },
  };
}

/** Calls a peer that answers with inputs. */
export const callee: Attack = {
  name: 'callee',
  share: 80,
  async open(sut, random) {
    const { pinger, count } = await openPeer(sut, nextOf(sipCalls, random), MAX_MESSAGES);
    const call = (transport: string) =>
      sut.api('POST', '/v1/calls', {
        from: sut.callerId,
        to: `sip:fuzz@127.0.0.1:${pinger.port}${transport}`,
        timeout_seconds: 5,
        actions: [{ say: { text: 'Hello.' } }, { pause: { seconds: 0.2 } }, { hangup: {} }],
      });
    const round = async () => {
      const transport = random.pick(['', ';transport=udp', ';transport=tcp']);
      await Promise.all(Array.from({ length: 10 }, () => call(transport)));
      if (!(await pinger.ping())) sut.findings.push('callee: SIP no longer answers');
    };
    return { go: () => count(round), close: async () => pinger.close() };
  },
};

const CONTACTS = [
  '<mailto:a@b>',
  '<sip:minivoice@127.0.0.1>;expires=4294967295',
  '<sip:a@b:0>;expires=1',
  '*',
  '<tel:+1>',
  '<sip:[::::]>',
  '',
  '<sip:x>;expires=-1, <sip:y>;expires=1e9',
];
const NUMBERS = ['0', '1', '600', '4294967295', '99999999999999999999', '-1', 'x', '', '1.5', '0x10'];

/** A response to our REGISTER. */
function registerResponse(random: RandomChoice): Buffer {
  const status = random.pick([200, 200, 200, 401, 407, 423, 503, 302, 403, 100, 699]);
  const lines = [
    `SIP/2.0 ${status} X`,
    'Via: @Via@',
    'From: @From@',
    `To: @To@;tag=${random.int(9)}`,
    'Call-ID: @CallID@',
    'CSeq: @CSeq@',
    ...random.some(2, () => `Contact: ${random.pick(CONTACTS)}`),
    ...random.some(1, () => `Expires: ${random.pick(NUMBERS)}`),
    ...random.some(1, () => `Min-Expires: ${random.pick(NUMBERS)}`),
    ...random.some(1, () => `Retry-After: ${random.pick(NUMBERS)}`),
    ...random.some(
      1,
      () =>
        `WWW-Authenticate: Digest realm="${random.bytes(3).toString('latin1')}", nonce="${random.int(9)}"${random.pick(['', ', qop="auth"', ', stale=true'])}`,
    ),
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Registers a trunk with a carrier that answers with inputs. */
export const registrar: Attack = {
  name: 'registrar',
  share: 30,
  async open(sut, random) {
    const next = nextOf(sipCalls, random);
    const { pinger, count } = await openPeer(sut, () => (random.once(3) ? next() : registerResponse(random)));
    const trunk = {
      name: 'fuzz',
      proxy: `127.0.0.1:${pinger.port}`,
      username: 'us',
      password: 'pw',
      register: true,
    };
    const { body } = await sut.api('POST', '/v1/trunks', trunk);
    const { id } = body as { id: string };
    const round = async () => {
      for (let times = 0; times < 10; times++) {
        await sut.api('PATCH', `/v1/trunks/${id}`, { name: `fuzz ${random.int(1e6)}`, register: true });
        await pinger.ping();
      }
    };
    return {
      go: () => count(round),
      async close() {
        // A remaining trunk is registered at every later start, without any answer.
        if (random.once(2)) await sut.api('DELETE', `/v1/trunks/${id}`);
        pinger.close();
      },
    };
  },
};
