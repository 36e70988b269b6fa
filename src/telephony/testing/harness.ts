/** A dialer in virtual time on a memory network, with scripted far ends. For tests only. */
import { type DialedLeg, type Dialer, DialRefusal, type DialRequest } from '../../calls/index.ts';
import { type Failure, seededRandom, silentLog } from '../../core/index.ts';
import { type MediaHarness, startHarness } from '../../media/testing/harness.ts';
import type { Phone } from '../../media/testing/phone.ts';
import { createUserAgent, type IncomingInvite, type UserAgent } from '../../sip/index.ts';
import { createDialer, type DialerDeps } from '../outbound.ts';
import type { OutboundTrunk } from '../outbound-routes.ts';

export const HERE = '10.0.0.1';

export interface Harness extends MediaHarness {
  agent: UserAgent;
  dialer: Dialer;
  /** The trunks that calls go over. Tests change the array. */
  trunks: OutboundTrunk[];
  dial(destination: string, more?: Partial<DialRequest>): Promise<DialedLeg>;
  /** Waits, then returns the outcome of a call: `answered`, `busy 486`, … */
  outcome(leg: DialedLeg, waitMs?: number): Promise<string>;
  /** Opens a far end at the address that handles every INVITE with `take`. */
  farEnd(address: string, take: (invite: IncomingInvite) => void): Promise<FarEnd>;
}

export interface FarEnd {
  agent: UserAgent;
  invites: IncomingInvite[];
  phone: Phone;
  /** Its answer to an offer. */
  sdp: string;
}

export async function openHarness(
  deps: Partial<DialerDeps> = {},
  options: Parameters<typeof startHarness>[0] = {},
): Promise<Harness> {
  const mediaHarness = await startHarness(options);
  const { clock, network } = mediaHarness;
  const agents: UserAgent[] = [];
  const open = async (host: string) => {
    const random = seededRandom(agents.length + 7);
    const settings = { clock, random, log: silentLog, network, port: 5060, userAgent: 'test' };
    const agent = createUserAgent({ ...settings, host });
    await agent.listen();
    agents.push(agent);
    return agent;
  };
  const agent = await open(HERE);
  const trunks: OutboundTrunk[] = [];
  const dialer = createDialer({
    userAgent: agent,
    media: mediaHarness.engine,
    clock,
    random: seededRandom(3),
    log: silentLog,
    publicAddress: undefined,
    trunks: () => trunks,
    phone: () => undefined,
    isHere: (host) => host === HERE,
    resolve: (host) => network.resolve(host),
    services: async () => [],
    mayShow: () => true,
    allowPrivate: true,
    ...deps,
  });
  return {
    ...mediaHarness,
    agent,
    dialer,
    trunks,
    dial: (destination, more = {}) => dialer.dial({ ...request(destination), ...more }),
    async outcome(leg, waitMs = 100) {
      const outcome = leg.answer().then(
        () => 'answered',
        ({ code, cause }: Failure) => `${code} ${cause instanceof DialRefusal ? cause.sipStatus : ''}`,
      );
      await clock.advance(waitMs);
      return outcome;
    },
    async farEnd(address, take) {
      const phone = await mediaHarness.phone({ address });
      const far: FarEnd = { agent: await open(address), invites: [], phone, sdp: sdpOf(phone) };
      far.agent.onInvite = (invite) => {
        far.invites.push(invite);
        take(invite);
      };
      return far;
    },
    async end() {
      for (const each of agents) void each.close(0);
      await clock.advance(1);
      await mediaHarness.end();
    },
  };
}

const request = (destination: string): DialRequest => ({
  destination,
  from: '+15550001111',
  customerId: 'cust_1',
  timeoutMs: 30_000,
  signal: new AbortController().signal,
});

export const trunk = (proxy: string, more: Partial<OutboundTrunk> = {}): OutboundTrunk => ({
  id: `trunk_${proxy}`,
  gatewayName: proxy,
  proxy,
  transport: 'udp',
  username: null,
  password: null,
  realm: null,
  fromDomain: null,
  srtp: false,
  customerId: null,
  ...more,
});

const sdpOf = ({ local }: Phone): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${local.address}`,
    's=-',
    `c=IN IP4 ${local.address}`,
    't=0 0',
    `m=audio ${local.port} RTP/AVP 0`,
    '',
  ].join('\r\n');
