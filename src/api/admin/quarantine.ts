import { errorMessage } from '../../../contract/errors.ts';
import { listOf, pageQuery, quarantinedRow } from '../../../contract/resources/index.ts';
import { Failure, rfc3339 } from '../../core/index.ts';
import { route } from '../route.ts';

/** A cursor of this list: how many rows came before. */
const CURSOR = /^\d{1,9}$/;

export const quarantineRoutes = [
  route({
    method: 'GET',
    path: '/admin/v1/quarantine',
    auth: 'admin',
    summary:
      'Lists stored rows that are damaged: they are left out until they are repaired in the database, or deleted.',
    query: pageQuery,
    answer: listOf(quarantinedRow),
    handle({ query: { cursor = '0', limit }, services }) {
      if (!CURSOR.test(cursor)) throw new Failure('invalid_cursor', errorMessage('invalid_cursor'));
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
    summary: 'Deletes a damaged row for good. Rows that are not in quarantine cannot be deleted here.',
    status: 204,
    errors: ['not_found'],
    async handle({ params, services }) {
      if (await services.quarantine.discard(params.table, params.id)) return;
      throw new Failure('not_found', 'no such row is in quarantine');
    },
  }),
];
