/**
 * Where the telephone network meets calls: a SIP dialog plus its audio becomes a Leg, and the inbound door
 * decides which INVITE becomes a call.
 */

export { type CallingTrunk, calledByTrunk } from './called.ts';
export { type CallerPorts, refusalOfCaller } from './caller.ts';
export { Carriers, type CarriersParts, type CarrierTrunk } from './carriers.ts';
export { type FailedLogin, FailedLogins } from './failed-logins.ts';
export { createInboundDoor, createOptionsHook, type InboundPorts } from './inbound.ts';
export { RETRY_LATER } from './opening.ts';
export { createDialer, type DialerPorts } from './outbound.ts';
export { type FindPhone, type PhoneAccount, PhoneIdentity } from './phone-identity.ts';
export { Registrar } from './registrar.ts';
export { loginOf, type PhoneContact, type TrunkLine } from './routes.ts';
export { Strangers } from './strangers.ts';
