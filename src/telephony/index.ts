/**
 * Connects the telephone network to calls. Decides which INVITE becomes a call, places calls over trunks and to phones,
 * and joins a SIP dialog and its audio to a Leg.
 */

export { Carriers } from './carriers.ts';
export { FailedLogins } from './ingress/failed-logins.ts';
export { Ingress } from './ingress/ingress.ts';
export { SourceBlocker } from './ingress/source-blocker.ts';
export { createDialer } from './outbound.ts';
export { loginOf } from './outbound-routes.ts';
export { PhoneIdentity } from './phone-identity.ts';
export { Registrar } from './registrar.ts';
export { TrunkAddresses } from './trunk-addresses.ts';
