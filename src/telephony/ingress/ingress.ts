import type { Admission } from '../../calls/index.ts';
import { explain, Failure } from '../../core/index.ts';
import {
  type Hop,
  type IncomingInvite,
  type Reply,
  type SipRequest,
  SipSyntaxError,
  type UserAgent,
} from '../../sip/index.ts';
import { RETRY_LATER } from '../opening.ts';
import type { PhoneAccount } from '../phone-identity.ts';
import type { Registrar } from '../registrar.ts';
import { type AccessControlDeps, SipAccessControl } from './authorize.ts';
import { Source, type SourceLookups } from './identify.ts';
import { type InboundCallDeps, InboundCallHandler, statusOf } from './inbound-call-handler.ts';
import { type CallDeps, dialed, routeCall } from './route.ts';

export interface IngressDeps
  extends Omit<AccessControlDeps, 'numbers' | 'registrar'>,
    Omit<InboundCallDeps, 'numbers'> {
  sources: SourceLookups;
  registrar: Pick<Registrar, 'refusal' | 'answer'>;
  admission: Pick<Admission, 'admit' | 'begin' | 'refusalCause' | 'isSaturated' | 'suspend'>;
  numbers: CallDeps;
}

/** Calls are not admitted for this long after the RTP ports of a call could not be opened. */
const NO_PORTS_MS = 1_000;

/**
 * Takes each SIP request outside of a dialog through four steps:
 *
 * 1. identify (`identify.ts`): is the source a trunk, a registered phone, this machine, or unknown?
 * 2. authorize (`authorize.ts`): may the source send it (403, or silence), and is the password right (401, 403)?
 * 3. admit (`calls/admission.ts`): does the server have capacity for another call (503, or silence)?
 * 4. route (`route.ts`): which application or phone has the number (404)?
 *
 * A call that has passed them waits for its turn on the main thread; its transaction sends 100 meanwhile. INVITE takes
 * all steps, REGISTER the first two, OPTIONS all but the password. Unknown sources are admitted last: requests without a
 * valid password and calls to unknown numbers must not use up capacity.
 */
export class Ingress {
  #deps: IngressDeps;
  #access: SipAccessControl;
  #calls: InboundCallHandler;

  constructor(deps: IngressDeps) {
    this.#deps = deps;
    this.#access = new SipAccessControl(deps);
    this.#calls = new InboundCallHandler(deps);
  }

  /** Connects the steps to a user agent. Nothing else sets its hooks. */
  attach(userAgent: Pick<UserAgent, 'screenRequest' | 'onInvite' | 'onOptions' | 'onRequest'>): void {
    userAgent.screenRequest = (request, hop) => this.#screen(request, this.#identify(hop));
    userAgent.onInvite = (invite) => this.#receiveInvite(invite, this.#identify(invite.source));
    userAgent.onOptions = (request, hop) => this.#answerOptions(request, this.#identify(hop));
    userAgent.onRequest = (request, hop) => this.#register(request, this.#identify(hop));
  }

  #identify(hop: Hop): Source {
    return new Source(hop, this.#deps.sources);
  }

  /** Refuses a request before the user agent keeps any state of it. */
  #screen(request: SipRequest, source: Source): Reply | 'silence' | undefined {
    return (
      this.#access.checkSource(request, source) ??
      this.#admitKnown(request, source) ??
      this.#access.checkSender(request, source)
    );
  }

  #receiveInvite(invite: IncomingInvite, source: Source): void {
    this.#startCall(invite, source).catch((error) => this.#refuse(invite, source, error));
  }

  async #startCall(invite: IncomingInvite, source: Source): Promise<void> {
    const { request } = invite;
    const { phone } = this.#access.identifyCaller(request, source);
    if (phone) this.#access.forgive(source);
    const call = routeCall(request, source, phone, this.#deps.numbers);
    const { to, route } = call;
    if (!route) throw this.#unreachable(to, phone, source);
    if (route.routeMode === 'reject') throw new Failure('rejected', `Calls to ${to} are rejected.`);
    this.#admitUnknown(source);
    await this.#deps.admission.begin(async () => {
      // The caller may have hung up meanwhile.
      if (invite.pending) await this.#calls.accept(invite, { ...call, route }, phone);
    }, invite.canceled);
  }

  /** RFC 3261 §11.2: answers OPTIONS as an INVITE to the same number. Undefined: the INVITE would become a call. */
  #answerOptions(request: SipRequest, source: Source): Reply | undefined {
    const user = dialed(request.uri);
    // Carriers send OPTIONS to the name that we have registered with them.
    const isOurName = source.trunks.some(({ username }) => username?.toLowerCase() === user.toLowerCase());
    if (user === '' || user === 'minivoice' || isOurName) return undefined;
    const { phone } = this.#access.identifyCaller(request, source);
    const known = phone && source.hasPhone(phone.username) ? phone : undefined;
    const { to, route } = routeCall(request, source, known, this.#deps.numbers);
    return route ? undefined : { status: 404, why: `The number ${to} is not assigned` };
  }

  #register(request: SipRequest, source: Source): Reply {
    const reply = this.#deps.registrar.answer(request, source.hop);
    this.#access.recordReply(request, source, reply.status);
    return reply;
  }

  #admitKnown({ method }: SipRequest, source: Source): Reply | 'silence' | undefined {
    const { admission } = this.#deps;
    // RFC 3261 §11.2: 503 to OPTIONS makes proxies send calls to other servers while this one stops.
    const probed = method === 'OPTIONS' && admission.refusalCause === 'draining';
    const refused = method === 'INVITE' && (source.isKnown ? admission.admit() : admission.isSaturated);
    if (!probed && !refused) return undefined;
    if (admission.isSaturated) return 'silence';
    return { status: 503, headers: RETRY_LATER, why: 'The server cannot take more calls now' };
  }

  #admitUnknown(source: Source): void {
    if (source.isKnown || !this.#deps.admission.admit()) return;
    throw new Failure('overloaded', 'The server cannot take more calls now.');
  }

  #refuse(invite: IncomingInvite, source: Source, error: unknown): void {
    const status = statusOf(error);
    if (error instanceof Failure && error.code === 'no_media_port')
      this.#deps.admission.suspend('ports', NO_PORTS_MS);
    // A source that tries unknown numbers is a scanner, even at an address of a customer's trunk.
    if (status === 404) this.#access.recordAttempt(source, 'rejected');
    const hint =
      status === 404 ? { hint: 'add a number with POST /admin/v1/dids, a phone with POST /v1/phones' } : {};
    const fields = { source: source.address, status, error: explain(error), ...hint };
    this.#deps.log.warn(fields, 'INVITE refused');
    const why = error instanceof Failure || error instanceof SipSyntaxError ? error.message : undefined;
    invite.reject(status, { headers: status === 503 ? RETRY_LATER : undefined, why });
  }

  /**
   * Explains why a call reaches no number. The caller learns nothing about other customers. The log names the owner
   * for the operator: calling another customer's number is the usual mistake on a new server.
   */
  #unreachable(to: string, phone: PhoneAccount | undefined, source: Source): Failure {
    const { numbers, phones, log } = this.#deps;
    const owner = numbers.route(to)?.customerId ?? phones.find(to)?.customerId;
    if (owner !== undefined) {
      const caller = phone
        ? { phone: phone.username, customer_id: phone.customerId }
        : { customer_ids: source.trunkOwners };
      const hint = phone ? PHONE_HINT : TRUNK_HINT;
      const fields = { source: source.address, ...caller, to, owner_customer_id: owner, hint };
      log.warn(fields, 'the called number belongs to another customer');
    }
    if (!phone) return new Failure('not_found', `The number ${to} is not assigned.`);
    return new Failure('not_found', `The customer of this phone has no number and no phone ${to}.`);
  }
}

const PHONE_HINT =
  "create the phone with a key of the customer who has the number, or assign the number to an application of the phone's customer";
const TRUNK_HINT =
  'assign the number to an application of the customer who owns the trunk, or create the trunk for all customers';
