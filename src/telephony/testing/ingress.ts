/** Attaches an ingress to the user agent of a test harness. For tests only. */
import type { InboundCall } from '../../calls/index.ts';
import { seededRandom, silentLog } from '../../core/index.ts';
import { FailedLogins } from '../ingress/failed-logins.ts';
import { Ingress, type IngressDeps } from '../ingress/ingress.ts';
import { SourceBlocker } from '../ingress/source-blocker.ts';
import { type FindPhone, PhoneIdentity } from '../phone-identity.ts';
import { Registrar } from '../registrar.ts';
import type { Harness } from './harness.ts';

export interface TestIngress {
  registrar: Registrar;
  /** The calls that have passed the ingress. */
  arrivals: InboundCall[];
}

/** Without `more`, no address has a trunk, no number has a route, and every call is admitted. */
export function attachIngress(
  { clock, agent, engine }: Harness,
  find: FindPhone,
  more: Partial<Pick<IngressDeps, 'log' | 'phones'>> & {
    admission?: Partial<IngressDeps['admission']>;
    sources?: Partial<IngressDeps['sources']>;
    numbers?: Partial<IngressDeps['numbers']>;
  } = {},
): TestIngress {
  const arrivals: InboundCall[] = [];
  const realm = 'minivoice';
  const phones = more.phones ?? new PhoneIdentity({ find, realm, clock, random: seededRandom(9) });
  const registrar = new Registrar(phones, clock);
  const log = more.log ?? silentLog;
  new Ingress({
    ...{ media: engine, random: seededRandom(4), log, publicAddress: undefined, phones, registrar },
    blocker: new SourceBlocker(clock),
    logins: new FailedLogins(phones, clock, silentLog),
    admission: {
      ...{ refusalCause: undefined, isSaturated: false },
      admit: () => undefined,
      begin: (start) => start(),
      suspend: () => {},
      ...more.admission,
    },
    sources: {
      trunksAt: () => [],
      isPhoneAt: (address, username) => registrar.isAt(address, username),
      isTrusted: () => false,
      ...more.sources,
    },
    numbers: {
      normalizeNumber: (user) => user,
      withPlus: () => undefined,
      route: () => undefined,
      routeOfPhone: () => undefined,
      ...more.numbers,
    },
    arrive: (arrival) => arrivals.push(arrival),
  }).attach(agent);
  return { registrar, arrivals };
}
