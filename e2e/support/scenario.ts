/** The plan of a call by sipp. */
export interface CallPlan {
  /** The user of From; default `+15557654321`. */
  from?: string;
  /** Payload types offered, in order; default: µ-law and A-law. */
  codecs?: number[];
  /** Offers RFC 4733; default true. */
  telephoneEvent?: boolean;
  /** The final response that is expected; default 200. With 487 the caller cancels when `hangUp()` is called. */
  expect?: number;
  /** The port for the caller's RTP; default: sipp's own. */
  mediaPort?: number;
  /**
   * Expects a REFER, and reports its result with this status. `noresource` ends the subscription without a body,
   * `unreported` announces that no report follows, and `bye` hangs up.
   */
  refer?: number | 'noresource' | 'unreported' | 'bye';
  /** INFO requests that it sends after the answer, 300 ms apart: a type, a body, and the status that is expected. */
  infos?: readonly (readonly [type: string, body: string, status: number])[];
  /** A capture to play from the answer on. */
  pcap?: string | undefined;
}

/** A scenario that calls, talks, and ends when either side hangs up. Anything else fails it. */
export function scenario(plan: CallPlan): string {
  const steps = [send(invite(plan)), recv('response="100" optional="true"'), ...rest(plan)];
  return `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario>\n${steps.join('\n')}\n</scenario>\n`;
}

function rest(plan: CallPlan): string[] {
  const { expect = 200 } = plan;
  if (expect === 487) return canceled(plan);
  const final = [recv('response="180" optional="true"'), recv(`response="${expect}" rrs="true"`)];
  if (expect !== 200) return [...final, send(ackOfRefusal(plan), '')];
  const play = `<nop><action><exec play_pcap_audio="${plan.pcap}"/></action></nop>`;
  return [
    ...final,
    send(inDialog('ACK', 1, plan), ''),
    ...(plan.pcap ? [play] : []),
    ...(plan.infos ?? []).flatMap(([type, body, status], n) => [
      '<pause milliseconds="300"/>',
      send(info(n + 2, type, body, plan)),
      recv(`response="${status}"`),
    ]),
    ...(plan.refer ? referred(plan, plan.refer) : []),
    recv(`${NUDGE} optional="true" next="1"`),
    recv('request="BYE"'),
    send(OK, '').replace('<send', '<send next="2"'),
    '<label id="1"/>',
    send(inDialog('BYE', 20, plan)),
    '<label id="3"/>',
    recv('response="200"'),
    '<label id="2"/>',
  ];
}

const info = (cseq: number, type: string, body: string, plan: CallPlan): string =>
  [
    ...head('INFO', '[next_url]', cseq, plan),
    `Content-Type: ${type}`,
    'Content-Length: [len]',
    '',
    body,
  ].join('\n');

/** RFC 3515 §2.4: accepts the REFER, and sends NOTIFY for the attempt and for its result. */
function referred(plan: CallPlan, how: NonNullable<CallPlan['refer']>): string[] {
  const notify = (cseq: number, state: string, line: string) => [
    ...head('NOTIFY', '[next_url]', cseq, plan),
    'Event: refer',
    `Subscription-State: ${state}`,
    ...(line ? ['Content-Type: message/sipfrag'] : []),
    'Content-Length: [len]',
    '',
    ...(line ? [`SIP/2.0 ${line}`, ''] : []),
  ];
  const more = how === 'unreported' ? `Refer-Sub: false\n${CONTACT}` : CONTACT;
  const accepted = OK.replace('200 OK', '202 Accepted').replace('Content-Length', `${more}\nContent-Length`);
  const taken = [recv('request="REFER"'), send(accepted, '')];
  if (how === 'bye') return [...taken, send(inDialog('BYE', 10, plan)).replace('<send', '<send next="3"')];
  if (how === 'unreported') return taken;
  return [
    ...taken,
    send(notify(10, 'active;expires=60', '100 Trying').join('\n')),
    recv('response="200"'),
    send(
      notify(11, 'terminated;reason=noresource', how === 'noresource' ? '' : `${how} Whatever`).join('\n'),
    ),
    recv('response="200"'),
  ];
}

function canceled(plan: CallPlan): string[] {
  return [
    recv('response="180"'),
    recv(NUDGE),
    send([...head('CANCEL', INVITE_URI, 1, plan, ''), 'Content-Length: 0', ''].join('\n')),
    recv('response="200"'),
    recv('response="487"'),
    send(ackOfRefusal(plan), ''),
  ];
}

/** The request by which a test makes the caller hang up. */
const NUDGE = 'request="INFO"';
const INVITE_URI = 'sip:[service]@[remote_ip]:[remote_port]';
/** The payload type that most phones use for telephone events. */
const TELEPHONE_EVENT = 101;

function invite(plan: CallPlan): string {
  const sdp = offer(plan).join('\n');
  const media = ['Content-Type: application/sdp', 'Content-Length: [len]', '', sdp];
  return [...head('INVITE', INVITE_URI, 1, plan, ''), ...media].join('\n');
}

function offer({ codecs = [0, 8], telephoneEvent = true, mediaPort }: CallPlan): string[] {
  const types = telephoneEvent ? [...codecs, TELEPHONE_EVENT] : codecs;
  return [
    'v=0',
    'o=- 1 1 IN IP4 [local_ip]',
    's=-',
    'c=IN IP4 [media_ip]',
    't=0 0',
    `m=audio ${mediaPort ?? '[media_port]'} RTP/AVP ${types.join(' ')}`,
    ...(telephoneEvent
      ? [`a=rtpmap:${TELEPHONE_EVENT} telephone-event/8000`, `a=fmtp:${TELEPHONE_EVENT} 0-16`]
      : []),
    'a=ptime:20',
    '',
  ];
}

const inDialog = (method: string, cseq: number, plan: CallPlan): string =>
  [...head(method, '[next_url]', cseq, plan), 'Content-Length: 0', ''].join('\n');

/** RFC 3261 §17.1.1.3: to the INVITE's own URI, in its transaction. */
const ackOfRefusal = (plan: CallPlan): string =>
  [...head('ACK', INVITE_URI, 1, plan), 'Content-Length: 0', ''].join('\n');

function head(
  method: string,
  uri: string,
  cseq: number,
  plan: CallPlan,
  toTag = '[peer_tag_param]',
): string[] {
  return [
    `${method} ${uri} SIP/2.0`,
    // CANCEL, and the ACK of a refusal, are in the branch of their INVITE.
    `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-${uri === INVITE_URI ? 'INVITE' : `${method}-${cseq}`}`,
    'Max-Forwards: 70',
    `From: <sip:${plan.from ?? '+15557654321'}@[local_ip]:[local_port]>;tag=sipp[pid]-[call_number]`,
    `To: <sip:[service]@[remote_ip]:[remote_port]>${toTag}`,
    'Call-ID: [call_id]',
    `CSeq: ${cseq} ${method}`,
    CONTACT,
  ];
}

const CONTACT = 'Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>';

const OK = `SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
`;

const send = (message: string, retransmit = ' retrans="500"'): string =>
  `<send${retransmit}><![CDATA[\n${message}\n]]></send>`;

const recv = (attributes: string): string => `<recv ${attributes}/>`;
