/** What the operator monitors and repairs: nodes and damaged database rows. */
import { errorMessage } from '../../../contract/errors.ts';
import { listOf, node, pageQuery, quarantinedRow } from '../../../contract/resources/index.ts';
import { Failure, rfc3339 } from '../../core/index.ts';
import { route } from '../route.ts';

export const nodeRoutes = [
  route({
    method: 'GET',
    path: '/admin/v1/nodes',
    auth: 'admin',
    summary: 'Returns the number, start time and load of the node that handles the request.',
    response: listOf(node),
    handle({ services: { node, live, settings } }) {
      const { sessions, beats, lateBeats } = node.media();
      const self = {
        node: node.number,
        version: settings.version,
        started_at: rfc3339(node.startedAt),
        live_calls: live.size,
        media: { sessions, beats, late_beats: lateBeats },
      };
      return { count: 1, data: [self], next_cursor: null };
    },
  }),
];

/** A cursor of this list: the number of rows before the page. */
const ROW_COUNT = /^\d{1,9}$/;

export const quarantineRoutes = [
  route({
    method: 'GET',
    path: '/admin/v1/quarantine',
    auth: 'admin',
    summary:
      'Lists damaged database rows. MiniVoice ignores them until they are repaired in the database or deleted.',
    query: pageQuery,
    response: listOf(quarantinedRow),
    handle({ query: { cursor = '0', limit }, services }) {
      if (!ROW_COUNT.test(cursor)) throw new Failure('invalid_cursor', errorMessage('invalid_cursor'));
      const all = services.quarantine.quarantined;
      const end = Number(cursor) + limit;
      const data = all.slice(Number(cursor), end).map(({ table, id, reason, foundAt }) => ({
        ...{ table, id, reason },
        found_at: rfc3339(foundAt),
      }));
      return { count: data.length, data, next_cursor: end < all.length ? String(end) : null };
    },
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/quarantine/:table/:id',
    auth: 'admin',
    summary: 'Deletes a damaged row permanently. Rows that are not in quarantine cannot be deleted here.',
    status: 204,
    errors: ['not_found'],
    async handle({ params, services }) {
      if (await services.quarantine.discard(params.table, params.id)) return;
      throw new Failure('not_found', 'no such row is in quarantine');
    },
  }),
];
