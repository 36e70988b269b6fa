import type { Dialer, DialRequest } from '../calls/index.ts';
import type { Billing } from './billing.ts';

/** A dialer that can tell before it dials whether it has a route. */
export interface CheckingDialer extends Dialer {
  /** Throws `no_active_trunk` or `invalid_request`, as `dial` rejects, if there is no route. */
  check(request: DialRequest): void;
}

/** Dials legs that the customer may dial and can pay for, and charges them. Fails as `dialer` and `Billing.admit` do. */
export function billedDialer(dialer: CheckingDialer, billing: Billing): Dialer {
  return {
    checkRefer: (customerId) => billing.checkRefer(customerId),
    async dial(request) {
      const permit = billing.admit(request, () => dialer.check(request));
      try {
        const leg = await dialer.dial(request);
        permit?.dialed(leg);
        return leg;
      } catch (error) {
        permit?.release();
        throw error;
      }
    },
  };
}
