import type { Params } from './grammar.ts';
import { SipSyntaxError } from './message.ts';
import { formatParams, parseParams } from './params.ts';
import { formatHost, parseHost } from './uri.ts';

/** A Via value (RFC 3261 §20.42), with `rport` of RFC 3581. */
export interface Via {
  /** `SIP/2.0` */
  protocol: string;
  /** `UDP`, `TCP`, `TLS`, `WS`, `WSS` or another name, in upper case. */
  transport: string;
  /** An IPv6 address has no brackets. */
  host: string;
  port: number | undefined;
  params: Params;
  branch: string | undefined;
  received: string | undefined;
  /** '' in a request, the port as text in a response. */
  rport: string | undefined;
}

const VIA =
  /^([A-Za-z0-9\-.!%*_+`'~]+)\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s*\/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+([^\s;,:]+|\[[^\]]*\])(?:\s*:\s*(\d{1,8}))?\s*(;[\s\S]*)?$/;

/** Reads one Via value, not a comma list. @throws SipSyntaxError */
export function parseVia(text: string): Via {
  const match = VIA.exec(text);
  if (!match) throw new SipSyntaxError(`The Via ${JSON.stringify(text.slice(0, 80))} is malformed`);
  const [, name, version, transport, host, port, rest] = match;
  const params = parseParams(rest ?? '');
  return {
    protocol: `${name}/${version}`.toUpperCase(),
    transport: transport!.toUpperCase(),
    ...parseHost(port === undefined ? host! : `${host}:${port}`),
    params,
    branch: params.get('branch'),
    received: params.get('received'),
    rport: params.get('rport'),
  };
}

/** Writes a Via; `branch`, `received` and `rport` take precedence over `params`. */
export function formatVia(
  via: Pick<Via, 'transport' | 'host'> & { [key in keyof Via]?: Via[key] | undefined },
): string {
  const params = new Map(via.params);
  for (const name of ['branch', 'received', 'rport'] as const) {
    const value = via[name];
    if (value !== undefined) params.set(name, value);
  }
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `${via.protocol ?? 'SIP/2.0'}/${via.transport} ${formatHost(via.host)}${port}${formatParams(params)}`;
}
