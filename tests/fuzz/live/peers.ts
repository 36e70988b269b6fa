/** Hostile peers that the program turns to: those it calls, and registrars it registers with. */
import type { Chance } from '../chance.ts';
import { Asked } from '../targets/asked.ts';
import { sipCalls } from '../targets/sip-calls.ts';
import { type Attack, nextOf, relocate } from './attack.ts';
import { Pinger } from './callers.ts';

/** What is said to each request that comes, and the most in one round: what is said is answered in turn. */
const ANSWERS = 20;
const MOST = 3000;

/** Somebody who is called, and answers, and asks, as the inputs say. */
export const callee: Attack = {
  name: 'callee',
  share: 80,
  async open(world, chance) {
    const next = nextOf(sipCalls, chance);
    const asked = new Asked();
    let said = 0;
    const pinger: Pinger = await Pinger.open(world, (message) => {
      asked.note(message);
      if (message.startsWith('SIP/2.0')) return;
      for (let answer = 0; answer < ANSWERS && said < MOST; answer++) {
        pinger.send(relocate(asked.fill(next()), pinger.port, world.sipPort).subarray(0, 60_000));
        said++;
      }
    });
    return {
      async go() {
        said = 0;
        const transport = chance.pick(['', ';transport=udp', ';transport=tcp']);
        const calls = Array.from({ length: 10 }, () =>
          world.api('POST', '/v1/calls', {
            from: world.callerId,
            to: `sip:fuzz@127.0.0.1:${pinger.port}${transport}`,
            timeout_seconds: 5,
            actions: [{ say: { text: 'Hello.' } }, { pause: { seconds: 0.2 } }, { hangup: {} }],
          }),
        );
        await Promise.all(calls);
        if (!(await pinger.ping())) world.findings.push('callee: SIP no longer answers');
        return said;
      },
      close: async () => pinger.close(),
    };
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

function answerOf(chance: Chance, maker: () => Buffer): Buffer {
  if (chance.once(3)) return maker();
  const status = chance.pick([200, 200, 200, 401, 407, 423, 503, 302, 403, 100, 699]);
  const lines = [
    `SIP/2.0 ${status} X`,
    'Via: @Via@',
    'From: @From@',
    `To: @To@;tag=${chance.int(9)}`,
    'Call-ID: @CallID@',
    'CSeq: @CSeq@',
    ...chance.some(2, () => `Contact: ${chance.pick(CONTACTS)}`),
    ...chance.some(1, () => `Expires: ${chance.pick(NUMBERS)}`),
    ...chance.some(1, () => `Min-Expires: ${chance.pick(NUMBERS)}`),
    ...chance.some(1, () => `Retry-After: ${chance.pick(NUMBERS)}`),
    ...chance.some(
      1,
      () =>
        `WWW-Authenticate: Digest realm="${chance.bytes(3).toString('latin1')}", nonce="${chance.int(9)}"${chance.pick(['', ', qop="auth"', ', stale=true'])}`,
    ),
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** A carrier that answers our REGISTER as the inputs say. */
export const registrar: Attack = {
  name: 'registrar',
  share: 30,
  async open(world, chance) {
    const next = nextOf(sipCalls, chance);
    const asked = new Asked();
    let said = 0;
    const pinger: Pinger = await Pinger.open(world, (message) => {
      if (message.startsWith('SIP/2.0')) return;
      asked.note(message);
      for (let answer = 0; answer < ANSWERS; answer++) {
        pinger.send(
          relocate(asked.fill(answerOf(chance, next)), pinger.port, world.sipPort).subarray(0, 60_000),
        );
        said++;
      }
    });
    const trunk = {
      name: 'fuzz',
      proxy: `127.0.0.1:${pinger.port}`,
      username: 'us',
      password: 'pw',
      register: true,
    };
    const { body } = await world.api('POST', '/v1/trunks', trunk);
    const { id } = body as { id: string };
    return {
      async go() {
        said = 0;
        for (let times = 0; times < 10; times++) {
          await world.api('PATCH', `/v1/trunks/${id}`, { name: `fuzz ${chance.int(1e6)}`, register: true });
          await pinger.ping();
        }
        return said;
      },
      async close() {
        // One that is left behind is registered with at every start from now on, and answers no more.
        if (chance.once(2)) await world.api('DELETE', `/v1/trunks/${id}`);
        pinger.close();
      },
    };
  },
};
