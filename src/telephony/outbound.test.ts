import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import { clips, ENGINE, tone } from '../media/testing/harness.ts';
import { challenge, fromOf, type IncomingInvite, NonceStore, parseUri, toOf } from '../sip/index.ts';
import { type Harness, HERE, openHarness, trunk } from './testing/harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await openHarness();
});

afterEach(() => harness.end());

describe('a number', () => {
  test('is called over the trunk with the caller ID', async () => {
    const carrier = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
    harness.trunks.push(trunk('10.0.0.2', { fromDomain: 'acme.example' }));
    const leg = await harness.dial('+4930123456');
    expect(await harness.outcome(leg)).toBe('answered');
    const { request } = carrier.invites[0]!;
    expect(request.uri).toBe('sip:+4930123456@10.0.0.2');
    expect(toOf(request).uri).toBe('sip:+4930123456@10.0.0.2');
    expect(fromOf(request).uri).toBe('sip:+15550001111@acme.example');
    expect(request.headers.get('P-Asserted-Identity')).toBe('<sip:+15550001111@acme.example>');
  });

  test('is refused at once without a trunk', async () => {
    await expect(harness.dial('+4930123456')).rejects.toMatchObject({
      ...{ code: 'no_active_trunk', message: expect.stringContaining('POST /v1/trunks') },
    });
  });

  test('is called anonymously without a caller ID', async () => {
    const carrier = await harness.farEnd('10.0.0.2', (invite) => invite.reject(486));
    harness.trunks.push(trunk('10.0.0.2'));
    await harness.outcome(await harness.dial('+4930123456', { from: 'anonymous' }));
    const { request } = carrier.invites[0]!;
    expect(fromOf(request).uri).toBe('sip:anonymous@anonymous.invalid');
    expect(request.headers.get('Privacy')).toBe('id');
    expect(request.headers.has('P-Asserted-Identity')).toBe(false);
  });

  test('does not go over a trunk that may not show the caller ID', async () => {
    await harness.end();
    harness = await openHarness({ mayShow: () => false });
    const strict = await harness.farEnd('10.0.0.2', () => {});
    const open = await harness.farEnd('10.0.0.3', (invite) => void invite.accept(open.sdp));
    harness.trunks.push(trunk('10.0.0.2'));
    await expect(harness.dial('+4930123456')).rejects.toMatchObject({ code: 'caller_id_not_allowed' });
    harness.trunks.push(trunk('10.0.0.3', { callerIds: 'any' }));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('answered');
    expect(strict.invites).toHaveLength(0);
  });

  test.each([
    ["the customer's", true, 'answered'],
    ["another one's", false, 'unreachable 503'],
  ])(
    "goes over a customer's trunk at the operator's carrier only with the customer's caller ID: %s",
    async (_, owns, outcome) => {
      await harness.end();
      harness = await openHarness({
        mayShow: () => owns,
        isForeignTrunk: ({ address }) => address === '10.0.0.2',
      });
      const carrier = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(carrier.sdp));
      harness.trunks.push(trunk('10.0.0.2', { customerId: 'cust_1' }));
      expect(await harness.outcome(await harness.dial('+4930123456'))).toBe(outcome);
      expect(carrier.invites).toHaveLength(owns ? 1 : 0);
    },
  );

  test.each([503, 500, 401])('goes over the next trunk after a %i', async (status) => {
    const first = await harness.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const second = await harness.farEnd('10.0.0.3', (invite) => void invite.accept(second.sdp));
    harness.trunks.push(trunk('10.0.0.2'), trunk('10.0.0.3'));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('answered');
    expect(first.invites).toHaveLength(1);
  });

  test('goes over the next trunk when a proxy has no address or does not respond', async () => {
    const third = await harness.farEnd('10.0.0.3', (invite) => void invite.accept(third.sdp));
    harness.trunks.push(trunk('no.such.host'), trunk('10.0.0.99'), trunk('10.0.0.3'));
    expect(await harness.outcome(await harness.dial('+4930123456'), 6000)).toBe('answered');
  });

  test.each([486, 403, 404])('does not go over the next trunk after a %i', async (status) => {
    await harness.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const second = await harness.farEnd('10.0.0.3', () => {});
    harness.trunks.push(trunk('10.0.0.2'), trunk('10.0.0.3'));
    await harness.outcome(await harness.dial('+4930123456'));
    expect(second.invites).toHaveLength(0);
  });
});

test('sends the header fields of the application to trunks and SIP URIs', async () => {
  harness.trunks.push(trunk('10.0.0.3'));
  const carrier = await harness.farEnd('10.0.0.3', (invite) => invite.reject(486));
  const desk = await harness.farEnd('10.0.0.2', (invite) => invite.reject(486));
  const sipHeaders = { 'X-Order-Id': 'A-17', 'X-Name': 'José' };
  for (const to of ['+4930123456', 'sip:desk@10.0.0.2'])
    await harness.outcome(await harness.dial(to, { sipHeaders }));
  for (const { invites } of [carrier, desk]) {
    const { headers } = invites[0]!.request;
    expect([headers.get('X-Order-Id'), headers.get('X-Name')]).toEqual(['A-17', 'Jos\u00c3\u00a9']);
  }
});

describe('a call that is not answered', () => {
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
  ])('maps %i to %s', async (status, reason) => {
    await harness.farEnd('10.0.0.2', (invite) => invite.reject(status));
    const leg = await harness.dial('sip:bob@10.0.0.2');
    expect(await harness.outcome(leg)).toBe(`${reason} ${status}`);
    expect(await leg.ended).toEqual({
      ...{ by: 'system', reason, sipStatus: status },
      message: expect.stringMatching(new RegExp(`^The far end .*: ${status} \\w+`)),
    });
    expect(leg.signal.aborted).toBe(true);
  });

  test('is canceled at its timeout', async () => {
    const far = await harness.farEnd('10.0.0.2', (invite) => invite.progress(180));
    const leg = await harness.dial('sip:bob@10.0.0.2', { timeoutMs: 20_000 });
    expect(await harness.outcome(leg, 20_100)).toBe('no_answer 408');
    expect(far.invites[0]!.pending).toBe(false);
    expect(await far.invites[0]!.canceled).toBeDefined();
  });

  test.each([
    [`sip:anna@${HERE}`, 'no phone of this customer is registered here under that name'],
    [`sip:+15550100001@${HERE}:5060`, 'no phone of this customer is registered here under that name'],
    ['sip:bob@nowhere.invalid', 'getaddrinfo ENOTFOUND nowhere.invalid'],
  ])('sends no INVITE to %s', async (uri, why) => {
    const leg = await harness.dial(uri);
    expect(await harness.outcome(leg)).toBe('unreachable 503');
    const message = `The far end cannot be reached: ${why}`;
    expect(await leg.ended).toEqual({ by: 'system', reason: 'unreachable', sipStatus: 503, message });
  });

  test('is unreachable when the host sends no response', async () => {
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.77'), 30_100)).toBe('unreachable 408');
  });

  test('gets BYE when the answer has no known codec', async () => {
    const far = await harness.farEnd('10.0.0.2', (invite) => {
      void invite.accept(far.sdp.replace('RTP/AVP 0', 'RTP/AVP 18'));
    });
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.2'))).toBe('rejected 488');
    expect(far.agent.counters.open.dialogs).toBe(0);
  });

  test('is canceled by its signal and by hangup', async () => {
    const far = await harness.farEnd('10.0.0.2', (invite) => invite.progress(180));
    const signal = new AbortController();
    const first = await harness.dial('sip:bob@10.0.0.2', { signal: signal.signal });
    const second = await harness.dial('sip:bob@10.0.0.2');
    await harness.clock.advance(100);
    signal.abort();
    void second.hangup();
    expect(await harness.outcome(first)).toBe('canceled 487');
    expect(await harness.outcome(second)).toBe('canceled 487');
    expect(await first.ended).toEqual({ by: 'application', reason: 'canceled' });
    expect(await second.ended).toEqual({ by: 'application', reason: 'normal' });
    for (const invite of far.invites) expect(invite.pending).toBe(false);
  });

  test('closes its audio on its own', async () => {
    await harness.farEnd('10.0.0.2', (invite) => invite.reject(486));
    await harness.outcome(await harness.dial('sip:bob@10.0.0.2'));
    expect(harness.engine.load.sessions).toBe(0);
  });
});

describe('progress', () => {
  test('reports ringing once', async () => {
    await harness.farEnd('10.0.0.2', (invite) => {
      invite.progress(180);
      harness.clock.after(50, () => invite.progress(180));
    });
    const leg = await harness.dial('sip:bob@10.0.0.2');
    const reported: string[] = [];
    leg.progress.on((what) => reported.push(what));
    await harness.clock.advance(200);
    expect(reported).toEqual(['ringing']);
  });

  test('early media flows before the answer', async () => {
    const far = await harness.farEnd('10.0.0.2', (invite) => invite.progress(183, { sdp: far.sdp }));
    const leg = await harness.dial('sip:bob@10.0.0.2');
    const reported: string[] = [];
    leg.progress.on((what) => reported.push(what));
    await harness.clock.advance(100);
    expect(reported).toEqual(['early_media']);
    const played = leg.sound.play(clips(tone(440, 100)));
    await harness.clock.advance(300);
    expect(await played).toBe('finished');
    expect(far.phone.heard.length).toBeGreaterThanOrEqual(5);
  });
});

describe('an answered call', () => {
  async function talking() {
    const far = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(far.sdp));
    const leg = await harness.dial('sip:bob@10.0.0.2');
    expect(await harness.outcome(leg)).toBe('answered');
    const dialog = far.invites[0]!.dialog;
    return { far, leg, dialog };
  }

  test('sends audio to the far end', async () => {
    const { far, leg } = await talking();
    void leg.sound.play(clips(tone(440, 200)));
    await harness.clock.advance(300);
    expect(far.phone.heard.length).toBeGreaterThanOrEqual(10);
  });

  test('ends when the far end hangs up, even if nothing waits for the answer', async () => {
    const far = await harness.farEnd('10.0.0.2', (invite) => {
      void invite.accept(far.sdp).then((dialog) => harness.clock.after(50, () => void dialog.bye()));
    });
    const leg = await harness.dial('sip:bob@10.0.0.2');
    await harness.clock.advance(200);
    expect(await leg.ended).toEqual({ by: 'far_end', reason: 'normal' });
  });

  test('ends when we hang up', async () => {
    const { leg, dialog } = await talking();
    await Promise.all([leg.hangup(), harness.clock.advance(100)]);
    expect(await dialog.ended).toMatchObject({ by: 'remote' });
    expect(await leg.ended).toEqual({ by: 'application', reason: 'normal' });
    expect(harness.engine.load.sessions).toBe(0);
  });

  test('answers a hold of the far end with recvonly', async () => {
    const { far, dialog } = await talking();
    const answer = dialog.reinvite(`${far.sdp.replace('o=- 1 1', 'o=- 1 2')}a=sendonly\r\n`);
    await harness.clock.advance(100);
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
    await harness.farEnd('10.0.0.2', moved('<sip:b@10.0.0.3>;q=0.2', '<sip:c@10.0.0.4>;q=0.9'));
    const b = await harness.farEnd('10.0.0.3', (invite) => {
      order.push('b');
      void invite.accept(b.sdp);
    });
    await harness.farEnd('10.0.0.4', (invite) => {
      order.push('c');
      invite.reject(503);
    });
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.2'))).toBe('answered');
    expect(order).toEqual(['c', 'b']);
  });

  test('loop ends', async () => {
    const far = await harness.farEnd('10.0.0.2', moved('<sip:bob@10.0.0.2>'));
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.2'), 1000)).toBe('unreachable 302');
    expect(far.invites.length).toBeLessThan(10);
  });

  test('to another kind of URI is not followed', async () => {
    await harness.farEnd('10.0.0.2', moved('<mailto:bob@example.com>'));
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.2'))).toBe('unreachable 302');
  });

  test("of a customer's host does not reach another party's trunk", async () => {
    await harness.end();
    harness = await openHarness({
      isForeignTrunk: ({ address }, customer) => `${address} ${customer}` === '10.0.0.9 cust_1',
    });
    const carrier = await harness.farEnd('10.0.0.9', (invite) => invite.reject(486));
    await harness.farEnd('10.0.0.2', moved('<sip:+882160000@10.0.0.9>'));
    harness.trunks.push(trunk('10.0.0.2', { customerId: 'cust_1' }));
    for (const destination of ['sip:bob@10.0.0.2', '+4930123456', 'sip:+882160000@10.0.0.9']) {
      expect(await harness.outcome(await harness.dial(destination))).toMatch(/^unreachable/);
    }
    expect(carrier.invites).toHaveLength(0);
    // The operator's own trunk may redirect anywhere.
    harness.trunks[0] = trunk('10.0.0.2');
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('busy 486');
  });

  test('sends no credentials to another host', async () => {
    await harness.farEnd('10.0.0.2', moved('<sip:x@10.0.0.3>'));
    const nonces = new NonceStore(harness.clock, seededRandom(5));
    const headers = challenge({ nonces, realm: 'r' }).map((value) => ['WWW-Authenticate', value] as const);
    const other = await harness.farEnd('10.0.0.3', (invite) => invite.reject(401, { headers }));
    harness.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret' }));
    await harness.outcome(await harness.dial('+4930123456'));
    expect(other.invites).toHaveLength(1);
    expect(other.invites[0]!.request.headers.has('Authorization')).toBe(false);
  });
});

describe("a trunk's password", () => {
  const challenging = (realm: string) => {
    const nonces = new NonceStore(harness.clock, seededRandom(5));
    const headers = challenge({ nonces, realm }).map((value) => ['Proxy-Authenticate', value] as const);
    return (invite: IncomingInvite) => {
      if (invite.request.headers.has('Proxy-Authorization')) invite.reject(486);
      else invite.reject(407, { headers });
    };
  };

  test('answers a challenge', async () => {
    const carrier = await harness.farEnd('10.0.0.2', challenging('carrier'));
    harness.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret' }));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('busy 486');
    const { request } = carrier.invites[1]!;
    expect(request.headers.get('Proxy-Authorization')).toContain('username="acme"');
    expect(parseUri(fromOf(request).uri).host).toBe('10.0.0.2');
  });

  test('is not sent to other realms', async () => {
    await harness.farEnd('10.0.0.2', challenging('somebody'));
    harness.trunks.push(trunk('10.0.0.2', { username: 'acme', password: 'secret', realm: 'carrier' }));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('rejected 407');
  });
});

describe('a SIP URI', () => {
  test.each(['http://bob', 'bob', 'tel:+4930', 'sip:b ob@x', ''])('%j is refused', async (to) => {
    await expect(harness.dial(to)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('of a private network is not called, nor a name that resolves to one', async () => {
    await harness.end();
    harness = await openHarness({ allowPrivate: false });
    harness.network.names.set('inside.example', ['10.0.0.2']);
    const far = await harness.farEnd('10.0.0.2', () => {});
    expect(await harness.outcome(await harness.dial('sip:bob@10.0.0.2'))).toBe('unreachable 503');
    expect(await harness.outcome(await harness.dial('sip:bob@inside.example'))).toBe('unreachable 503');
    harness.trunks.push(trunk('inside.example', { customerId: 'cust_1' }));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('unreachable 503');
    expect(far.invites).toHaveLength(0);
  });

  test("of a private network is called over the operator's trunk", async () => {
    await harness.end();
    harness = await openHarness({ allowPrivate: false });
    await harness.farEnd('10.0.0.2', (invite) => invite.reject(486));
    harness.trunks.push(trunk('10.0.0.2'));
    expect(await harness.outcome(await harness.dial('+4930123456'))).toBe('busy 486');
  });

  test('is resolved, and its next address is tried when the first does not respond', async () => {
    harness.network.names.set('bob.example', ['10.0.0.66', '10.0.0.2']);
    const far = await harness.farEnd('10.0.0.2', (invite) => void invite.accept(far.sdp));
    expect(await harness.outcome(await harness.dial('sip:bob@bob.example'), 6000)).toBe('answered');
    expect(far.invites[0]!.request.uri).toBe('sip:bob@bob.example');
  });
});

test('the offer contains our media address', async () => {
  const far = await harness.farEnd('10.0.0.2', (invite) => invite.reject(486));
  await harness.outcome(await harness.dial('sip:bob@10.0.0.2'));
  expect(far.invites[0]!.offer).toContain(`c=IN IP4 ${ENGINE}`);
});
