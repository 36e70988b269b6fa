import { createRequest, cseqOf, type SipRequest, type SipResponse } from '../message/index.ts';

/** RFC 3261 §17.1.1.3: the ACK of a refusal, hop by hop, in the INVITE's own transaction. */
export function ackForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const ack = sameTransaction(invite, 'ACK');
  const to = response.headers.get('To');
  if (to !== undefined) ack.headers.set('To', to);
  return ack;
}

/** RFC 3261 §9.1: the request that takes an INVITE back. */
export function cancelOf(invite: SipRequest): SipRequest {
  return sameTransaction(invite, 'CANCEL');
}

function sameTransaction(invite: SipRequest, method: string): SipRequest {
  const { headers } = invite;
  const request = createRequest({ method, uri: invite.uri, headers: [['Via', headers.all('Via')[0]!]] });
  for (const name of ['Max-Forwards', 'Route', 'From', 'To', 'Call-ID']) {
    for (const value of headers.all(name)) request.headers.append(name, value);
  }
  request.headers.append('CSeq', `${cseqOf(invite).number} ${method}`);
  return request;
}
