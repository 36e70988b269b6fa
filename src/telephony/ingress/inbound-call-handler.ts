import type { InboundCall } from '../../calls/index.ts';
import { detach, Failure, type Log, type Random } from '../../core/index.ts';
import type { MediaEngine, Sound } from '../../media/index.ts';
import { fromOf, type IncomingInvite, SipSyntaxError } from '../../sip/index.ts';
import { Negotiation } from '../negotiation.ts';
import { InboundOpening } from '../opening.ts';
import type { PhoneAccount } from '../phone-identity.ts';
import { sipHeadersOf } from '../sip-headers.ts';
import { SipLeg } from '../sip-leg.ts';
import { dialed, isCarrier, type NumberDeps, type RoutedCall } from './route.ts';

export interface InboundCallDeps {
  media: MediaEngine;
  random: Random;
  log: Log;
  /** The address in our SDP. Undefined: the address that RTP is bound to. */
  publicAddress: string | undefined;
  numbers: Pick<NumberDeps, 'normalizeNumber'>;
  /** Hands a new call over to the call life cycle. */
  arrive(arrival: InboundCall): void;
}

/** Turns an INVITE that passed the ingress into a leg with sound, and hands it over as a new call. */
export class InboundCallHandler {
  #deps: InboundCallDeps;

  constructor(deps: InboundCallDeps) {
    this.#deps = deps;
  }

  /**
   * Fails with `no_media_port`, `not_acceptable` or `invalid_sdp`.
   * @param phone the phone that calls; undefined: a trunk or this machine calls.
   */
  async accept(
    invite: IncomingInvite,
    { to, trunk, route }: RoutedCall & { route: InboundCall['route'] },
    phone: PhoneAccount | undefined,
  ): Promise<void> {
    const { media, numbers, arrive } = this.#deps;
    const sound = await media.open();
    const leg = this.#openLeg(invite, sound);
    const caller = dialed(fromOf(invite.request).uri) || 'anonymous';
    const from = phone?.username ?? numbers.normalizeNumber(caller, trunk?.country);
    const sipHeaders = sipHeadersOf(invite.request, isCarrier(trunk));
    arrive({ leg, from, to, route, sipHeaders, isCallerTrusted: trunk?.customerId === null });
  }

  #openLeg(invite: IncomingInvite, sound: Sound): SipLeg {
    const { publicAddress, random, log } = this.#deps;
    try {
      const address = publicAddress ?? sound.local.address;
      const { offer, source } = invite;
      const negotiation = new Negotiation({ sound, address, random, offer, peer: source.address });
      const opening = new InboundOpening(invite, negotiation);
      return new SipLeg({ id: random.uuid(), opening, sound, negotiation, log });
    } catch (error) {
      detach('telephony.inbound', sound.close());
      throw error;
    }
  }
}

const STATUSES: Record<string, number> = {
  forbidden: 403,
  not_found: 404,
  rejected: 603,
  not_acceptable: 488,
  invalid_sdp: 400,
  no_media_port: 503,
  overloaded: 503,
};

/** The SIP status that refuses an INVITE for an error. */
export function statusOf(error: unknown): number {
  if (error instanceof SipSyntaxError) return error.status;
  return (error instanceof Failure && STATUSES[error.code]) || 500;
}
