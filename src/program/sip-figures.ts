import type { UserAgent } from '../sip/index.ts';

/** What `/metrics` tells of SIP: what is open, what made no sense, and who is not answered any more. */
export function sipFigures(
  { counters }: Pick<UserAgent, 'counters'>,
  strangers: { silenced: number; ignored: number },
) {
  const sum = (name: 'received' | 'malformed' | 'defects') => () =>
    Object.values(counters.transport).reduce((total, transport) => total + transport[name], 0);
  return {
    sip_messages_received: { help: 'SIP messages so far', value: sum('received') },
    sip_messages_malformed: { help: 'those of them that could not be read', value: sum('malformed') },
    sip_messages_failed: {
      help: 'those of them that a defect kept from being handled',
      value: sum('defects'),
    },
    sip_addresses_silenced: {
      help: 'addresses that were not answered any more after ten refusals',
      value: () => strangers.silenced,
    },
    sip_requests_ignored: { help: 'requests from such addresses', value: () => strangers.ignored },
  };
}
