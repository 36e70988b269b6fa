import type { Core } from './core.ts';
import { createRequest, formatNameAddress, parseNameAddress, type SipRequest } from './message/index.ts';
import type { RequestOptions } from './user-agent.ts';

/** Writes a request outside of dialogs; each call takes the next CSeq, as a challenge wants it. */
export function requestBuilder(core: Core, options: RequestOptions): () => SipRequest {
  const { method, target, headers = [], callId = core.random.uuid() } = options;
  const own = parseNameAddress(options.from);
  const from = formatNameAddress({ ...own, tag: own.tag ?? core.tokens.tag() });
  const to = formatNameAddress(parseNameAddress(options.to ?? `<${target}>`));
  let seq = options.seq ?? 1;
  return () => {
    const request = createRequest({ method, uri: target });
    request.headers
      .append('Max-Forwards', '70')
      .append('From', from)
      .append('To', to)
      .append('Call-ID', callId)
      .append('CSeq', `${seq++} ${method}`)
      .append('User-Agent', core.userAgent);
    for (const [name, value] of headers) request.headers.append(name, value);
    return request;
  };
}
