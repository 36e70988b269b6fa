import { afterEach, describe, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../../core/index.ts';
import { systemNetwork } from '../../net/index.ts';
import { testCertificate } from '../../net/testing/certificate.ts';
import { ANSWER, OFFER } from '../testing/pair.ts';
import { createUserAgent, type UserAgent, type UserAgentOptions } from '../user-agent.ts';

const agents: UserAgent[] = [];
afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.close())));

async function agent(tls: UserAgentOptions['tls']): Promise<UserAgent> {
  const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
  const settings = { ...deps, userAgent: 'test' };
  const agent = createUserAgent({ ...settings, host: '127.0.0.1', port: 0, tls });
  agents.push(agent);
  await agent.listen();
  return agent;
}

const server = () => agent({ server: { ...testCertificate, port: 0 } });
const believer = () => agent({ ca: testCertificate.cert });
const options = (target: string) => ({ method: 'OPTIONS', target, from: 'sip:alice@127.0.0.1' });

describe('SIP over TLS', () => {
  test('carries a call over one connection in both directions', async () => {
    const [alice, bob] = [await believer(), await server()];
    bob.onInvite = (invite) => void invite.accept(ANSWER);
    const target = `sip:bob@localhost:${bob.tlsPort};transport=tls`;
    const result = await alice.invite({ target, from: 'sip:alice@127.0.0.1', sdp: OFFER }).result;
    if (result.kind !== 'accepted') throw new Error(result.reason);
    expect((await result.dialog.info({ contentType: 'text/plain', content: 'x' })).status).toBe(415);
    await result.dialog.bye();
    expect(bob.counters.transport.tls).toMatchObject({ connections: 1, malformed: 0 });
    expect(alice.counters.transport.tls.connections).toBe(1);
    expect(alice.counters.transport.udp.sent + alice.counters.transport.tcp.sent).toBe(0);
  });

  test('is used for sips URIs', async () => {
    const [alice, bob] = [await believer(), await server()];
    expect((await alice.request(options(`sips:localhost:${bob.tlsPort}`))).status).toBe(200);
  });

  test('is refused if the certificate is for another name', async () => {
    const [alice, bob] = [await believer(), await server()];
    const target = `sip:voice.example:${bob.tlsPort};transport=tls;maddr=127.0.0.1`;
    const { status, reason } = await alice.request(options(target));
    expect(status).toBe(503);
    expect(reason).toContain("voice.example. is not in the cert's altnames");
    const { tls } = bob.counters.transport;
    expect(tls.received).toBe(0);
  });

  test('is refused if the certificate is not signed by a trusted CA', async () => {
    const [alice, bob] = [await agent({}), await server()];
    const { status, reason } = await alice.request(options(`sips:localhost:${bob.tlsPort}`));
    expect(status).toBe(503);
    expect(reason).toContain('self-signed certificate');
  });

  test('does not reuse a connection that was verified for another name at the same address', async () => {
    const [alice, bob] = [await believer(), await server()];
    const at = `${bob.tlsPort};transport=tls;maddr=127.0.0.1`;
    expect((await alice.request(options(`sip:localhost:${at}`))).status).toBe(200);
    expect((await alice.request(options(`sip:voice.example:${at}`))).status).toBe(503);
    expect((await alice.request(options(`sip:app.test:${at}`))).status).toBe(200);
  });

  test('closes connections without a TLS handshake', async () => {
    const [alice, bob] = [await believer(), await server()];
    const plain = `sip:127.0.0.1:${bob.tlsPort};transport=tcp`;
    void alice.request(options(plain));
    expect((await alice.request(options(`sips:localhost:${bob.tlsPort}`))).status).toBe(200);
    expect(bob.counters.transport.tls.received).toBe(1);
  });
});
