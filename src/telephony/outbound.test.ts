import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { clips, ENGINE, tone } from '../media/testing/harness.ts';
import { challenge, fromOf, type IncomingInvite, NonceStore, parseUri, toOf } from '../sip/index.ts';
import { type Bench, HERE, makeBench, trunk } from './testing/bench.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await makeBench();
});

afterEach(() => bench.end());

describe('a number', () => {
  test('is called over the trunk, with the caller id', async () => {
    const carrier = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
    bench.trunks.push(trunk('10.0.0.2', { fromDomain: 'acme.example' }));
    const leg = await bench.dial('+4930123456');
    expect(await bench.outcome(leg)).toBe('answered');
    const { request } = carrier.invites[0]!;
    expect(request.uri).toBe('sip:+4930123456@10.0.0.2');
    expect(toOf(request).uri).toBe('sip:+4930123456@10.0.0.2');
    expect(fromOf(request).uri).toBe('sip:+15550001111@acme.example');
    expect(request.headers.get('P-Asserted-Identity')).toBe('<sip:+15550001111@acme.example>');
  });

  test('without a trunk is refused at once', async () => {
    await expect(bench.dial('+4930123456')).rejects.toMatchObject({
      ...{ code: 'no_active_trunk', message: expect.stringContaining('POST /v1/trunks') },
    });
  });

  test('is called anonymously when there is nothing to show', async () => {
    const carrier = await bench.farEnd('10.0.0.2', (invite) => invite.reject(486));
    bench.trunks.push(trunk('10.0.0.2'));
    await bench.outcome(await bench.dial('+4930123456', { from: 'anonymous' }));
    const { request } = carrier.invites[0]!;
    expect(fromOf(request).uri).toBe('sip:anonymous@anonymous.invalid');
    expect(request.headers.get('Privacy')).toBe('id');
    expect(request.headers.has('P-Asserted-Identity')).toBe(false);
  });

  test('does not go over a trunk that may not show the caller ID', async () => {
    await bench.end();
    bench = await makeBench({ mayShow: () => false });
    const strict = await bench.farEnd('10.0.0.2', () => {});
    const open = await bench.farEnd('10.0.0.3', (invite) => void invite.accept(open.sdp));
    bench.trunks.push(trunk('10.0.0.2'));
    await expect(bench.dial('+4930123456')).rejects.toMatchObject({ code: 'caller_id_not_allowed' });
    bench.trunks.push(trunk('10.0.0.3', { callerIds: 'any' }));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('answered');
    expect(strict.invites).toHaveLength(0);
  });

  test.each([
    ["the customer's", true, 'answered'],
    ['not', false, 'unreachable 503'],
  ])(
    "over a customer's trunk at the operator's carrier, a caller ID that is %s",
    async (_, owns, outcome) => {
      await bench.end();
      bench = await makeBench({
        mayShow: () => owns,
        isForeignTrunk: ({ address }) => address === '10.0.0.2',
      });
      const carrier = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
      bench.trunks.push(trunk('10.0.0.2', { customerId: 'cust_1' }));
      expect(await bench.outcome(await bench.dial('+4930123456'))).toBe(outcome);
      expect(carrier.invites).toHaveLength(owns ? 1 : 0);
    },
  );

  test.each([503, 500, 401])('goes over the next trunk after a %i', async (status) => {
    const first = await bench.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const second = await bench.farEnd('10.0.0.3', (invite) => void invite.accept(second.sdp));
    bench.trunks.push(trunk('10.0.0.2'), trunk('10.0.0.3'));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('answered');
    expect(first.invites).toHaveLength(1);
  });

  test('goes over the next trunk when the first has no address, and when nobody is there', async () => {
    const third = await bench.farEnd('10.0.0.3', (invite) => void invite.accept(third.sdp));
    bench.trunks.push(trunk('no.such.host'), trunk('10.0.0.99'), trunk('10.0.0.3'));
    expect(await bench.outcome(await bench.dial('+4930123456'), 6000)).toBe('answered');
  });

  test.each([486, 403, 404])('does not go over the next trunk after a %i', async (status) => {
    await bench.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const second = await bench.farEnd('10.0.0.3', () => {});
    bench.trunks.push(trunk('10.0.0.2'), trunk('10.0.0.3'));
    await bench.outcome(await bench.dial('+4930123456'));
    expect(second.invites).toHaveLength(0);
  });
});

test('takes the header fields of the application along, whoever is called', async () => {
  bench.trunks.push(trunk('10.0.0.3'));
  const carrier = await bench.farEnd('10.0.0.3', (invite) => invite.reject(486));
  const desk = await bench.farEnd('10.0.0.2', (invite) => invite.reject(486));
  const sipHeaders = { 'X-Order-Id': 'A-17', 'X-Name': 'José' };
  for (const to of ['+4930123456', 'sip:desk@10.0.0.2'])
    await bench.outcome(await bench.dial(to, { sipHeaders }));
  for (const { invites } of [carrier, desk]) {
    const { headers } = invites[0]!.request;
    expect([headers.get('X-Order-Id'), headers.get('X-Name')]).toEqual(['A-17', 'Jos\u00c3\u00a9']);
  }
});

describe('a call that is not answered tells why', () => {
  test.each([
    [486, 'busy'],
    [600, 'busy'],
    [480, 'no_answer'],
    [408, 'no_answer'],
    [403, 'rejected'],
    [603, 'rejected'],
    [488, 'rejected'],
    [404, 'unreachable'],
    [410, 'unreachable'],
    [484, 'unreachable'],
    [503, 'unreachable'],
    [604, 'unreachable'],
  ])('%i: %s', async (status, reason) => {
    await bench.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const leg = await bench.dial('sip:bob@10.0.0.2');
    expect(await bench.outcome(leg)).toBe(`${reason} ${status}`);
    expect(await leg.ended).toEqual({
      ...{ by: 'system', reason, sipStatus: status },
      message: expect.stringMatching(new RegExp(`^The far end .*: ${status} \\w+`)),
    });
    expect(leg.signal.aborted).toBe(true);
  });

  test('nobody takes it in time: it is taken back', async () => {
    const far = await bench.farEnd('10.0.0.2', (invite) => invite.progress(180));
    const leg = await bench.dial('sip:bob@10.0.0.2', { timeoutMs: 20_000 });
    expect(await bench.outcome(leg, 20_100)).toBe('no_answer 408');
    expect(far.invites[0]!.pending).toBe(false);
    expect(await far.invites[0]!.canceled).toBeDefined();
  });

  test.each([
    [`sip:anna@${HERE}`, 'no phone of this customer is registered here under that name'],
    [`sip:+15550100001@${HERE}:5060`, 'no phone of this customer is registered here under that name'],
    ['sip:bob@nowhere.invalid', 'getaddrinfo ENOTFOUND nowhere.invalid'],
  ])('%s is not asked at all', async (uri, why) => {
    const leg = await bench.dial(uri);
    expect(await bench.outcome(leg)).toBe('unreachable 503');
    const message = `The far end cannot be reached: ${why}`;
    expect(await leg.ended).toEqual({ by: 'system', reason: 'unreachable', sipStatus: 503, message });
  });

  test('nobody says a word', async () => {
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.77'), 30_100)).toBe('unreachable 408');
  });

  test('the answer has no sound that can be understood: it is hung up', async () => {
    const far = await bench.farEnd('10.0.0.2', (invite) => {
      void invite.accept(far.sdp.replace('RTP/AVP 0', 'RTP/AVP 18'));
    });
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.2'))).toBe('rejected 488');
    expect(far.agent.counters.open.dialogs).toBe(0);
  });

  test('we take it back, by its signal or by hanging up', async () => {
    const far = await bench.farEnd('10.0.0.2', (invite) => invite.progress(180));
    const signal = new AbortController();
    const first = await bench.dial('sip:bob@10.0.0.2', { signal: signal.signal });
    const second = await bench.dial('sip:bob@10.0.0.2');
    await bench.clock.advance(100);
    signal.abort();
    void second.hangup();
    expect(await bench.outcome(first)).toBe('canceled 487');
    expect(await bench.outcome(second)).toBe('canceled 487');
    expect(await first.ended).toEqual({ by: 'application', reason: 'canceled' });
    expect(await second.ended).toEqual({ by: 'application', reason: 'normal' });
    for (const invite of far.invites) expect(invite.pending).toBe(false);
  });

  test('its audio is closed without anybody asking for it', async () => {
    await bench.farEnd('10.0.0.2', (invite) => invite.reject(486));
    await bench.outcome(await bench.dial('sip:bob@10.0.0.2'));
    expect(bench.engine.load.sessions).toBe(0);
  });
});

describe('progress', () => {
  test('ringing is told once', async () => {
    await bench.farEnd('10.0.0.2', (invite) => {
      invite.progress(180);
      bench.clock.after(50, () => invite.progress(180));
    });
    const leg = await bench.dial('sip:bob@10.0.0.2');
    const told: string[] = [];
    leg.progress.on((what) => told.push(what));
    await bench.clock.advance(200);
    expect(told).toEqual(['ringing']);
  });

  test('early media flows before the answer', async () => {
    const far = await bench.farEnd('10.0.0.2', (invite) => invite.progress(183, { sdp: far.sdp }));
    const leg = await bench.dial('sip:bob@10.0.0.2');
    const told: string[] = [];
    leg.progress.on((what) => told.push(what));
    await bench.clock.advance(100);
    expect(told).toEqual(['early_media']);
    const played = leg.sound.play(clips(tone(440, 100)));
    await bench.clock.advance(300);
    expect(await played).toBe('finished');
    expect(far.phone.heard.length).toBeGreaterThanOrEqual(5);
  });
});

describe('an answered call', () => {
  async function talking() {
    const far = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(far.sdp));
    const leg = await bench.dial('sip:bob@10.0.0.2');
    expect(await bench.outcome(leg)).toBe('answered');
    const dialog = far.invites[0]!.dialog;
    return { far, leg, dialog };
  }

  test('is heard by the far end', async () => {
    const { far, leg } = await talking();
    void leg.sound.play(clips(tone(440, 200)));
    await bench.clock.advance(300);
    expect(far.phone.heard.length).toBeGreaterThanOrEqual(10);
  });

  test('ends when the far end hangs up, even when nobody has waited for the answer', async () => {
    const far = await bench.farEnd('10.0.0.2', (invite) => {
      void invite.accept(far.sdp).then((dialog) => bench.clock.after(50, () => void dialog.bye()));
    });
    const leg = await bench.dial('sip:bob@10.0.0.2');
    await bench.clock.advance(200);
    expect(await leg.ended).toEqual({ by: 'far_end', reason: 'normal' });
  });

  test('ends when we hang up', async () => {
    const { leg, dialog } = await talking();
    await Promise.all([leg.hangup(), bench.clock.advance(100)]);
    expect(await dialog.ended).toMatchObject({ by: 'remote' });
    expect(await leg.ended).toEqual({ by: 'application', reason: 'normal' });
    expect(bench.engine.load.sessions).toBe(0);
  });

  test('follows the far end onto hold', async () => {
    const { far, dialog } = await talking();
    const answer = dialog.reinvite(`${far.sdp.replace('o=- 1 1', 'o=- 1 2')}a=sendonly\r\n`);
    await bench.clock.advance(100);
    expect(await answer).toContain('a=recvonly');
  });
});

describe('a redirection', () => {
  const moved =
    (...contacts: string[]) =>
    (invite: IncomingInvite) =>
      invite.reject(302, { headers: [['Contact', contacts.join(', ')]] });

  test('is followed, the best contact first', async () => {
    const order: string[] = [];
    await bench.farEnd('10.0.0.2', moved('<sip:b@10.0.0.3>;q=0.2', '<sip:c@10.0.0.4>;q=0.9'));
    const b = await bench.farEnd('10.0.0.3', (invite) => {
      order.push('b');
      void invite.accept(b.sdp);
    });
    await bench.farEnd('10.0.0.4', (invite) => {
      order.push('c');
      invite.reject(503);
    });
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.2'))).toBe('answered');
    expect(order).toEqual(['c', 'b']);
  });

  test('in a circle ends', async () => {
    const far = await bench.farEnd('10.0.0.2', moved('<sip:bob@10.0.0.2>'));
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.2'), 1000)).toBe('unreachable 302');
    expect(far.invites.length).toBeLessThan(10);
  });

  test('to something that is no SIP URI is not followed', async () => {
    await bench.farEnd('10.0.0.2', moved('<mailto:bob@example.com>'));
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.2'))).toBe('unreachable 302');
  });

  test("leads nobody to another's trunk, where nobody would pay for the call", async () => {
    await bench.end();
    bench = await makeBench({
      isForeignTrunk: ({ address }, customer) => `${address} ${customer}` === '10.0.0.9 cust_1',
    });
    const carrier = await bench.farEnd('10.0.0.9', (invite) => invite.reject(486));
    await bench.farEnd('10.0.0.2', moved('<sip:+882160000@10.0.0.9>'));
    bench.trunks.push(trunk('10.0.0.2', { customerId: 'cust_1' }));
    for (const destination of ['sip:bob@10.0.0.2', '+4930123456', 'sip:+882160000@10.0.0.9']) {
      expect(await bench.outcome(await bench.dial(destination))).toMatch(/^unreachable/);
    }
    expect(carrier.invites).toHaveLength(0);
    // The operator's own trunk may name whom it likes.
    bench.trunks[0] = trunk('10.0.0.2');
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('busy 486');
  });

  test('does not take the credentials along to another host', async () => {
    await bench.farEnd('10.0.0.2', moved('<sip:x@10.0.0.3>'));
    const nonces = new NonceStore(bench.clock, seededRandom(5));
    const asks = challenge({ nonces, realm: 'r' }).map((value) => ['WWW-Authenticate', value] as const);
    const thief = await bench.farEnd('10.0.0.3', (invite) => invite.reject(401, { headers: asks }));
    bench.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret' }));
    await bench.outcome(await bench.dial('+4930123456'));
    expect(thief.invites).toHaveLength(1);
    expect(thief.invites[0]!.request.headers.has('Authorization')).toBe(false);
  });
});

describe("a trunk's password", () => {
  const asking = (realm: string) => {
    const nonces = new NonceStore(bench.clock, seededRandom(5));
    const asks = challenge({ nonces, realm }).map((value) => ['Proxy-Authenticate', value] as const);
    return (invite: IncomingInvite) => {
      if (invite.request.headers.has('Proxy-Authorization')) invite.reject(486);
      else invite.reject(407, { headers: asks });
    };
  };

  test('answers the challenge', async () => {
    const carrier = await bench.farEnd('10.0.0.2', asking('carrier'));
    bench.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret' }));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('busy 486');
    const { request } = carrier.invites[1]!;
    expect(request.headers.get('Proxy-Authorization')).toContain('username="acme"');
    expect(parseUri(fromOf(request).uri).host).toBe('10.0.0.2');
  });

  test('is kept from other realms than its own', async () => {
    await bench.farEnd('10.0.0.2', asking('somebody'));
    bench.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret', realm: 'carrier' }));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('rejected 407');
  });
});

describe('a SIP URI', () => {
  test.each(['http://bob', 'bob', 'tel:+4930', 'sip:b ob@x', ''])('%j is refused', async (to) => {
    await expect(bench.dial(to)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('of a private network is not called, nor a name that leads there', async () => {
    await bench.end();
    bench = await makeBench({ allowPrivate: false });
    bench.network.names.set('inside.example', ['10.0.0.2']);
    const far = await bench.farEnd('10.0.0.2', () => {});
    expect(await bench.outcome(await bench.dial('sip:bob@10.0.0.2'))).toBe('unreachable 503');
    expect(await bench.outcome(await bench.dial('sip:bob@inside.example'))).toBe('unreachable 503');
    bench.trunks.push(trunk('inside.example', { customerId: 'cust_1' }));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('unreachable 503');
    expect(far.invites).toHaveLength(0);
  });

  test("of a private network is called over the operator's trunk, and where the operator allows it", async () => {
    await bench.end();
    bench = await makeBench({ allowPrivate: false });
    await bench.farEnd('10.0.0.2', (invite) => invite.reject(486));
    bench.trunks.push(trunk('10.0.0.2'));
    expect(await bench.outcome(await bench.dial('+4930123456'))).toBe('busy 486');
  });

  test('is resolved, and its next address tried when the first is dead', async () => {
    bench.network.names.set('bob.example', ['10.0.0.66', '10.0.0.2']);
    const far = await bench.farEnd('10.0.0.2', (invite) => void invite.accept(far.sdp));
    expect(await bench.outcome(await bench.dial('sip:bob@bob.example'), 6000)).toBe('answered');
    expect(far.invites[0]!.request.uri).toBe('sip:bob@bob.example');
  });
});

test('the offer says where we hear', async () => {
  const far = await bench.farEnd('10.0.0.2', (invite) => invite.reject(486));
  await bench.outcome(await bench.dial('sip:bob@10.0.0.2'));
  expect(far.invites[0]!.offer).toContain(`c=IN IP4 ${ENGINE}`);
});
