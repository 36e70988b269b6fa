import { parseHostPort, parseIpAddress } from '../../../contract/network-address.ts';
import { formatHost } from './host.ts';
import { SipSyntaxError } from './syntax-error.ts';
import { parseUri } from './uri.ts';

/** Others than ours are reached over the connection that is there, as RFC 7118 §5 has it for WebSocket. */
const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'];

/** Multicast and broadcast: no single host has these addresses. */
const NO_HOST = /^(22[4-9]\.|23\d\.|255\.255\.255\.255$|ff[0-9a-f]{2}:)/;

/**
 * Checks that a request can be sent to a URI: scheme, transport, and a host or maddr (RFC 3261 §19.1.1) that is a name
 * or the address of one host.
 * @throws SipSyntaxError that names what is wrong.
 */
export function checkTarget(text: string): void {
  const { scheme, host, params } = parseUri(text);
  const fault = (what: string) =>
    new SipSyntaxError(`${what} of ${text.slice(0, 80)}: no request can be sent to it`);
  if (scheme === 'tel') throw fault('The scheme');
  if (!TRANSPORTS.includes(params.get('transport')?.toLowerCase() ?? 'udp')) throw fault('The transport');
  if (!isHost(host)) throw fault('The host');
  const maddr = params.get('maddr');
  if (maddr && !isHost(maddr.replace(/^\[(.*)\]$/, '$1'))) throw fault('The maddr');
}

function isHost(host: string): boolean {
  const place = parseHostPort(formatHost(host));
  return place !== undefined && place.port === undefined && !NO_HOST.test(parseIpAddress(host) ?? '');
}
