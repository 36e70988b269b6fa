import type { Log } from '../../core/index.ts';
import { type Reply, type SipRequest, toOf } from '../../sip/index.ts';
import type { PhoneIdentity } from '../phone-identity.ts';
import type { Registrar } from '../registrar.ts';
import type { FailedLogins } from './failed-logins.ts';
import { type Caller, identifyCaller, type Source } from './identify.ts';
import { type NumberDeps, routeTrunkCall } from './route.ts';
import type { AttemptKind, SourceBlocker } from './source-blocker.ts';

export interface AccessControlDeps {
  phones: PhoneIdentity;
  registrar: Pick<Registrar, 'refusal'>;
  numbers: NumberDeps;
  blocker: SourceBlocker;
  logins: Pick<FailedLogins, 'record'>;
  log: Log;
}

/** The methods that an unknown source may send. */
const FOR_UNKNOWN = ['INVITE', 'REGISTER'];

const REFUSED: Reply = { status: 403, why: 'SIP from this address is refused' };

/**
 * Decides who may send which SIP request, and blocks sources after repeated refusals.
 *
 * What a customer configures about addresses counts for that customer only: it lets calls to the customer's own
 * numbers through, but neither protects a source from being blocked nor affects other customers.
 */
export class SipAccessControl {
  #deps: AccessControlDeps;

  constructor(deps: AccessControlDeps) {
    this.#deps = deps;
  }

  /** Refuses a request from a source that may not send it. Blocked sources get no response. */
  checkSource(request: SipRequest, source: Source): Reply | 'silence' | undefined {
    const { blocker } = this.#deps;
    const blocked = blocker.isBlocked(source.hop);
    if (!blocked && FOR_UNKNOWN.includes(request.method)) return undefined;
    if (source.isKnown || this.#isForTrunkOwner(request, source)) return undefined;
    if (blocked) {
      blocker.counts.ignored++;
      return 'silence';
    }
    this.recordAttempt(source, 'probed');
    return source.trunks.length > 0 ? undefined : REFUSED;
  }

  /** Refuses a REGISTER or an INVITE with 401 without a proof of the password, and with 403 with a wrong one. */
  checkSender(request: SipRequest, source: Source): Reply | undefined {
    const refusal = this.#refusal(request, source);
    if (!refusal) return undefined;
    this.recordReply(request, source, refusal.status);
    if (refusal.status === 403 && isNewCall(request))
      this.#deps.log.warn({ source: source.address, status: 403, error: refusal.why }, 'INVITE refused');
    return refusal;
  }

  identifyCaller(request: SipRequest, source: Source): Caller {
    const { phones } = this.#deps;
    const reachesNumber = () => this.#reachesNumber(request, source);
    return identifyCaller(request, source, { phones, reachesNumber });
  }

  /** Counts a reply of 401 or 403 as an attempt of its source; 200 to a REGISTER forgives all attempts. */
  recordReply(request: SipRequest, source: Source, status: number): void {
    if (status === 200) this.forgive(source);
    if (status === 401) this.recordAttempt(source, 'challenged');
    if (status !== 403) return;
    this.recordAttempt(source, 'rejected');
    if (request.method === 'REGISTER' || isNewCall(request)) this.#deps.logins.record(request, source.hop);
  }

  /** Counts a refused attempt. Known sources are exempt: forged requests must not block a carrier or a phone. */
  recordAttempt(source: Source, kind: AttemptKind): void {
    if (source.isKnown || !this.#deps.blocker.record(source.hop, kind)) return;
    this.#deps.log.warn({ address: source.address }, 'source blocked after repeated refusals');
  }

  /** Forgets the attempts of a source that has proven a password. */
  forgive(source: Source): void {
    this.#deps.blocker.forgive(source.hop);
  }

  #refusal(request: SipRequest, source: Source): Reply | undefined {
    const { registrar, phones } = this.#deps;
    if (request.method === 'REGISTER') return registrar.refusal(request, source.hop);
    if (!isNewCall(request)) return undefined;
    const { kind, phone } = this.identifyCaller(request, source);
    if (kind === 'trusted') return undefined;
    if (kind === 'unknown') return REFUSED;
    return phones.refusal(phone, request, source.hop) ?? (phone ? undefined : { status: 403 });
  }

  /** A customer's carrier may call the customer's numbers even if its address is blocked. */
  #isForTrunkOwner(request: SipRequest, source: Source): boolean {
    if (source.trunks.length === 0) return false;
    const { method } = request;
    return method === 'OPTIONS' || (method === 'INVITE' && this.#reachesNumber(request, source));
  }

  #reachesNumber(request: SipRequest, { trunks }: Source): boolean {
    return routeTrunkCall(request, trunks, this.#deps.numbers).route !== undefined;
  }
}

const isNewCall = (request: SipRequest): boolean =>
  request.method === 'INVITE' && toOf(request).tag === undefined;
