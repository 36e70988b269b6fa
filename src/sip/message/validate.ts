import { formatNameAddress, parseNameAddress, parseVia } from './field-values.ts';
import {
  type Refusal,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipSyntaxError,
} from './message.ts';
import {
  callIdOf,
  contactsOf,
  cseqOf,
  fromOf,
  maxForwardsOf,
  recordRoutesOf,
  tagIn,
  toOf,
  topVia,
} from './readers.ts';
import { checkTarget, parseUri } from './uri.ts';

const SINGLE = ['From', 'To', 'Call-ID', 'CSeq'];
const SINGLE_OUT_OF_DIALOG = [...SINGLE, 'Max-Forwards', 'Content-Type'];

/**
 * Checks that the required fields exist once and are well-formed. Within a dialog these are the tags, Call-ID and CSeq
 * (RFC 3261 §12.2.2), outside of dialogs also the other fields of RFC 3261 §8.1.1.
 * @returns the refusal of a request, or the fault of a response; undefined for a valid message.
 */
export function validate(message: SipMessage): Refusal | undefined {
  if (message.kind === 'response') {
    const fault = message.fault ?? faultOf(message);
    return fault === undefined ? undefined : { status: 400, message: fault };
  }
  try {
    const inDialog = checkDialogFields(message);
    // RFC 3261 §9.2 and §17.1.1.3: CANCEL and ACK only identify a transaction.
    if (!inDialog && message.method !== 'CANCEL' && message.method !== 'ACK') checkOutOfDialog(message);
    return undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return { status: error.status, message: error.message };
    throw error;
  }
}

/** @returns whether the request is within a dialog. */
function checkDialogFields(request: SipRequest): boolean {
  for (const name of SINGLE) requireSingle(request, name);
  // RFC 3261 §8.1.1.7: the magic cookie alone is not a unique branch.
  if (topVia(request).branch === 'z9hG4bK')
    throw new SipSyntaxError('The branch of the Via is only the magic cookie');
  callIdOf(request);
  fromOf(request);
  if (cseqOf(request).method !== request.method) {
    throw new SipSyntaxError('The CSeq method differs from the request method');
  }
  return toOf(request).tag !== undefined;
}

function checkOutOfDialog(request: SipRequest): void {
  for (const name of SINGLE_OUT_OF_DIALOG) requireSingle(request, name);
  for (const via of request.headers.all('Via').slice(1)) parseVia(via);
  // `fromOf` and `toOf` accept a malformed address with a readable tag, and give it no URI.
  if (fromOf(request).uri === '') parseNameAddress(request.headers.get('From')!);
  if (toOf(request).uri === '') parseNameAddress(request.headers.get('To')!);
  for (const read of [contactsOf, checkRoutes, maxForwardsOf]) read(request);
  // RFC 3261 §19.1.1, table 1: a Request-URI has no header fields.
  if (parseUri(request.uri).headers.size > 0) throw new SipSyntaxError('The Request-URI has header fields');
}

/** Checks the route set: all SIP URIs, and the first hop of our requests reachable. */
function checkRoutes(message: SipMessage): void {
  const routes = recordRoutesOf(message);
  const other = routes.find(({ uri }) => !/^sips?:/i.test(uri));
  if (other) throw new SipSyntaxError(`The Record-Route ${other.uri.slice(0, 80)} is not a SIP URI`);
  const next = message.kind === 'request' ? routes[0] : routes.at(-1);
  if (next) checkTarget(next.uri);
}

function requireSingle({ headers }: SipRequest, name: string): void {
  if (headers.lines(name) > 1) throw new SipSyntaxError(`There is more than one ${name}`);
}

/**
 * Finds the first malformed field of a response; `repair` replaces such fields.
 * @returns a sentence that names it; undefined for a valid response.
 */
export function faultOf(response: SipResponse): string | undefined {
  try {
    for (const name of ['From', 'To']) parseNameAddress(response.headers.get(name) ?? '');
    for (const read of [topVia, cseqOf, callIdOf, contactsOf, checkRoutes]) read(response);
    return undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return error.message;
    throw error;
  }
}

/** Replaces malformed fields of a response by those of its request, or removes them. */
export function repair(response: SipResponse, request: SipRequest): void {
  const { headers } = response;
  const tag = tagIn(headers.get('To') ?? '');
  headers.set('Via', request.headers.all('Via').slice(0, 1));
  for (const name of ['From', 'Call-ID', 'CSeq']) headers.set(name, request.headers.get(name)!);
  const own = parseNameAddress(request.headers.get('To')!);
  if (!isReadable(({ headers }) => parseNameAddress(headers.get('To') ?? ''), response))
    headers.set('To', formatNameAddress({ ...own, tag: own.tag ?? tag }));
  // Without its route set a Contact is not reachable.
  const hasRoutes = isReadable(checkRoutes, response);
  if (!hasRoutes) headers.remove('Record-Route');
  if (!hasRoutes || !isReadable(contactsOf, response)) headers.remove('Contact');
}

function isReadable(read: (response: SipResponse) => unknown, response: SipResponse): boolean {
  try {
    read(response);
    return true;
  } catch {
    return false;
  }
}
