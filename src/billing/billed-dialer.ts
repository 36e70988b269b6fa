import type { Dialer, DialRequest } from '../calls/index.ts';
import type { Billing } from './billing.ts';

/** A dialer that can tell beforehand whether it knows a way. */
export interface CheckingDialer extends Dialer {
  /** Throws what `dial` would reject with for want of a way: `no_active_trunk` or `invalid_request`. */
  check(request: DialRequest): void;
}

/** Dials what the customer may dial and can pay, and charges for it. Fails as `dialer` does, and as `Billing.admit`. */
export function billedDialer(dialer: CheckingDialer, billing: Billing): Dialer {
  return {
    checkRefer: (customerId) => billing.checkRefer(customerId),
    async dial(request) {
      const permit = billing.admit(request, () => dialer.check(request));
      try {
        const leg = await dialer.dial(request);
        permit?.dialled(leg);
        return leg;
      } catch (error) {
        permit?.release();
        throw error;
      }
    },
  };
}
